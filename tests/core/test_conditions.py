"""Conditions: what a rule asks of one exchange, besides its path."""

import pytest

from asgi_nocache import NO_STORE, RequestFacts, ResponseFacts, Rule
from asgi_nocache._core.conditions import Conditions


def asked(**conditions: object) -> Conditions:
    return Rule(None, NO_STORE, **conditions).conditions  # type: ignore[arg-type]


# Conditions on the request


@pytest.mark.parametrize(
    ("methods", "method", "meets"),
    [
        (["GET"], "GET", True),
        (["GET"], "HEAD", True),
        (["HEAD"], "GET", False),
        (["GET"], "POST", False),
        (["POST"], "HEAD", False),
        (["PROPFIND"], "PROPFIND", True),
        (["GET"], "get", False),
    ],
)
def test_methods(methods: list[str], method: str, meets: bool) -> None:
    """GET implies HEAD (RFC 9110 9.3.2); methods are case-sensitive (9.1)."""
    assert asked(methods=methods).meets_request(RequestFacts(method)) is meets


@pytest.mark.parametrize(
    ("hosts", "host", "meets"),
    [
        (["example.com"], b"EXAMPLE.com:80", True),
        (["Example.COM"], b"example.com", True),
        (["example.com"], b"www.example.com", False),
        (["*.example.com"], b"www.example.com", True),
        (["*.example.com"], b"a.b.example.com", True),
        (["*.example.com"], b"example.com", False),
        (["*.example.com"], b"badexample.com", False),
        (["[::1]"], b"[::1]:8000", True),
        (["example.com"], b"", False),
    ],
)
def test_hosts(hosts: list[str], host: bytes, meets: bool) -> None:
    """Without the port, in any letter case; ``*.`` is for what lies below."""
    request = RequestFacts(fields=((b"host", host),))

    assert asked(hosts=hosts).meets_request(request) is meets


@pytest.mark.parametrize("wanted", [True, False])
@pytest.mark.parametrize(
    ("name", "has"), [(b"cookie", True), (b"authorization", True), (b"accept", False)]
)
def test_credentials(wanted: bool, name: bytes, has: bool) -> None:
    """Cookie or Authorization; False asks for their absence."""
    request = RequestFacts(fields=((name, b"x"),))

    assert asked(credentials=wanted).meets_request(request) is (wanted is has)


# Conditions on the response


def both(request: RequestFacts, response: ResponseFacts) -> bool:
    """Stand for a rule's function."""
    return True


def neither(request: RequestFacts, response: ResponseFacts) -> bool:
    """Stand for another."""
    return False


def meets(response: ResponseFacts, **conditions: object) -> bool:
    return asked(**conditions).meets_response(RequestFacts(), response)


@pytest.mark.parametrize(
    ("status", "code", "met"),
    [
        (404, 404, True),
        (404, 200, False),
        ([200, 304], 304, True),
        (range(500, 600), 599, True),
        (range(500, 599), 599, False),
    ],
)
def test_status(status: object, code: int, met: bool) -> None:
    """One, several, or a range."""
    assert meets(ResponseFacts(code), status=status) is met


@pytest.mark.parametrize(
    ("media_types", "media_type", "met"),
    [
        (["text/html"], b"text/html; charset=utf-8", True),
        (["Text/HTML"], b"text/html", True),
        (["text/html"], b"text/plain", False),
        (["image/*"], b"image/svg+xml", True),
        (["image/*"], b"imagery/png", False),
        (["image/*"], b"", False),
    ],
)
def test_media_types(media_types: list[str], media_type: bytes, met: bool) -> None:
    """RFC 9110 section 8.3.1, without parameters."""
    response = ResponseFacts(fields=((b"content-type", media_type),))

    assert meets(response, media_types=media_types) is met


@pytest.mark.parametrize(
    ("endpoints", "met"),
    [
        ("shop.api.item", True),
        (["shop.api.*"], True),
        (["other", "*.item"], True),
        ("shop.api", False),
        ("Shop.*", False),
    ],
)
def test_endpoints(endpoints: object, met: bool) -> None:
    """Dotted names, with ``*`` as in shells; one string will do."""
    assert meets(ResponseFacts(endpoint="shop.api.item"), endpoints=endpoints) is met


@pytest.mark.parametrize(("tags", "met"), [(["a", "b"], True), (["B"], False)])
def test_tags(tags: list[str], met: bool) -> None:
    """Any of them."""
    assert meets(ResponseFacts(tags=frozenset({"b", "c"})), tags=tags) is met


@pytest.mark.parametrize(("answer", "met"), [(1, True), ("", False), (None, False)])
def test_when(answer: object, met: bool) -> None:
    """A callable of both facts, by the truth of its answer."""
    assert meets(ResponseFacts(), when=lambda request, response: answer) is met


@pytest.mark.parametrize(
    ("status", "could"),
    [(None, True), (200, True), (304, True), ([404, 299], True), (404, False),
     (range(300, 304), False), (412, False)],
)  # fmt: skip
def test_could_confirm(status: object, could: bool) -> None:
    """RFC 9110 section 13.2.1: preconditions bear on what would be 2xx."""
    assert asked(status=status).could_confirm() is could


@pytest.mark.parametrize(
    ("a", "b", "covers"),
    [
        ({}, {"methods": ["GET"]}, True),
        ({"methods": ["GET", "POST"]}, {"methods": ["POST"]}, True),
        ({"methods": ["GET"]}, {}, False),
        ({"methods": ["GET"]}, {"methods": ["POST"]}, False),
        ({"status": range(400, 500)}, {"status": 404}, True),
        ({"credentials": True}, {"credentials": True}, True),
        ({"credentials": True}, {"credentials": False}, False),
        ({"credentials": False}, {}, False),
        ({"when": both}, {"when": both}, True),
        ({"when": both}, {"when": neither}, False),
    ],
)
def test_conditions_cover(
    a: dict[str, object], b: dict[str, object], covers: bool
) -> None:
    """Whatever meets the second meets the first."""
    assert asked(**a).cover(asked(**b)) is covers
