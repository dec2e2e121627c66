"""What document_openapi() says, held to by schemathesis, in a process of its own.

Where schemathesis is imported, it changes how Hypothesis prints every example.
"""

import re
import subprocess
import sys
from pathlib import Path

CASES = Path(__file__).with_name("openapi_checked_cases.py")


def test_schemathesis_holds_the_app_to_it() -> None:
    """It passes with the policy; without it, or with another, it fails."""
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(CASES)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert ran.returncode == 0, ran.stdout
    assert re.search(r"\b4 passed", ran.stdout)
