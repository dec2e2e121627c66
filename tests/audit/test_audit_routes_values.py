"""The parts: samples of expressions, places, names that suggest a user."""

import functools
import importlib
import re
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from asgi_nocache.audit.routes.endpoints import (
    asks_who,
    auth_of,
    closure_of,
    methods_of_class,
    place_of,
    unwrapped,
)
from asgi_nocache.audit.routes.samples import compose, generated, values
from asgi_nocache.audit.values import Place


@pytest.mark.parametrize(
    "pattern",
    [
        "[^/]+",
        "[0-9]{7}",
        r"\d{4}-\d{2}-\d{2}x",
        r"(?P<a>ab|cd)-(?P=a)?e",
        r"(q)\1z",
        "[^a-z0-9]+!",
        r"[^\w]",
        r"[^\W]{6}",
        r"\Wx\sz",
        "[^a]bc",
        "[^x]bcdef",
        ".{9}",
        "(?:a|b)++c",
        "(?>abc)d",
        r"[\d]{8}",
        r"[\D]{8}",
        r"[,]{3}",
        "^anchored$",
        r"[^a1\-_.~A b\]]",
    ],
)
def test_what_an_expression_takes(pattern: str) -> None:
    try:
        regex = re.compile(pattern)
    except re.error:
        pytest.skip("this Python has no such expression")
    found = values(pattern)

    if pattern.startswith("[^a1"):
        assert found == ("x", "7")
    assert found
    assert all(regex.fullmatch(each) for each in found)


@pytest.mark.parametrize(
    "pattern", ["(", "a(?=b)", "(a)?b\\1", "x{99999999999}", "x{5000}"]
)
def test_what_no_text_is_found_for(pattern: str) -> None:
    assert values(pattern) == ()


def test_slashes_come_first_where_they_are_taken() -> None:
    assert values(".*")[:2] == ("a/b", "x")
    assert values("[a-z/]+")[0] == "a/b"
    assert values("[^/]+")[:2] == ("1", "x")


def test_from_the_start_only() -> None:
    assert generated("^year/([0-9]{2})/$") == "year/00/"
    assert generated("(") == ""
    assert generated("a(?=b)") == ""


def test_compose() -> None:
    assert list(compose(["/a"])) == ["/a"]
    assert list(compose(["/", ("1", "2"), "/", ("x",)])) == ["/1/x", "/2/x"]
    assert list(compose(["/", ()])) == []
    assert len(list(compose(["/", tuple("123456789")]))) == 4


@pytest.mark.parametrize(
    "name",
    [
        "get_current_user", "require_admin", "requires", "auth", "authorize",
        "check_token", "login_required", "LoginRequired", "jwt", "verify_api_key",
        "RequireRole", "current_active_user", "require_login", "admin_view",
        "HTTPBasicCredentials", "permission_required", "signed_in", "authenticate",
        "staff_member_required",
    ],
)  # fmt: skip
def test_names_of_who_asks(name: str) -> None:
    assert asks_who(name)


@pytest.mark.parametrize(
    "name",
    [
        "get_author", "get_db", "csrf_token", "require_POST", "require_http_methods",
        "tokenize", "settings", "logging", "blogging", "pagination", "get_authors",
        "require_GET", "",
    ],
)  # fmt: skip
def test_names_of_who_does_not(name: str) -> None:
    assert not asks_who(name)


def function() -> None: ...


class Outer:
    @functools.total_ordering
    class Inner:
        """In another class."""

        def __lt__(self, other: object) -> bool: ...

        def method(self) -> None: ...


def line_of(text: str) -> int:
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    return lines.index(text) + 1


def test_places() -> None:
    class Local: ...

    wrapped = functools.partial(functools.lru_cache(function))
    inner = line_of("    @functools.total_ordering")

    assert place_of(function) == Place(__file__, line_of("def function() -> None: ..."))
    assert place_of(wrapped) == place_of(function)
    assert place_of(Outer.Inner) == Place(__file__, inner)
    assert place_of(Outer.Inner()) == Place(__file__, inner)
    assert place_of(Local) == Place(__file__, line_of("    class Local: ..."))
    assert place_of(Outer.Inner().method) == Place(
        __file__, line_of("        def method(self) -> None: ...")
    )


def test_no_places() -> None:
    made: dict[str, Any] = {}
    exec("def f(): ...\nclass C: ...", made)

    assert place_of(made["f"]) is None
    assert place_of(made["C"]) is None
    assert place_of(len) is None


@pytest.mark.parametrize(
    ("number", "text", "line"),
    [(1, "\nclass C: ...", 2), (2, "class C(", 0), (3, "\0", 0), (4, "", 0)],
)
def test_a_class_whose_file_changed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    text: str,
    line: int,
) -> None:
    file = tmp_path / f"changed_{number}.py"
    file.write_text("class C:\n    def m(self): ...\n")
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module(file.stem)
    file.write_text(text)

    assert place_of(module.C) == Place(str(file), line)
    del sys.modules[file.stem]


def test_a_file_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = type("Made", (), {"__module__": "folder_as_module"})
    module = types.ModuleType("folder_as_module")
    module.__file__ = str(tmp_path / "folder.py")
    Path(module.__file__).mkdir()
    monkeypatch.setitem(sys.modules, "folder_as_module", module)

    assert place_of(made) == Place(module.__file__, 0)


def test_what_wraps_itself() -> None:
    def ring() -> None: ...

    ring.__wrapped__ = ring  # type: ignore[attr-defined]

    assert unwrapped(ring) is ring
    assert auth_of(ring) == ()


def login_required(view: Callable[[], None]) -> Callable[[], None]:
    def wrapper() -> None:
        later()
        view()

    if view is None:

        def later() -> None: ...

    return wrapper


def test_closures_that_are_not_set_yet() -> None:
    wrapped = login_required(function)

    assert dict(closure_of(wrapped)) == {"view": function}
    assert auth_of(wrapped) == ("login_required",)
    assert auth_of(None) == ()


def make_auth_app() -> Callable[[], None]:
    def endpoint() -> None: ...

    return endpoint


def test_where_an_endpoint_is_written_does_not_say_who_asks() -> None:
    assert auth_of(make_auth_app()) == ()


def test_methods_of_a_class() -> None:
    class Endpoint:
        get = post = None

        def query(self) -> None: ...

    assert methods_of_class(Endpoint) == ("QUERY",)
