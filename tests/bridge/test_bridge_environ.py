"""What a WSGI app is told of a request: paths, fields, cookies, queries."""

from typing import Any

import pytest
from bridge_driver import answering, ask, scope_of

FIELDS_400 = [(b"x-forwarded-for", b"192.0.2.1")]


@pytest.fixture
def environ_of(bridged: Any) -> Any:
    """Return a function that returns the environ that a request comes to."""

    async def environ_of(**scope: Any) -> dict[str, Any]:
        seen: list[dict[str, Any]] = []

        def app(environ: Any, start_response: Any) -> Any:
            seen.append(dict(environ))
            return answering([])(environ, start_response)

        exchange = await ask(bridged(app), scope_of(**scope))
        assert exchange.status == 200
        return seen[0]

    return environ_of


PATHS = {
    "no mount": ("", "/x/y", "", "/x/y"),
    "the root": ("", "/", "", "/"),
    "mounted": ("/api", "/api/y", "/api", "/y"),
    "a name that only begins like the mount": ("/api", "/apix/y", "/api", "/apix/y"),
    "a mount with a slash": ("/api/", "/api/y", "/api", "/y"),
    "the mount itself": ("/api", "/api", "/api", ""),
    "the mount with a slash": ("/api", "/api/", "/api", "/"),
    "a server that took the mount away": ("/api", "/y", "/api", "/y"),
    "deeper": ("/a/b", "/a/b/c/", "/a/b", "/c/"),
    "two slashes": ("", "//x", "", "//x"),
    "UTF-8": ("", "/é/ü", "", "/\xc3\xa9/\xc3\xbc"),
    "UTF-8 mount": ("/é", "/é/ü", "/\xc3\xa9", "/\xc3\xbc"),
}


@pytest.mark.parametrize("case", PATHS)
async def test_the_path_is_split_at_the_mount(environ_of: Any, case: str) -> None:
    """On a segment's boundary, the slash kept; each byte a character."""
    root_path, path, script_name, path_info = PATHS[case]
    environ = await environ_of(root_path=root_path, path=path)

    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == (script_name, path_info)


@pytest.mark.parametrize("query", [b"", b"a=1&b=%20", b"a=\xc3\xa9", b"a=\xff"])
async def test_the_query_is_bytes(environ_of: Any, query: bytes) -> None:
    """Whatever they are, no request fails for them."""
    environ = await environ_of(query_string=query)

    assert environ["QUERY_STRING"] == query.decode("latin-1")


async def test_field_values_are_bytes(environ_of: Any) -> None:
    """Each a character."""
    environ = await environ_of(headers=[(b"x-drink", b"caf\xe9 \xc3\xa9")])

    assert environ["HTTP_X_DRINK"] == "caf\xe9 \xc3\xa9"


async def test_an_underscore_is_no_hyphen(environ_of: Any) -> None:
    """A client must not set what only a proxy may."""
    lines = [(b"x_user", b"root"), (b"x-user", b"guest"), (b"x_role", b"admin")]
    environ = await environ_of(headers=lines)

    assert environ["HTTP_X_USER"] == "guest"
    assert "HTTP_X_ROLE" not in environ


async def test_the_body_has_the_length_of_its_own_field(environ_of: Any) -> None:
    """The same for the two names that stand without a prefix."""
    lines = [(b"content_length", b"7"), (b"content-length", b"0")]
    environ = await environ_of(headers=[*lines, (b"content-type", b"a/b")])

    assert (environ["CONTENT_LENGTH"], environ["CONTENT_TYPE"]) == ("0", "a/b")
    assert "wsgi.input_terminated" not in environ


async def test_lines_of_cookies_are_one(environ_of: Any) -> None:
    """HTTP/2 may split them (RFC 9113 section 8.2.3); a comma would break them."""
    lines = [(b"cookie", b"a=1; b=2"), (b"x", b"y"), (b"cookie", b"c=3")]
    environ = await environ_of(headers=lines)

    assert environ["HTTP_COOKIE"] == "a=1; b=2; c=3"


async def test_other_lines_are_joined_by_commas(environ_of: Any) -> None:
    """In their order."""
    environ = await environ_of(headers=[(b"accept", b"a/b"), (b"accept", b"c/d")])

    assert environ["HTTP_ACCEPT"] == "a/b,c/d"


async def test_the_rest_of_the_environ(environ_of: Any) -> None:
    """What PEP 3333 asks for, of the scope."""
    environ = await environ_of(
        method="PURGE", scheme="https", server=("example.com", 8443), http_version="2"
    )

    assert environ["REQUEST_METHOD"] == "PURGE"
    assert environ["wsgi.url_scheme"] == "https"
    assert (environ["SERVER_NAME"], environ["SERVER_PORT"]) == ("example.com", "8443")
    assert environ["SERVER_PROTOCOL"] == "HTTP/2"
    assert environ["REMOTE_ADDR"] == "127.0.0.1"
    assert environ["wsgi.multithread"] is True


async def test_as_many_equal_fields_as_are_allowed(environ_of: Any) -> None:
    """A hundred are."""
    environ = await environ_of(headers=FIELDS_400 * 100)

    assert environ["HTTP_X_FORWARDED_FOR"].count("192.0.2.1") == 100


@pytest.mark.parametrize(("limit", "status"), [(100, 400), (101, 200), (0, 200)])
async def test_too_many_equal_fields(bridged: Any, limit: int, status: int) -> None:
    """One more than the limit is refused, and the app is not run; 0 is no limit."""
    runs: list[Any] = []

    def app(environ: Any, start_response: Any) -> Any:
        runs.append(environ)
        return answering([])(environ, start_response)

    bridge = bridged(app, duplicate_header_limit=limit)
    exchange = await ask(bridge, scope_of(headers=FIELDS_400 * 101))

    assert exchange.status == status
    assert len(runs) == (status == 200)
    assert b"Too many" in exchange.body or status == 200
