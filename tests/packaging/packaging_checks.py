"""What users install, and the files that others' tools read. Run by ``make package``.

Not among the tests of ``make test``: it builds, and installs from a package index.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging_tools import (
    PROJECT,
    ROOT,
    built,
    copied,
    environment,
    names_in,
    run,
    tracked,
    unpacked,
)

BIN = Path(sys.executable).parent
#: What is more has something in it that does not belong there.
LIMITS = {".whl": 700_000, ".gz": 3_000_000}

#: By extra, what it is there for; ``""`` is the package alone.
MODULES = {
    "": "asgi_nocache asgi_nocache.middleware asgi_nocache.decorators "
    "asgi_nocache.starlette asgi_nocache.wsgi asgi_nocache.testing "
    "asgi_nocache.reuse asgi_nocache.config asgi_nocache.export asgi_nocache.openapi",
    "starlette": "starlette asgi_nocache.starlette",
    "flask": "asgi_nocache.flask flask",
    "cli": "asgi_nocache.cli asgi_nocache.audit.command asgi_nocache.audit.report.page",
    "live": "asgi_nocache.audit.live httpx",
    "nginx": "asgi_nocache.audit.nginx_config crossplane",
    "otel": "opentelemetry.metrics asgi_nocache.middleware",
    "lint": "asgi_nocache.audit.live httplint",
    "demo": "asgi_nocache.demo.app asgi_nocache.demo.serve uvicorn",
    "audit-hosts": "django litestar quart",
}
#: What those who work on the project install; their make targets use them.
OF_THE_PROJECT = set(
    "test docs check bench proof edge servers oldest package dev".split()
)


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Build an sdist and a wheel of a copy of the project."""
    at = tmp_path_factory.mktemp("built")
    source = copied(at / "source")
    return built("sdist", source, at / "dist"), built("wheel", source, at / "dist")


@pytest.fixture(scope="session")
def wheel(archives: tuple[Path, Path]) -> Path:
    return archives[1]


@pytest.fixture(scope="session")
def sdist(archives: tuple[Path, Path]) -> Path:
    return archives[0]


def test_the_wheel_has_the_package_and_no_more(wheel: Path) -> None:
    """Data files and ``py.typed`` included, tests not."""
    found = names_in(wheel)
    package = {name for name in tracked() if name.startswith("asgi_nocache/")}
    beside = {name.partition(".dist-info/")[2] for name in found - package}

    assert package <= found
    assert beside == {
        "METADATA",
        "RECORD",
        "WHEEL",
        "entry_points.txt",
        "licenses/LICENSE",
    }
    assert {"asgi_nocache/py.typed", "asgi_nocache/audit/report/page.html"} <= found


def test_the_sdist_can_be_tested(sdist: Path) -> None:
    """All that is tracked but what only this repository's machinery reads."""
    missing = set(tracked()) - names_in(sdist)

    assert not [n for n in missing if not n.startswith((".", "benchmarks/"))]


def test_sizes(archives: tuple[Path, Path]) -> None:
    """Nothing large slipped in."""
    too_large = [a for a in archives if a.stat().st_size > LIMITS[a.suffix]]

    assert not too_large


def test_what_indexes_ask(archives: tuple[Path, Path]) -> None:
    """A description that renders, and a wheel without the usual mistakes."""
    run(sys.executable, "-m", "twine", "check", "--strict", *archives, cwd=ROOT)
    run(BIN / "check-wheel-contents", archives[1], cwd=archives[1].parent)


def test_built_again_it_is_the_same(
    archives: tuple[Path, Path], tmp_path: Path
) -> None:
    """To the byte, from another folder; and from the sdist."""
    sdist, wheel = archives
    again = copied(tmp_path / "again")
    below = unpacked(sdist, tmp_path / "below")

    assert built("sdist", again, tmp_path / "a").read_bytes() == sdist.read_bytes()
    assert built("wheel", again, tmp_path / "a").read_bytes() == wheel.read_bytes()
    assert built("wheel", below, tmp_path / "b").read_bytes() == wheel.read_bytes()


def test_every_extra_is_known() -> None:
    """A new one says what it is there for."""
    assert set(PROJECT["optional-dependencies"]) | {""} == set(MODULES) | OF_THE_PROJECT


@pytest.mark.parametrize("extra", MODULES)
def test_an_empty_environment(extra: str, wheel: Path, tmp_path: Path) -> None:
    """Each extra brings all that its modules import; without one, nothing comes."""
    python = environment(tmp_path / "env", f"{wheel}[{extra}]" if extra else str(wheel))
    imports = "; ".join(f"import {name}" for name in MODULES[extra].split())

    run(python, "-c", imports, cwd=tmp_path)
    run(python, "-m", "pip", "check", cwd=tmp_path)
    if extra == "cli":
        run(python.parent / "asgi-nocache", "--version", cwd=tmp_path)
    if not extra:
        listed = run(python, "-m", "pip", "list", "--format=freeze", cwd=tmp_path)
        names = {line.partition("==")[0] for line in listed.split("\n") if "==" in line}
        assert names - {"pip", "setuptools"} == {"asgi-nocache"}


GOOD = "from asgi_nocache import NoCacheMiddleware\n{app}app = NoCacheMiddleware(api)\n"
BAD = "{app}app = api\n"
APP = """
from fastapi import FastAPI
api = FastAPI()
@api.get("/me")
def me() -> dict: return {}
"""


@pytest.mark.parametrize(("text", "code"), [(GOOD, 0), (BAD, 1)], ids=["good", "bad"])
def test_the_hook(text: str, code: int, tmp_path: Path) -> None:
    """pre-commit takes it from a repository, and refuses a commit that is wrong."""
    hooks, shop = tmp_path / "hooks", tmp_path / "shop"
    for at in (hooks, shop):
        at.mkdir()
        run("git", "init", "-q", cwd=at)
    name = ".pre-commit-hooks.yaml"
    (hooks / name).write_bytes((ROOT / name).read_bytes())
    (shop / "main.py").write_text(text.format(app=APP))
    who = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    run("git", "add", "-A", cwd=hooks)
    run("git", *who, "commit", "-qm", "hooks", cwd=hooks)
    run("git", "add", "-A", cwd=shop)

    done = subprocess.run(
        [BIN / "pre-commit", "try-repo", hooks, "asgi-nocache", "--all-files"],
        cwd=shop,
        env={"PATH": f"{BIN}:/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == code, done.stdout + done.stderr
    assert ("NC" in done.stdout) is bool(code), done.stdout


WORKFLOWS = [".github/workflows/ci.yml", "docs/how-to/github-workflow.yml"]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_workflows(name: str) -> None:
    """By the schema, by zizmor, and every action by its commit."""
    schema = ["--builtin-schema", "vendor.github-workflows"]
    run(BIN / "check-jsonschema", *schema, ROOT / name, cwd=ROOT)
    run(BIN / "zizmor", "--offline", "--no-progress", ROOT / name, cwd=ROOT)
    used = re.findall(r"uses: (\S+)", (ROOT / name).read_text("utf-8"))

    assert used
    assert [
        use for use in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", use)
    ] == []


def test_the_hook_in_words_is_the_hook() -> None:
    """What the page tells to paste is what the repository offers."""
    offered = (ROOT / ".pre-commit-hooks.yaml").read_text("utf-8")
    page = (ROOT / "docs/how-to/pre-commit.md").read_text("utf-8")
    words = re.findall(
        r"^ +((?:entry|language|pass_filenames|files): .*)$", offered, re.MULTILINE
    )

    assert len(words) == 4
    assert [word for word in words if word not in page] == []
