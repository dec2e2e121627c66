"""The marks of an endpoint: the attribute that decorators set, and finding it.

However an endpoint is wrapped: partials, methods, classes. Also which endpoints were
decorated at all, for the audit. What a mark does to a response is the core's; marks
that running code reports are the box's.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from typing import Any
from weakref import WeakValueDictionary

from ._core.conditions import METHODS
from ._core.selection import Mark

#: The attribute of an endpoint that holds its marks, a tuple.
ATTRIBUTE = "__asgi_nocache__"


#: What was decorated and is still alive, by identity: equal ones may differ.
_decorated: WeakValueDictionary[int, Any] = WeakValueDictionary()


def remember_decorated(endpoint: Any) -> None:
    """Keep *endpoint* in mind, without keeping it alive."""
    with contextlib.suppress(TypeError):  # what takes no weak reference
        _decorated[id(endpoint)] = endpoint


def decorated_endpoints() -> tuple[Any, ...]:
    """Return what the decorators made in this process, as far as it is alive."""
    return tuple(_decorated.values())


def forget_marks() -> None:
    """Look again: an endpoint was marked after it was found."""
    _found.clear()


def find_marks(endpoint: Any, method: str) -> tuple[Mark, ...]:
    """Return the marks of *endpoint* for *method*, however it is wrapped."""
    key = id(endpoint), method
    known = _found.get(key)
    if known is None or known[0] is not endpoint:  # an id is used again
        if len(_found) >= MAX_ENDPOINTS:
            _found.clear()
        known = _found[key] = endpoint, _find_marks(endpoint, method)
    return known[1]


#: Endpoints, which are few; by identity, since equal ones may differ in marks.
_found: dict[tuple[int, str], tuple[Any, tuple[Mark, ...]]] = {}
MAX_ENDPOINTS = 1024


def _find_marks(endpoint: Any, method: str) -> tuple[Mark, ...]:
    for _ in range(64):
        if endpoint is None:
            break
        if isinstance(endpoint, type):
            return _class_marks(endpoint, method)
        marks: tuple[Mark, ...] | None = getattr(endpoint, "__dict__", {}).get(
            ATTRIBUTE
        )
        if marks is not None:
            return marks
        view_class = getattr(endpoint, "view_class", None)
        if isinstance(view_class, type):  # a function that Flask made of a class
            return _class_marks(view_class, method)
        inner = _unwrapped(endpoint)
        if inner is None:
            return _object_marks(type(endpoint))
        endpoint = inner
    return ()


def _unwrapped(endpoint: Any) -> Any:
    if isinstance(endpoint, functools.partial):
        return endpoint.func
    return getattr(endpoint, "__func__", None) or getattr(endpoint, "__wrapped__", None)


def _class_marks(cls: type, method: str) -> tuple[Mark, ...]:
    """Return a method's marks, else the class's own or inherited ones."""
    if method in METHODS:  # others may name anything that a class has
        name = method.lower()
        if name == "head" and not hasattr(cls, "head"):
            name = "get"  # as Starlette and Flask dispatch it
        own = getattr(cls, name, None)
        if inspect.isfunction(own) and (marks := _find_marks(own, method)):
            return marks
    return _inherited(cls)


def _object_marks(cls: type) -> tuple[Mark, ...]:
    """Return what the class of a callable object says, itself or of its call."""
    call = vars(cls).get("__call__")
    return getattr(call, "__dict__", {}).get(ATTRIBUTE) or _inherited(cls)


def _inherited(cls: type) -> tuple[Mark, ...]:
    return next(
        (c.__dict__[ATTRIBUTE] for c in cls.__mro__ if ATTRIBUTE in c.__dict__), ()
    )
