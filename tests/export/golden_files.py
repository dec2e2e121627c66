"""Golden files: exports that were read and found good, without the package's version.

To take what is written now for good, and then to read the difference:
``GOLDEN=write python -m pytest tests/export``.
"""

import os
import re
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def hold(text: str, name: str) -> None:
    """Assert that *text* is that of the golden file called *name*."""
    text = re.sub(r"asgi-nocache \d[\w.]*,", "asgi-nocache VERSION,", text, count=1)
    path = FOLDER / name
    if os.environ.get("GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8"), name
