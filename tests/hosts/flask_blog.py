"""A Flask app with blueprints, for the tests of rules and of mounts."""

from __future__ import annotations

import flask


def number_of(number: int = 0) -> str:
    return str(number)


def make_blog() -> flask.Blueprint:
    """Return a blueprint with two views, and another inside."""
    comments = flask.Blueprint("comments", __name__)
    comments.add_url_rule("/comments", "show", number_of)
    blog = flask.Blueprint("blog", __name__)
    blog.add_url_rule("/posts/<int:number>", "show", number_of)
    blog.add_url_rule("/posts", "index", number_of)
    blog.register_blueprint(comments)
    return blog


def make_app() -> flask.Flask:
    app = flask.Flask(__name__)
    app.register_blueprint(make_blog())
    app.register_blueprint(make_blog(), name="again", url_prefix="/again")

    @app.get("/plain")
    def plain() -> str:
        return "plain"

    @app.get("/boom")
    def boom() -> str:
        raise LookupError

    @app.get("/cookie")
    def cookie() -> flask.Response:
        response = flask.make_response("x")
        response.set_cookie("a", "b")
        return response

    @app.get("/slash/")
    def slash() -> str:
        return "x"

    @app.get("/where")
    def where() -> str:
        return flask.url_for("where")

    return app
