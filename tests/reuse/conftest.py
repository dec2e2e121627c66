"""The strategies of the core, for the link to the product; one hypothesis profile."""

import sys
from pathlib import Path

from hypothesis import settings

sys.path.append(str(Path(__file__).parents[1] / "core"))

settings.register_profile("reuse", deadline=None, max_examples=150)
settings.load_profile("reuse")
