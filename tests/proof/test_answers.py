"""Answers of each kind: what is sent of each, and why.

Preflights, streams, downloads, redirects, HEAD, parts and confirmations, under the
closed default and under a rule that says public; and that no text of a
configuration can end a field line.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest
from asgi_driver import NO_STORE_FIELDS, http_scope, run, sending, start

from asgi_nocache import (
    APP_DECIDES,
    NO_STORE,
    PRIVATE,
    PUBLIC,
    CacheControl,
    ConfigurationError,
    Decision,
    NoCacheMiddleware,
    Policy,
    RequestFacts,
    ResponseFacts,
    Rule,
    decide,
)

Lines = list[tuple[bytes, bytes]]

OPEN = [Rule("/open/**", PUBLIC(max_age=60), reason="declared")]
PUBLIC_FIELDS = [(b"cache-control", b"public, max-age=60")]
SELECTED = "rule 1, Rule('/open/**', PUBLIC(max_age=60)) selects"
BY_DEFAULT = "default selects NO_STORE"
ERROR = "guard error_status: the response is an error (RFC 9110 15.1)"
UNSAFE = "guard unsafe_method: the method may change state (RFC 9110 9.2.1)"
SHARED = "guard set_cookie: the response sets a cookie (RFC 9111 7.3)"

CORS: Lines = [
    (b"access-control-allow-origin", b"https://a.example"),
    (b"access-control-max-age", b"600"),
    (b"vary", b"Origin"),
]
EVENTS: Lines = [(b"content-type", b"text/event-stream")]
DOWNLOAD: Lines = [
    (b"content-type", b"application/pdf"),
    (b"content-disposition", b'attachment; filename="a.pdf"'),
]
PART: Lines = [(b"content-range", b"bytes 0-9/99"), (b"content-type", b"video/mp4")]
ETAG: Lines = [(b"etag", b'"1"')]
TO = [(b"location", b"/elsewhere")]

#: Method, status, what the app sends, and what is added under the public rule.
Kind = tuple[str, int, Lines, Lines, str]
KINDS: dict[str, Kind] = {
    "preflight": ("OPTIONS", 204, CORS, PUBLIC_FIELDS, SELECTED),
    "refused preflight": ("OPTIONS", 400, [], NO_STORE_FIELDS, ERROR),
    "cross-origin": ("GET", 200, CORS, PUBLIC_FIELDS, SELECTED),
    "events": ("GET", 200, EVENTS, PUBLIC_FIELDS, SELECTED),
    "download": ("GET", 200, DOWNLOAD, PUBLIC_FIELDS, SELECTED),
    "download made by POST": ("POST", 200, DOWNLOAD, NO_STORE_FIELDS, UNSAFE),
    **{
        f"redirect {status}": ("GET", status, TO, PUBLIC_FIELDS, SELECTED)
        for status in (301, 302, 307, 308)
    },
    "redirect after POST": ("POST", 303, TO, NO_STORE_FIELDS, UNSAFE),
    "redirect at login": (
        "GET",
        302,
        [*TO, (b"set-cookie", b"session=1")],
        [(b"cache-control", b"private, max-age=60")],
        SHARED,
    ),
    "HEAD": ("HEAD", 200, ETAG, PUBLIC_FIELDS, SELECTED),
    "part": ("GET", 206, PART, PUBLIC_FIELDS, SELECTED),
    "part that is not there": ("GET", 416, PART, NO_STORE_FIELDS, ERROR),
    "confirmation": ("GET", 304, ETAG, PUBLIC_FIELDS, SELECTED),
    "no content": ("DELETE", 204, [], NO_STORE_FIELDS, UNSAFE),
    "missing": ("GET", 404, [], NO_STORE_FIELDS, ERROR),
}
kinds = pytest.mark.parametrize("kind", KINDS)


def sent(kind: Kind, path: str, rules: Any = ()) -> tuple[Lines, Decision]:
    """Return what leaves, and the decision that says why."""
    method, status, lines, _, _ = kind
    app = NoCacheMiddleware(sending(start(lines, status)), rules=rules)
    for _ in range(2):  # what is remembered says the same
        (message,) = run(app, http_scope(path, method))
    request, response = RequestFacts(method, path), ResponseFacts(status, tuple(lines))
    return message["headers"], decide(request, response, rules)


@kinds
def test_each_kind_under_the_default(kind: str) -> None:
    """The same three fields after the app's own, on whatever is answered."""
    fields, decision = sent(KINDS[kind], "/items")

    assert fields == [*KINDS[kind][2], *NO_STORE_FIELDS]
    assert BY_DEFAULT in decision.reasons
    assert "mode stricter" in decision.reasons


@kinds
def test_each_kind_under_a_public_rule(kind: str) -> None:
    """What was declared, unless a guard has a reason of its own."""
    _, _, lines, added, why = KINDS[kind]
    fields, decision = sent(KINDS[kind], "/open/items", OPEN)

    assert fields == [*lines, *added]
    assert any(reason.startswith(why) for reason in decision.reasons)
    assert decision.reasons[0].endswith("(declared)")


@pytest.mark.parametrize("path", ["/items", "/open/items"])
def test_a_head_says_what_a_get_does(path: str) -> None:
    """RFC 9111 section 4.3.5: a HEAD updates what a GET stored."""
    answers = [
        sent((method, 200, DOWNLOAD, [], ""), path, OPEN)[0]
        for method in ("GET", "HEAD")
    ]
    assert answers[0] == answers[1]


def test_a_stream_of_events_is_not_held_back() -> None:
    """Each event leaves as it comes, the fields before the first."""
    part = {"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True}
    app = NoCacheMiddleware(sending(start(EVENTS), part, part))
    first, *rest = run(app, http_scope())

    assert first["headers"] == [*EVENTS, *NO_STORE_FIELDS]
    assert all(message is part for message in rest)


def test_a_confirmation_is_counted_where_nothing_may_be_stored() -> None:
    """A 304 says that a stored copy is good; under a public rule that is as meant."""
    for path, count in (("/items", 1), ("/open/items", 0)):
        app = NoCacheMiddleware(sending(start(ETAG, 304)), rules=OPEN)
        run(app, http_scope(path, headers=[(b"if-none-match", b'"1"')]))
        assert app.counts["escaped_304"] == count


@pytest.mark.parametrize(("status", "guard"), [(200, True), (206, True), (304, False)])
def test_a_part_is_looked_at_as_the_whole_is(status: int, guard: bool) -> None:
    """A static name over dynamic content; a confirmation has no content."""
    html = [(b"content-type", b"text/html")]
    fields, decision = sent(("GET", status, html, [], ""), "/open/a.css", OPEN)

    assert fields == [*html, *(NO_STORE_FIELDS if guard else PUBLIC_FIELDS)]
    assert ("extension_mismatch" in decision.guards) is guard


# CR and LF cannot enter

Builder = Callable[[str], Any]
REFUSED: dict[str, Builder] = {
    "CacheControl(extensions name)": lambda t: CacheControl(extensions=((t, None),)),
    "CacheControl(extensions argument)": lambda t: CacheControl(extensions=(("a", t),)),
    "CacheControl(extensions quoted)": lambda t: CacheControl(
        extensions=(("a", f'"{t}"'),)
    ),
    "CacheControl(max_age)": lambda t: CacheControl(max_age=t),  # type: ignore[arg-type]
    "CacheControl(public)": lambda t: CacheControl(public=t),  # type: ignore[arg-type]
    "Policy(name)": lambda t: Policy(NO_STORE.cache_control, t),
    "Policy(beside name)": lambda t: Policy(
        NO_STORE.cache_control, beside=((f"{t}-cdn-cache-control", "no-store"),)
    ),
    "Policy(beside value)": lambda t: Policy(
        NO_STORE.cache_control, beside=(("pragma", t),)
    ),
    "Policy(vary)": lambda t: Policy(CacheControl(max_age=1), vary=(t,)),
    "PUBLIC(vary)": lambda t: PUBLIC(max_age=1, vary=[t]),
    "PRIVATE(vary)": lambda t: PRIVATE(max_age=1, vary=[t]),
    "PUBLIC(max_age)": lambda t: PUBLIC(max_age=t),  # type: ignore[arg-type]
    "Rule(path)": lambda t: Rule(f"/{t}", NO_STORE),
    "Rule(methods)": lambda t: Rule(None, NO_STORE, methods=[t]),
    "Rule(hosts)": lambda t: Rule(None, NO_STORE, hosts=[t]),
    "Rule(media_types)": lambda t: Rule(None, NO_STORE, media_types=[t]),
    "Rule(mode)": lambda t: Rule(None, NO_STORE, mode=t),  # type: ignore[arg-type]
    "Rule(guards)": lambda t: Rule(None, NO_STORE, guards=[t]),
    "NoCacheMiddleware(mode)": lambda t: NoCacheMiddleware(sending(), mode=t),  # type: ignore[arg-type]
    "NoCacheMiddleware(guards)": lambda t: NoCacheMiddleware(sending(), guards=[t]),
}
BREAKS = ["\r\n", "a\r\nset-cookie: b=c", "a\nb", "a\rb", "a\0b", "a\r\n"]


@pytest.mark.parametrize("text", BREAKS, ids=repr)
@pytest.mark.parametrize("argument", REFUSED)
def test_no_line_break_enters_a_field(argument: str, text: str) -> None:
    """RFC 9110 section 5.5: it would end the line; found where it is written."""
    with pytest.raises(ConfigurationError):
        REFUSED[argument](text)


@pytest.mark.parametrize("text", BREAKS, ids=repr)
def test_what_is_only_compared_or_told_reaches_no_field(text: str) -> None:
    """Endpoints, tags and reasons are never sent, nor is the path of a request."""
    rule = Rule("/**", PUBLIC(max_age=1), tags=[text], reason=text)
    named = Rule("/**", APP_DECIDES, endpoints=[text], reason=text)
    all_else = Rule("/**", PUBLIC(max_age=1), reason=text)
    app = NoCacheMiddleware(sending(start()), rules=[rule, named, all_else])
    for path in (f"/{text}", f"/{text}/x", "/"):
        (message,) = run(app, http_scope(path))
        sent_bytes = b"".join(name + value for name, value in message["headers"])
        assert not {b"\r"[0], b"\n"[0], 0} & {*sent_bytes}


def test_the_table_of_arguments_is_whole() -> None:
    """A new argument that takes text is looked at here, too."""
    told = {"endpoints", "tags", "reason"}
    plain = {"status", "credentials", "when", "floor", "policy"}
    taken = {name.partition("(")[2].split(")")[0].split()[0] for name in REFUSED}
    signature = inspect.signature(Rule).parameters

    assert {*signature} <= told | plain | taken


@pytest.mark.parametrize("value", [b"a=b\r\nx: y", b'a="b\r\nx: y"', b"max-age=1\r\n"])
def test_nor_through_what_the_app_sent(value: bytes) -> None:
    """Only what can be sent is written anew, under a policy that says the same."""
    own = Policy(CacheControl(max_age=9, extensions=(("a", "b"),)))
    for policy in (own, PUBLIC(max_age=9), NO_STORE):
        line = (b"cache-control", value)
        response = ResponseFacts(200, (line, (b"set-cookie", b"a")))
        decision = decide(RequestFacts(), response, policy)
        assert all(b"\r" not in v and b"\n" not in v for _, v in decision.edits.add)
