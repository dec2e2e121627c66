"""The text of the nginx export: golden files, escapes, size; no server needed."""

from __future__ import annotations

import re

import pytest
from golden_files import hold

from asgi_nocache import (
    APP_DECIDES,
    LEGACY_2014,
    NO_STORE,
    NO_STORE_EDGE,
    NO_STORE_MINIMAL,
    PRIVATE,
    PUBLIC,
    REVALIDATE,
    CacheControl,
    Policy,
    Rule,
)
from asgi_nocache._core.guards import STATIC_EXTENSIONS
from asgi_nocache._core.rules import RuleSet
from asgi_nocache.export import heading
from asgi_nocache.export.compile import compile_plan
from asgi_nocache.export.fit import fit
from asgi_nocache.export.nginx import TARGET
from asgi_nocache.export.nginx_words import commented, quoted, value
from asgi_nocache.export.target import Export

SMALL = RuleSet(
    [
        Rule("/static/**", PUBLIC(max_age=3600), reason="hashed file names"),
        Rule("/me", PRIVATE(max_age=30), methods=["GET"]),
    ]
)


def exported(policy_set: RuleSet) -> Export:
    plan = fit(compile_plan(policy_set), TARGET)
    return TARGET.write(plan, heading(TARGET, plan, "shop.main:app"))


def maps(policy_set: RuleSet) -> str:
    return exported(policy_set).files[0].text


def variables(text: str) -> dict[str, str]:
    """Return each map by its variable."""
    found = re.finditer(
        r"^map .*? (\$[a-z0-9_]+) \{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL
    )
    return {match[1]: match[0] for match in found}


@pytest.mark.parametrize("place", range(4))
def test_the_golden_files(place: int) -> None:
    file = exported(SMALL).files[place]

    hold(file.text, f"nginx-{file.name}")


def test_the_same_policy_is_the_same_text() -> None:
    assert exported(SMALL) == exported(SMALL)


def test_all_that_is_asked_for_is_made() -> None:
    """Every variable in the files is a map, a group, a field or nginx's own."""
    export = exported(SMALL)
    text = "".join(file.text for file in export.files)
    made = {*variables(text)} | {f"${g}" for g in re.findall(r"\?<(\w+)>", text)}
    asked = {*re.findall(r"\$nocache_\w+", text)}

    assert asked - made == {"$nocache_fixed"}
    assert not {*variables(text)} - asked


def test_nothing_is_decided_by_if_or_location() -> None:
    for file in exported(SMALL).files:
        assert not re.search(r"^\s*(if|location)\b", file.text, re.MULTILINE)


def test_the_order_of_the_rules_stays() -> None:
    rules = [Rule("/a/b", PUBLIC(max_age=1)), Rule("/a/**", PUBLIC(max_age=2))]
    lines = variables(maps(RuleSet(rules)))["$nocache_path"]

    assert lines.index("/a/b$") < lines.index("/a(?:/.*)?$")


def test_a_strict_rule_that_says_the_default_is_the_default() -> None:
    rules = [Rule("/a/b", NO_STORE), Rule("/a/**", PUBLIC(max_age=2))]
    text = maps(RuleSet(rules))

    assert '"~*^/a/b[/. ]*(?:\\.[^./]*)?[/. ]*$" 0;' in text
    assert "$nocache_odd" not in text


def test_a_strict_rule_with_other_words_is_for_every_spelling() -> None:
    found = variables(maps(RuleSet([Rule("/a/**", NO_STORE_EDGE)])))

    assert "default $nocache_odd;" in found["$nocache_rule"]
    assert "/a(?:/.*|" in found["$nocache_odd"]
    assert '"GET:1" 1;' in found["$nocache_whole"]
    assert 'set "";' in found["$nocache_etag"]
    assert "no-store" in found["$nocache_cdn_cache_control"]
    assert "$nocache_x_accel_expires" in found


def test_rules_of_one_answer_share_its_map() -> None:
    rules = [Rule(f"/{n}", PUBLIC(max_age=5)) for n in range(9)]
    found = variables(maps(RuleSet(rules)))

    assert [name for name in found if "_case_" in name] == ["$nocache_case_1"]
    assert found["$nocache_path"].count(" 1;\n") == 9


def test_a_number_that_is_taken_gets_another() -> None:
    rules = [
        Rule("/x/**", PUBLIC(max_age=3), status=[404, 200, 201]),
        Rule("/x/**", PUBLIC(max_age=4), media_types=["image/*", "text/css"]),
        Rule("/x/**", NO_STORE_EDGE),
        Rule("/**", PUBLIC(max_age=9)),
    ]
    found = variables(maps(RuleSet(rules, default=NO_STORE_MINIMAL)))

    assert "$nocache_is_media_type" in "".join(found)
    assert '"~*^(?:image/.*|text/css)$"' in "".join(found.values())


def test_hosts_and_methods_are_in_the_key() -> None:
    rules = [
        Rule("/a", PUBLIC(max_age=1), hosts=["*.shop.example", "shop.example"]),
        Rule("/b", PUBLIC(max_age=2), methods=["GET"]),
    ]
    found = variables(maps(RuleSet(rules)))["$nocache_path"]

    assert found.startswith('map "$request_method $host $uri" ')
    assert r'"~^\S+ (?i:\S*\.shop\.example|shop\.example) /a$" 1;' in found
    assert r'"~^(?:GET|HEAD) \S* /b$" 2;' in found


def test_statuses_are_ranges() -> None:
    rules = [
        Rule("/a", PUBLIC(max_age=1), status=range(200, 300)),
        Rule("/b", PUBLIC(max_age=1), status=[404, 405, 410]),
    ]
    text = maps(RuleSet(rules))

    assert '"~^[2-2]..$"' in text or '"~^2..$"' in text
    assert '"~^(?:404|405)$"' in text
    assert '"~^410$"' in text
    assert "$nocache_is_own" in text


def test_without_doubt_about_errors_none_is_asked() -> None:
    assert "$nocache_is_own" not in maps(SMALL)


def test_an_app_that_decides_keeps_all_its_fields() -> None:
    found = variables(maps(RuleSet([Rule("/raw/**", APP_DECIDES)])))

    assert '"app, all" $upstream_http_pragma;' in found["$nocache_pragma"]
    assert "$nocache_cdn_cache_control" in found
    assert "$nocache_x_accel_expires" not in found


def test_every_static_extension_has_a_kind() -> None:
    found = variables(maps(SMALL))["$nocache_kind"]

    assert all(re.search(rf" {end} [a-z]+;", found) for end in STATIC_EXTENSIONS)


def test_answers_of_many_words_have_short_names() -> None:
    long = CacheControl.parse([b"public, max-age=9, " + b"x-" + b"y" * 40])
    rules = [
        Rule("/a", Policy(long, "LONG"), mode="override"),
        Rule("/b", REVALIDATE),
        Rule("/c", LEGACY_2014),
        Rule("/d", PUBLIC(max_age=1, immutable=True)),
    ]
    text = maps(RuleSet(rules))
    names = re.findall(r'^    "?((?:set|app) \d+)"? ', text, re.MULTILINE)

    assert names
    assert all(len(name) < 10 for name in names)


def test_no_reason_breaks_out_of_its_comment() -> None:
    odd = 'a\n} bad;\r\x00\x85\u2028 # " $x ' + "long" * 5000
    for file in exported(RuleSet([Rule("/a", PUBLIC(max_age=1), reason=odd)])).files:
        for line in file.text.splitlines():
            assert "bad" not in line or line.lstrip().startswith("#")
            assert "long" not in line or len(line) < 90


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("abc", "abc"),
        ("", '""'),
        ("a b", '"a b"'),
        ('a"b', '"a\\"b"'),
        ("a;{}#'", '"a;{}#\'"'),
        (r"\.", r'"\."'),
        (r"\t", r'"\\t"'),
        (r"\\", r'"\\\\"'),
        ("a\\", '"a\\\\"'),
    ],
)
def test_quotes(text: str, written: str) -> None:
    assert quoted(text) == written


def test_a_dollar_in_a_value_is_a_variable() -> None:
    assert value("a$b") == '"a${nocache_dollar}b"'


def test_the_dollar_is_defined_where_it_is_used() -> None:
    said = CacheControl.parse([b"public, max-age=9, x-$a"])
    rules = RuleSet([Rule("/a", Policy(said, "D"), mode="override")])

    assert "geo $nocache_dollar {" in maps(rules)
    assert "geo " not in maps(SMALL)


def test_an_empty_comment_is_none() -> None:
    assert commented("") == ""


def test_a_pattern_that_nginx_cannot_read_is_never_store() -> None:
    rules = [Rule("/" + "a" * 5000, PUBLIC(max_age=1)), Rule("/b", PUBLIC(max_age=1))]
    export = exported(RuleSet(rules))

    assert "aaa" * 1500 not in export.files[0].text
    assert any(gap.startswith("Rule 1 is never-store") for gap in export.gaps)


def test_a_long_strict_pattern_is_for_all_that_begin_alike() -> None:
    rules = [Rule("/" + "a" * 5000, NO_STORE_EDGE), Rule("/**", PUBLIC(max_age=1))]
    text = maps(RuleSet(rules))

    assert re.search(r'"~\*\^/a{900,}" 1;', text)
    assert max(map(len, text.splitlines())) < 4096


THOUSANDS = {
    "folders": [Rule(f"/f{n}/**", PUBLIC(max_age=60)) for n in range(1000)],
    "one folder": [Rule(f"/api/v1/i{n}", PUBLIC(max_age=60)) for n in range(1000)],
    "tenants": [Rule(f"/*/page{n}/*", PUBLIC(max_age=60)) for n in range(1000)],
    "starts": [Rule(f"/x/begin-{n}-*.css", PUBLIC(max_age=60)) for n in range(1000)],
    "with exceptions": [
        rule
        for n in range(500)
        for rule in (
            Rule(f"/f{n}/drafts/**", NO_STORE),
            Rule(f"/f{n}/**", PUBLIC(max_age=60)),
        )
    ],
    "long names": [
        Rule(f"/{'very' * 50}{n}/x", PUBLIC(max_age=60)) for n in range(1000)
    ],
    "not English": [Rule(f"/ü{n}/x{n}", PUBLIC(max_age=60)) for n in range(1000)],
    "a few for all": [
        *(Rule(f"/f{n}/**", PUBLIC(max_age=60)) for n in range(990)),
        *(Rule(f"/**/{n}", PUBLIC(max_age=60)) for n in range(10)),
    ],
}


def tried(found: dict[str, str], name: str) -> int:
    """Return how many regexes are tried at most until *name* is known."""
    text = found[name]
    below = {*re.findall(r" (\$nocache_path\w*);", text)}
    source = re.findall(r"^map (\$nocache_path\w*) ", text)
    regexes = text.count('\n    "~')
    asked = sum(tried(found, each) for each in source)
    return regexes + asked + max((tried(found, each) for each in below), default=0)


@pytest.mark.parametrize("name", THOUSANDS)
def test_a_thousand_rules_stay_flat(name: str) -> None:
    export = exported(RuleSet(THOUSANDS[name]))
    text = export.files[0].text
    found = variables(text)
    keys = [
        re.findall(r'^    "?[^"~ ]+"? \$', each, re.MULTILINE)
        for each in found.values()
    ]

    assert len(text) < 600_000
    assert len(found) < 350
    assert tried(found, "$nocache_rule") < 45
    assert max(map(len, keys)) <= 100
    assert max(map(len, text.splitlines())) < 4096


def test_what_no_tree_can_hold_is_a_list() -> None:
    """Patterns that begin with any folders: no part of them is at a known place."""
    rules = [Rule(f"/**/{n}", PUBLIC(max_age=60)) for n in range(100)]
    found = variables(maps(RuleSet(rules)))

    assert tried(found, "$nocache_rule") == 101
