"""Path patterns: the grammar, what each matches, what each covers."""

import pytest

from asgi_nocache._core.patterns import PathIndex, parse

UUID = "123e4567-e89b-12d3-a456-426614174000"


def matches(pattern: str, path: str) -> bool:
    index = PathIndex()
    index.add(pattern, 7)
    return index.match(path) == [7]


MATCHING = [
    ("/", "/"),
    ("/account", "/account"),
    ("/a//b", "/a//b"),
    ("/**", "/"),
    ("/**", "/a/b"),
    ("/**", ""),
    ("/account/**", "/account"),
    ("/account/**", "/account/"),
    ("/account/**", "/account/a/b"),
    ("/**/b", "/b"),
    ("/**/b", "/a/a/b"),
    ("/a/**/b", "/a/b"),
    ("/a/**/b", "/a/x/y/b"),
    ("/a/**/b/**", "/a/x/b/y"),
    ("/**/**", "/"),
    ("/**/**/b", "/b"),
    ("/**/**/**/b", "/a/b"),
    ("/*", "/a"),
    ("/*.css", "/a.css"),
    ("/*.css", "/.css"),
    ("/v*/x", "/v/x"),
    ("/a*z", "/az"),
    ("/**/*.css", "/a/b.css"),
    ("/{name}", "/ünï"),
    ("/{name}.css", "/a.b.css"),
    ("/x{id:int}", "/x007"),
    ("/{x:float}", "/1.5"),
    ("/{x:float}", "/1"),
    ("/{x:uuid}", f"/{UUID}"),
    ("/{x:uuid}", f"/{UUID.upper()}"),
    ("/{x:uuid}", f"/{UUID.replace('-', '')}"),
    ("/{x:str}", "/a b"),
    ("/f/{p:path}", "/f/"),
    ("/f/{p:path}", "/f/a/b"),
    ("/{p:path}", "/"),
    ("/**/{p:path}", "/a"),
    ("/100%", "/100%"),
]
NOT_MATCHING = [
    ("/", ""),
    ("/", "/a"),
    ("/account", "/account/"),
    ("/account", "/Account"),
    ("/account/**", "/accounting"),
    ("/account/**", "/x/account"),
    ("/**/b", "/ab"),
    ("/**/b", "/b/a"),
    ("/a/**/b", "/a/bb"),
    ("/a/**/b", "/b"),
    ("/**/**/b", "/ab"),
    ("/*", "/"),
    ("/*", "/a/b"),
    ("/*.css", "/a/b.css"),
    ("/*.css", "/a.css.map"),
    ("/a*z", "/a/z"),
    ("/a*a", "/a"),
    ("/{name}", "/"),
    ("/{name}.css", "/.css"),
    ("/x{id:int}", "/x"),
    ("/x{id:int}", "/x-7"),
    ("/{id:int}", "/²"),
    ("/{x:float}", "/1."),
    ("/{x:uuid}", "/123e4567"),
    ("/f/{p:path}", "/f"),
    ("/f/{p:path}", "/g/a"),
    ("/{p:path}", ""),
]


@pytest.mark.parametrize(("pattern", "path"), MATCHING)
def test_matches(pattern: str, path: str) -> None:
    """``*`` in a segment, ``**`` for any number, parameters as in Starlette."""
    assert matches(pattern, path)


@pytest.mark.parametrize(("pattern", "path"), NOT_MATCHING)
def test_does_not_match(pattern: str, path: str) -> None:
    """The negative twins: whole segments, exact letter case."""
    assert not matches(pattern, path)


def test_numbers_ascend_and_are_not_repeated() -> None:
    """So the order of the rules decides, whatever branch matched first."""
    index = PathIndex()
    for number, pattern in enumerate(["/**/a", "/a", "/{x}", "/b", "/a", "/**/**"]):
        index.add(pattern, number)

    assert index.match("/a") == [0, 1, 2, 4, 5]


def test_an_empty_index() -> None:
    """Nothing matches, nothing covers."""
    assert PathIndex().match("/a") == []
    assert PathIndex().covering("/a") == []


BAD = [
    ("account", "has no leading slash; write '/account'"),
    ("", "has no leading slash; write '/'"),
    ("/a/{id", "has an unbalanced brace in '{id'; write '{name}'"),
    ("/a/id}", "has an unbalanced brace"),
    ("/{a{b}}", "has an unbalanced brace"),
    ("/a/***", "has '***'; write '**' for any number of segments"),
    ("/a***b", "has 'a***b'; write '**'"),
    ("/**.css", "has more than one wildcard in the segment '**.css'"),
    ("/*-*", "has more than one wildcard"),
    ("/{a}-{b}", "has more than one wildcard"),
    ("/{a}*", "has more than one wildcard"),
    ("/{p:path}/x", "has {name:path} before its end; use '**' there"),
    ("/x{p:path}", "has {name:path} inside 'x{p:path}'; give it a segment"),
    ("/{p:path}.css", "has {name:path} inside"),
    ("/{id:integer}", "has the unknown convertor 'integer'; use int, float, uuid"),
    ("/{}", "has the parameter '{}'; write '{name}' or '{name:int}'"),
    ("/{1a}", "has the parameter"),
    ("/{a:}", "has the parameter"),
    ("/{a:int:b}", "has the parameter"),
    ("/a%20b", "is percent-encoded; write the path decoded"),
    ("/caf%C3%A9", "is percent-encoded"),
    ("/a?b", "holds a character that no path has"),
    ("/a#b", "holds a character that no path has"),
    ("/a\\b", "holds a character that no path has"),
    ("/a\nb", "holds a character that no path has"),
    ("/a\x7f", "holds a character that no path has"),
    ("/a/../b", "has the segment '..', which no resolved path has; drop it"),
    ("/./a", "has the segment '.'"),
]


@pytest.mark.parametrize(("pattern", "words"), BAD)
def test_a_bad_pattern(pattern: str, words: str) -> None:
    """One sentence: what is wrong and what to write."""
    with pytest.raises(ValueError, match=r"(?s).") as caught:
        parse(pattern)

    assert str(caught.value).startswith(words)


@pytest.mark.parametrize(
    ("pattern", "shown"),
    [
        ("/items/<id>", "/items/{id}"),
        ("/items/<int:id>", "/items/{id:int}"),
        ("/items/<float:x>/<uuid:y>", "/items/{x:float}/{y:uuid}"),
        ("/files/<path:name>", "/files/{name:path}"),
        ("/a/<string(length=2):x>", "/a/{x}"),
    ],
)
def test_flask_s_pattern_shows_the_right_form(pattern: str, shown: str) -> None:
    """What is shown can be pasted, and matches what Flask's would."""
    with pytest.raises(ValueError, match="uses Flask's '<") as caught:
        parse(pattern)

    assert f"write {shown!r}" in str(caught.value)
    assert parse(shown)


def covers(pattern: str, other: str) -> bool:
    index = PathIndex()
    index.add(pattern, 0)
    return index.covering(other) == [0]


@pytest.mark.parametrize(
    ("pattern", "other"),
    [
        ("/a", "/a"),
        ("/**", "/"),
        ("/**", "/a/**"),
        ("/**", "/{p:path}"),
        ("/a/**", "/a"),
        ("/a/**", "/a/{id}/*.css"),
        ("/{x}", "/a"),
        ("/{x}", "/{y:int}"),
        ("/*", "/{x}"),
        ("/*.css", "/a.css"),
        ("/{x:int}", "/{y:int}"),
        ("/a/{p:path}", "/a/{q:path}"),
        ("/a/{p:path}", "/a/b/c"),
        ("/**/b", "/a/**/b"),
    ],
)
def test_covers(pattern: str, other: str) -> None:
    """The first matches whatever the second does."""
    assert covers(pattern, other)


@pytest.mark.parametrize(
    ("pattern", "other"),
    [
        ("/a", "/b"),
        ("/a", "/a/**"),
        ("/a", "/{x}"),
        ("/{x:int}", "/{y}"),
        ("/{x:int}", "/a"),
        ("/{x}", "/**"),
        ("/*.css", "/*.js"),
        ("/{x}", "/{p:path}"),
        ("/a/{p:path}", "/a/**"),
        ("/a/**", "/**/b"),
        ("/**/b", "/b/**"),
    ],
)
def test_does_not_cover(pattern: str, other: str) -> None:
    """The negative twin: some path matches the second alone."""
    assert not covers(pattern, other)


def test_covering_a_bad_pattern() -> None:
    """It raises as parse does."""
    with pytest.raises(ValueError, match="leading slash"):
        PathIndex().covering("a")
