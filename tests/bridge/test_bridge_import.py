"""Importing the bridge: what it needs, and what it says where that is missing."""

import subprocess
import sys


def run(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )


def test_without_asgiref() -> None:
    """The error says what to type."""
    done = run("import sys\nsys.modules['asgiref'] = None\nimport asgi_nocache.flask")

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "ImportError: asgi_nocache.flask needs asgiref: "
        "pip install 'asgi-nocache[flask]'"
    )


def test_with_asgiref() -> None:
    """The twin: nothing but asgiref is needed, Flask least of all."""
    done = run("import sys, asgi_nocache.flask\nprint('flask' in sys.modules)")

    assert (done.returncode, done.stdout) == (0, "False\n")
