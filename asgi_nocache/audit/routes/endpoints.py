"""What an endpoint tells: where it is written, who may call it, what it answers with.

By looks and names only; nothing is called. What a framework knows besides is said in
the framework's own module.
"""

from __future__ import annotations

import ast
import functools
import inspect
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from ..values import Place

#: The methods that a class answers by having a method of that name.
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "TRACE")
#: Names that suggest that a user, or a secret of one, is asked for.
_AUTH = re.compile(
    r"auth(?!or(?!i[sz]))|token(?!i[sz])|log(ged_?)?_?in(?![a-z])|sign(ed)?_?in(?![a-z])"
    r"|current_?user|current_?(active|super)_?user|credential|api_?key|jwt|principal"
    r"|permission|superuser|(user|member|admin|staff|roles?|scopes?)_?required"
    r"|^requires?_(?!http|get$|post$|safe$)|^requires?$|^admin_view$|user_passes_test",
    re.IGNORECASE,
)
#: Names that look so, and are about something else.
_NOT_AUTH = re.compile(
    r"csrf|require_http|^requires?_(get|post|safe|json)$", re.IGNORECASE
)
#: Where a word begins in a name of a class.
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
#: How deep wrappers are followed.
_DEPTH = 32


def asks_who(name: str) -> bool:
    """Tell whether a dependency or a decorator of this name asks for credentials."""
    name = _HUMP.sub("_", name)
    return bool(_AUTH.search(name)) and not _NOT_AUTH.search(name)


def unwrapped(endpoint: Any) -> Any:
    """Return the function or class that was written, out of what wraps it."""
    *_, written = wrappers(endpoint)
    return written


def wrappers(endpoint: Any) -> Iterator[Any]:
    """Yield *endpoint* and what it wraps, down to what was written."""
    for _ in range(_DEPTH):
        yield endpoint
        inner = None
        if isinstance(endpoint, functools.partial):
            inner = endpoint.func
        elif not isinstance(endpoint, type):
            inner = (
                getattr(endpoint, "view_class", None)
                or getattr(endpoint, "__wrapped__", None)
                or getattr(endpoint, "__func__", None)
            )
        if inner is None:
            break
        endpoint = inner


def place_of(endpoint: Any) -> Place | None:
    """Return where *endpoint* is written, decorators included."""
    target = unwrapped(endpoint)
    code = getattr(target, "__code__", None)
    if code is not None:
        return _place(code.co_filename, code.co_firstlineno)
    cls = target if isinstance(target, type) else type(target)
    try:
        file = inspect.getsourcefile(cls) or ""
    except TypeError:  # built in
        return None
    return _place(file, _class_lines(file).get(cls.__qualname__, 0))


def _place(file: str, line: int) -> Place | None:
    return Place(file, line) if file and not file.startswith("<") else None


@lru_cache(maxsize=64)
def _class_lines(file: str) -> dict[str, int]:
    """Return the lines where the classes of *file* begin, by qualified name."""
    try:
        with open(file, encoding="utf-8") as source:
            tree = ast.parse(source.read())
    except (OSError, SyntaxError, ValueError):
        return {}
    return dict(_classes(tree, ""))


def _classes(tree: ast.AST, prefix: str) -> Iterator[tuple[str, int]]:
    for node in ast.iter_child_nodes(tree):
        inside = prefix
        if isinstance(node, ast.ClassDef):
            lines = [node.lineno, *(each.lineno for each in node.decorator_list)]
            yield f"{prefix}{node.name}", min(lines)
            inside = f"{prefix}{node.name}."
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inside = f"{prefix}{node.name}.<locals>."
        yield from _classes(node, inside)


def auth_of(endpoint: Any) -> tuple[str, ...]:
    """Return the decorators of *endpoint* whose names ask for credentials.

    Also those of a class's methods, and the classes that it is made of.
    """
    found = dict.fromkeys(n for n in _decorators(endpoint) if asks_who(n))
    cls = unwrapped(endpoint)
    if isinstance(cls, type):
        bases = (base.__name__ for base in cls.__mro__[1:])
        found |= dict.fromkeys(n for n in bases if asks_who(n))
        for method in METHODS:
            own = _decorators(getattr(cls, method.lower(), None))
            found |= dict.fromkeys(n for n in own if asks_who(n))
    return tuple(found)


def _decorators(endpoint: Any) -> Iterator[str]:
    """Yield the names of the functions that made the wrappers of *endpoint*."""
    waiting, seen = [endpoint], set[int]()
    while waiting and len(seen) < _DEPTH:
        each = waiting.pop()
        if id(each) in seen or not callable(each) or isinstance(each, type):
            continue
        seen.add(id(each))
        inside = [cell for _, cell in closure_of(each) if inspect.isfunction(cell)]
        inner = getattr(each, "__wrapped__", None) or getattr(each, "func", None)
        code = getattr(each, "__code__", None)
        if code is not None and (inside or inner or each is not endpoint):
            yield from code.co_qualname.replace(".<locals>", "").split(".")[:-1]
        waiting += [*inside, inner]


def closure_of(function: Any) -> Iterator[tuple[str, Any]]:
    """Yield the variables that *function* has from around it."""
    code = getattr(function, "__code__", None)
    cells = getattr(function, "__closure__", None) or ()
    for name, cell in zip(getattr(code, "co_freevars", ()), cells, strict=False):
        try:
            yield name, cell.cell_contents
        except ValueError:  # not set yet
            continue


def methods_of_class(cls: Any) -> tuple[str, ...]:
    """Return the methods that a class-based endpoint answers."""
    has = {m for m in METHODS if getattr(cls, m.lower(), None) is not None}
    return ordered(has | ({"HEAD"} if "GET" in has else set()))


def ordered(methods: Iterable[str] | None) -> tuple[str, ...]:
    """Return *methods* in capitals and sorted; ``()`` if any will do."""
    return tuple(sorted({str(method).upper() for method in methods or ()}))


def asked_first(methods: tuple[str, ...]) -> str:
    """Return the method that a sample is tried with: GET, if it is answered."""
    return "GET" if "GET" in methods or not methods else methods[0]


def returned_type(endpoint: Any) -> Any:
    """Return what *endpoint* says that it returns, a name looked up in its module."""
    function = unwrapped(endpoint)
    said = getattr(function, "__annotations__", {}).get("return")
    if isinstance(said, str):
        said = getattr(function, "__globals__", {}).get(said)
    return said
