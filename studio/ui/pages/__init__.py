"""What the window shows, one page a file; `table.py` lists them."""
