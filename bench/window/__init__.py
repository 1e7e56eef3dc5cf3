"""What the benchmarks of the window share: long runs that nobody trained, a window that is watched."""
