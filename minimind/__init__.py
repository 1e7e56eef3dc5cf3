"""MiniMind: train, serve and export small language models from a folder; needs no window."""

from __future__ import annotations

import os

# Two libraries read these when torch is imported or first computes, so they are set before anything else.
# oneDNN keeps about a megabyte for each shape of matrix product it has seen, and packed documents bring new
# shapes with every step: its default of 1,024 (twice) lets a CPU run grow by gigabytes. 128 hold every shape
# that comes back. OpenMP's threads wait for each other by spinning, which on a machine with anything else to
# do (a window, say) made a step 13 times slower than with waiting that lets others run.
for _name, _value in {
    "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "128",
    "LRU_CACHE_CAPACITY": "128",
    "OMP_WAIT_POLICY": "PASSIVE",
}.items():
    os.environ.setdefault(_name, _value)

__version__ = "0.1.0"
