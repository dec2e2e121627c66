"""Flask under ``as_asgi``: rules, and what Flask answers by itself.

Files and mounts are in ``test_flask_mounts.py``, marks in ``test_flask_marks.py``,
the bridge itself in ``tests/bridge``.
"""

from typing import Any

import pytest
from driver import NEVER_STORE, PUBLISHED, RELAXED, ask
from flask_blog import make_app

from asgi_nocache import (
    NO_STORE,
    Rule,
)
from asgi_nocache.flask import as_asgi

HOUR = {"cache-control": "public, max-age=3600"}


PATHS = (
    "/plain",
    "/posts",
    "/posts/1",
    "/comments",
    "/again/posts",
    "/again/posts/1",
    "/again/comments",
)


def published(**conditions: Any) -> set[str]:
    """Return which paths a rule with *conditions* publishes."""
    served = as_asgi(make_app(), rules=[Rule(None, RELAXED, **conditions)])
    answers = {path: ask(served, path) for path in PATHS}
    assert {a.status for a in answers.values()} == {200}
    assert all(a.cache in (PUBLISHED, NEVER_STORE) for a in answers.values())
    return {path for path, answer in answers.items() if answer.cache == PUBLISHED}


# Rules


RULES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "no condition": ({}, set(PATHS)),
    "an endpoint": ({"endpoints": ["plain"]}, {"/plain"}),
    "an endpoint of a blueprint": ({"endpoints": ["blog.show"]}, {"/posts/1"}),
    "one of another name": ({"endpoints": ["again.show"]}, {"/again/posts/1"}),
    "one deeper": ({"endpoints": ["blog.comments.show"]}, {"/comments"}),
    "all of a blueprint": (
        {"endpoints": ["again.*"]},
        {"/again/posts", "/again/posts/1", "/again/comments"},
    ),
    "no endpoint": ({"endpoints": ["show"]}, set()),
    "a template": ({"endpoints": ["/posts/<int:number>"]}, {"/posts/1"}),
    "a template with a prefix": (
        {"endpoints": ["/again/posts/<int:number>"]},
        {"/again/posts/1"},
    ),
    "several": ({"endpoints": ["plain", "/posts"]}, {"/plain", "/posts"}),
    "a tag": ({"tags": ["blog"]}, {"/posts", "/posts/1", "/comments"}),
    "a tag of a blueprint inside": ({"tags": ["again.comments"]}, {"/again/comments"}),
    "a tag that nothing has": ({"tags": ["plain"]}, set()),
    "status": ({"status": 200}, set(PATHS)),
}


@pytest.mark.parametrize("case", RULES)
def test_a_rule_asks_for_the_route(case: str) -> None:
    """By what Flask calls its views, templates and blueprints; no other matches."""
    conditions, expected = RULES[case]

    assert published(**conditions) == expected


def test_a_rule_asks_for_the_dotted_name() -> None:
    """As on any host: the module's and the function's."""
    name = "flask_blog.make_app.<locals>.plain"

    assert published(endpoints=[name]) == {"/plain"}


def test_a_rule_asks_for_the_path() -> None:
    """Which needs nothing of Flask's."""
    served = as_asgi(make_app(), rules=[Rule("/posts/{id:int}", RELAXED)])

    assert ask(served, "/posts/1").cache == PUBLISHED
    assert ask(served, "/posts").cache == NEVER_STORE


def test_the_route_of_one_request_is_not_the_nexts() -> None:
    """Though one worker serves both."""
    rules = [Rule(None, RELAXED, endpoints=["plain"])]
    served = as_asgi(make_app(), rules=rules, workers=1)
    for _ in range(2):
        assert ask(served, "/plain").cache == PUBLISHED
        assert ask(served, "/nowhere").cache == NEVER_STORE
        assert ask(served, "/posts").cache == NEVER_STORE


def test_two_apps_may_call_their_views_the_same() -> None:
    """Each policy looks at its own app."""
    rules = [Rule(None, RELAXED, endpoints=["plain"])]
    one, two = as_asgi(make_app(), rules=rules), as_asgi(make_app())

    assert ask(one, "/plain").cache == PUBLISHED
    assert ask(two, "/plain").cache == NEVER_STORE


# What Flask answers by itself


ANSWERS = {
    "404": ("/nowhere", "GET", 404),
    "405": ("/plain", "POST", 405),
    "500": ("/boom", "GET", 500),
}


@pytest.mark.parametrize("default", [NO_STORE, RELAXED])
@pytest.mark.parametrize("case", ANSWERS)
def test_error_pages_are_never_stored(case: str, default: Any) -> None:
    """Under any default; Flask's own page is left as it is."""
    path, method, status = ANSWERS[case]
    served = as_asgi(make_app(), default=default)
    answer = ask(served, path, method=method)

    assert (answer.status, answer.cache) == (status, NEVER_STORE)
    assert answer.body.startswith(b"<!doctype html>")


def test_a_redirect_to_the_slash() -> None:
    """It has no endpoint, so the default decides."""
    answer = ask(as_asgi(make_app()), "/slash")

    assert (answer.status, answer.cache) == (308, NEVER_STORE)


def test_an_automatic_answer_to_options() -> None:
    """It is the policy's, as is any other."""
    served = as_asgi(make_app(), rules=[Rule("/plain", RELAXED)])

    assert ask(served, "/plain", method="OPTIONS").cache == PUBLISHED
    assert ask(served, "/posts", method="OPTIONS").cache == NEVER_STORE


def test_a_cookie_keeps_shared_caches_out() -> None:
    """The guards work as on any host."""
    answer = ask(as_asgi(make_app(), default=RELAXED), "/cookie")

    assert answer.cache == {"cache-control": "private, max-age=60"}


def test_an_error_that_flask_lets_through() -> None:
    """As under test and debug settings: the middleware answers, and it goes on."""
    app = make_app()
    app.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(LookupError):
        ask(as_asgi(app), "/boom")
