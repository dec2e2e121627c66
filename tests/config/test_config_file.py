"""A configuration file: what it comes to, and what is said when it is wrong."""

from __future__ import annotations

import datetime
import re

import pytest

from asgi_nocache import (
    APP_DECIDES,
    NO_STORE,
    PRIVATE,
    PUBLIC,
    REVALIDATE,
    CacheControl,
    ConfigurationError,
    Policy,
    Rule,
)
from asgi_nocache._core.guards import ALL_GUARDS
from asgi_nocache.config import Settings, load_config, read_config
from asgi_nocache.config.document import MAX_BYTES
from asgi_nocache.config.places import line_of

DESIGN = """
default = "no-store"
mode = "stricter"

[policies.brief]                      # an own policy by name
cache-control = "private, max-age=60"

[[rules]]
path = "/static/**"
policy = "app-decides"
reason = "hashed file names"

[[rules]]
path = "/account/**"
policy = "no-store"
floor = true
"""


def test_the_file_of_the_design(files):
    """The same words as the Python API."""
    config = files.load(DESIGN)

    assert config.rules == (
        Rule("/static/**", APP_DECIDES, reason="hashed file names"),
        Rule("/account/**", NO_STORE, floor=True),
    )
    assert config.settings == Settings(default=NO_STORE, mode="stricter")
    assert [p.at for p in config.placed] == [
        f"{files.folder}/nocache.toml line 7",
        f"{files.folder}/nocache.toml line 12",
    ]
    policy_set = config.policy_set()
    assert (policy_set.default, policy_set.mode) == (NO_STORE, "stricter")
    assert policy_set.guards == ALL_GUARDS
    assert config.sources == (f"{files.folder}/nocache.toml",)


def test_every_key(files):
    """Each becomes the keyword of its name."""
    config = files.load(
        """
        default = "revalidate"
        mode = "report"
        report-until = 2027-01-31
        guards-off = ["cookie"]
        error-response = false
        reject-ambiguous = true
        refuse-prefetch = true

        [policies.one-hour]
        cache-control = "public, max-age=3600, x=1"
        expires = "Thu, 01 Jan 1970 00:00:01 GMT"
        cdn-cache-control = "max-age=60"
        acme-cdn-cache-control = "max-age=30"
        vary = ["Accept"]
        strip-validators = true
        clear-site-data = true
        shared-with-credentials = true

        [[rules]]
        path = "/a/{id:int}"
        policy = "one-hour"
        methods = ["GET", "POST"]
        hosts = ["*.example.com"]
        status = [200, "4xx"]
        media-types = ["text/html"]
        endpoints = ["shop.views.*"]
        tags = ["private"]
        credentials = false
        mode = "override"
        guards-off = []
        reason = "it is the same for all"

        [[rules]]
        path-regex = "/b[0-9]+"
        policy = { cache-control = "private, max-age=5" }

        [[rules]]
        status = 404
        policy = "no-store-minimal"
        """
    )
    first, second, third = config.rules

    assert config.settings == Settings(
        default=REVALIDATE,
        mode="report",
        report_until=datetime.date(2027, 1, 31),
        guards=ALL_GUARDS - {"cookie"},
        error_response=False,
        reject_ambiguous=True,
        refuse_prefetch=True,
    )
    hour = CacheControl(public=True, max_age=3600, extensions=(("x", "1"),))
    assert first == Rule(
        "/a/{id:int}",
        Policy(
            hour,
            "one-hour",
            beside=(
                ("expires", "Thu, 01 Jan 1970 00:00:01 GMT"),
                ("cdn-cache-control", "max-age=60"),
                ("acme-cdn-cache-control", "max-age=30"),
            ),
            vary=("Accept",),
            strip_validators=True,
            clear_site_data=True,
            shared_with_credentials=True,
        ),
        methods=["GET", "POST"],
        hosts=["*.example.com"],
        status=(200, *range(400, 500)),
        media_types=["text/html"],
        endpoints=["shop.views.*"],
        tags=["private"],
        credentials=False,
        mode="override",
        guards=ALL_GUARDS,
        reason="it is the same for all",
    )
    assert first.policy.shared_with_credentials
    assert repr(first.policy) == "one-hour"
    assert second == Rule(re.compile("/b[0-9]+"), PRIVATE(max_age=5))
    assert third.conditions.status == {404}
    assert third.path is None


def test_a_policy_in_a_file_is_the_one_of_python(files):
    """``public, max-age=60`` is ``PUBLIC(max_age=60)``, for the guards, too."""
    config = files.load(
        'default = { cache-control = "public, max-age=60" }',
    )

    assert config.settings.default == PUBLIC(max_age=60)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("exteds = []", "line 1, exteds: the key 'exteds' is unknown; did you mean "
         "'extends'?"),
        ("\n\nreject_ambiguous = true", "line 2, reject_ambiguous: the key "
         "'reject_ambiguous' is unknown; did you mean 'reject-ambiguous'?"),
        ("guards = []", "line 1, guards: the key 'guards' is unknown; did you mean "
         "'guards-off'?"),
        ("zzz = 1", "line 1, zzz: the key 'zzz' is unknown; choose 'extends', "),
        ("mode = 1", "line 1, mode: 1 is not a text, such as \"GET\""),
        ("mode = 'strict'", "line 1, mode: 'strict' is unknown; did you mean "
         "'stricter'?"),
        ("guards-off = ['cookies']", "'cookies' is unknown; did you mean 'cookie'?"),
        ("guards-off = 'cookie'", "'cookie' is not a list of names, such as "),
        ("error-response = 1", "line 1, error-response: 1 is not true or false"),
        ("mode = 'report'\nreport-until = '2027-01-31'", "line 2, report-until: "
         "'2027-01-31' is not a day without quotes, such as 2027-01-31"),
        ("mode = 'report'\nreport-until = 2027-01-31T10:00:00", "is not a day"),
        ("mode = 'report'", "line 1, mode: mode 'report' changes nothing, so it needs "
         "an end: at the top of the file, write report-until = 2027-01-31"),
        ("report-until = 2027-01-31", "line 1, report-until: no mode in this file is "
         "'report'; drop this line"),
        ("default = 'no-stor'", "line 1, default: there is no policy 'no-stor'; did "
         "you mean 'no-store'?"),
        ("default = 'qqq'", "there is no policy 'qqq'; choose 'no-store', "),
        ("default = true", "line 1, default: true is not the name of a policy"),
        ("default = {}", "line 1, default: cache-control is missing"),
        ("policies = 1", "line 1, policies: 1 is no table; write [policies.x]"),
        ("[policies]\nbrief = 1", "line 2, policies, brief: 1 is no table; write "
         "[policies.brief]"),
        ("[policies.no-store]\ncache-control='private'", "line 1, policies, no-store: "
         "'no-store' is a preset; choose another name"),
        ("[policies.My_own]\ncache-control='private'", "'My_own' is no name"),
        ("[policies.x]\nvary = ['A']", "line 1, policies, x: cache-control is missing"),
        ("[policies.x]\ncache-control='privat'", "line 2, policies, x, cache-control: "
         "the directive 'privat' is unknown; did you mean 'private'?"),
        ("[policies.x]\ncache-control='max-age=x'", "line 2, policies, x, "
         "cache-control: invalid lifetime: 'max-age=x'"),
        ("[policies.x]\ncache-control=' '", "' ' says nothing; use the policy "
         "'app-decides' for that"),
        ("[policies.x]\ncache-control='no-store, max-age=9'", "line 1, policies, x: "
         "no_store=True contradicts max_age=9"),
        ("[policies.x]\ncache-control='private'\nvary=['A B']", "line 3, policies, x, "
         "vary: vary='A B' is not a field name"),
        ("[policies.x]\ncache-control='private'\nmax-age=3", "line 3, policies, x, "
         "max-age: the key 'max-age' is unknown"),
        ("[policies.x]\ncache-control='private'\nno-vary-search='x'", "unknown"),
        ("rules = 1", "line 1, rules: 1 is no list of rules; write [[rules]]"),
        ("[rules]\npath='/a'", "line 1, rules: {'path': '/a'} is no list of rules"),
        ("[[rules]]\npath='/a'", "line 1, rules 1: policy is missing; write policy"),
        ("[[rules]]\npolicy='no-store'", "line 1, rules 1: has neither a path nor a "
         "condition, so it is for everything"),
        ("[[rules]]\npolicy='no-store'\nfloor=true\nreason='x'", "has neither a path"),
        ("[[rules]]\npath='/a'\npath-regex='/b'\npolicy='no-store'", "line 1, rules 1: "
         "has path and path-regex; keep one of them"),
        ("[[rules]]\npath-regex='('\npolicy='no-store'", "line 2, rules 1, path-regex: "
         "'(' cannot be read: missing )"),
        ("[[rules]]\npath='/a'\npolicy='no-store'\n[[rules]]\npath='/<int:id>'\n"
         "policy='no-store'", "line 5, rules 2, path: path '/<int:id>' uses Flask's"),
        ("[[rules]]\npath=''\npolicy='no-store'", "line 2, rules 1, path: '' is not a "
         "text"),
        ("[[rules]]\nmethods=['get']\npolicy='no-store'", "line 2, rules 1, methods: "
         "methods: 'get' is not a known method; write 'GET'"),
        ("[[rules]]\nmethods=[]\npolicy='no-store'", "line 2, rules 1, methods: [] is "
         "not a list of texts, such as"),
        ("[[rules]]\nstatus='44x'\npolicy='no-store'", "'44x' is not a status code "
         "such as 404, a class such as \"4xx\""),
        ("[[rules]]\nstatus=[99]\npolicy='no-store'", "[99] is not a status code"),
        ("[[rules]]\nstatus=[true]\npolicy='no-store'", "is not a status code"),
        ("[[rules]]\npath='/a'\npolicy='x'", "line 3, rules 1, policy: there is no "
         "policy 'x'; choose"),
        ("[[rules]]\npath='/a'\npolicy={cache-control='private', foo=1}", "line 3, "
         "rules 1, policy, foo: the key 'foo' is unknown"),
        ("[[rules]]\npath='/a'\npolicy='no-store'\nmode='report'", "line 4, rules 1, "
         "mode: mode 'report' changes nothing, so it needs an end"),
        (f"reason = '{'x' * 200}'", "the key 'reason' is unknown"),
        (f"[[rules]]\npath='/a'\nfloor='{'x' * 200}'\npolicy='no-store'",
         f"'{'x' * 76}... is not true or false"),
    ],
)  # fmt: skip
def test_what_is_wrong(files, text, problem):
    """Line, key, value and remedy."""
    (said,) = files.problems(text)

    assert problem in said


def test_all_problems_at_once(files):
    """Nobody should mend a file one restart at a time."""
    said = files.problems("a = 1\nb = 2\n[[rules]]\npath = 3")

    assert len(said) == 4


def test_a_file_that_is_no_toml(files):
    """Tomllib names the line."""
    assert files.problems("a = \n")[0].startswith(
        "is no TOML: Invalid value (at line 1"
    )


def test_a_file_that_is_not_there(files):
    """Where it was looked for, since a relative name starts where the process does."""
    with pytest.raises(ConfigurationError) as caught:
        load_config("nocache.toml")

    assert caught.value.place == "nocache.toml"
    absolute = files.folder / "nocache.toml"
    assert caught.value.problems == (
        f"cannot be read: No such file or directory ({absolute})",
    )


def test_a_folder_is_no_file(files):
    with pytest.raises(ConfigurationError, match="cannot be read: Is a directory"):
        load_config(files.folder)


def test_bytes_that_are_no_text(files):
    path = files.folder / "nocache.toml"
    path.write_bytes(b"default = '\xff'")

    with pytest.raises(ConfigurationError, match="is not UTF-8 at byte 11; save it as"):
        load_config(path)


def test_a_byte_order_mark_is_no_character(files):
    """Some editors write one."""
    path = files.folder / "nocache.toml"
    path.write_bytes(b"\xef\xbb\xbfdefault = 'revalidate'")

    assert load_config(str(path)).settings.default == REVALIDATE


def test_a_file_of_megabytes_is_another(files):
    """It is not read to its end."""
    path = files.write("#" * (MAX_BYTES + 1))

    with pytest.raises(ConfigurationError, match="is larger than 4000000 bytes"):
        load_config(path)


def test_nesting_without_an_end(files):
    """Refused by the parser, not by the stack."""
    assert "is no TOML" in files.problems("a = " + "[" * 100_000)[0]


@pytest.mark.parametrize("odd", [b"nocache.toml", 3, ["nocache.toml"], {}])
def test_what_is_no_path(odd):
    with pytest.raises(ConfigurationError, match=r"is no path; write config='nocache"):
        load_config(odd)


def test_an_empty_file_says_nothing(files):
    """So the closed default stands."""
    config = files.load("")

    assert (config.rules, config.settings) == ((), Settings())
    assert config.policy_set().default == NO_STORE


def test_a_table_in_pyproject(files):
    """The same under ``[tool.asgi-nocache]``; lines are those of the file."""
    text = """
[project]
name = "shop"

[tool.asgi-nocache]
default = "revalidate"

[[tool.asgi-nocache.rules]]
path = "/a"
policy = "no-store"
"""
    config = files.load(text, "pyproject.toml")

    assert config.settings.default == REVALIDATE
    assert config.placed[0].at.endswith("pyproject.toml line 7")
    said = files.problems(text.replace('"/a"', '"a"'), "pyproject.toml")
    assert said[0].startswith("line 8, rules 1, path: path 'a' has no leading slash")


@pytest.mark.parametrize("text", ["", "tool = 1", "[tool]\nasgi-nocache = 1"])
def test_a_pyproject_without_the_table(files, text):
    said = files.problems(text, "pyproject.toml")

    assert said == ("has no table [tool.asgi-nocache]; add it, or name another",)


def test_a_mapping_without_a_file():
    """Places are keys, then."""
    config = read_config({"rules": [{"path": "/a", "policy": "no-store"}]})

    assert config.placed[0].at == "config rules 1"
    with pytest.raises(ConfigurationError) as caught:
        read_config({"rules": [{"path": "a", "policy": "no-store"}]}, source="mine")
    assert caught.value.place == "mine"
    assert caught.value.problems[0].startswith("rules 1, path: path 'a' has no leading")


TEXT = """# a comment
default = "no-store"

[[ rules ]]  # first
path = "/a"
[[rules]]
"path" = "/b"
policy.cache-control = "private"
[policies."brief"]
 cache-control = "private"
[broken "]
x = 1
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("default",), 2),
        (("rules", 1), 4),
        (("rules", 1, "path"), 5),
        (("rules", 2, "path"), 7),
        (("rules", 2, "policy", "cache-control"), 8),
        (("policies", "brief", "cache-control"), 10),
        (("rules", 1, "nothing"), 4),  # the nearest above
        (("nothing",), 1),
        (("rules", 3), 1),
    ],
)
def test_where_a_key_stands(path, line):
    """By lines, since the parser tells of none."""
    assert line_of(TEXT, path) == line
