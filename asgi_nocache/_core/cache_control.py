"""CacheControl: what a whole value permits, its join and its text.

The table of directives and the reader are in directives.py; what fields a
policy sends beside this one is policy.py's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from .directives import DIRECTIVES, Directive, Effect, Reading, is_extension
from .errors import ConfigurationError
from .strictness import NEVER_STORE, Level, Strictness

#: The never-store sets put ``private`` behind the tokens that scanners look for.
_NEVER_STORE_ORDER = ("no-store", "no-cache", "must-revalidate", "private")

#: Pairs that cannot both be meant. The second is an attribute that is set, a
#: lifetime counting as set above 0.
_CONTRADICTIONS: tuple[tuple[str, str, str], ...] = (
    ("no_store", "public", "public invites what no-store forbids"),
    ("no_store", "max_age", "a response that is not stored has no lifetime"),
    ("no_store", "s_maxage", "a response that is not stored has no lifetime"),
    ("no_store", "immutable", "a response that is not stored is never reused"),
    ("no_store", "stale_while_revalidate", "nothing is stored to serve stale"),
    ("no_store", "stale_if_error", "nothing is stored to serve stale"),
    ("no_store", "must_understand", "must-understand lets a cache ignore no-store"),
    ("private", "public", "choose the audience: private or public"),
    ("private", "s_maxage", "s-maxage speaks to shared caches, private forbids them"),
    ("no_cache", "max_age", "no-cache means never fresh; some caches obey max-age"),
    ("no_cache", "s_maxage", "no-cache means never fresh; some caches obey s-maxage"),
    ("no_cache", "immutable", "immutable says that no revalidation is needed"),
    ("must_revalidate", "stale_while_revalidate", "must-revalidate forbids stale"),
    ("must_revalidate", "stale_if_error", "must-revalidate forbids stale"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheControl:
    """A ``Cache-Control`` value: what it permits, and how it is written.

    Build one for an own policy: ``CacheControl(private=True, max_age=60)``.
    Lifetimes are in seconds. The value with nothing set is "unspecified", the
    identity of :meth:`join`.

    Args:
        extensions: Directives of no known meaning, as (name, argument) pairs.
        directives: After :meth:`parse`, all directives as received, duplicates
            included.
        anomalies: After :meth:`parse`, one sentence for each oddity.

    Raises:
        ConfigurationError: A lifetime is not a non-negative ``int``, an
            extension cannot be sent, or two directives contradict each other.
    """

    no_store: bool = False
    no_cache: bool = False
    private: bool = False
    public: bool = False
    max_age: int | None = None
    s_maxage: int | None = None
    must_revalidate: bool = False
    proxy_revalidate: bool = False
    no_transform: bool = False
    immutable: bool = False
    stale_while_revalidate: int | None = None
    stale_if_error: int | None = None
    must_understand: bool = False
    extensions: tuple[tuple[str, str | None], ...] = ()
    directives: tuple[Directive, ...] = field(default=(), compare=False, repr=False)
    anomalies: tuple[str, ...] = field(default=(), compare=False, repr=False)

    def __post_init__(self) -> None:
        given: Any = self.extensions
        if isinstance(given, list):
            object.__setattr__(self, "extensions", tuple(map(tuple, given)))
        # What an app sent is taken as it is; what a developer writes is checked.
        if not self.directives and (problems := _problems(self)):
            raise ConfigurationError(f"CacheControl({_arguments(self)})", problems)
        if any(name != name.lower() for name, _ in self.extensions):
            lower = tuple((name.lower(), value) for name, value in self.extensions)
            object.__setattr__(self, "extensions", lower)

    @classmethod
    def parse(cls, lines: str | bytes | Iterable[bytes]) -> CacheControl:
        """Read the field lines an app sent, as strictly as they can be meant.

        All lines are one list (RFC 9110 section 5.3). The strictest of
        duplicates counts, an invalid lifetime is 0 (RFC 9111 section 4.2.1),
        and a qualified ``private="x"`` counts as ``private``, since rewriting
        it could not keep its exact meaning in every cache. Never raises.
        """
        reading = Reading(lines)
        return cls(
            **reading.values,
            extensions=tuple(reading.extensions.items()),
            directives=tuple(reading.directives),
            anomalies=tuple(reading.anomalies),
        )

    def __bool__(self) -> bool:
        """Whether anything is specified.

        A join may leave nothing to say, and still be no permission.
        """
        return self != _UNSPECIFIED or self.directives is _JOINED

    def __str__(self) -> str:
        """The field value: lower case, joined by ``", "``."""
        first = _NEVER_STORE_ORDER if self.no_store else ()
        out = []
        for name in dict.fromkeys((*first, *DIRECTIVES)):
            value = getattr(self, DIRECTIVES[name].attribute)
            if value is True:
                out.append(name)
            elif value is not None and value is not False:
                out.append(f"{name}={value}")
        out += [n if a is None else f"{n}={a}" for n, a in self.extensions]
        return ", ".join(out)

    @property
    def strictness(self) -> Strictness:
        """What a private and a shared cache may do."""
        if self.no_store:
            return NEVER_STORE
        private = Level.REVALIDATE if self.no_cache else Level.FRESH
        return Strictness(private, Level.NO_STORE if self.private else private)

    def canonical(self) -> CacheControl:
        """Return the one value that stands for this level of permission.

        Properties that a level makes meaningless are dropped: lifetimes where
        each reuse is revalidated, invitations where shared caches are shut out.
        """
        if not self:
            return _UNSPECIFIED
        if self.no_store:
            return self._made(no_store=True, no_transform=self.no_transform)
        tight = {name: getattr(self, name) for name in _TIGHTENING}
        if self.no_cache:
            # Without private, must-revalidate would let shared caches reuse what
            # an Authorization field asked for (RFC 9111 section 3.5).
            tight["must_revalidate"] |= self.private
            return self._made(private=self.private, no_cache=True, max_age=0, **tight)
        kept: dict[str, Any] = {n: getattr(self, n) for n in _LOOSENING}
        kept |= {"max_age": self.max_age, "s_maxage": self.s_maxage}
        if self.must_revalidate:
            kept |= {"stale_while_revalidate": None, "stale_if_error": None}
        if self.private:
            kept |= {
                "public": False,
                "must_understand": False,
                "max_age": _least(self.max_age, self.s_maxage),
                "s_maxage": None,
            }
        extensions = tuple(sorted(set(self.extensions), key=str))
        return self._made(private=self.private, extensions=extensions, **kept, **tight)

    def join(self, other: CacheControl) -> CacheControl:
        """Return the loosest canonical value at least as strict as both."""
        if not (self and other):
            return (self or other).canonical()
        a, b = self.canonical(), other.canonical()
        values: dict[str, Any] = {n: _both(a, b, n) for n in _LOOSENING}
        values |= {n: getattr(a, n) or getattr(b, n) for n in (*_TIGHTENING, *_LEVELS)}
        return self._made(
            **values,
            **_joined_lifetimes(a, b),
            extensions=tuple(e for e in a.extensions if e in b.extensions),
        ).canonical()

    def covers(self, other: CacheControl) -> bool:
        """Tell whether this value permits nothing that *other* forbids."""
        return self.join(other) == self.canonical()

    @classmethod
    def _made(cls, **values: Any) -> CacheControl:
        """Build what a join came to; its parts may contradict until canonical."""
        return cls(**values, directives=_JOINED)


_JOINED = (Directive("", None, False, ""),)
_LEVELS = ("no_store", "no_cache", "private")
_LOOSENING = tuple(
    k.attribute for k in DIRECTIVES.values() if k.effect is Effect.LOOSENS
)
_TIGHTENING = tuple(
    k.attribute for k in DIRECTIVES.values() if k.effect is Effect.TIGHTENS
)


def _least(*lifetimes: int | None) -> int | None:
    return min((n for n in lifetimes if n is not None), default=None)


def _both(a: CacheControl, b: CacheControl, name: str) -> Any:
    x, y = getattr(a, name), getattr(b, name)
    if isinstance(x, bool):
        return x and y
    return None if x is None or y is None else min(x, y)


def _joined_lifetimes(a: CacheControl, b: CacheControl) -> dict[str, int | None]:
    """Join max-age and s-maxage.

    ``s-maxage`` also permits reuse for requests with credentials (RFC 9111
    section 3.5), so it survives only if both have it; else the one lifetime
    that is left takes the least of all.
    """
    if a.s_maxage is None or b.s_maxage is None:
        least = _least(a.max_age, b.max_age, a.s_maxage, b.s_maxage)
        return {"max_age": least, "s_maxage": None}
    return {
        "max_age": _least(a.max_age, b.max_age),
        "s_maxage": min(a.s_maxage, b.s_maxage),
    }


def _arguments(value: CacheControl) -> str:
    """Return what a developer wrote, for the head of an error."""
    names = [f.name for f in fields(value) if f.compare]
    given = {n: getattr(value, n) for n in names}
    return ", ".join(
        f"{n}={v!r}" for n, v in given.items() if v not in (False, None, ())
    )


def contradictions(value: CacheControl) -> list[str]:
    """Return what in *value* cannot be meant together."""
    return [
        f"{a}=True contradicts {b}={getattr(value, b)!r}: {why}; drop one of them"
        for a, b, why in _CONTRADICTIONS
        if getattr(value, a) and getattr(value, b) not in (False, None)  # and not 0
    ]


def _problems(value: Any) -> list[str]:
    """Return what is wrong with a value that a developer wrote."""
    problems = []
    for known in DIRECTIVES.values():
        name, given = known.attribute, getattr(value, known.attribute)
        if known.takes_delta:
            if given is not None and (type(given) is not int or given < 0):
                problems.append(
                    f"{name}={given!r} is not a number of seconds; "
                    "give an int, 0 or more"
                )
        elif type(given) is not bool:
            problems.append(f"{name}={given!r} is not a flag; give True or False")
    if not isinstance(value.extensions, tuple):
        problems.append(
            f"extensions={value.extensions!r} is no tuple; write ((name, argument),)"
        )
    else:
        problems += [p for e in value.extensions for p in _extension_problems(e)]
    return problems or contradictions(value)


def _extension_problems(extension: Any) -> list[str]:
    if not (isinstance(extension, tuple | list) and len(extension) == 2):
        return [f"extension {extension!r} is not a pair; write ('name', None)"]
    name, argument = extension
    texts = isinstance(name, str) and isinstance(argument, str | None)
    if texts and name.lower() in DIRECTIVES:
        return [f"extension {name!r} is a known directive; use its own keyword"]
    if not (texts and is_extension(name, argument)):
        return [
            f"extension {name!r}={argument!r} cannot be sent; "
            "give a token and a token or quoted string"
        ]
    return []


_UNSPECIFIED = CacheControl()
