"""Finding and importing the app that is audited: ``module:attribute``.

The words are uvicorn's. What is wrong is told in the app's terms: which module, which
line of it. What is inside the app is ``routes``' business.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
import linecache
import os
import sys
import tomllib
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from .._core.errors import NoCacheError

#: Where an app is looked for when nothing names one.
USUAL = ("main:app", "app:app", "app.main:app")
#: What a function takes that is an app itself: ASGI's three, WSGI's two.
_APP_PARAMETERS = (3, 2)


class Loaded(NamedTuple):
    """An app, and how it was named: ``"shop.main:app"``."""

    app: Any
    name: str


class AppNotLoaded(NoCacheError):  # noqa: N818  (what happened, as in the exit codes)
    """The app could not be loaded.

    Attributes:
        message: What happened, in the app's terms.
        hint: What to do, ``""`` if nothing comes to mind.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        self.message = message
        self.hint = hint
        super().__init__(message, hint)

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


def load_app(
    target: str | None = None, *, app_dir: str = ".", factory: bool = False
) -> Loaded:
    """Import the app that *target* names.

    Args:
        target: ``"module:attribute"``; the attribute may have dots. ``None``: the
            entrypoint in ``pyproject.toml`` (``[tool.fastapi]``), else what
            ``FLASK_APP`` names, else the first of ``USUAL`` that is there.
        app_dir: The folder that is first on ``sys.path``.
        factory: Whether the attribute makes the app when it is called.

    Raises:
        AppNotLoaded: With what to do; its cause is what the app's code raised.
    """
    folder = Path(app_dir).resolve()
    if sys.path[:1] != [str(folder)]:
        sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    if target is None:
        target, factory = _discovered(folder, factory)
    module_name, colon, attribute = target.partition(":")
    if not (module_name and colon and attribute):
        name = module_name.removesuffix(".py").replace("/", ".") or "main"
        raise AppNotLoaded(
            f'"{target}" does not name an app', f'write "{name}:app": module:attribute'
        )
    found = _attribute(_module(module_name, folder), attribute)
    app = _made(found, target, folder) if factory else found
    _check(app, target, factory=factory)
    return Loaded(app, target)


def _discovered(folder: Path, factory: bool) -> tuple[str, bool]:
    """Return the name of the app in *folder*, and whether it is a factory's."""
    if named := _entrypoint(folder):
        return named, factory
    if named := os.environ.get("FLASK_APP", ""):
        return _flask_words(named, factory)
    for named in USUAL:
        name, _, attribute = named.partition(":")
        path = folder.joinpath(*name.split("."))
        if path.with_suffix(".py").is_file() or (path / "__init__.py").is_file():
            module = _module(name, folder)
            if hasattr(module, attribute):
                return named, factory
    raise AppNotLoaded(
        f"no app was named, and {folder} has none of {', '.join(USUAL)}",
        'name it as "module:attribute", or in pyproject.toml: [tool.fastapi] '
        'entrypoint = "module:attribute"',
    )


def _entrypoint(folder: Path) -> str:
    """Return what ``pyproject.toml`` names, ``""`` if nothing."""
    file = folder / "pyproject.toml"
    if not file.is_file():
        return ""
    try:
        tools = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AppNotLoaded(f"{file} is not TOML: {error}", "mend it") from error
    return str(tools.get("fastapi", {}).get("entrypoint", ""))


def _flask_words(named: str, factory: bool) -> tuple[str, bool]:
    """Return Flask's way to name an app in uvicorn's words."""
    module, _, attribute = named.partition(":")
    module = module.removesuffix(".py").strip("./").replace("/", ".")
    makes = attribute.endswith("()")
    return f"{module}:{attribute.removesuffix('()') or 'app'}", factory or makes


def _module(name: str, folder: Path) -> Any:
    if "" in name.split(".") or "\0" in name:
        raise AppNotLoaded(f'"{name}" is not the name of a module')
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:  # whatever an app's code may raise
        own = list(_own_frames(error))
        absent = error.name if isinstance(error, ModuleNotFoundError) else None
        if absent and f"{name}.".startswith(f"{absent}.") and not own:
            raise _missing(name, absent, folder) from error
        raise _raised(f"{name} raised while it was imported", error, folder) from error


def _missing(name: str, absent: str, folder: Path) -> AppNotLoaded:
    parent = absent.rpartition(".")[0]
    near = folder.joinpath(*parent.split(".")) if parent else folder
    there = [each.stem for each in near.glob("*") if _is_module(each)]
    last = absent.rpartition(".")[2]
    close = difflib.get_close_matches(last, there, 1)
    rest = name[len(absent) :]
    if close:
        right = ".".join(filter(None, (parent, close[0])))
        hint = f'did you mean "{right}{rest}"?'
    else:
        hint = "say where it is with --app-dir, or install it in this environment"
    return AppNotLoaded(
        f'there is no module "{absent}" in {folder}, or installed', hint
    )


def _is_module(path: Path) -> bool:
    return path.suffix == ".py" or (path.is_dir() and path.stem.isidentifier())


def _raised(what: str, error: BaseException, folder: Path) -> AppNotLoaded:
    """Return *error* as the app's own traceback's last frame tells it."""
    words = "".join(traceback.format_exception_only(type(error), error)).strip()
    if isinstance(error, SyntaxError) and error.filename:
        code = (error.text or "").strip()
        at, words = f"{error.filename}:{error.lineno}", f"SyntaxError: {error.msg}"
    else:
        frames = list(_own_frames(error))
        own = [frame for frame in frames if _is_own(frame.filename, folder)]
        at, code = "(no line is known)", ""
        for last in (own or frames)[-1:]:
            at, code = f"{last.filename}:{last.lineno}", (last.line or "").strip()
    shown = f"{at}: {code}" if code else at
    return AppNotLoaded(f"{what}:\n  {shown}\n  {words}", _advice(error))


def _advice(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"install {error.name} in this environment, or set --app-dir"
    if isinstance(error, KeyError) and error.args and str(error.args[0]).isupper():
        return f"set {error.args[0]} in the environment, as in production"
    if isinstance(error, SystemExit):
        return "keep what ends the program under if __name__ == '__main__'"
    return "the app must import without its server; see the line above"


def _own_frames(error: BaseException) -> Iterator[traceback.FrameSummary]:
    """Yield the frames of *error* that are neither ours nor the import system's."""
    linecache.checkcache()
    for frame in traceback.extract_tb(error.__traceback__):
        ours = frame.filename == __file__
        machinery = frame.filename.startswith("<frozen importlib")
        if not (ours or machinery or frame.filename == importlib.__file__):
            yield frame


def _is_own(file: str, folder: Path) -> bool:
    path = Path(file)
    return path.is_relative_to(folder) and "site-packages" not in path.parts


def _attribute(module: Any, dotted: str) -> Any:
    found = module
    for name in dotted.split("."):
        try:
            found = getattr(found, name)
        except AttributeError as error:
            raise _no_attribute(module, found, name) from error
    return found


def _no_attribute(module: Any, inside: Any, name: str) -> AppNotLoaded:
    names = [n for n in vars(module) if not n.startswith("_")]
    apps = [n for n in names if looks_like_app(vars(module)[n])]
    where = f'the module "{module.__name__}"'
    if inside is not module:
        where = f"{type(inside).__name__} in {where}"
        return AppNotLoaded(f'{where} has no attribute "{name}"')
    close = difflib.get_close_matches(name, names, 1)
    hint = ""
    if apps:
        listed = ", ".join(f'"{module.__name__}:{each}"' for each in apps)
        hint = f"the apps in it: {listed}"
    elif close:
        hint = f'did you mean "{module.__name__}:{close[0]}"?'
    return AppNotLoaded(f'{where} has no attribute "{name}"', hint)


def looks_like_app(value: Any) -> bool:
    """Tell whether *value* is an ASGI or WSGI app, by its looks."""
    if inspect.isclass(value) or not callable(value):
        return False
    if inspect.isroutine(value):
        return False  # functions that take so many arguments are too common
    if hasattr(value, "routes") or hasattr(value, "url_map"):
        return True
    return len(_parameters(value) or ()) in _APP_PARAMETERS


def _parameters(call: Any) -> list[inspect.Parameter] | None:
    """Return the parameters that must be given, ``None`` if they are not known."""
    try:
        every = inspect.signature(call).parameters.values()
    except (TypeError, ValueError):
        return None
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    if any(each.kind is variable[0] for each in every):
        return None
    return [p for p in every if p.default is p.empty and p.kind not in variable]


def _made(factory: Any, target: str, folder: Path) -> Any:
    if not callable(factory):
        raise AppNotLoaded(
            f'"{target}" is {_kind(factory)}, which cannot be called as a factory',
            "leave out --factory" if looks_like_app(factory) else "",
        )
    needed = _parameters(factory)
    if needed:
        names = ", ".join(each.name for each in needed)
        raise AppNotLoaded(
            f'"{target}" cannot make the app: it must be given {names}',
            "leave out --factory"
            if looks_like_app(factory)
            else "name one that takes no arguments",
        )
    try:
        return factory()
    except (Exception, SystemExit) as error:  # whatever an app's code may raise
        raise _raised(f"{target}() raised", error, folder) from error


def _check(app: Any, target: str, *, factory: bool) -> None:
    """Refuse what is no app.

    Raises:
        AppNotLoaded: Saying what it is instead.
    """
    what = f"what {target}() made" if factory else f'"{target}"'
    if inspect.iscoroutine(app):
        app.close()
        raise AppNotLoaded(f"{what} is a coroutine", "the factory must not be async")
    if inspect.isclass(app):
        made = f"{app.__name__.lower()} = {app.__name__}()"
        raise AppNotLoaded(f"{what} is a class, not an app", f"name an object: {made}")
    if not callable(app):
        raise AppNotLoaded(f"{what} is {_kind(app)}, not an app")
    if not inspect.isroutine(app):
        return
    needed = _parameters(app)
    if needed is not None and len(needed) not in _APP_PARAMETERS:
        hint = "" if needed else "does it make the app? then say --factory"
        raise AppNotLoaded(
            f"{what} is a function that takes {len(needed)} arguments, not an app", hint
        )


def _kind(value: Any) -> str:
    return "None" if value is None else f"of type {type(value).__name__}"
