"""A live URL, asked twice as each user: what came, and what caches may do with it.

Needs httpx. What is fetched and what it means belongs here; printing is the
command's. Nothing is followed, stored or retried.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import ssl
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

import httpx

from .checks.table import CHECKS
from .effects import effects_of
from .values import Confidence, Effect, Finding, Route

#: Fields in which a cache in front says that it answered, and the words for it.
HIT_FIELDS = (
    "x-cache",
    "cf-cache-status",
    "x-cache-status",
    "cache-status",
    "x-varnish",
)
#: ``HIT``, ``TCP_HIT``, ``RefreshHit``, but not ``hit-for-pass``; nginx's others.
_HIT = re.compile(
    r"hit(?!-for|=\?0|[a-z])|^(?:stale|updating|revalidated)$", re.IGNORECASE
)
_VARNISH_HIT = re.compile(r"\d+ \d+")
_TIMES = 2
#: A path that no app has: its answer is an error page, the app's or a proxy's own.
NOWHERE = "/asgi-nocache-nothing-is-here"
#: Bytes that are read of a body, and seconds: some streams never end.
_MOST = 10_000_000
_LONGEST = 5.0
#: Who says one of these expects the same body for everybody.
_MEANT_FOR_ALL = re.compile(r"(?i)\b(?:public|s-maxage)\b")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request and what came of it; ``problem`` says why nothing did."""

    user: str
    status: int = 0
    version: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    digest: str = ""
    location: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """One URL.

    Attributes:
        url: As it was given.
        asked: The requests, in order: each user twice.
        effects: What becomes of another request, by kind of cache.
        evidence: Signs that a cache in front answered.
        notes: What httplint says, where it is installed.
        findings: What is wrong.
    """

    url: str
    asked: tuple[Asked, ...]
    effects: dict[str, Effect]
    evidence: tuple[str, ...]
    notes: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def failed(self) -> bool:
        """Whether nothing came at all."""
        return all(asked.problem for asked in self.asked)


def check(
    url: str,
    users: Iterable[tuple[str, tuple[tuple[str, str], ...]]] = (),
    *,
    timeout: float = 10.0,
    transport: httpx.BaseTransport | None = None,
) -> Checked:
    """Ask for *url* twice as each user, and judge what came.

    Args:
        url: ``http`` or ``https``.
        users: Names and the fields each one sends; none: one without fields.
        timeout: Seconds for each step of a request.
        transport: In place of the network, for tests.
    """
    asked: list[Asked] = []
    with httpx.Client(timeout=timeout, trust_env=True, transport=transport) as client:
        for name, fields in tuple(users) or (("anyone", ()),):
            asked += [ask(client, url, name, fields) for _ in range(_TIMES)]
        came = [each for each in asked if not each.problem]
        # What does not answer here does not answer there.
        error_page = ask(client, _beside(url), "anyone", ()) if came else Asked("")
    first = came[0] if came else Asked("")
    route = Route(path=url, methods=("GET",))
    effects = (
        effects_of(route, "GET", first.fields, first.status, now=time.time())
        if came
        else {}
    )
    evidence = tuple(evidence_in(came))
    return Checked(
        url=url,
        asked=tuple(asked),
        effects=effects,
        evidence=evidence,
        notes=tuple(_lint(first)) if came else (),
        findings=(
            *_findings(url, came, evidence),
            *_silent(_beside(url), [error_page]),
        ),
    )


def ask(
    client: httpx.Client, url: str, user: str, fields: tuple[tuple[str, str], ...]
) -> Asked:
    """Ask for *url* once, as *user*, who sends *fields*."""
    try:
        client.cookies.clear()  # each request is one user's, with nothing kept
        with client.stream("GET", url, headers=list(fields)) as response:
            digest = _digest(response)
    except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError) as error:
        return Asked(user, problem=_problem(error))
    lines = tuple(
        (n.decode("latin-1").lower(), v.decode("latin-1"))
        for n, v in response.headers.raw
    )
    return Asked(
        user,
        response.status_code,
        response.http_version,
        lines,
        digest,
        response.headers.get("location", "") if response.is_redirect else "",
    )


def _digest(response: httpx.Response) -> str:
    """Return what tells one body from another, read as far as it goes."""
    digest, size, start = hashlib.sha256(), 0, time.monotonic()
    # A stream that pauses has said what it is: its fields are here.
    with contextlib.suppress(httpx.ReadTimeout):
        for block in response.iter_bytes():
            digest.update(block)
            size += len(block)
            if size > _MOST or time.monotonic() - start > _LONGEST:
                break
    return digest.hexdigest()


def _problem(error: Exception) -> str:
    """Return what went wrong in words, with what to try."""
    said = str(error) or type(error).__name__
    if isinstance(error, httpx.TimeoutException):
        return f"no answer in time ({type(error).__name__}); raise --timeout"
    if isinstance(error, ssl.SSLError) or "SSL" in said.upper():
        return f"TLS failed: {said}"
    if isinstance(error, httpx.ConnectError):
        return f"no connection: {said}; is the server running there?"
    if isinstance(error, httpx.UnsupportedProtocol | httpx.InvalidURL):
        return f"not a URL to ask: {said}; write https://host/path"
    return f"{type(error).__name__}: {said}"


def evidence_in(came: list[Asked]) -> Iterator[str]:
    """Yield each sign that a cache answered in the origin's place."""
    for number, asked in enumerate(came, 1):
        for name, value in asked.fields:
            if name == "age" and value.strip().isdigit() and int(value) > 0:
                yield f"answer {number}: Age: {value}"
            elif name == "x-varnish":
                if _VARNISH_HIT.fullmatch(value.strip()):
                    yield f"answer {number}: X-Varnish: {value} (two numbers: a hit)"
            elif name in HIT_FIELDS and _HIT.search(value):
                yield f"answer {number}: {name}: {value}"


_FORBIDDING = ("no-store", "private")


def _cache_control(asked: Asked) -> str:
    return ", ".join(v for n, v in asked.fields if n == "cache-control").lower()


def _findings(
    url: str, came: list[Asked], evidence: tuple[str, ...]
) -> Iterator[Finding]:
    forbidding = any(
        word in _cache_control(asked) for asked in came for word in _FORBIDDING
    )
    if evidence and forbidding:
        what = f"a cache in front answered though it must not store: {evidence[0]}"
        yield _finding("NC902", url, what, Confidence.CERTAIN)
    yield from _silent(url, came)
    if evidence and _same_for_all(came):
        what = f"a cache gave users of different credentials one body: {evidence[0]}"
        yield _finding("NC904", url, what)


def _silent(url: str, came: Iterable[Asked]) -> Iterator[Finding]:
    """Yield a finding where an error leaves without a word, often a proxy's own."""
    silent = [a.status for a in came if a.status >= 400 and not _says_anything(a)]
    if silent:
        what = f"an answer with status {silent[0]} says nothing about caching"
        yield _finding("NC903", url, what)


def _beside(url: str) -> str:
    """Return a URL of the same server that nothing answers."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{NOWHERE}"


def _says_anything(asked: Asked) -> bool:
    return any(name in ("cache-control", "expires") for name, _ in asked.fields)


def _same_for_all(came: list[Asked]) -> bool:
    """Tell whether users got one body, which nobody said is meant for all."""
    by_user: dict[str, set[str]] = {}
    for asked in came:
        meant = _MEANT_FOR_ALL.search(_cache_control(asked))
        if asked.status == 200 and not meant:
            by_user.setdefault(asked.user, set()).add(asked.digest)
    bodies = list(by_user.values())
    return len(bodies) > 1 and len(set().union(*bodies)) == 1


def _finding(
    code: str, url: str, message: str, confidence: Confidence | None = None
) -> Finding:
    check = CHECKS[code]
    return Finding(
        code=code,
        severity=check.severity,
        confidence=confidence or check.confidence,
        where=url,
        message=message,
        why=check.why,
        fix=check.fix,
        reference=check.reference,
    )


def _lint(asked: Asked) -> Iterator[str]:
    """Yield httplint's notes on caching, where it is installed."""
    if find_spec("httplint") is None:
        return
    from httplint import HttpResponseLinter

    linter: Any = HttpResponseLinter(no_content=True)
    status = str(asked.status).encode()
    linter.process_response_topline(asked.version.encode(), status, b"")
    linter.process_headers([(n.encode(), v.encode("latin-1")) for n, v in asked.fields])
    linter.finish_content(complete=True)
    for note in linter.notes:
        yield f"{note.level.value}: {note.summary} ({type(note).__name__})"
