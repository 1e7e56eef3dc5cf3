"""Benchmarks, one command each: `python -m bench.NAME`."""

import minimind  # noqa: F401 - sets what torch's libraries read when they are loaded
