"""The house: who may import whom, what an import costs, how files are kept."""

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import asgi_nocache

PACKAGE = Path(asgi_nocache.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

#: Each layer may import what stands in the same or in an earlier one.
LAYERS = [
    {"_core"},
    {"reuse", "config", "export"},
    {
        "middleware",
        "decorators",
        "audit",
        "_box",
        "_endpoint_marks",
        "_environ",
        "_flask",
        "_kill_switch",
        "_long_way",
        "_messages",
        "_names",
        "_options",
        "_otel",
        "_preconditions",
        "_refusals",
        "_report",
        "_rollout",
        "_route",
        "_shortcut",
        "_watch",
        "wsgi",
    },
    {"_bridge"},
    {
        "flask",
        "starlette",
        "openapi",
        "testing",
        "pytest_plugin",
        "cli",
        "demo",
    },
]
#: What stands at the bottom and needs no more than the standard library.
PLAIN = LAYERS[0] | LAYERS[1] | (LAYERS[2] - {"audit", "_otel"})


def part_of(file: Path) -> str:
    """Return the module or folder of the package that *file* belongs to."""
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def imported(file: Path) -> Iterator[str]:
    """Yield the absolute names that *file* imports, anywhere in it."""
    package = ["asgi_nocache", *file.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            whole = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{whole}.{alias.name}" for alias in node.names)


def own_parts(file: Path) -> set[str]:
    """Return the parts of the package that *file* imports."""
    names = [name.split(".") for name in imported(file)]
    known = set().union(*LAYERS)
    return {n[1] for n in names if n[0] == "asgi_nocache" and n[1] in known}


def by_name(file: Path) -> str:
    return str(file.relative_to(PACKAGE))


@pytest.mark.parametrize("file", FILES, ids=by_name)
def test_no_assert(file: Path) -> None:
    """It vanishes under ``python -O``; what must hold is raised in words."""
    assert not [n for n in ast.walk(tree(file)) if isinstance(n, ast.Assert)]


@pytest.mark.parametrize("file", FILES, ids=by_name)
def test_a_file_opens_with_its_rule(file: Path) -> None:
    """What belongs in it, and what does not."""
    assert ast.get_docstring(tree(file))


@pytest.mark.parametrize("file", FILES, ids=by_name)
def test_a_file_is_short(file: Path) -> None:
    """One decision per function, one matter per file."""
    lines = len(file.read_text(encoding="utf-8").splitlines())

    assert lines <= 350


def test_every_part_has_a_layer() -> None:
    """A new module says where it stands."""
    parts = {part_of(file) for file in FILES} - {"__init__"}

    assert parts <= set().union(*LAYERS)


@pytest.mark.parametrize(
    "file", [f for f in FILES if part_of(f) != "__init__"], ids=by_name
)
def test_imports_point_one_way(file: Path) -> None:
    """The core knows nothing of the shells, the shells nothing of the hosts."""
    level = next(n for n, layer in enumerate(LAYERS) if part_of(file) in layer)
    above = set().union(*LAYERS[level + 1 :])

    assert not own_parts(file) & above


@pytest.mark.parametrize("file", [f for f in FILES if part_of(f) in PLAIN], ids=by_name)
def test_the_bottom_needs_only_the_standard_library(file: Path) -> None:
    """A host's framework is imported only in that host's module."""
    roots = {name.split(".")[0] for name in imported(file)}

    assert roots <= sys.stdlib_module_names | {"asgi_nocache"}


@pytest.mark.parametrize(
    "file", [f for f in FILES if part_of(f) == "_core"], ids=by_name
)
def test_the_core_is_pure(file: Path) -> None:
    """No asyncio, no IO, no clock, no logging: the shells do that."""
    roots = {name.split(".")[0] for name in imported(file)}

    assert not roots & {"asyncio", "io", "logging", "os", "socket", "sys", "time"}


def test_the_checks_can_fail() -> None:
    """The negative twin: hosts do import upwards' targets and third parties."""
    demo = {n.split(".")[0] for f in FILES if part_of(f) == "demo" for n in imported(f)}
    shell = own_parts(PACKAGE / "middleware.py")

    assert not demo <= sys.stdlib_module_names | {"asgi_nocache"}
    assert "_core" in shell


def test_the_front_door() -> None:
    """Every name of the public list is there, once, and in order."""
    names = asgi_nocache.__all__

    assert [n for n in names if not hasattr(asgi_nocache, n)] == []
    assert names == sorted(set(names), key=lambda n: (not n.isupper(), n[0] > "Z", n))
    assert set(names) <= set(dir(asgi_nocache))


def test_a_name_that_is_not_there() -> None:
    """The negative twin: the usual error."""
    with pytest.raises(AttributeError, match="module 'asgi_nocache' has no attribute"):
        asgi_nocache.no_cache  # type: ignore[attr-defined]  # noqa: B018

    with pytest.raises(ImportError):
        importlib.import_module("asgi_nocache.no_cache")


def run(script: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout


def test_importing_loads_no_third_party() -> None:
    """Neither a framework nor anything else that must be installed."""
    loaded = run(
        "import sys; before = set(sys.modules); import asgi_nocache\n"
        "roots = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(roots - sys.stdlib_module_names))"
    )

    assert loaded == "['asgi_nocache']\n"


@pytest.mark.parametrize("name", ["nocache", "cache_policy", "set_policy"])
def test_decorators_arrive_on_first_use(name: str) -> None:
    """With them each request carries a box, so they are not loaded before."""
    seen = run(
        "import sys, asgi_nocache\n"
        "asked = lambda: 'asgi_nocache.decorators' in sys.modules\n"
        f"print(asked(), callable(asgi_nocache.{name}), asked())"
    )

    assert seen == "False True True\n"
