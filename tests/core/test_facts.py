"""Facts: what is read from a request and a response, and nothing concluded."""

import pytest

from asgi_nocache import RequestFacts, ResponseFacts


def request(*fields: tuple[bytes, bytes]) -> RequestFacts:
    return RequestFacts(fields=fields)


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/a", "/a"),
        ("/a?b=/c", "/a"),
        ("/caf%C3%A9", "/café"),
        ("/a%2Fb", "/a/b"),
        ("/%ff", "/\ufffd"),
        ("?q", "/"),
        ("*", "*"),
        ("http://host/account?x", "/account"),
        ("http://host", "/"),
        ("/login?next=http://host/a", "/login"),
    ],
)
def test_the_path_is_taken_from_the_target(target: str, path: str) -> None:
    """RFC 9112 section 3.2: origin-form, absolute-form, asterisk-form."""
    assert RequestFacts(target=target).path == path


def test_a_path_that_is_given_stands() -> None:
    """A server has decoded it once already."""
    assert RequestFacts(target="/a%252f", path="/a%2f").path == "/a%2f"


@pytest.mark.parametrize("facts", [RequestFacts, ResponseFacts])
def test_fields_may_be_any_iterable(facts: type) -> None:
    """A one-shot iterable of list pairs becomes a tuple of tuples."""
    assert facts(fields=iter([[b"A", bytearray(b"b")]])).fields == ((b"A", b"b"),)


@pytest.mark.parametrize(
    ("name", "authorization", "cookie"),
    [
        (b"Authorization", True, False),
        (b"COOKIE", False, True),
        (b"proxy-authorization", False, False),
        (b"cookies", False, False),
    ],
)
def test_credentials(name: bytes, authorization: bool, cookie: bool) -> None:
    """By the whole name, in any letter case, whatever the value."""
    facts = request((name, b""))

    assert facts.has_authorization is authorization
    assert facts.has_cookie is cookie
    assert facts.has_credentials is (authorization or cookie)


@pytest.mark.parametrize(
    ("value", "host"),
    [
        (b"Example.com", "example.com"),
        (b"example.com:8000", "example.com"),
        (b"example.com:", "example.com"),
        (b" example.com ", "example.com"),
        (b"[::1]", "[::1]"),
        (b"[::1]:80", "[::1]"),
        (b"", ""),
    ],
)
def test_host(value: bytes, host: str) -> None:
    """RFC 9110 section 7.2, without the port, lower case."""
    assert request((b"Host", value)).host == host


def test_no_host() -> None:
    """HTTP/1.0 has none."""
    assert request().host == ""


@pytest.mark.parametrize(
    ("value", "media_type"),
    [
        (b"text/html", "text/html"),
        (b"Text/HTML; charset=utf-8", "text/html"),
        (b" application/json ;x", "application/json"),
        (b"", ""),
    ],
)
def test_media_type(value: bytes, media_type: str) -> None:
    """RFC 9110 section 8.3: case-insensitive, parameters apart."""
    response = ResponseFacts(fields=((b"Content-Type", value),))

    assert response.media_type == media_type


def test_no_media_type() -> None:
    """Absent is empty."""
    assert ResponseFacts().media_type == ""


@pytest.mark.parametrize(("name", "sets"), [(b"Set-Cookie", True), (b"cookie", False)])
def test_sets_cookie(name: bytes, sets: bool) -> None:
    """RFC 6265: only Set-Cookie sets one."""
    assert ResponseFacts(fields=((name, b"a=b"),)).sets_cookie is sets


def test_facts_are_frozen() -> None:
    """Built once, read by everything."""
    with pytest.raises(AttributeError):
        RequestFacts().method = "POST"  # type: ignore[misc]
