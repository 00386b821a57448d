"""``python -m earmark`` is ``earmark``."""

import sys

from earmark.cli import main

sys.exit(main())
