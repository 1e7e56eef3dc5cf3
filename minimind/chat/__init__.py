"""Talking to a model: engines for PyTorch and GGUF, and the worker process that the window speaks with."""
