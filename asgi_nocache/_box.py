"""What carries a mark between an endpoint and the middleware.

The attribute that decorators set on endpoints, and the box: one per request,
put into the scope by the outermost middleware (so it survives copies of the
scope) and into a context variable (so code without a scope finds it). What a
mark does to a response is the core's.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, MutableMapping
from contextvars import ContextVar
from typing import Any, TypedDict

from ._core.fields import Field
from ._core.selection import Mark, Preview, Selection

#: The key of the box in a scope.
KEY = "asgi_nocache"
#: The attribute of an endpoint that holds its marks, a tuple.
ATTRIBUTE = "__asgi_nocache__"

Scope = MutableMapping[str, Any]

#: Request fields that let a server answer 304 or splice a stored part. Range
#: goes only together with If-Range: alone it is media seeking.
PRECONDITIONS = frozenset({b"if-none-match", b"if-modified-since", b"if-range"})


class Box(TypedDict, total=False):
    """What one request gathers on its way in and out.

    A dict, since nothing that can be made for every request costs less, and an
    empty one says at once that there is nothing to think about.
    """

    #: The response has started. In a scope that comes in, it is a leftover.
    started: bool
    #: The request is over. In a context that a server reuses, it is a leftover.
    closed: bool
    #: What the endpoint's decorators and its code reported.
    marks: tuple[Mark, ...]
    #: What an instance nested inside selected.
    inner: Selection
    #: The preconditions of the request, if it has any.
    preconditions: Preconditions
    #: Where the instance that made the box is mounted.
    root_path: str


def report(box: Box, mark: Mark, scope: Scope | None = None) -> None:
    """Take *mark* from running code; *scope* is the one that code sees."""
    box["marks"] = (*box.get("marks", ()), mark)
    if (held := box.get("preconditions")) is not None:
        held.settle(box["marks"], scope)


class Preconditions:
    """The request's field list with and without its preconditions.

    Which of the two the app sees depends on what can still be selected: all
    policies that the request allows until the endpoint is known, then its mark.
    """

    def __init__(self, fields: list[Field], preview: Preview) -> None:
        drop = PRECONDITIONS
        if any(name.lower() == b"if-range" for name, _ in fields):
            # RFC 9110 section 14.2: without Range the full 200 is always right;
            # Range without If-Range would splice onto an old part.
            drop |= {b"range"}
        self.original = fields
        self.stripped = [(k, v) for k, v in fields if k.lower() not in drop]
        self.preview = preview
        self.scope: Scope | None = None
        self._endpoint_marks: tuple[Mark, ...] = ()

    def fields(self, marks: Iterable[Mark] = ()) -> list[Field]:
        """Return a fresh list of what the app may see under *marks*."""
        marks = tuple(m for m in marks if m.mode != "report")
        if marks:
            strip = self.preview.pinned or any(
                m.policy is None or m.policy.never_store for m in marks
            )
        else:
            strip = self.preview.never_store
        return list(self.stripped if strip else self.original)

    def routed(self, endpoint: Any, marks: tuple[Mark, ...]) -> None:
        """Hear that the router chose *endpoint*, before any code of it runs."""
        self._endpoint_marks = find_marks(endpoint, self._method())
        self.settle(marks, None)

    def settle(self, marks: tuple[Mark, ...], scope: Scope | None) -> None:
        """Put the right list into the scopes, in place: a request may hold it."""
        fields = self.fields((*marks, *self._endpoint_marks))
        for each in (self.scope, scope):
            if each is None:
                continue
            held = each.get("headers")
            if isinstance(held, list):
                held[:] = fields
            else:
                each["headers"] = list(fields)

    def _method(self) -> str:
        return "GET" if self.scope is None else str(self.scope.get("method", "GET"))


class RoutedScope(dict[str, Any]):
    """The copied scope that an app gets when its request has preconditions.

    It hears the router choose the endpoint, which is the last moment to give
    or take preconditions, and passes on what routers write, so that middleware
    outside still finds ``endpoint`` and ``route`` in its own scope.
    """

    __slots__ = ("_box", "_outer")

    def __init__(self, outer: Scope, box: Box, fields: list[Field]) -> None:
        super().__init__(outer)
        self._outer = outer
        self._box = box
        super().__setitem__("headers", fields)

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        if key != "headers":
            self._outer[key] = value
        if key == "endpoint":
            self._box["preconditions"].routed(value, self._box.get("marks", ()))

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Set each item, so that it is heard."""
        for key, value in dict(*args, **kwargs).items():
            self[key] = value

    def __reduce__(self) -> tuple[Any, ...]:
        # A deep copy is nobody's to hear: it becomes an ordinary scope.
        return dict, (dict(self),)


_current: ContextVar[Box | None] = ContextVar("asgi_nocache", default=None)


class Process:
    """What this process has seen so far.

    Attributes:
        marks: Whether decorators were imported, so that endpoints may be marked.
    """

    marks = False


def enter(box: Box) -> bool:
    """Make *box* the current one. Always set: servers leak contexts."""
    _current.set(box)
    return True


def find_box(scope: Scope | None = None) -> Box | None:
    """Return the box of the request under way, ``None`` without a middleware."""
    box: Box | None = None if scope is None else scope.get(KEY)
    if box is None:
        box = _current.get()
    return None if box is None or box.get("closed") else box


def find_marks(endpoint: Any, method: str) -> tuple[Mark, ...]:
    """Return the marks of *endpoint* for *method*, however it is wrapped."""
    try:
        return _cached_marks(endpoint, method)
    except TypeError:  # unhashable, such as a dataclass instance
        return _find_marks(endpoint, method)


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
        inner = _unwrapped(endpoint)
        if inner is None and not hasattr(endpoint, "__code__"):
            return _class_marks(type(endpoint), "__call__")
        endpoint = inner
    return ()


def _unwrapped(endpoint: Any) -> Any:
    if isinstance(endpoint, functools.partial):
        return endpoint.func
    return getattr(endpoint, "__func__", None) or getattr(endpoint, "__wrapped__", None)


def _class_marks(cls: type, method: str) -> tuple[Mark, ...]:
    """Return a method's marks, else the class's own or inherited ones."""
    name = method.lower()
    if name == "head" and not hasattr(cls, "head"):
        name = "get"  # as Starlette and Flask dispatch it
    own = getattr(cls, name, None)
    if callable(own) and (marks := _find_marks(own, method)):
        return marks
    return next(
        (c.__dict__[ATTRIBUTE] for c in cls.__mro__ if ATTRIBUTE in c.__dict__), ()
    )


_cached_marks = functools.lru_cache(maxsize=1024)(_find_marks)
