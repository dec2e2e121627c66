"""Guards: one table, each row firing in one test and silent in its twin."""

import pytest

from asgi_nocache import (
    APP_DECIDES,
    PRIVATE,
    PUBLIC,
    CacheControl,
    Decision,
    Policy,
    RequestFacts,
    ResponseFacts,
    Rule,
    decide,
)
from asgi_nocache._core.guards import (
    ALL_GUARDS,
    GUARDS,
    STATIC_EXTENSIONS,
    contradicts,
    extension,
)
from asgi_nocache._core.rules import RuleSet
from asgi_nocache._core.strictness import NEVER_STORE, PRIVATE_ONLY

PUBLIC_60 = PUBLIC(max_age=60)
OPEN_60 = Policy(CacheControl(max_age=60))
Lines = tuple[tuple[bytes, bytes], ...]


def after(
    policy: Policy = PUBLIC_60,
    *,
    method: str = "GET",
    path: str = "/a",
    asked: Lines = (),
    status: int = 200,
    sent: Lines = (),
    **options: object,
) -> Decision:
    request = RequestFacts(method, path=path, fields=asked)
    rules = RuleSet(default=policy, **options)  # type: ignore[arg-type]
    return decide(request, ResponseFacts(status, sent), rules)


def line(name: bytes, value: bytes = b"x") -> Lines:
    return ((name, value),)


FIRING = {
    "set_cookie": after(sent=line(b"Set-Cookie")),
    "authorization": after(asked=line(b"Authorization")),
    "cookie": after(OPEN_60, asked=line(b"Cookie")),
    "error_status": after(status=404),
    "unsafe_method": after(method="POST"),
    "extension_mismatch": after(
        path="/a.css", sent=line(b"content-type", b"text/html")
    ),
    "ambiguous_target": after(path="//open", rules=[Rule("/open", OPEN_60)]),
}
SILENT = {
    "set_cookie": after(sent=line(b"cookie")),
    "authorization": after(
        PUBLIC(60, shared_with_credentials=True), asked=line(b"Authorization")
    ),
    "cookie": after(PUBLIC_60, asked=line(b"Cookie")),
    "error_status": after(status=399),
    "unsafe_method": after(method="OPTIONS"),
    "extension_mismatch": after(path="/a.css", sent=line(b"content-type", b"text/css")),
    "ambiguous_target": after(path="/open", rules=[Rule("/open", PUBLIC_60)]),
}


@pytest.mark.parametrize("name", ALL_GUARDS)
def test_a_guard_fires(name: str) -> None:
    """It raises to its own level at least, and the decision names it."""
    (guard,) = (g for g in GUARDS if g.name == name)
    decision = FIRING[name]

    assert decision.guards == (name,)
    raises_to = guard.raises_to or PUBLIC_60.cache_control
    assert raises_to is not None
    assert decision.cache_control.covers(raises_to)
    assert any(reason.startswith(f"guard {name}: ") for reason in decision.reasons)


@pytest.mark.parametrize("name", ALL_GUARDS)
def test_a_guard_is_silent(name: str) -> None:
    """The negative twin: nothing is raised."""
    assert SILENT[name].guards == ()
    assert SILENT[name].cache_control.public


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_each_row_says_why(guard: object) -> None:
    """A reason and a reference, and one of two levels, or the default."""
    assert guard.reason  # type: ignore[attr-defined]
    assert guard.reference.startswith(("RFC 91", "web cache"))  # type: ignore[attr-defined]
    raises_to = guard.raises_to  # type: ignore[attr-defined]
    assert raises_to is None or raises_to.strictness in (PRIVATE_ONLY, NEVER_STORE)


def test_names_are_unique() -> None:
    """They are stable codes."""
    assert len(ALL_GUARDS) == len(GUARDS)


def test_a_guard_that_is_off() -> None:
    """Switched off by name, for all."""
    decision = after(sent=line(b"set-cookie"), guards=ALL_GUARDS - {"set_cookie"})

    assert decision.guards == ()


def test_guards_never_lower() -> None:
    """A raise is a join: never-store stays so."""
    decision = after(Policy(CacheControl(no_store=True)), asked=line(b"cookie"))

    assert decision.guards == ("cookie",)
    assert decision.never_store


# Each guard's edges


@pytest.mark.parametrize(
    ("policy", "sent", "fires"),
    [
        (APP_DECIDES, b"max-age=60", True),
        (APP_DECIDES, b"private, max-age=60", True),
        (APP_DECIDES, b"public, max-age=60", False),
        (APP_DECIDES, b"s-maxage=60", False),
        (OPEN_60, b"public, max-age=60", True),  # the join took "public" away
        (PUBLIC_60, b"max-age=60", False),
        (PRIVATE(60), b"max-age=60", True),
    ],
)
def test_cookie(policy: Policy, sent: bytes, fires: bool) -> None:
    """Except under PUBLIC, or where the app itself said so in words."""
    lines = line(b"cache-control", sent)
    decision = after(policy, asked=line(b"cookie"), sent=lines)

    assert (decision.guards == ("cookie",)) is fires


def test_cookie_where_one_of_several_is_public() -> None:
    """A floor decides nothing alone, so it says nothing in words either."""
    floor = Rule(None, PUBLIC(max_age=600), floor=True)
    request = RequestFacts(fields=line(b"cookie"))
    response = ResponseFacts(fields=line(b"cache-control", b"max-age=60"))
    decision = decide(request, response, RuleSet([floor], default=APP_DECIDES))

    assert decision.guards == ("cookie",)


@pytest.mark.parametrize("shared", [True, False])
def test_authorization_where_one_of_several_shares(shared: bool) -> None:
    """RFC 9111 section 3.5: all must say so."""
    floor = Rule(None, PUBLIC(60, shared_with_credentials=shared), floor=True)
    rules = RuleSet([floor], default=PUBLIC(60, shared_with_credentials=True))
    decision = decide(
        RequestFacts(fields=line(b"authorization")), ResponseFacts(), rules
    )

    assert (decision.guards == ()) is shared


@pytest.mark.parametrize("status", [400, 404, 500, 599])
def test_an_error_is_never_store(status: int) -> None:
    """Also those that are heuristically cacheable (RFC 9110 section 15.1)."""
    assert after(status=status).never_store


def test_an_error_that_a_rule_names() -> None:
    """A rule that names the status switches the guard off for itself."""
    rules = [Rule(None, PUBLIC_60, status=404)]
    decision = decide(RequestFacts(), ResponseFacts(404), rules)

    assert decision.guards == ()


def test_an_error_that_a_floor_names() -> None:
    """The negative twin: a floor only tightens."""
    rules = RuleSet([Rule(None, PUBLIC_60, status=404, floor=True)], default=PUBLIC_60)

    assert decide(RequestFacts(), ResponseFacts(404), rules).never_store


def test_an_error_that_only_an_outer_rule_names() -> None:
    """A rule speaks for itself, not for what an inner instance selected."""
    inner = after(status=404).selection
    rules = [Rule(None, PUBLIC_60, status=404)]
    decision = decide(RequestFacts(), ResponseFacts(404, inner=inner), rules)

    assert decision.guards == ("error_status",)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "get", "BREW"])
def test_a_method_that_may_change_state(method: str) -> None:
    """RFC 9110 section 9.2.1, and what nobody knows."""
    assert after(method=method).never_store


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_method_that_does_not(method: str) -> None:
    """The negative twin; a preflight is left to the policy."""
    assert after(method=method).guards == ()


@pytest.mark.parametrize("status", [200, 203, 206])
def test_extension_mismatch_by_status(status: int) -> None:
    """Web cache deception needs content."""
    html = line(b"content-type", b"text/html")

    assert after(path="/account/x.css", status=status, sent=html).never_store


@pytest.mark.parametrize("status", [204, 301, 304])
def test_no_extension_mismatch_by_status(status: int) -> None:
    """The negative twin: a 304 would spoil the browser's own copy."""
    html = line(b"content-type", b"text/html")

    assert after(path="/account/x.css", status=status, sent=html).guards == ()


@pytest.mark.parametrize(
    ("path", "found"),
    [("/a.CSS", "css"), ("/a.b.js", "js"), ("/.css", "css"), ("/a.", ""),
     ("/a.b/c", ""), ("/a", ""), ("/", ""), ("", "")],
)  # fmt: skip
def test_extension(path: str, found: str) -> None:
    """That of the last segment."""
    assert extension(path) == found


@pytest.mark.parametrize(
    ("ext", "media_type"),
    [
        ("css", "text/html"),
        ("css", "application/json"),
        ("js", "application/json"),
        ("png", "application/problem+json"),
        ("pdf", "text/html"),
        ("json", "text/html"),
        ("txt", "application/json"),
        ("woff2", "text/plain"),
        ("mp4", "application/xhtml+xml"),
    ],
)
def test_contradicts(ext: str, media_type: str) -> None:
    """Dynamic content under a name that caches take for static."""
    assert contradicts(ext, media_type)


@pytest.mark.parametrize(
    ("ext", "media_type"),
    [
        ("css", "text/css"),
        ("css", "multipart/byteranges"),
        ("css", ""),
        ("js", "text/javascript"),
        ("mjs", "application/javascript"),
        ("json", "application/json"),
        ("json", "application/ld+json"),
        ("svg", "image/svg+xml"),
        ("rss", "application/rss+xml"),
        ("csv", "text/csv"),
        ("txt", "text/plain"),
        ("html", "text/html"),
        ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml"),
        ("zip", "application/octet-stream"),
        ("php", "text/html"),
        ("", "text/html"),
    ],
)
def test_agrees(ext: str, media_type: str) -> None:
    """The negative twin: the right type, no content, or no static name."""
    assert not contradicts(ext, media_type)


def test_the_extensions_are_lower_case_names() -> None:
    """They are compared in lower case, without the dot."""
    assert all(ext.isalnum() and ext == ext.lower() for ext in STATIC_EXTENSIONS)
