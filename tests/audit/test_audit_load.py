"""Finding the app that is named, or none; and saying whose fault it is."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from asgi_nocache import ConfigurationError
from asgi_nocache.audit.load import AppNotLoaded, load_app

APP = "async def app(scope, receive, send): ...\n"


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forget what was imported: other apps have modules of the same names."""
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.delenv("FLASK_APP", raising=False)
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]
    importlib.invalidate_caches()


def write(folder: Path, **files: str) -> str:
    """Write modules into *folder*; ``a_of_b`` is ``b/a.py``."""
    for name, text in files.items():
        last, _, parent = name.partition("_of_")
        path = folder / parent / f"{last}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return str(folder)


def failure(
    folder: Path, target: str | None = None, *, factory: bool = False
) -> AppNotLoaded:
    with pytest.raises(AppNotLoaded) as caught:
        load_app(target, app_dir=str(folder), factory=factory)
    assert str(caught.value).startswith(caught.value.message)
    return caught.value


def test_a_module_and_an_attribute(tmp_path: Path) -> None:
    write(tmp_path, mine=APP)
    app, name = load_app("mine:app", app_dir=str(tmp_path))

    assert (app.__name__, name) == ("app", "mine:app")
    assert sys.path[0] == str(tmp_path.resolve())


def test_the_folder_is_first_and_once(tmp_path: Path) -> None:
    write(tmp_path, mine=APP)
    sys.path.append(str(tmp_path))
    load_app("mine:app", app_dir=str(tmp_path))
    load_app("mine:app", app_dir=str(tmp_path))

    assert sys.path[0] == str(tmp_path.resolve())
    assert sys.path.count(str(tmp_path)) <= 2


def test_dots(tmp_path: Path) -> None:
    write(tmp_path, mine_of_pack=f"class Holder:\n  {APP}holder = Holder()\n")
    app, _ = load_app("pack.mine:Holder.app", app_dir=str(tmp_path))

    assert app.__name__ == "app"


def test_a_factory(tmp_path: Path) -> None:
    write(tmp_path, mine=f"def make(debug=False):\n    {APP}    return app\n")
    app, name = load_app("mine:make", app_dir=str(tmp_path), factory=True)

    assert (app.__name__, name) == ("app", "mine:make")


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({"main": APP}, "main:app"),
        ({"app": APP}, "app:app"),
        ({"main_of_app": APP, "__init___of_app": ""}, "app.main:app"),
        ({"main": "x = 1", "app": APP}, "app:app"),
        ({"__init___of_main": APP}, "main:app"),
    ],
)
def test_found_without_a_name(tmp_path: Path, files: dict[str, str], name: str) -> None:
    assert load_app(app_dir=write(tmp_path, **files)).name == name


def test_pyproject_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_APP", "main")
    write(tmp_path, main=APP, served=APP)
    toml = tmp_path / "pyproject.toml"
    toml.write_text('[tool.fastapi]\nentrypoint = "served:app"')
    assert load_app(app_dir=str(tmp_path)).name == "served:app"

    toml.write_text('[tool.other]\nentrypoint = "served:app"')
    assert load_app(app_dir=str(tmp_path)).name == "main:app"

    toml.write_text("[tool")
    assert "pyproject.toml is not TOML" in failure(tmp_path).message


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("web", "web:app"),
        ("web.py", "web:app"),
        ("./pack/web.py:other", "pack.web:other"),
        ("web:make()", "web:make"),
    ],
)
def test_flask_app(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, name: str
) -> None:
    module = f"{APP}other = app\ndef make():\n    return app\n"
    write(tmp_path, web=module, web_of_pack=module)
    monkeypatch.setenv("FLASK_APP", said)
    app, found = load_app(app_dir=str(tmp_path))

    assert (app.__name__, found) == ("app", name)


def test_nothing_to_be_found(tmp_path: Path) -> None:
    error = failure(tmp_path)

    assert "none of main:app, app:app, app.main:app" in error.message
    assert "entrypoint" in error.hint


@pytest.mark.parametrize(
    ("target", "hint"),
    [
        ("main", '"main:app"'),
        ("shop/main.py", '"shop.main:app"'),
        (":app", '"main:app"'),
        ("main:", '"main:app"'),
    ],
)
def test_no_name(tmp_path: Path, target: str, hint: str) -> None:
    error = failure(tmp_path, target)

    assert "does not name an app" in error.message
    assert hint in error.hint


@pytest.mark.parametrize(
    ("target", "absent", "hint"),
    [
        ("servd:app", "servd", 'did you mean "served"?'),
        ("shp.main:app", "shp", 'did you mean "shop.main"?'),
        ("shop.mian:app", "shop.mian", 'did you mean "shop.main"?'),
        ("shop.main.deep:app", "shop.main.deep", "--app-dir"),
        ("elsewhere:app", "elsewhere", "--app-dir"),
    ],
)
def test_the_module_is_missing(
    tmp_path: Path, target: str, absent: str, hint: str
) -> None:
    write(tmp_path, served=APP, main_of_shop=APP)
    (tmp_path / "notes.txt").touch()
    error = failure(tmp_path, target)

    assert error.message.startswith(f'there is no module "{absent}"')
    assert hint in error.hint


def test_no_name_of_a_module(tmp_path: Path) -> None:
    assert "not the name of a module" in failure(tmp_path, ".main:app").message


@pytest.mark.parametrize(
    ("source", "line", "code", "words", "hint"),
    [
        ("import gone_module\n", 1, "import gone_module", "ModuleNotFoundError: No "
         "module named 'gone_module'", "install gone_module"),
        ("x = 1\nimport main.inner\n", 2, "import main.inner", "ModuleNotFoundError",
         "install main.inner"),
        ("import os\n\nos.environ['SHOP_KEY']\n", 3, "os.environ['SHOP_KEY']",
         "KeyError: 'SHOP_KEY'", "set SHOP_KEY"),
        ("{}['a']\n", 1, "{}['a']", "KeyError: 'a'", "must import"),
        ("def f():\n    raise OSError('no database')\nf()\n", 2,
         "raise OSError('no database')", "OSError: no database", "must import"),
        ("import sys\nsys.exit(3)\n", 2, "sys.exit(3)", "SystemExit: 3", "__main__"),
        ("x = (\n", 1, "x = (", "SyntaxError: '(' was never closed", "must import"),
        ("int('x')\n", 1, "int('x')", "ValueError", "must import"),
    ],
)  # fmt: skip
def test_the_module_raised(
    tmp_path: Path, source: str, line: int, code: str, words: str, hint: str
) -> None:
    write(tmp_path, main=source)
    error = failure(tmp_path, "main:app")
    lines = error.message.splitlines()

    assert lines[0] == "main raised while it was imported:"
    assert lines[1] == f"  {tmp_path.resolve() / 'main.py'}:{line}: {code}"
    assert lines[2].startswith(f"  {words}")
    assert hint in error.hint
    assert error.__cause__ is not None


def test_of_a_library_that_raised_the_apps_line_is_told(tmp_path: Path) -> None:
    write(tmp_path, main="import json\njson.loads('{')\n")
    error = failure(tmp_path, "main:app")

    assert "main.py:2: json.loads('{')" in error.message
    assert "JSONDecodeError" in error.message


def test_of_another_folders_module_its_own_line_is_told(tmp_path: Path) -> None:
    write(tmp_path / "lib", broken="raise OSError('here')\n")
    (tmp_path / "app").mkdir()
    sys.path.append(str(tmp_path / "lib"))
    error = failure(tmp_path / "app", "broken:app")

    assert "broken.py:1: raise OSError('here')" in error.message


def test_of_a_library_in_the_folder_the_apps_line_is_told(tmp_path: Path) -> None:
    """Many keep the environment there."""
    write(tmp_path, main="import library\nlibrary.run()\n")
    environment = tmp_path / ".venv" / "site-packages"
    write(environment, library="def run():\n    raise OSError('deep')\n")
    sys.path.append(str(environment))

    assert "main.py:2: library.run()" in failure(tmp_path, "main:app").message


def test_a_package_that_imports_what_it_has_not(tmp_path: Path) -> None:
    write(tmp_path, __init___of_pack="import pack.inner\n")
    error = failure(tmp_path, "pack.inner.main:app")

    assert "__init__.py:1: import pack.inner" in error.message
    assert "install pack.inner" in error.hint


def test_a_module_that_is_no_source(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_bytes(b"\0")
    error = failure(tmp_path, "main:app")

    assert "main raised while it was imported" in error.message


def test_our_own_configuration_errors_are_the_cause(tmp_path: Path) -> None:
    write(tmp_path, main="from asgi_nocache import Rule\nRule('x', 1)\n")
    error = failure(tmp_path, "main:app")

    assert isinstance(error.__cause__, ConfigurationError)
    assert "main.py:2: Rule('x', 1)" in error.message


WITH_APPS = f"""
class Shop:
    routes = []
    {APP}
    async def __call__(self, scope, receive, send): ...
class Wsgi:
    def __call__(self, environ, start_response): ...
class Call:
    def __call__(self, *args): ...
web, api, Kind, wsgi, call = Shop(), Shop(), Shop, Wsgi(), Call()
_hidden = Shop()
limit = 10
def helper(a, b, c): ...
"""


@pytest.mark.parametrize(
    ("source", "attribute", "hint"),
    [
        (WITH_APPS, "app", 'the apps in it: "main:web", "main:api", "main:wsgi"'),
        ("applicaton = 3\n", "application", 'did you mean "main:applicaton"?'),
        ("limit = 3\n", "app", ""),
        (WITH_APPS, "web.inner", ""),
    ],
)
def test_no_such_attribute(
    tmp_path: Path, source: str, attribute: str, hint: str
) -> None:
    write(tmp_path, main=source)
    error = failure(tmp_path, f"main:{attribute}")

    assert f'has no attribute "{attribute.rpartition(".")[2]}"' in error.message
    assert error.hint == hint


@pytest.mark.parametrize(
    ("attribute", "message", "hint"),
    [
        ("limit", "is of type int, not an app", ""),
        ("nothing", "is None, not an app", ""),
        ("Shop", "is a class, not an app", "shop = Shop()"),
        ("make", "is a function that takes 0 arguments", "--factory"),
        ("one", "is a function that takes 1 arguments", ""),
    ],
)
def test_no_app(tmp_path: Path, attribute: str, message: str, hint: str) -> None:
    source = f"{WITH_APPS}nothing = None\ndef make(): ...\ndef one(a, b=1): ...\n"
    write(tmp_path, main=source)
    error = failure(tmp_path, f"main:{attribute}")

    assert message in error.message
    assert error.hint.endswith(hint)
    assert bool(error.hint) == bool(hint)


def test_functions_that_may_be_apps(tmp_path: Path) -> None:
    source = "def any(*args): ...\ndef wsgi(environ, start): ...\nbuiltin = min\n"
    write(tmp_path, main=source)

    for name in ("any", "wsgi", "builtin"):
        assert load_app(f"main:{name}", app_dir=str(tmp_path)).app.__name__


@pytest.mark.parametrize(
    ("attribute", "message", "hint"),
    [
        ("limit", "is of type int, which cannot be called", ""),
        ("web", "must be given scope, receive, send", "leave out --factory"),
        ("one", "must be given a", "takes no arguments"),
        ("none", "what main:none() made is None, not an app", ""),
        ("slow", "what main:slow() made is a coroutine", "must not be async"),
        ("fails", "main:fails() raised:\n", "must import"),
        ("leaves", "SystemExit: 4", "__main__"),
    ],
)
def test_no_factory(tmp_path: Path, attribute: str, message: str, hint: str) -> None:
    source = (
        f"{WITH_APPS}"
        "def one(a): ...\n"
        "def none(): ...\n"
        "async def slow(): ...\n"
        "def fails():\n    raise OSError('no database')\n"
        "def leaves():\n    raise SystemExit(4)\n"
    )
    write(tmp_path, main=source)
    error = failure(tmp_path, f"main:{attribute}", factory=True)

    assert message in error.message
    assert hint in error.hint
    if attribute == "fails":
        assert "main.py" in error.message
        assert "raise OSError('no database')" in error.message


def test_a_class_with_no_arguments_is_a_factory(tmp_path: Path) -> None:
    write(tmp_path, main=WITH_APPS)

    assert type(load_app("main:Shop", app_dir=str(tmp_path), factory=True).app)
