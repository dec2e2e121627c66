"""What the edges share: running programs is the proof's, one folder over."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "proof" / "caches"))
