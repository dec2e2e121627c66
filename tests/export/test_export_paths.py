"""A pattern as an edge sees it means what it means in the middleware."""

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_nocache import PUBLIC, Rule
from asgi_nocache._core.patterns import PathIndex
from asgi_nocache._core.readings import read
from asgi_nocache._core.rules import RuleSet
from asgi_nocache.export.paths import PLAIN, PLAIN_DECODED, PathForm, at_most

SEGMENTS = ["a", "b", "*", "**", "{x}", "{x:int}", "*.css", "a*", "A.b", "", "x+y(z)"]
TEXTS = ["a", "b", "12", "x.css", "ab", "A.b", "", "x+y(z)", "a.css", "A", "b."]
patterns = st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=4).map(
    lambda parts: "/" + "/".join(parts)
)
paths = st.lists(st.sampled_from(TEXTS), min_size=1, max_size=4).map(
    lambda parts: "/" + "/".join(parts)
)


def index_of(pattern: str) -> PathIndex:
    index = PathIndex()
    index.add(pattern, 0)
    return index


@given(patterns, paths)
def test_the_expression_is_the_pattern(pattern: str, path: str) -> None:
    assert PathForm(pattern).matches(path) == bool(index_of(pattern).match(path))


@given(patterns, paths)
def test_shadows_are_all_matched(pattern: str, path: str) -> None:
    """Whatever the middleware takes for a path of the pattern; more is allowed.

    What is not plain gets the default, which is never-store, in any case.
    """
    rules = RuleSet([Rule(pattern, PUBLIC(max_age=1))])
    found = rules.for_readings(path, "")
    if found.rules and re.fullmatch(PLAIN, path):
        assert PathForm(pattern, shadowed=True).matches(path)


@pytest.mark.parametrize(
    "pattern", ["/a/{p:path}", "/f/{x:float}", "/u/{x:uuid}", "/{p:path}"]
)
def test_parameters(pattern: str) -> None:
    texts = ["/a/", "/a", "/a/b/c", "/f/1.5", "/f/1.", "/f/7", "/u/1", "/", "/x/y"]
    texts += ["/u/123e4567-e89b-12d3-a456-426614174000", "/u/" + "0" * 32]
    for path in texts:
        matched = bool(index_of(pattern).match(path))
        assert PathForm(pattern).matches(path) == matched, path


@pytest.mark.parametrize(
    ("pattern", "literal", "prefix", "head"),
    [
        ("/**", False, "", ()),
        ("/a/**", False, "/a", ("a",)),
        ("/a/b", True, "", ("a", "b")),
        ("/a/*/c", False, "", ("a",)),
        ("/*/**", False, "", ()),
        ("/", True, "", ("",)),
        ("/a/{p:path}", False, "", ("a",)),
    ],
)
def test_what_targets_ask(
    pattern: str, literal: bool, prefix: str, head: tuple[str, ...]
) -> None:
    form = PathForm(pattern)

    assert (form.literal, form.prefix, form.head) == (literal, prefix, head)
    assert form.everything == (pattern == "/**")


@pytest.mark.parametrize(
    "sent",
    ["/", "/a", "/a/", "/a.b/c.css", "/.well-known/x", "/a-b_c~d!$&'()*+,=:@"],
)
def test_plain(sent: str) -> None:
    assert re.search(PLAIN, sent)
    assert re.search(PLAIN_DECODED, sent)


@pytest.mark.parametrize(
    "sent",
    [
        "", "*", "a", "//a", "/a//b", "/./a", "/a/../b", "/a/..b", "/a;b", "/a\\b",
        "/a%2fb", "/a%2Fb", "/a%5Cb", "/a%3bb", "/a%00", "/a%0a", "/a%25b", "/%2e/a",
        "/%2E%2e/a", "/a%3Fb", "/a%23b", "/a%7f", "/\u00fc", "/%C3%BC", "/a b", "/a%",
        "http://x/a", "/a\n",
    ],
)  # fmt: skip
def test_not_plain(sent: str) -> None:
    # A line end at the very end is what some take "$" for.
    assert not re.fullmatch(PLAIN, sent)
    assert not re.fullmatch(PLAIN_DECODED, sent)


@pytest.mark.parametrize("code", range(256))
def test_a_plain_escape_has_one_reading(code: int) -> None:
    """None that the middleware would take for a separator, a dot or an escape."""
    sent = f"/a%{code:02x}b"
    if re.search(PLAIN_DECODED, sent):
        assert len(read(f"/a{chr(code)}b").spellings) == 1
    assert not re.search(PLAIN, sent)


def test_plain_is_linear() -> None:
    """No way to make an edge count for long."""
    assert not re.search(PLAIN_DECODED, "/" + "a." * 50_000 + ";")


@pytest.mark.parametrize("limit", [0, 1, 9, 10, 59, 60, 99, 100, 3600, 31536000])
def test_numbers_up_to_a_limit(limit: int) -> None:
    expression = re.compile(at_most(limit))
    asked = {*range(3700), limit - 1, limit, limit + 1, limit * 10, limit + 1000}
    for number in asked:
        assert bool(expression.fullmatch(str(number))) == (0 <= number <= limit)


FORMS = [PathForm(p) for p in (
    "/**", "/a", "/a/**", "/a/b", "/a/*", "/a/*.css", "/a.css", "/A/b", "/{x:int}",
    "/b/c/d", "/**/d", "/a/{p:path}",
)]  # fmt: skip
ASKED = ["/" + "/".join(parts) for n in (1, 2, 3) for parts in product(TEXTS, repeat=n)]


@pytest.mark.parametrize("one", FORMS, ids=lambda form: form.pattern)
def test_what_two_have_in_common(one: PathForm) -> None:
    loose = PathForm(one.pattern, shadowed=True)
    for other in FORMS:
        both = [p for p in ASKED if one.matches(p) and other.matches(p)]
        if one.is_apart_from(other):
            assert not both
        if one.covers(other):
            assert all(one.matches(p) for p in ASKED if other.matches(p))
        if not loose.may_meet(other):
            assert not [p for p in ASKED if loose.matches(p) and other.matches(p)]


def test_what_stands_behind_any_number_of_segments_may_meet_all() -> None:
    assert PathForm("/**/a").may_meet(PathForm("/x/b/**"))  # at /x/b/a
    assert PathForm("/x/b/**").may_meet(PathForm("/**/a"))


def test_what_is_surely_apart() -> None:
    assert PathForm("/a/x").is_apart_from(PathForm("/a/y"))
    assert PathForm("/a/x").is_apart_from(PathForm("/a/*.css"))
    assert PathForm("/a/*.css").is_apart_from(PathForm("/a/x"))
    assert PathForm("/a/*").is_apart_from(PathForm("/a/*/c"))
    assert not PathForm("/a/*").is_apart_from(PathForm("/a/*.css"))
    assert not PathForm("/a/**").is_apart_from(PathForm("/a/b"))
