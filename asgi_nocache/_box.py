"""The box: what carries a mark from running code to the middleware.

One per request, put into the scope by the outermost middleware (so it survives
copies of the scope) and into a context variable (so code without a scope finds
it, in a worker thread too). What a mark does to a response is the core's.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypedDict, cast
from weakref import WeakSet

from ._core.selection import Mark

if TYPE_CHECKING:
    from ._preconditions import Preconditions

#: The key of the box in a scope.
KEY = "asgi_nocache"

Scope = MutableMapping[str, Any]


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
