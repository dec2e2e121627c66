"""Readings: the paths that one request target names."""

import re
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_nocache import (
    APP_DECIDES,
    NO_STORE,
    PUBLIC,
    RequestFacts,
    ResponseFacts,
    Rule,
    decide,
)
from asgi_nocache._core.readings import (
    MAX_LENGTH,
    MAX_SPELLINGS,
    Readings,
    read,
    relative_path,
)
from asgi_nocache._core.rules import RuleSet
from asgi_nocache._core.selection import Mark, preview


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
    [
        "/",
        "/static/app.css",
        "/items/42",
        "/wiki/München",
        "/favicon.ico",
        "/a@b",
        "/a b",
        "/...",
        "/.well-known/x",
        "/a/..b",
        "/a:b=c,d+e$f&g!h'(i)*~j",
    ],
)
def test_a_plain_path_has_one_spelling(path: str) -> None:
    """So a relaxed policy stays possible."""
    assert read(path).spellings == (path,)
    assert read(path).complete


def test_root_path_makes_no_second_spelling() -> None:
    """A mount is no ambiguity; that it is kept is a shadow."""
    shadows = ("/account", "/api/account")
    assert read("/api/account", "/api") == Readings(("/account",), shadows)


@pytest.mark.parametrize(
    ("path", "spelling"),
    [
        ("//account", "/account"),
        ("/account//x", "/account/x"),
        ("/./account", "/account"),
        ("/account/.", "/account/"),
        ("/account/..", "/"),
        ("/static/../account", "/account"),
        ("/../../account", "/account"),
        ("/static/..;/account", "/account"),
        ("/account;v=1", "/account"),
        ("/account;v=1/x;w", "/account/x"),
        ("/%61ccount", "/account"),
        ("/%2561ccount", "/account"),
        ("/static/%2e%2e/account", "/account"),
        ("/static%2f..%2faccount", "/account"),
        ("/static/..\\account", "/account"),
        ("/account\\x", "/account/x"),
        ("/account?x.css", "/account"),
        ("/account#x.css", "/account"),
        ("/account%3Fx.css", "/account"),
        ("/account%2523x.css", "/account"),
        ("/account\x00.css", "/account"),
        ("/account\n", "/account"),
        ("/account\r\nX:y", "/account"),
        ("/account\tx", "/account"),
        ("http://evil/account", "/account"),
        ("http://evil", "/"),
        ("account", "/account"),
        ("", "/"),
        ("/static/..%5c..%5c%61ccount;x", "/account"),
    ],
)
def test_another_spelling(path: str, spelling: str) -> None:
    """Each step, and several of them, in whatever order a server takes them."""
    readings = read(path)

    assert spelling in readings.spellings
    assert readings.spellings[0] == path
    assert readings.complete


@pytest.mark.parametrize(
    ("path", "shadow"),
    [
        ("/account/", "/account"),
        ("/account.", "/account"),
        ("/account ", "/account"),
        ("/account/. ./", "/account"),
        ("/account.css", "/account"),
        ("/account/.css", "/account"),
        ("/Account", "/account"),
        ("/ACCOUNT/X.CSS", "/account/x"),
        ("/\uff41ccount", "/account"),
        ("/account\uff0fx.css", "/account/x"),
        ("/static\uff0f..\uff0faccount", "/account"),
        ("/account\ufffd\ufffdx", "/account/x"),
        ("/Straße", "/strasse"),
    ],
)
def test_a_shadow(path: str, shadow: str) -> None:
    """What some server maps it to; it is no spelling."""
    readings = read(path)

    assert shadow in readings.shadows
    assert shadow not in readings.spellings
    assert readings.complete


@pytest.mark.parametrize("path", ["/accounting", "/acc/ount", "/static/account.css"])
def test_no_reading_of_another_resource(path: str) -> None:
    """The negative twin."""
    readings = read(path)

    assert "/account" not in (*readings.spellings, *readings.shadows)


def test_a_root_path_that_comes_to_light() -> None:
    """It is removed once, wherever it shows."""
    found = read("http://host/api/api/x", "/api").spellings

    assert "/api/x" in found
    assert "/x" not in found


@pytest.mark.parametrize(
    "path",
    [
        "/" + "../" * MAX_LENGTH,
        "/%" + "25" * MAX_LENGTH,
        "/a" + "".join(f";{n}/..%2f" for n in range(MAX_LENGTH)),
        "/" + "\uff05" * (MAX_LENGTH + 1),
        "/%" + "25" * (2 * MAX_SPELLINGS) + "41",
        "/\uff05" + "25" * (2 * MAX_SPELLINGS) + "41",
    ],
    ids=["dots", "percents", "mixed", "wide", "rounds", "wide rounds"],
)
def test_a_bound_is_told(path: str) -> None:
    """What is beyond it is not read, and says so."""
    assert not read(path).complete


@given(st.text(alphabet="/.;%25cCfF\\?#\0 aA\uff0f\uff05\ufffd", max_size=60))
def test_readings_are_bounded_and_repeat(path: str) -> None:
    """No input is an error, and reading a reading adds nothing new to be read."""
    readings = read(path)

    assert readings == read(path)
    assert len(readings.spellings) <= MAX_SPELLINGS
    assert readings.shadows == tuple(s.casefold() for s in readings.shadows)
    if readings.complete:
        again = {each for s in readings.spellings for each in read(s).spellings}
        assert again <= set(readings.spellings)


RULES = [
    Rule("/account/**", NO_STORE),
    Rule("/static/**", PUBLIC(max_age=60)),
]


def policy(
    path: str, rules: Iterable[Rule], root_path: str = "", **options: Any
) -> str:
    """Return what a plain answer at *path* leaves with, over an open default."""
    options = {"default": PUBLIC(max_age=5), "guards": [], **options}
    request = RequestFacts(path=path, root_path=root_path)
    decision = decide(request, ResponseFacts(), RuleSet(rules, **options))
    return "never" if decision.never_store else str(decision.cache_control)


@pytest.mark.parametrize(
    ("path", "rules", "sent"),
    [
        ("/static/app.css", RULES, "public, max-age=60"),
        ("/static/../account", RULES, "never"),
        ("/account/../static/x", RULES, "never"),
        ("/account.css", RULES, "never"),
        ("/Account/x", RULES, "never"),
        ("/accounting.css", RULES, "public, max-age=5"),
        ("/STATIC/app.css", RULES, "public, max-age=5"),
        # A literal names its path: no shadow of it counts.
        (
            "/a.css",
            [Rule("/a.css", PUBLIC(9)), Rule("/a", NO_STORE)],
            "public, max-age=9",
        ),
        ("/b.css", [Rule("/*.css", PUBLIC(9)), Rule("/b", NO_STORE)], "never"),
        # A rule that matches a spelling was in order already.
        (
            "/a.css",
            [Rule("/*.css", PUBLIC(9)), Rule("/**", NO_STORE)],
            "public, max-age=9",
        ),
        # The first rule of a shadow, and no other.
        (
            "/a.css",
            [
                Rule("/*.css", PUBLIC(9)),
                Rule("/a", PUBLIC(7)),
                Rule("/{x:str}", NO_STORE),
            ],
            "public, max-age=7",
        ),
        # A shadow never loosens.
        ("/a.css", [Rule("/*.css", NO_STORE), Rule("/a", PUBLIC(7))], "never"),
        # A floor at a shadow is one.
        ("/a.css", [Rule("/a", NO_STORE, floor=True)], "never"),
        # Patterns with capitals.
        ("/account", [Rule("/Account/**", NO_STORE)], "never"),
        ("/account.css", [Rule("/*Unt", NO_STORE)], "never"),
        ("/x/account", [Rule(re.compile("/X/.*"), NO_STORE)], "never"),
        ("/y/account", [Rule(re.compile("/X/.*"), NO_STORE)], "public, max-age=5"),
        # What cannot be read is never stored, whatever the rules say.
        ("/" + "../" * 999, [], "never"),
    ],
)
def test_what_the_readings_come_to(path: str, rules: Any, sent: str) -> None:
    """However a path is spelled, the strictest policy of any spelling applies."""
    assert policy(path, rules) == sent


def test_a_mark_speaks_for_its_endpoint() -> None:
    """As over a rule that matches; a floor at a shadow still tightens it."""
    marked = ResponseFacts(marks=(Mark(PUBLIC(max_age=9)),))
    request = RequestFacts(path="/account.css")
    floor = Rule("/account", NO_STORE, floor=True)

    assert decide(request, marked, RULES).cache_control.max_age == 9
    assert decide(request, marked, [*RULES, floor]).never_store


def test_a_mount_that_is_kept_is_a_shadow() -> None:
    """Some proxy may match the whole path."""
    rules = [Rule("/items/**", PUBLIC(9)), Rule("/api/items/x", NO_STORE)]

    assert policy("/api/items/y", rules, "/api") == "public, max-age=9"
    assert policy("/api/items/x", rules, "/api") == "never"


def test_ambiguity_joins_the_default_in() -> None:
    """The guard can be switched off by name, then the spellings alone are joined."""
    rules = [Rule("/a", PUBLIC(9)), Rule("/b/**", PUBLIC(8))]
    path = "/b/../a"

    on = {"default": NO_STORE, "guards": ["ambiguous_target"]}
    assert policy(path, rules, **on) == "never"
    assert policy(path, rules, default=NO_STORE) == "public, max-age=8"
    assert policy(path, rules, default=APP_DECIDES, guards=on["guards"]) == (
        "public, max-age=8"
    )


def test_a_rules_callable_sees_each_spelling() -> None:
    """Called once for each, with the path as it reads there."""
    seen: list[str] = []

    def when(request: RequestFacts, response: ResponseFacts) -> bool:
        seen.append(request.path)
        return False

    policy("/x/../a", [Rule(None, NO_STORE, when=when)])

    assert seen == ["/x/../a", "/a"]


@pytest.mark.parametrize(
    ("path", "spelling"),
    [
        ("/api/../account", "/account"),
        ("/api/../api/account", "/account"),
        ("/api/x/..//account", "/account"),
    ],
)
def test_a_root_path_that_dot_segments_leave(path: str, spelling: str) -> None:
    """Who resolves the whole path comes back to the mount, or out of it."""
    assert spelling in read(path, "/api").spellings


@pytest.mark.parametrize("path", ["/API/account", "/\uff41pi/account", "/API//account"])
def test_a_root_path_in_another_case_is_a_shadow(path: str) -> None:
    """Who maps the path first finds the mount in it."""
    readings = read(path, "/api")

    assert "/account" in readings.shadows
    assert "/account" not in readings.spellings
    assert "/account" not in read("/API/api/account", "/api").shadows


@pytest.mark.parametrize(
    "path",
    [
        "/q#/../account\0/../static/x",
        "/q\0/../account?/../static/x",
        "/q?/../account#/../static/x",
    ],
)
def test_who_cuts_at_one_character_may_keep_another(path: str) -> None:
    """So each cut is a step of its own."""
    assert "/account" in read(path).spellings


def test_dot_segments_before_the_authority() -> None:
    """Resolving keeps what is before the first slash."""
    assert "/account" in read("http:/.//evil/account").spellings


def test_characters_are_mapped_between_decodings() -> None:
    """A fullwidth percent sign encodes a fullwidth letter."""
    assert "/account" in read("/\uff05EF\uff05BD\uff0581ccount").shadows


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/static/..\uff0faccount", "never"),
        ("/static/\u2025/account", "never"),
        ("/static/..\ufffd\ufffdaccount", "never"),
        # What stays in the folder stays exempt.
        ("/static/\uff41.css", "public, max-age=60"),
        ("/static/a\ufffd\ufffdb.css", "public, max-age=60"),
        # A literal is meant as it is, and a rule for every path is for these, too.
        ("/\u00bd", "public, max-age=9"),
        ("/x\u2025/\u00bd", "never"),
    ],
)
def test_no_character_leads_out_of_an_exempt_folder(path: str, sent: str) -> None:
    """There the default counts, though a shadow undoes no exemption else."""
    rules = [RULES[1], Rule("/\u00bd", PUBLIC(9))]

    assert policy(path, rules, default=NO_STORE) == sent
    if sent == "never":
        everywhere = [*rules, Rule(None, PUBLIC(max_age=7))]
        assert policy(path, everywhere, default=NO_STORE) != "never"


def test_a_preview_knows_of_mapped_characters() -> None:
    """A 304 must not be asked for what will be never-store."""
    rules = RuleSet([RULES[1]])
    before = preview(RequestFacts(path="/static/..\uff0faccount"), rules)

    assert before.never_store
    assert not preview(RequestFacts(path="/static/\uff41.css"), rules).never_store


def test_a_pattern_asked_for_by_its_text_is_no_literal() -> None:
    """Or who asks for it decides for all that it matches, where that is remembered."""
    rules = [Rule("/*unt.css", PUBLIC(9)), Rule("/*unt", NO_STORE)]

    assert policy("/*unt.css", rules) == policy("/account.css", rules) == "never"
