"""`python -m hanknn`."""

import sys

from .front.cli import entry

sys.exit(entry())
