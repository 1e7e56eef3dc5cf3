"""What a plot computes before it draws: smoothing, ticks, the visible range. No Qt here."""
