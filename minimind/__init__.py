"""MiniMind: train, serve and export small language models from a folder; needs no window."""

from __future__ import annotations

import os

# oneDNN keeps about a megabyte for each shape of matrix product it has seen, and packed documents bring new
# shapes with every step: its default of 1,024 (twice) lets a CPU run grow by gigabytes. 128 hold every shape
# that comes back. Both are read when torch computes for the first time.
for _name in ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY"):
    os.environ.setdefault(_name, "128")

__version__ = "0.1.0"
