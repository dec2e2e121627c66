"""Files that extend others: what counts, and what a floor forbids."""

from __future__ import annotations

import sys

import pytest

from asgi_nocache import NO_STORE, REVALIDATE, ConfigurationError, Rule
from asgi_nocache.config import read_config

FLOOR = """
[policies.house]
cache-control = "private, no-cache"

[[rules]]
path = "/account/**"
policy = "no-store"
floor = true
reason = "ASVS 14.3.2"
"""
AVATAR = """
extends = ["./base.toml"]

[[rules]]
path = "/account/avatar.png"
policy = { cache-control = "public, max-age=60" }
"""


def test_the_file_comes_before_what_it_extends(files):
    """Its rules are tried first, its settings count; a later base before an earlier."""
    files.write("default='revalidate'\nmode='override'\n"
                "[[rules]]\npath='/one'\npolicy='no-store'", "one.toml")  # fmt: skip
    files.write(
        "default='no-store-minimal'\nreject-ambiguous=true\n"
        "[[rules]]\npath='/two'\npolicy='no-store'",
        "lib/two.toml",
    )
    config = files.load(
        "extends=['./one.toml', 'lib/two.toml']\nmode='stricter'\n"
        "[[rules]]\npath='/own'\npolicy='no-store'"
    )

    assert [rule.path for rule in config.rules] == ["/own", "/two", "/one"]
    said = config.settings
    assert (said.mode, repr(said.default)) == ("stricter", "NO_STORE_MINIMAL")
    assert said.reject_ambiguous is True
    assert [source.removeprefix(f"{files.folder}/") for source in config.sources] == [
        "nocache.toml",
        "lib/two.toml",
        "one.toml",
    ]


def test_a_rule_of_a_base_can_be_replaced(files):
    """Quietly: that is what files are extended for. Floors stay."""
    files.write(
        """
        [[rules]]
        path = "/a/x"
        policy = "no-store"

        [[rules]]
        path-regex = "/b"
        policy = "no-store"

        [[rules]]
        path = "/a/**"
        policy = "no-store"
        floor = true

        [[rules]]
        path = "/a/y"
        policy = "no-store"
        """,
        "base.toml",
    )
    text = """
        extends = ["base.toml"]
        [[rules]]
        path = "/a/*"
        policy = "no-store-edge"
        methods = ["GET"]
        [[rules]]
        path-regex = "/b"
        policy = "revalidate"
        """

    assert len(files.load(text).rules) == 5
    config = files.load(text.replace('methods = ["GET"]', ""))
    assert [(repr(r), r.floor) for r in config.rules] == [
        ("Rule('/a/*', NO_STORE_EDGE)", False),
        ("Rule('/b', REVALIDATE)", False),
        ("Rule('/a/**', NO_STORE, floor=True)", True),
    ]
    config.policy_set()  # which would warn of a rule that never applies


def test_a_policy_of_a_base_can_be_named(files):
    """And not redefined, which would change the base's own rules."""
    files.write(FLOOR, "base.toml")
    config = files.load("extends=['./base.toml']\ndefault='house'")

    assert repr(config.settings.default) == "house"
    (said,) = files.problems(
        "extends=['./base.toml']\n[policies.house]\ncache-control='private'"
    )
    assert said == (
        "line 2, policies, house: 'house' is defined in a file that this one extends"
    )


def test_what_loosens_a_floor_is_refused(files):
    """It would have no effect, and whoever wrote it would not know."""
    files.write(FLOOR, "base.toml")
    (said,) = files.problems(AVATAR)

    assert said == (
        f"{files.folder}/nocache.toml line 3: Rule('/account/avatar.png', "
        "Policy('public, max-age=60')) is looser than the floor Rule('/account/**', "
        f"NO_STORE, floor=True) of {files.folder}/base.toml line 4 (ASVS 14.3.2), "
        "which can only be tightened: use no-store, no-cache, must-revalidate, "
        "private, max-age=0 or stricter"
    )


@pytest.mark.parametrize(
    "changed",
    [
        ("/account/avatar.png", "/avatar.png"),  # elsewhere
        ("/account/avatar.png", "/**"),  # for more than the floor, which prevails
        ('"public, max-age=60"', '"no-store"'),  # as strict
        ("[[rules]]", "[[rules]]\nfloor = true"),  # joined, so it cannot loosen
    ],
)
def test_what_does_not_loosen_is_taken(files, changed):
    files.write(FLOOR, "base.toml")

    assert len(files.load(AVATAR.replace(*changed)).rules) == 2


@pytest.mark.parametrize(
    ("floor", "rule", "refused"),
    [
        ("path='/**'\npolicy='revalidate'", "path='/a'\npolicy='app-decides'", True),
        ("path='/**'\npolicy='app-decides'", "path='/a'\npolicy='app-decides'", False),
        ("path='/a'\npolicy='no-store'\nmethods=['GET']",
         "path='/a'\npolicy='revalidate'\nmethods=['GET']", True),
        ("path='/a'\npolicy='no-store'\nmethods=['GET']",
         "path='/a'\npolicy='revalidate'", False),
        ("path-regex='/a+'\npolicy='no-store'",
         "path-regex='/a+'\npolicy='revalidate'", True),
        ("path-regex='/a+'\npolicy='no-store'",
         "path='/a'\npolicy='revalidate'", False),
        ("tags=['x']\npolicy='no-store'", "tags=['x']\npolicy='revalidate'", True),
        ("path='/a'\npolicy='no-store'", "path-regex='/a'\npolicy='revalidate'", False),
        # private and no-cache are incomparable
        ("path='/a'\npolicy={cache-control='no-cache'}",
         "path='/a'\npolicy={cache-control='private, max-age=1'}", True),
        ("path='/a'\npolicy={cache-control='public, max-age=9'}",
         "path='/a'\npolicy={cache-control='public, max-age=10'}", True),
        ("path='/a'\npolicy={cache-control='public, max-age=9'}",
         "path='/a'\npolicy={cache-control='private, max-age=9'}", False),
    ],
)  # fmt: skip
def test_where_a_floor_takes_all_of_a_rule(files, floor, rule, refused):
    """Paths and conditions, at any strictness."""
    files.write(f"[[rules]]\nfloor=true\n{floor}", "base.toml")
    text = f"extends=['./base.toml']\n[[rules]]\n{rule}"
    if refused:
        assert "is looser than the floor" in files.problems(text)[0]
    else:
        assert len(files.load(text).rules) == 2


def test_a_default_below_a_floor_for_everything(files):
    """The same for what no rule is for."""
    files.write("[[rules]]\nfloor=true\npath='/**'\npolicy='no-store'", "base.toml")
    text = "extends=['./base.toml']\ndefault='revalidate'"

    (said,) = files.problems(text)
    assert "nocache.toml: default REVALIDATE is looser than the floor" in said
    files.load(text.replace("revalidate", "no-store-edge"))


def test_floors_of_one_file_are_its_own_business(files):
    """An audit tells of rules that never take effect."""
    assert len(
        files.load(FLOOR + AVATAR.replace('extends = ["./base.toml"]', "")).rules
    )


def test_a_base_that_two_extend_counts_once(files):
    files.write(FLOOR, "base.toml")
    files.write("extends=['base.toml']", "one.toml")
    files.write("extends=['base.toml']", "two.toml")
    config = files.load("extends=['one.toml', 'two.toml']")

    assert len(config.rules) == 1
    assert len(config.sources) == 4


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("./base.toml", "is not there: looked for"),
        ("https://example.com/x.toml", "nothing is fetched when an app starts; install "
         "it as a package and write 'package:NAME'"),
        ("git+https://example.com/x", "nothing is fetched"),
        ("package:no-such-thing", "the package 'no-such-thing' is not installed here: "
         "pip install no-such-thing"),
        ("package:../../etc", "is not installed here"),
        ("package:tomllib", "the package 'tomllib' has no nocache.toml; is it a"),
        ("package:sys", "the package 'sys' is not installed here"),
        ("nocache.toml", "'nocache.toml' leads back to itself; drop it"),
    ],
)  # fmt: skip
def test_what_cannot_be_extended(files, name, problem):
    (said,) = files.problems(f"\nextends = ['{name}']")

    assert said.startswith("line 1, extends: ")
    assert problem in said


def test_a_circle_of_two(files):
    """Found in the file that closes it."""
    files.write("extends = ['nocache.toml']", "other.toml")

    (said,) = files.problems("extends = ['other.toml']")
    assert "leads back to itself" in said


def test_what_is_wrong_in_a_base_names_the_base(files):
    files.write("\nmode = 1", "base.toml")
    files.write("extends = ['base.toml']")
    with pytest.raises(ConfigurationError) as caught:
        files.load("extends = ['base.toml']")

    assert caught.value.place.endswith("base.toml")


def test_a_package_of_policy(files, monkeypatch):
    """Found without running its code; two services build on it, one against it."""
    files.write(FLOOR, "site/acme_policy/nocache.toml")
    files.write("raise RuntimeError('imported')", "site/acme_policy/__init__.py")
    monkeypatch.setattr(sys, "path", [str(files.folder / "site"), *sys.path])
    shop = files.load(
        "extends=['package:acme-policy']\n[[rules]]\npath='/static/**'\npolicy='house'"
    )

    assert [rule.path for rule in shop.rules] == ["/static/**", "/account/**"]
    assert shop.sources[1] == "package:acme-policy"
    (said,) = files.problems(AVATAR.replace("./base.toml", "package:acme-policy"))
    assert "of package:acme-policy line 4 (ASVS 14.3.2)" in said


def test_a_mapping_extends_from_a_folder(files):
    files.write(FLOOR, "lib/base.toml")
    config = read_config({"extends": ["base.toml"]}, folder="lib")

    assert config.rules == (
        Rule("/account/**", NO_STORE, floor=True, reason="ASVS 14.3.2"),
    )


def test_absolute_names(files):
    base = files.write("default = 'revalidate'", "base.toml")

    assert files.load(f"extends = ['{base}']").settings.default == REVALIDATE
