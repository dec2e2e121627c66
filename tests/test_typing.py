"""What type checkers say of the files in ``tests/typing``, which nobody runs.

Under mypy and pyright alike; skipped with a reason where one is not installed.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = ROOT / "tests" / "typing"
DECORATOR = re.compile(r"^ *@(nocache|cache_policy)\b.*\n", re.MULTILINE)
EXCUSE = re.compile(r"  # type: ignore\[([a-z-]+)\]$", re.MULTILINE)
ERROR = re.compile(r":(\d+): error: .*\[([a-z-]+)\]$", re.MULTILINE)

Check = Callable[..., "subprocess.CompletedProcess[str]"]


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def mypy(tmp_path_factory: pytest.TempPathFactory) -> Check:
    """Run ``mypy --strict``, remembering what it learnt of the libraries."""
    if find_spec("mypy") is None:
        pytest.skip("mypy is not installed: pip install 'asgi-nocache[check]'")
    cache = tmp_path_factory.mktemp("mypy")
    return lambda *paths: run("mypy", "--strict", "--cache-dir", cache, *paths)


@pytest.fixture(scope="module")
def pyright() -> Check:
    """Run pyright; the files ask for its strict mode themselves."""
    if find_spec("pyright") is None:
        pytest.skip("pyright is not installed: pip install 'asgi-nocache[check]'")
    return lambda *paths: run("pyright", *paths)


@pytest.fixture
def copy(tmp_path: Path) -> Callable[[str, Callable[[str], str]], Path]:
    """Return a function that writes an edited copy of a file."""

    def write(name: str, edit: Callable[[str], str]) -> Path:
        path = tmp_path / name
        path.write_text(edit((FILES / name).read_text()))
        return path

    return write


def test_mypy_finds_nothing(mypy: Check) -> None:
    """What is right checks clean, and each excuse for a mistake is needed."""
    checked = mypy(FILES)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_pyright_finds_nothing(pyright: Check) -> None:
    """The same."""
    checked = pyright(FILES)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_mypy_reports_each_mistake(mypy: Check, copy: Callable[..., Path]) -> None:
    """Without the excuses, the errors are just those, line by line and by name."""
    lines = (FILES / "mistakes.py").read_text().split("\n")
    excused = [(n, EXCUSE.findall(line)) for n, line in enumerate(lines, 1)]
    checked = mypy(copy("mistakes.py", lambda text: EXCUSE.sub("", text)))
    errors = re.findall(
        r":(\d+): error: .*\[([a-z-]+)\]$", checked.stdout, re.MULTILINE
    )
    assert [(int(n), [code]) for n, code in errors] == [e for e in excused if e[1]]
    assert len(errors) > 20


def test_pyright_reports_each_mistake(
    pyright: Check, copy: Callable[..., Path]
) -> None:
    """The same lines."""
    lines = (FILES / "mistakes.py").read_text().split("\n")
    excused = {n for n, line in enumerate(lines, 1) if EXCUSE.search(line)}
    checked = pyright(copy("mistakes.py", lambda text: EXCUSE.sub("", text)))
    errors = re.findall(r":(\d+):\d+ - error: ", checked.stdout)
    assert {int(n) for n in errors} == excused


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_a_needless_excuse_is_an_error(
    checker: str, copy: Callable[..., Path], request: pytest.FixtureRequest
) -> None:
    """So an excuse that is still there proves its mistake."""
    check: Check = request.getfixturevalue(checker)
    needless = "\nx: int = 1  # type: ignore[assignment]\n"
    checked = check(copy("mistakes.py", lambda text: text + needless))
    assert checked.returncode == 1
    assert re.search(r"[Uu]n(used|necessary) \"(# )?type: ignore", checked.stdout)


def test_mypy_sees_the_same_with_and_without_decorators(
    mypy: Check, copy: Callable[..., Path]
) -> None:
    """Bare, called and twice, above and below: each signature is its own."""
    names = ["coroutine", "function", "agenerator", "generator", "twice", "below"]
    asked = "".join(f"\nreveal_type({name})" for name in [*names, "Endpoint.get"])

    def revealed(edit: Callable[[str], str]) -> list[str]:
        checked = mypy(copy("correct.py", lambda text: f"{edit(text)}{asked}\n"))
        return re.findall(r'Revealed type is "(.*)"', checked.stdout)

    decorated = revealed(lambda text: text)
    assert decorated == revealed(lambda text: DECORATOR.sub("", text))
    assert len(decorated) == len(names) + 1
    assert "number: int" in decorated[0]
