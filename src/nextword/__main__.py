"""`python -m nextword` is the command line."""

import sys

from nextword.cli import main

if __name__ == "__main__":
    sys.exit(main())
