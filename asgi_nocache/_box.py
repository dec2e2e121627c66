"""What carries a mark between an endpoint and the middleware.

The attribute that decorators set on endpoints, and the box: one per request,
put into the scope by the outermost middleware (so it survives copies of the
scope) and into a context variable (so code without a scope finds it). What a
mark does to a response is the core's.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterable, MutableMapping
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, ClassVar, Protocol, Self, TypedDict, cast
from weakref import WeakSet

from ._core.conditions import METHODS
from ._core.fields import Field
from ._core.selection import Mark, Preview

#: The key of the box in a scope.
KEY = "asgi_nocache"
#: The attribute of an endpoint that holds its marks, a tuple.
ATTRIBUTE = "__asgi_nocache__"

Scope = MutableMapping[str, Any]

#: Request fields that let a server answer 304 or splice a stored part. Range
#: goes only together with If-Range: alone it is media seeking.
PRECONDITIONS = frozenset({b"if-none-match", b"if-modified-since", b"if-range"})


#: Only these can be answered with a 304 (RFC 9110 section 13.2).
CONDITIONAL_METHODS = frozenset({"GET", "HEAD"})


class Box(TypedDict, total=False):
    """What one request gathers on its way in and out.

    A dict, since nothing that can be made for every request costs less, and an
    empty one says at once that there is nothing to think about.
    """

    #: The request is over: in a scope or a context that is used again, the box
    #: is a leftover.
    closed: bool
    #: What the endpoint's decorators and its code reported.
    marks: tuple[Mark, ...]
    #: The preconditions of the request, if it has any.
    preconditions: Preconditions


#: What the short ways put into a scope, having nothing to gather: whoever stands
#: inside makes a box of its own. Never written to.
NO_BOX: Box = {}


class Preconditions:
    """Gives and takes the preconditions of one request.

    What the app sees depends on what can still be selected: all policies that
    the request allows until the endpoint is known, then its mark. Lists are
    edited where they are, since a request object may hold them, and only by our
    own lines, since others may have edited them too.
    """

    def __init__(self, fields: list[Field], preview: Preview) -> None:
        drop = PRECONDITIONS
        if any(name.lower() == b"if-range" for name, _ in fields):
            # RFC 9110 section 14.2: without Range the full 200 is always right;
            # Range without If-Range would splice onto an old part.
            drop |= {b"range"}
        self._names = drop
        self._lines = [line for line in fields if line[0].lower() in drop]
        self._taken = False
        self._given: set[int] = set()
        self._endpoint_marks: tuple[Mark, ...] = ()
        self.preview = preview
        self.scope: Scope | None = None

    def routed(self, endpoint: Any, marks: tuple[Mark, ...]) -> None:
        """Hear that the router chose *endpoint*, before any code of it runs."""
        method = "GET" if self.scope is None else str(self.scope.get("method", "GET"))
        self._endpoint_marks = find_marks(endpoint, method)
        self.settle(marks)

    def settle(self, marks: tuple[Mark, ...], *scopes: Scope | None) -> None:
        """Give or take, in our scope and in *scopes*, as *marks* want it."""
        take = self._takes((*marks, *self._endpoint_marks))
        for scope in (self.scope, *scopes):
            if scope is None:
                continue
            held = scope.get("headers", ())
            if take:
                fields = [line for line in held if line[0].lower() not in self._names]
            elif self._taken and id(held) not in self._given:
                names = {name.lower() for name, _ in held}
                missing = [x for x in self._lines if x[0].lower() not in names]
                fields = [*held, *missing]
            else:
                continue
            if isinstance(held, list):
                held[:] = fields
            else:
                held = scope["headers"] = fields
            # Once: whoever drops a line after that has reasons.
            (self._given.discard if take else self._given.add)(id(held))
        self._taken |= take

    def _takes(self, marks: Iterable[Mark]) -> bool:
        marks = tuple(marks)
        if not (marks and self.preview.heeds_marks):
            return self.preview.never_store
        return self.preview.pinned or any(map(Mark.never_stores, marks))


def strip_preconditions(scope: Scope) -> None:
    """Take the preconditions out of *scope*, where no middleware did."""
    if scope.get("method") in CONDITIONAL_METHODS:
        fields = list(scope.get("headers", ()))
        Preconditions(fields, Preview(True, True, True)).settle((), scope)


class RoutedScope(dict[str, Any]):
    """The copied scope that an app gets when its request has preconditions.

    It hears the router choose the endpoint, which is the last moment to give
    or take preconditions, and passes on what is written into it, so that
    middleware outside still finds ``endpoint`` and the like in its own scope.
    """

    __slots__ = ("_box", "_outer", "_preconditions")

    def __init__(self, outer: Scope, box: Box, preconditions: Preconditions) -> None:
        super().__init__(outer)
        self._outer = outer
        self._box = box
        self._preconditions = preconditions
        super().__setitem__("headers", list(outer["headers"]))

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        if key != "headers":
            self._outer[key] = value
        if key == "endpoint":
            self._preconditions.routed(value, self._box.get("marks", ()))

    def __delitem__(self, key: str) -> None:
        super().__delitem__(key)
        if key != "headers":
            self._outer.pop(key, None)

    def __ior__(self, other: Any) -> Self:  # type: ignore[override,misc]
        self.update(other)
        return self

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Set each item, so that it is heard."""
        for key, value in dict(*args, **kwargs).items():
            self[key] = value

    def setdefault(self, key: str, default: Any = None) -> Any:
        """Set the item if it is missing, so that it is heard."""
        if key not in self:
            self[key] = default
        return self[key]

    def pop(self, key: str, *default: Any) -> Any:
        """Remove the item here and outside."""
        if key in self and key != "headers":
            self._outer.pop(key, None)
        return super().pop(key, *default)

    def __reduce__(self) -> tuple[Any, ...]:
        # A deep copy is nobody's to hear: it becomes an ordinary scope.
        return dict, (dict(self),)


def conditional_scope(
    scope: Scope, box: Box, preview: Preview, *, conditional: bool
) -> Scope:
    """Return the scope for the app, without preconditions where they must go.

    Args:
        scope: The scope that came in; it is copied only if something may go.
        box: The box of the request.
        preview: What can be selected, by the instance that asks.
        conditional: Whether the app could answer with a 304.
    """
    held = box.get("preconditions")
    if held is None:
        marks = Process.marks and preview.heeds_marks
        if not (conditional and (preview.never_store or marks)):
            return scope
        held = box["preconditions"] = Preconditions(scope["headers"], preview)
    else:
        # An outer default gives way to what stands inside; its rules do not.
        outer = held.preview.ruled
        held.preview = replace(
            preview,
            never_store=preview.never_store or outer,
            pinned=preview.pinned or outer,
            ruled=preview.ruled or outer,
        )
    if not isinstance(scope, RoutedScope):
        scope = held.scope = RoutedScope(scope, box, held)
    held.settle(box.get("marks", ()))
    return scope


_current: ContextVar[Box | None] = ContextVar("asgi_nocache", default=None)


class Expecting(Protocol):
    """Who must know when endpoints may be marked."""

    def expect_marks(self) -> None:
        """Take no answer for settled before the endpoint is known."""


class Process:
    """What this process has seen so far.

    Attributes:
        marks: Whether decorators were imported, so that endpoints may be marked.
        waiting: Who wants to hear of it.
    """

    marks = False
    waiting: ClassVar[WeakSet[Expecting]] = WeakSet()


def expect_marks() -> None:
    """Say that endpoints may be marked from now on."""
    Process.marks = True
    for each in tuple(Process.waiting):
        each.expect_marks()


def enter(box: Box) -> Box | None:
    """Make *box* the current one, and return the one before.

    Always, since servers leak contexts; and undone with :func:`leave`, since an
    app may ask another one within its own request.
    """
    before = _current.get()
    _current.set(box)
    return before


def leave(box: Box, before: Box | None) -> None:
    """Close *box* and make *before* the current one again."""
    box["closed"] = True
    _current.set(before)


def report(mark: Mark, scope: Scope | None = None) -> bool:
    """Take *mark* from running code; *scope* is the one that code sees.

    Returns:
        Whether a middleware serves the request, so that someone will look.
    """
    boxes = [_current.get()]
    if scope is not None:
        # No box in the scope: whoever is current serves another request. A box
        # that differs is a deep copy, which only its original can speak for.
        held = scope.get(KEY)
        if isinstance(held, dict):
            boxes.append(cast("Box", held))
        elif not mark.never_stores():
            boxes = []
    listening = [box for box in boxes if box is not None and "closed" not in box]
    for box in listening:
        marks = box.get("marks", ())
        if mark not in marks:
            box["marks"] = marks = (*marks, mark)
        if (preconditions := box.get("preconditions")) is not None:
            preconditions.settle(marks, scope)
    return bool(listening) and (scope is None or KEY in scope)


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
