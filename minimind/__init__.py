"""MiniMind: train, serve and export small language models from a folder; needs no window."""

from __future__ import annotations

__version__ = "0.1.0"
