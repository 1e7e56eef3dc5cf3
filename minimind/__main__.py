"""`python -m minimind VERB …`: parsing only, one verb per file in `minimind/cli/`."""

from __future__ import annotations

import sys

from minimind.cli import main

if __name__ == "__main__":
    sys.exit(main())
