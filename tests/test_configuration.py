"""Configuration errors: at once, all together, with value, place and remedy."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest
from asgi_driver import sending
from starlette.applications import Starlette

from asgi_nocache import (
    NO_STORE,
    PUBLIC,
    ConfigurationError,
    NoCacheMiddleware,
    Rule,
    cache_policy,
    nocache,
)
from asgi_nocache.starlette import install


def test_the_middleware_reports_all_its_problems_together():
    """Nobody should mend a configuration one restart at a time."""
    with pytest.raises(ConfigurationError) as caught:
        NoCacheMiddleware(
            sending(),
            rules=[Rule("/a", NO_STORE), "/b"],  # type: ignore[list-item]
            default="no-store",  # type: ignore[arg-type]
            mode="strict",  # type: ignore[arg-type]
            guards=["cookies"],
        )
    assert caught.value.problems == (
        "rules: number 2, '/b', is not a Rule; "
        "write Rule('/path/**', PUBLIC(max_age=60))",
        "default='no-store' is not a Policy; use a preset",
        "mode='strict' is unknown; choose 'stricter', 'override', 'if-missing', "
        "'report'",
        "guards: 'cookies' is unknown; choose ambiguous_target, authorization, cookie, "
        "error_status, extension_mismatch, set_cookie, unsafe_method",
    )
    assert str(caught.value).startswith("NoCacheMiddleware: 4 problems\n  - rules")


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        ("/a", "rules='/a' is not a list of rules; write rules=[Rule(...)]"),
        (Rule("/a", NO_STORE), "is not a list of rules; write rules=[Rule(...)]"),
        (None, "rules=None is not a list of rules"),
    ],
)
def test_rules_must_be_a_list(rules, problem):
    """A bare string or rule where a sequence is expected."""
    with pytest.raises(ConfigurationError) as caught:
        NoCacheMiddleware(sending(), rules=rules)
    assert problem in str(caught.value)


def test_a_preset_that_was_not_called_is_explained():
    """The most likely slip of all."""
    with pytest.raises(ConfigurationError, match=r"PUBLIC is not a Policy; call it"):
        Rule("/a", PUBLIC)  # type: ignore[arg-type]


def test_the_decorators_say_what_they_were_given():
    """Where the decorator stands, not when the endpoint runs."""
    with pytest.raises(ConfigurationError, match="'no-store' is not a Policy"):
        cache_policy("no-store")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="mode='x' is unknown"):
        cache_policy(NO_STORE, mode="x")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="3 is not callable"):
        nocache(3)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("app", "problem"),
    [
        (sending(), "is not a Starlette or FastAPI app; write NoCacheMiddleware(app)"),
        (install(Starlette()), "has NoCacheMiddleware already"),
    ],
)
def test_install_refuses_what_it_cannot_serve(app, problem):
    """With the line that would work."""
    with pytest.raises(ConfigurationError) as caught:
        install(app)
    assert problem in str(caught.value)


SERVED = {
    "wrapped": "app = NoCacheMiddleware(Starlette(), rules=[Rule('items', NO_STORE)])",
    "installed": "app = install(Starlette(), rules=[Rule('items', NO_STORE)])",
}


@pytest.mark.parametrize("form", SERVED)
def test_uvicorn_exits_with_the_message_as_its_last_lines(tmp_path, form):
    """A wrong rule stops the server when it imports the app, not at a request."""
    (tmp_path / "served.py").write_text(
        textwrap.dedent(
            f"""
            from starlette.applications import Starlette
            from asgi_nocache import NO_STORE, NoCacheMiddleware, Rule
            from asgi_nocache.starlette import install
            {SERVED[form]}
            """
        )
    )
    done = subprocess.run(
        [sys.executable, "-m", "uvicorn", "served:app", "--port", "0"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode != 0
    assert done.stderr.strip().splitlines()[-1] == (
        "asgi_nocache.ConfigurationError: Rule('items', NO_STORE): "
        "path 'items' has no leading slash; write '/items'"
    )


def test_install_refuses_what_was_added_afterwards():
    """``add_middleware`` after ``install`` shows when the stack is built."""
    app = install(Starlette())
    app.add_middleware(NoCacheMiddleware)
    with pytest.raises(ConfigurationError, match="wrapped already"):
        app.build_middleware_stack()


async def test_an_installed_app_needs_its_stack():
    """Nothing can be served before Starlette has built it."""
    app = install(Starlette())
    unbuilt = app.build_middleware_stack.__self__._middleware
    with pytest.raises(RuntimeError, match="the stack is not built"):
        await unbuilt.app({}, None, None)


def test_what_is_no_app_is_refused():
    """The likeliest cause is a factory that returned nothing."""
    with pytest.raises(ConfigurationError, match="app=None is no app; give the one"):
        NoCacheMiddleware(None)  # type: ignore[arg-type]
