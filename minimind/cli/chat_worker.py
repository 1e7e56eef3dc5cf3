"""`chat-worker`: a conversation over stdin and stdout, for the studio. See minimind/chat/worker.py."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none: everything comes on stdin."""


def run(options: argparse.Namespace) -> int:
    """Answer until stdin ends."""
    from minimind.chat.worker import main

    return main()
