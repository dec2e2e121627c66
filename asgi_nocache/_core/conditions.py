"""Conditions: what a rule asks of one exchange, besides its path.

Reads the arguments of a rule, collecting every problem in words, and matches
them. Paths are patterns.py's; what a match leads to is rules.py's.
"""

from __future__ import annotations

import fnmatch
import inspect
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, fields
from typing import Any

from .facts import RequestFacts, ResponseFacts

When = Callable[[RequestFacts, ResponseFacts], bool]

METHODS = frozenset(
    # RFC 9110, RFC 5789 (PATCH), RFC 4918 (WebDAV), the QUERY draft
    "GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH QUERY PROPFIND PROPPATCH "
    "MKCOL COPY MOVE LOCK UNLOCK REPORT".split()
)
#: What a rule says of GET holds for HEAD: caches answer HEAD from a stored GET.
_IMPLIED = {"GET": "HEAD"}
_HOST = re.compile(r"(?:\*\.)?[a-z0-9_\-]+(?:\.[a-z0-9_\-]+)*|\[[0-9a-f:.]+\]")
_MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+\-]+/(?:\*|[a-z0-9!#$&^_.+\-]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What must hold; ``None`` asks nothing."""

    methods: frozenset[str] | None = None
    hosts: frozenset[str] | None = None
    credentials: bool | None = None
    status: frozenset[int] | None = None
    media_types: frozenset[str] | None = None
    endpoints: frozenset[str] | None = None
    tags: frozenset[str] | None = None
    when: When | None = None

    @property
    def asks_response(self) -> bool:
        """Whether it can be decided only when the response starts."""
        asked = (self.status, self.media_types, self.endpoints, self.tags, self.when)
        return any(condition is not None for condition in asked)

    def meets_request(self, request: RequestFacts) -> bool:
        """Tell whether what is known before the app runs is as asked."""
        return (
            (self.methods is None or request.method in self.methods)
            and (self.hosts is None or host_in(request.host, self.hosts))
            and self.credentials in (None, request.has_credentials)
        )

    def meets_response(self, request: RequestFacts, response: ResponseFacts) -> bool:
        """Tell whether what is known at response start is as asked."""
        return (
            (self.status is None or response.status in self.status)
            and (self.tags is None or not self.tags.isdisjoint(response.tags))
            and (self.media_types is None or _media_in(response, self.media_types))
            and (self.endpoints is None or _name_in(response, self.endpoints))
            and (self.when is None or bool(self.when(request, response)))
        )

    def could_confirm(self) -> bool:
        """Tell whether a 304 could answer under these conditions.

        A server ignores preconditions where the answer without them would be
        neither 2xx nor 412 (RFC 9110 section 13.2.1).
        """
        return self.status is None or any(
            s == 304 or 200 <= s < 300 for s in self.status
        )

    def cover(self, other: Conditions) -> bool:
        """Tell whether whatever meets *other* meets this, as far as is cheap."""
        for item in fields(self):
            mine, theirs = getattr(self, item.name), getattr(other, item.name)
            if mine is None or mine == theirs:
                continue
            if not isinstance(mine, frozenset) or theirs is None or not mine >= theirs:
                return False
        return True


def host_in(host: str, patterns: frozenset[str]) -> bool:
    """Tell whether *host* is one of *patterns*; ``*.`` stands for any subdomain."""
    return host in patterns or any(
        p.startswith("*.") and host.endswith(p[1:]) for p in patterns
    )


def _media_in(response: ResponseFacts, patterns: frozenset[str]) -> bool:
    media_type = response.media_type
    return media_type in patterns or media_type.partition("/")[0] + "/*" in patterns


def _name_in(response: ResponseFacts, patterns: frozenset[str]) -> bool:
    # Where nobody told who answers, not even "*" is met.
    names = {response.endpoint, *response.names} - {""}
    return any(fnmatch.fnmatchcase(name, p) for p in patterns for name in names)


class Reader:
    """Reads arguments; collects each problem as value, what is wrong, remedy."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def conditions(self, given: dict[str, Any]) -> Conditions:
        """Read all conditions of a rule."""
        when = given["when"]
        if when is not None and not callable(when):
            self.problems.append(
                f"when={when!r} is not callable; give a function of (request, response)"
            )
        elif inspect.iscoroutinefunction(when):
            self.problems.append(
                f"when={when!r} is async, so it is always true; give a plain function"
            )
        elif when is not None and not _takes_two(when):
            self.problems.append(
                f"when={when!r} does not take two arguments; "
                "give a function of (request, response)"
            )
        return Conditions(
            methods=self._methods(given["methods"]),
            hosts=self._strings("hosts", given["hosts"], _HOST, "'example.com'"),
            credentials=self.flag("credentials", given["credentials"], or_none=True),
            status=self._status(given["status"]),
            media_types=self._strings(
                "media_types", given["media_types"], _MEDIA_TYPE, "'text/html'"
            ),
            endpoints=self._strings(
                "endpoints", given["endpoints"], one_is_enough=True
            ),
            tags=self._strings("tags", given["tags"]),
            when=given["when"],
        )

    def flag(self, name: str, value: Any, *, or_none: bool = False) -> Any:
        """Read a bool."""
        if not (isinstance(value, bool) or (or_none and value is None)):
            self.problems.append(f"{name}={value!r} is not a flag; give True or False")
        return value

    def choice(self, name: str, value: Any, known: Collection[str]) -> Any:
        """Read one word of *known*."""
        if value not in known:
            self.problems.append(
                f"{name}={value!r} is unknown; choose {', '.join(map(repr, known))}"
            )
        return value

    def names(self, name: str, value: Any, known: Collection[str]) -> frozenset[str]:
        """Read several words of *known*, or none of them."""
        if isinstance(value, Collection) and not value and not isinstance(value, str):
            return frozenset()
        if value is None:
            self.problems.append(f"{name}=None is not a list; write {name}=[] for none")
        given = self._strings(name, value) or frozenset()
        for odd in sorted(given - set(known)):
            self.problems.append(
                f"{name}: {odd!r} is unknown; choose {', '.join(sorted(known))}"
            )
        return given

    def _methods(self, value: Any) -> frozenset[str] | None:
        given = self._strings("methods", value)
        if given is None:
            return None
        for odd in sorted(given - METHODS):
            known = odd.upper() in METHODS
            remedy = f"write {odd.upper()!r}" if known else f"choose {_words(METHODS)}"
            self.problems.append(f"methods: {odd!r} is not a known method; {remedy}")
        return given | {_IMPLIED[m] for m in given if m in _IMPLIED}

    def _status(self, value: Any) -> frozenset[int] | None:
        if value is None:
            return None
        if isinstance(value, str | bytes) or not isinstance(value, int | Iterable):
            self.problems.append(
                f"status={value!r} is no status code; write status=404"
            )
            return frozenset()
        codes = [value] if isinstance(value, int) else list(value)
        if not codes:
            self.problems.append(
                f"status={value!r} is empty; leave it out to match all"
            )
        valid = [c for c in codes if type(c) is int and 100 <= c <= 599]
        for code in codes:
            if code not in valid:
                self.problems.append(
                    f"status: {code!r} is not a status code; give one from 100 to 599"
                )
        return frozenset(valid)

    def _strings(
        self,
        name: str,
        value: Any,
        form: re.Pattern[str] | None = None,
        example: str = "",
        *,
        one_is_enough: bool = False,
    ) -> frozenset[str] | None:
        if value is None:
            return None
        if isinstance(value, str) and one_is_enough:
            value = [value]
        if isinstance(value, str | bytes) or not isinstance(value, Iterable):
            self.problems.append(
                f"{name}={value!r} is not a list; write {name}=[{value!r}]"
            )
            return None
        given = list(value)
        if not given:
            self.problems.append(
                f"{name}={value!r} is empty; leave it out to match all"
            )
        for item in given:
            if not (isinstance(item, str) and item):
                self.problems.append(f"{name}: {item!r} is not a text")
            elif form is not None and not form.fullmatch(item.lower()):
                self.problems.append(
                    f"{name}: {item!r} cannot match; write it like {example}"
                )
        strings = (item for item in given if isinstance(item, str))
        return frozenset(s if form is None else s.lower() for s in strings)


def _takes_two(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind(None, None)
    except TypeError:
        return False
    except ValueError:  # a builtin that does not tell
        return True
    return True


def _words(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
