"""Properties of the pattern index, against a matcher written the plain way."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from asgi_nocache._core.patterns import PathIndex

#: Few segments and short ones, so that many patterns match many paths.
PATTERN_SEGMENTS = [
    "a", "b", "", "**", "**", "*", "{x}", "{x:int}", "*.c", "a*", "a{x}", "{x:int}.c",
    "{x:float}", "1",
]  # fmt: skip
PATH_SEGMENTS = ["a", "b", "", "1", "12", "1.5", "x.c", ".c", "1.c", "ab", "**", "*"]

patterns = st.builds(
    lambda segments, tail: "/" + "/".join([*segments, *tail]),
    st.lists(st.sampled_from(PATTERN_SEGMENTS), min_size=1, max_size=4),
    st.sampled_from([[], [], [], ["{p:path}"]]),
)
paths = st.lists(st.sampled_from(PATH_SEGMENTS), max_size=5).map(
    lambda segments: "".join("/" + segment for segment in segments)
)
EVERY_SHORT_PATH = [
    f"/{a}" if b is None else f"/{a}/{b}"
    for a in PATH_SEGMENTS
    for b in (None, *PATH_SEGMENTS)
]

KINDS = {
    "": "[^/]+",
    "int": "[0-9]+",
    "float": r"[0-9]+(\.[0-9]+)?",
}


def segment_matches(pattern: str, segment: str) -> bool:
    """Tell by a regular expression, as Starlette would build it."""
    if pattern == "*":
        return segment != ""
    parameter = re.fullmatch(r"(.*)\{x:?(.*)\}(.*)", pattern)
    if parameter:
        before, kind, after = parameter.groups()
        expression = re.escape(before) + KINDS[kind] + re.escape(after)
    else:
        expression = re.escape(pattern).replace(r"\*", "[^/]*")
    return re.fullmatch(expression, segment) is not None


def naive(pattern: list[str], path: list[str]) -> bool:
    """Tell by trying everything."""
    if not pattern:
        return not path
    first, *rest = pattern
    if first == "{p:path}":
        return bool(path)
    if first == "**":
        return any(naive(rest, path[n:]) for n in range(len(path) + 1))
    return bool(path) and segment_matches(first, path[0]) and naive(rest, path[1:])


def matches(pattern: str, path: str) -> bool:
    return naive(pattern.split("/")[1:], path.split("/")[1:])


def index_of(given_patterns: list[str]) -> PathIndex:
    index = PathIndex()
    for number, pattern in enumerate(given_patterns):
        index.add(pattern, number)
    return index


@given(st.lists(patterns, max_size=6), st.lists(paths, min_size=1, max_size=8))
@settings(max_examples=500)
def test_the_index_equals_the_naive_matcher(
    given_patterns: list[str], given_paths: list[str]
) -> None:
    """All that match and no other, in order."""
    index = index_of(given_patterns)

    for path in given_paths:
        found = [
            n for n, pattern in enumerate(given_patterns) if matches(pattern, path)
        ]
        assert index.match(path) == found, path


@given(
    patterns, st.lists(patterns, min_size=1, max_size=6), st.lists(paths, max_size=9)
)
@settings(max_examples=500)
def test_covering_is_sound(
    pattern: str, others: list[str], given_paths: list[str]
) -> None:
    """What is said to cover matches every path that the pattern matches."""
    covering = index_of(others).covering(pattern)

    for path in [*given_paths, *EVERY_SHORT_PATH, ""]:
        if matches(pattern, path):
            assert all(matches(others[n], path) for n in covering), path


@given(st.lists(patterns, min_size=1, max_size=5))
def test_a_pattern_covers_itself(given_patterns: list[str]) -> None:
    """So a rule that is written twice is found."""
    index = index_of(given_patterns)

    for number, pattern in enumerate(given_patterns):
        assert number in index.covering(pattern)
