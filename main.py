"""Open MiniMind Studio: python main.py"""

import sys

try:
    from studio.app import main
except ImportError as error:
    sys.exit(f"{error.name or error} is not installed; this installs everything: bash setup.sh")

if __name__ == "__main__":
    sys.exit(main())
