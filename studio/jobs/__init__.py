"""Background processes: launch, follow, end, queue. Everything here works without Qt."""
