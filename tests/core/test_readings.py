"""Readings: the paths that one request target names."""

import pytest

from asgi_nocache import RequestFacts
from asgi_nocache._core.readings import relative_path, spellings


@pytest.mark.parametrize(
    ("path", "root_path", "relative"),
    [
        ("/api/account", "/api", "/account"),
        ("/api/account", "/api/", "/account"),
        ("/api/", "/api", "/"),
        ("/api", "/api", "/"),
        ("/api/api/x", "/api", "/api/x"),
    ],
)
def test_root_path_is_removed_once(path: str, root_path: str, relative: str) -> None:
    """ASGI: ``path`` includes ``root_path``; rules are relative to the mount."""
    assert relative_path(path, root_path) == relative


@pytest.mark.parametrize(
    ("path", "root_path"),
    [
        ("/account", ""),
        ("/account", "/"),
        ("/account", "/api"),
        ("/apix/account", "/api"),
        ("/x/api/account", "/api"),
    ],
)
def test_root_path_is_whole_segments_at_the_front(path: str, root_path: str) -> None:
    """The negative twin: also servers that leave it out are served."""
    assert relative_path(path, root_path) == path


@pytest.mark.parametrize(
    "path",
    ["/", "/static/app.css", "/items/42", "/wiki/München", "/favicon.ico", "/a@b"],
)
def test_a_plain_path_has_one_spelling(path: str) -> None:
    """So a relaxed policy stays possible."""
    assert spellings(RequestFacts(path=path)) == (path,)


def test_root_path_makes_no_second_spelling() -> None:
    """A mount is no ambiguity."""
    request = RequestFacts(path="/api/account", root_path="/api")

    assert spellings(request) == ("/account",)
