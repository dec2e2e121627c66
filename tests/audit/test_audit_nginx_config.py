"""Reading an nginx configuration: what undoes a policy is found, and where."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from asgi_nocache import NO_STORE_EDGE, PRIVATE, PUBLIC, ConfigurationError, Rule
from asgi_nocache._core.rules import RuleSet
from asgi_nocache.audit.nginx_config import undone_in
from asgi_nocache.cli import main
from asgi_nocache.export import export

RULES = RuleSet(
    [Rule("/static/**", PUBLIC(max_age=60)), Rule("/me", PRIVATE(max_age=9))],
    default=NO_STORE_EDGE,
)
#: With the export, as its own words say to include it.
EXPORTED = """
events {}
stream { server { expires 1h; } }
http {
    proxy_cache_path /tmp/cache keys_zone=z:1m;
    include nocache-http.conf;
    @HTTP@
    server {
        include nocache.conf;
        include nocache-gateways.conf;
        proxy_cache z;
        location / {
            proxy_pass http://app;
            proxy_set_header Host $host;
            include nocache-proxy.conf;
            @LOCATION@
        }
        location /php/ { fastcgi_pass 127.0.0.1:9; fastcgi_param A b; }
        location /files/ { root /srv; @FILES@ }
    }
}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in export("nginx", RULES).files:
        (tmp_path / name).write_text(text)
    return tmp_path


def found_in(folder: Path, text: str, **places: str) -> list[str]:
    """Return what is found: code, line within the file, and the problem."""
    for name in ("HTTP", "LOCATION", "FILES"):
        text = text.replace(f"@{name}@", places.get(name.lower(), ""))
    (folder / "nginx.conf").write_text(text)
    return [
        f"{each.code} {Path(each.file).name}:{each.line} {each.problem}"
        for each in undone_in(str(folder / "nginx.conf"))
    ]


def test_an_export_that_is_included_as_it_says_is_clean(folder: Path) -> None:
    assert found_in(folder, EXPORTED) == []


def test_the_golden_files_are_clean(tmp_path: Path) -> None:
    golden = Path(__file__).parents[1] / "export" / "golden"
    for path in golden.glob("nginx-nocache*"):
        (tmp_path / path.name.removeprefix("nginx-")).write_text(path.read_text())

    assert found_in(tmp_path, EXPORTED) == []


@pytest.mark.parametrize(
    ("place", "line", "code", "told"),
    [
        ("files", "add_header X-A b;", "NC804", "add_header Cache-Control, Pragma"),
        ("files", "add_header X-A b;", "NC804", "/nocache.conf:"),
        ("files", "add_header_inherit off;", "NC804", "has add_header_inherit of its"),
        ("files", "expires 1y;", "NC803", "expires 1y: adds a Cache-Control"),
        ("location", "expires $mine;", "NC803", "expires $mine: adds"),
        ("location", "proxy_hide_header X-A;", "NC804", "proxy_hide_header Cache-Cont"),
        ("location", "proxy_no_cache $mine;", "NC804", "proxy_no_cache $nocache_no_st"),
        ("location", "proxy_cache_bypass 0;", "NC804", "proxy_cache_bypass $nocache_b"),
        (
            "location",
            "proxy_ignore_headers X-Accel-Redirect Cache-Control;",
            "NC803",
            "proxy_ignore_headers X-Accel-Redirect Cache-Control: stores what "
            "Cache-Control forbids",
        ),
    ],
)
def test_what_undoes_an_export(
    place: str, line: str, code: str, told: str, folder: Path
) -> None:
    problems = found_in(folder, EXPORTED, **{place: line})

    number = EXPORTED.split("\n").index(
        next(text for text in EXPORTED.split("\n") if f"@{place.upper()}@" in text)
    )
    (problem,) = problems
    assert problem.startswith(f"{code} nginx.conf:{number + 1} ")
    assert told in problem


@pytest.mark.parametrize(
    ("place", "lines"),
    [
        ("files", "include nocache.conf; add_header X-A b;"),
        ("files", "add_header_inherit merge; add_header X-A b;"),
        ("files", "expires off;"),
        ("location", "proxy_hide_header X-A; include nocache.conf; proxy_cache z;"),
        ("location", "proxy_no_cache $mine $nocache_no_store;"),
        ("location", "proxy_ignore_headers X-Accel-Redirect;"),
        ("location", "proxy_ignore_headers Cache-Control; proxy_cache off;"),
        ("location", "proxy_cache_valid any 1m;"),
        ("location", "proxy_set_header X-A b;"),
        ("http", "expires 1h; "),
        ("http", "add_header X-A b; proxy_hide_header Server;"),
    ],
)
def test_what_undoes_nothing(place: str, lines: str, folder: Path) -> None:
    assert found_in(folder, EXPORTED, **{place: lines}) == []


#: Without the export, by hand.
BAD = """
http {
    add_header Cache-Control "no-store" always;
    proxy_set_header If-None-Match "";
    expires 5m;
    proxy_cache z;
    server {
        location /a/ {
            expires off;
            proxy_pass http://app;
            proxy_cache_valid 200 1m;
            proxy_cache_valid any 1m;
            add_header Cache-Control "public, max-age=600" always;
        }
        location /b/ {
            proxy_pass http://app;
            proxy_hide_header cache-control;
            add_header X-A b;
            proxy_set_header Host $host;
            if ($arg_x) { expires off; }
        }
        location /c/ {
            expires off;
            proxy_pass http://app;
            proxy_hide_header Cache-Control;
            add_header Cache-Control "no-store";
            proxy_ignore_headers Expires Set-Cookie;
        }
        location /d/ {
            expires off;
            proxy_cache off;
            proxy_pass http://app;
            proxy_set_header If-None-Match "";
            proxy_cache_valid any 1m;
            add_header Cache-Control "no-cache, no-store, private" always;
        }
        location /e/ {
            expires off;
            uwsgi_pass app;
            uwsgi_cache z;
            uwsgi_cache_valid any 0s;
            uwsgi_ignore_headers Vary;
        }
    }
}
"""


def test_a_bad_configuration_gets_its_findings_and_no_others(tmp_path: Path) -> None:
    problems = found_in(tmp_path, BAD)

    assert [re.sub(r"nginx.conf:(\d+)", r"\1", each)[:60] for each in problems] == [
        "NC803 5 expires 5m: adds a Cache-Control and an Expires of i",
        "NC803 12 proxy_cache_valid any 1m: stores errors, too, where",
        "NC803 13 add_header Cache-Control public, max-age=600 always",
        "NC804 13 location /a/ has add_header of its own and loses ad",
        "NC803 17 proxy_hide_header cache-control: takes the app's fi",
        "NC804 18 location /b/ has add_header of its own and loses ad",
        "NC804 19 location /b/ has proxy_set_header of its own and lo",
        "NC803 26 add_header Cache-Control no-store: is left out of e",
        "NC804 26 location /c/ has add_header of its own and loses ad",
        "NC803 27 proxy_ignore_headers Expires Set-Cookie: stores wha",
        "NC803 42 uwsgi_ignore_headers Vary: stores what Vary forbids",
    ]


def test_what_the_outer_block_forbids_reaches_all_below(tmp_path: Path) -> None:
    text = """server { add_header_inherit off; add_header Pragma no-cache;
    location / { return 200; } }"""

    (problem,) = found_in(tmp_path, text)
    assert problem == (
        "NC804 nginx.conf:1 location / has add_header_inherit of its own and loses "
        f"add_header Pragma of {tmp_path / 'nginx.conf'}:1"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("http {\n include nowhere.conf;\n}", "nginx.conf:2: "),
        ("http {", "unexpected end of file"),
        ("http { include nginx.conf; }", "includes itself"),
        (None, "cannot be read"),
    ],
)
def test_what_cannot_be_read(text: str | None, told: str, tmp_path: Path) -> None:
    path = tmp_path / "nginx.conf"
    if text is not None:
        path.write_text(text)

    with pytest.raises(ConfigurationError, match=told):
        undone_in(str(path))


def test_the_command(tmp_path: Path) -> None:
    path = tmp_path / "nginx.conf"
    path.write_text("http { server { location / {\nproxy_pass http://a;\n}}}")
    clean = CliRunner().invoke(main, ["check", "--edge-config", str(path)])
    path.write_text(path.read_text().replace("://a;", "://a; expires 1h;"))
    bad = CliRunner().invoke(main, ["check", "--edge-config", str(path)])
    wrong = CliRunner().invoke(main, ["check", "--edge-config", str(path), "http://a"])

    assert (clean.exit_code, clean.stdout) == (0, "")
    assert bad.exit_code == 1
    assert bad.stdout.startswith(f"{path}:2: NC803 expires 1h: adds a Cache-Control")
    assert "1 finding" in bad.stderr
    assert wrong.exit_code == 2
    assert "no URL" in wrong.stderr


def test_a_condition_within_a_location_hands_on_to_its_app(tmp_path: Path) -> None:
    text = (
        "server { location / {\nproxy_pass http://a;\nif ($arg_x) { expires 1h; } } }"
    )

    (problem,) = found_in(tmp_path, text)
    assert problem.startswith("NC803 nginx.conf:3 expires 1h: ")


def test_a_field_of_the_request_that_is_dropped_altogether_is_not_lost(
    tmp_path: Path,
) -> None:
    text = """server {
    proxy_set_header Range $mine;
    location /a/ { proxy_pass http://a; proxy_set_header Range ""; }
    location /b/ { proxy_pass http://a; proxy_set_header Range $other; }
    }"""

    (problem,) = found_in(tmp_path, text)
    assert problem.startswith("NC804 nginx.conf:4 location /b/ has proxy_set_header")
