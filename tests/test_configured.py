"""``config=``: the file, in every shell, and what Python says beside it."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap

import flask
import pytest
from asgi_driver import NO_STORE_LINE, http_scope, run, sending, start
from starlette.applications import Starlette
from starlette.testclient import TestClient

from asgi_nocache import (
    APP_DECIDES,
    NO_STORE,
    PUBLIC,
    REVALIDATE,
    ConfigurationError,
    NoCacheMiddleware,
    Rule,
)
from asgi_nocache.config import read_config
from asgi_nocache.flask import as_asgi
from asgi_nocache.starlette import install
from asgi_nocache.wsgi import NoCacheWSGIMiddleware

FLOOR = """
[[rules]]
path = "/account/**"
policy = "no-store"
floor = true
"""
FILE = """
extends = ["base.toml"]
default = "revalidate"
mode = "override"
guards-off = ["cookie"]
error-response = false
reject-ambiguous = true

[[rules]]
path = "/a"
policy = { cache-control = "public, max-age=60" }
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base.toml").write_text(FLOOR)
    (tmp_path / "nocache.toml").write_text(FILE)
    return "nocache.toml"


def test_the_file_decides(file):
    """As if its words stood in Python."""
    app = NoCacheMiddleware(sending(start()), config=file)

    assert run(app, http_scope("/a"))[0]["headers"] == [
        (b"cache-control", b"public, max-age=60")
    ]
    assert run(app, http_scope("/account/a"))[0]["headers"][0] == NO_STORE_LINE
    assert app.policy_set.default == REVALIDATE
    assert app.policy_set.mode == "override"
    assert "cookie" not in app.policy_set.guards


def test_options_of_the_file(file):
    """They are heard, too: an ambiguous target is refused, no 500 is sent."""

    async def broken(scope, receive, send):
        raise LookupError

    app = NoCacheMiddleware(broken, config=file)

    sent = run(app, http_scope("/static/..%2faccount"))
    assert sent[0]["status"] == 404
    with pytest.raises(LookupError):
        run(app, http_scope("/b"))


def test_python_comes_last(file):
    """Its rules are tried first, and what it says counts."""
    app = NoCacheMiddleware(
        sending(),
        config=file,
        rules=iter([Rule("/a", PUBLIC(1))]),
        default=NO_STORE,
        mode="stricter",
        guards=["cookie"],
    )

    policy_set = app.policy_set
    assert [repr(rule) for rule in policy_set.rules] == [
        "Rule('/a', PUBLIC(max_age=1))",
        "Rule('/account/**', NO_STORE, floor=True)",
    ]
    assert (policy_set.default, policy_set.mode) == (NO_STORE, "stricter")
    assert policy_set.guards == {"cookie"}


def test_floors_of_a_file_bind_python(file):
    """Whoever wrote the rule would not know that it has no effect."""
    with pytest.raises(ConfigurationError) as caught:
        NoCacheMiddleware(
            sending(), config=file, rules=[Rule("/account/me", PUBLIC(1))]
        )

    assert caught.value.place == "NoCacheMiddleware"
    assert caught.value.problems[0].startswith(
        "NoCacheMiddleware: Rule('/account/me', PUBLIC(max_age=1)) is looser than the "
        "floor Rule('/account/**', NO_STORE, floor=True) of base.toml line 2"
    )
    everything = read_config(
        {"rules": [{"path": "/**", "policy": "no-store", "floor": True}]}
    )
    with pytest.raises(ConfigurationError, match="default APP_DECIDES is looser"):
        NoCacheMiddleware(sending(), config=everything, default=APP_DECIDES)


def test_problems_of_python_beside_a_file(file):
    """Told as without one."""
    with pytest.raises(ConfigurationError) as caught:
        NoCacheMiddleware(sending(), config=file, rules=["/a"], default="no", mode="x")  # type: ignore[list-item, arg-type]
    assert len(caught.value.problems) == 3
    with pytest.raises(ConfigurationError, match=r"rules='/a' is not a list of rules"):
        NoCacheMiddleware(sending(), config=file, rules="/a")  # type: ignore[arg-type]


def test_what_was_read_can_be_shared(file):
    """By several apps, without reading it again."""
    config = read_config({"default": "revalidate"})

    assert NoCacheMiddleware(sending(), config=config).policy_set.default == REVALIDATE


def test_every_shell_takes_a_file(file):
    """install(), as_asgi() and the WSGI middleware."""
    starlette = install(Starlette(), config=file)
    assert TestClient(starlette).get("/a").headers["cache-control"].startswith("no-st")
    bridged = as_asgi(flask.Flask("x"), config=file)
    assert bridged.policy_set.default == REVALIDATE
    plain = NoCacheWSGIMiddleware(flask.Flask("x"), config=file)
    assert plain.policy_set.default == REVALIDATE
    decided = Starlette()
    decided.add_middleware(NoCacheMiddleware, config=file)
    assert TestClient(decided).get("/").headers["cache-control"]


def test_a_wrong_file_is_told_at_once(file, tmp_path):
    """On import, with its name, not at the first request."""
    (tmp_path / "nocache.toml").write_text("mode = 'lax'")
    with pytest.raises(ConfigurationError, match=r"nocache.toml: line 1, mode: 'lax'"):
        install(Starlette(), config=file)


def test_without_a_file_nothing_of_it_is_imported():
    """Most apps have none."""
    code = """
        import json, sys
        from asgi_nocache import NoCacheMiddleware
        async def app(scope, receive, send): pass
        NoCacheMiddleware(app)
        print(json.dumps([m for m in sys.modules if "config" in m or m == "tomllib"]))
    """
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip

    assert not [m for m in json.loads(ran.stdout) if "asgi_nocache" in m]
