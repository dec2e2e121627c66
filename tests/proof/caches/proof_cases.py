"""What is asked of every cache: the cases, and the shapes they have.

The field sets, by far the most of them, stand in ``proof_fieldsets``. Nothing here
knows a policy, a cache, or what may become of a case.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from proof_fieldsets import FIELDSETS, OLD_DATE
from proof_record import Lines, Row


class State(StrEnum):
    """What the origin is like while something is asked."""

    BEFORE = "before the middleware"
    UP = ""
    BROKEN = "the origin answers 503"
    REFUSING = "the origin refuses connections"


@dataclass(frozen=True)
class Ask:
    """One request of a case.

    Attributes:
        user: Who asks: ``"A"``, ``"B"``, or ``""`` for nobody in particular.
    """

    method: str = "GET"
    fields: Lines = ()
    user: str = ""
    state: State = State.UP

    @property
    def note(self) -> str:
        """What is special about it, for a reader."""
        return f"as user {self.user}" if self.user else self.state.value


@dataclass(frozen=True)
class Case:
    """What the app answers, and what is asked of it in which order.

    The requests after the first are what is looked at. In the values of fields,
    ``{n}`` is the number of the answer, ``{now}`` and ``{future}`` are dates.
    """

    name: str
    group: str
    title: str
    status: int
    fields: Lines
    asks: tuple[Ask, ...]

    @property
    def row(self) -> Row:
        """What is recorded of it."""
        return Row(self.name, self.group, self.title, self.status, self.fields)


#: Twice, then once while the origin is broken, and once while it is gone.
PLAIN = (Ask(), Ask(), Ask(state=State.BROKEN), Ask(state=State.REFUSING))
RANGE = (("Range", "bytes=0-"),)

AGE: Lines = (("Cache-Control", "max-age=3600"),)
ETAG: Lines = (("ETag", '"v1"'),)
LM: Lines = (("Last-Modified", OLD_DATE),)

#: The final statuses of RFC 9110 section 15.1, redirects, and what goes wrong.
STATUSES = (
    *(203, 204, 206, 300, 301, 302, 303, 307, 308),
    *(400, 401, 403, 404, 405, 410, 414, 500, 501, 502, 503, 504),
)


def _plain() -> list[Case]:
    return [
        Case(name, group, title, 200, fields, PLAIN)
        for group, table in FIELDSETS.items()
        for name, (title, fields) in table.items()
    ]


def _statuses() -> list[Case]:
    out = []
    for status in STATUSES:
        asks = PLAIN
        if status == 206:
            asks = tuple(replace(ask, fields=RANGE) for ask in PLAIN)
        for form, fields in (("bare", ()), ("max-age-3600", AGE)):
            title = f"{status}, " + (fields[0][1] if fields else "nothing said")
            out.append(Case(f"{status}-{form}", "Status", title, status, fields, asks))
    return out


def _two(carrier: str, value: str) -> tuple[Ask, ...]:
    """User A asks, then user B, who must not be given what A was."""
    return tuple(
        Ask(fields=((carrier, value.format(user)),), user=user) for user in "AB"
    )


def _said(control: str, *more: tuple[str, str]) -> Lines:
    return (("Cache-Control", control), *more)


_USERS: dict[str, Lines] = {
    "bare": (),
    "lm-10y": LM,
    "etag": ETAG,
    "max-age": AGE,
    "public": _said("public, max-age=3600"),
    "must-revalidate": _said("max-age=3600, must-revalidate"),
    "s-maxage": _said("s-maxage=3600"),
    "set-cookie": _said("max-age=3600", ("Set-Cookie", "id=1; HttpOnly")),
    "no-store": _said("no-store"),
}


def _users() -> list[Case]:
    out = []
    for carrier, value in (("Authorization", "Bearer {}"), ("Cookie", "session={}")):
        for name, fields in _USERS.items():
            said = "; ".join(v for _, v in fields) or "nothing said"
            title = f"{carrier} of A, then of B: {said}"
            slug = f"{carrier.lower()}-{name}"
            asks = _two(carrier, value)
            out.append(Case(slug, "Two users", title, 200, fields, asks))
    return out


_POSTED = _said("max-age=3600", ("Content-Location", "{url}"))
_METHODS: dict[str, tuple[str, Lines, tuple[str, ...]]] = {
    "head-get": ("HEAD, then GET", AGE, ("HEAD", "GET")),
    "head-get-etag": ("HEAD, then GET, with an ETag", ETAG + AGE, ("HEAD", "GET")),
    "get-head": ("GET, then HEAD", AGE, ("GET", "HEAD")),
    "post-get": ("POST, then GET", _POSTED, ("POST", "GET")),
    "post-get-etag": ("POST, then GET, with an ETag", _POSTED + ETAG, ("POST", "GET")),
    "post-post": ("POST twice", _POSTED, ("POST", "POST")),
    "get-post-get": ("GET, POST, GET", AGE, ("GET", "POST", "GET")),
}


def _methods() -> list[Case]:
    return [
        Case(name, "Method", title, 200, fields, tuple(Ask(method) for method in asks))
        for name, (title, fields, asks) in _METHODS.items()
    ]


def _vary() -> list[Case]:
    asks = tuple(
        Ask(fields=(("Accept", kind),)) for kind in ("text/html", "application/json")
    )
    table: dict[str, tuple[str, Lines]] = {
        "vary-missing": ("other Accept, no Vary", AGE),
        "vary-accept": ("other Accept, Vary: Accept", (*AGE, ("Vary", "Accept"))),
        "vary-accept-etag": (
            "other Accept, Vary: Accept, the same ETag",
            (*AGE, ("Vary", "Accept"), *ETAG),
        ),
        "vary-star": ("other Accept, Vary: *", (*AGE, ("Vary", "*"))),
        "vary-accept-star": (
            "other Accept, Vary: Accept, *",
            (*AGE, ("Vary", "Accept, *")),
        ),
    }
    return [
        Case(name, "Vary", title, 200, fields, asks)
        for name, (title, fields) in table.items()
    ]


def _holders() -> list[Case]:
    """A client that still holds an old copy asks whether it is good."""
    by_etag = Ask(fields=(("If-None-Match", '"v1"'),))
    by_date = Ask(fields=(("If-Modified-Since", OLD_DATE),))
    table: dict[str, tuple[str, Lines, Ask]] = {
        "holds-etag": ("the ETag stays", ETAG, by_etag),
        "holds-lm": ("the Last-Modified stays", LM, by_date),
        "holds-etag-age": ("the ETag stays, max-age=3600", ETAG + AGE, by_etag),
        "holds-changing": ("the ETag changes", (("ETag", '"w{n}"'),), by_etag),
    }
    return [
        Case(name, "Client with a copy", title, 200, fields, (Ask(), ask))
        for name, (title, fields, ask) in table.items()
    ]


def _stored() -> list[Case]:
    """The cache holds a copy from before the middleware; it is stale by now."""
    asks = (Ask(state=State.BEFORE), *(Ask(),) * 4)
    short = _said("max-age=1")
    table: dict[str, Lines] = {
        "stored-etag-lm": short + ETAG + LM,
        "stored-etag": short + ETAG,
        "stored-lm": short + LM,
        "stored-weak": (*short, ("ETag", 'W/"v1"')),
        "stored-no-cache": _said("no-cache") + ETAG + LM,
        "stored-public": _said("public, max-age=1, must-revalidate") + ETAG + LM,
        "stored-changing": (*short, ("ETag", '"v{n}"')),
    }
    return [
        Case(name, "Stored before", " + ".join(v for _, v in fields), 200, fields, asks)
        for name, fields in table.items()
    ]


CASES: tuple[Case, ...] = (
    *_plain(),
    *_statuses(),
    *_users(),
    *_methods(),
    *_vary(),
    *_holders(),
    *_stored(),
)
