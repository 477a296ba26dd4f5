"""`python -m hanknn`."""

import sys

from .cli import main

sys.exit(main())
