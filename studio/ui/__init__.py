"""Widgets only: no SQL, no processes, no file formats."""
