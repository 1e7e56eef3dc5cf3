"""MiniMind Studio: the desktop program that prepares run folders, starts minimind and shows what happens."""
