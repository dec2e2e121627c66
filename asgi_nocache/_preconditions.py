"""The preconditions of a request: given to the app, or taken from it.

Which policies can still be selected decides; that is the core's to say. Here it
is carried out, until the last moment before the endpoint runs.
"""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from dataclasses import replace
from typing import Any, Self

from ._box import Box, Process, Scope
from ._core.fields import Field
from ._core.selection import Mark, Preview
from ._endpoint_marks import find_marks

#: Request fields that let a server answer 304 or splice a stored part. Range
#: goes only together with If-Range: alone it is media seeking.
PRECONDITIONS = frozenset({b"if-none-match", b"if-modified-since", b"if-range"})


#: Only these can be answered with a 304 (RFC 9110 section 13.2).
CONDITIONAL_METHODS = frozenset({"GET", "HEAD"})


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
        self._environ: MutableMapping[str, Any] | None = None

    def follow(self, environ: MutableMapping[str, Any]) -> None:
        """Give and take in the WSGI *environ* too, which was made of the scope."""
        self._environ = environ
        self._settle_environ(environ, take=self._taken)

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
        if self._environ is not None:
            self._settle_environ(self._environ, take=take)
        self._taken |= take

    def _settle_environ(self, environ: MutableMapping[str, Any], *, take: bool) -> None:
        for name in self._names:
            key = "HTTP_" + name.decode().upper().replace("-", "_")
            lines = [value for k, value in self._lines if k.lower() == name]
            if take:
                environ.pop(key, None)
            elif self._taken and lines:
                environ.setdefault(key, b",".join(lines).decode("latin-1"))

    def _takes(self, marks: Iterable[Mark]) -> bool:
        marks = tuple(marks)
        if not (marks and self.preview.heeds_marks):
            return self.preview.never_store
        return self.preview.pinned or any(map(Mark.never_stores, marks))


def strip_preconditions(
    scope: Scope, environ: MutableMapping[str, Any] | None = None
) -> None:
    """Take the preconditions out of *scope*, where no middleware did.

    Args:
        scope: The scope.
        environ: The WSGI environ that it belongs to.
    """
    if scope.get("method") in CONDITIONAL_METHODS:
        fields = list(scope.get("headers", ()))
        preconditions = Preconditions(fields, Preview(True, True, True))
        preconditions.settle((), scope)
        if environ is not None:
            preconditions.follow(environ)


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
