"""What stands around our middleware, in real apps of real frameworks."""

from typing import Any

import pytest
from fastapi import FastAPI
from flask import Flask
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from asgi_nocache import NoCacheMiddleware
from asgi_nocache.audit.checks import Standing, standing
from asgi_nocache.flask import as_asgi
from asgi_nocache.starlette import install
from asgi_nocache.wsgi import NoCacheWSGIMiddleware

GZIP = "starlette.middleware.gzip.GZipMiddleware"
CORS = "starlette.middleware.cors.CORSMiddleware"
PROXY = "werkzeug.middleware.proxy_fix.ProxyFix"


def with_both() -> Starlette:
    return Starlette(
        middleware=[Middleware(GZipMiddleware), Middleware(CORSMiddleware)]
    )


async def plain(scope: Any, receive: Any, send: Any) -> None: ...


def test_without_us_all_is_inside() -> None:
    assert standing(Starlette()) == Standing()
    assert standing(GZipMiddleware(with_both())) == Standing((), (GZIP, GZIP, CORS))
    assert standing(plain) == Standing()
    assert standing(None) == Standing()


@pytest.mark.parametrize("wrap", [NoCacheMiddleware, install])
def test_outermost(wrap: Any) -> None:
    assert standing(wrap(with_both())) == Standing((), (GZIP, CORS))
    assert standing(GZipMiddleware(wrap(with_both()))) == Standing(
        (GZIP,), (GZIP, CORS)
    )


def test_added() -> None:
    app = FastAPI()
    app.add_middleware(CORSMiddleware)
    app.add_middleware(NoCacheMiddleware)
    app.add_middleware(GZipMiddleware)

    @app.middleware("http")
    async def outermost(request: Any, call_next: Any) -> None: ...

    name = f"{__name__}.test_added.<locals>.outermost"
    assert standing(app) == Standing((name, GZIP), (CORS,))


def test_older_starlettes_have_options() -> None:
    class Entry:
        cls, options = GZipMiddleware, {"dispatch": plain}

    app = Starlette()
    app.user_middleware.append(Entry())  # type: ignore[arg-type]

    assert standing(app) == Standing((), (f"{__name__}.plain",))


def test_plain_apps() -> None:
    assert standing(NoCacheMiddleware(plain)) == Standing()
    assert standing(GZipMiddleware(NoCacheMiddleware(plain))) == Standing((GZIP,), ())
    assert standing(NoCacheMiddleware(GZipMiddleware(plain))) == Standing((), (GZIP,))


def test_flask() -> None:
    app = Flask(__name__)
    assert standing(app) == Standing()
    assert standing(as_asgi(app)) == Standing()
    assert standing(as_asgi(ProxyFix(app))) == Standing((), (PROXY,))

    app.wsgi_app = NoCacheWSGIMiddleware(app.wsgi_app)  # type: ignore[method-assign]
    app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]
    assert standing(app) == Standing((PROXY,), ())


def test_a_ring() -> None:
    """What wraps itself is looked at for a while, and no longer."""
    one, other = GZipMiddleware(plain), CORSMiddleware(plain)
    one.app, other.app = other, one

    assert set(standing(one).inside) == {GZIP, CORS}
