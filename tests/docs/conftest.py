"""What the blocks of README and documentation need around them: a folder with small sounds, and pages to read."""

import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "docs" / "_extensions"))
