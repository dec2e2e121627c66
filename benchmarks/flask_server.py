"""The Flask app served in one way, on a socket that the parent process opened.

`python -m benchmarks.flask_server CONTENDER FILE FD`; `flask_bridge` starts them. All
are set to the same number of threads, and to write no logs.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING, Any

from benchmarks.process import obey

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flask import Flask

    from benchmarks.workloads import ASGIApp

THREADS = 32

GTHREAD = "gunicorn gthread"
A2WSGI = "a2wsgi"
ASGIREF = "asgiref WsgiToAsgi"
OURS = "ours"
BRIDGE = "ours, the bridge alone"


def _a2wsgi(app: Flask) -> ASGIApp:
    from a2wsgi import WSGIMiddleware

    return WSGIMiddleware(app, workers=THREADS)


def _asgiref(app: Flask) -> ASGIApp:
    from asgiref.wsgi import WsgiToAsgi

    return WsgiToAsgi(app)


def _ours(app: Flask) -> ASGIApp:
    from asgi_nocache.flask import as_asgi

    return as_asgi(app, workers=THREADS)


def _bridge(app: Flask) -> ASGIApp:
    from asgi_nocache.flask import Bridge

    return Bridge(app, workers=THREADS)


BRIDGES: Mapping[str, Callable[[Flask], ASGIApp]] = {
    A2WSGI: _a2wsgi,
    ASGIREF: _asgiref,
    OURS: _ours,
    BRIDGE: _bridge,
}


def by_gunicorn(app: Flask, fileno: int) -> None:
    """Serve *app* as WSGI, by one worker with threads."""
    from gunicorn.app.base import BaseApplication

    options = {
        "bind": f"fd://{fileno}",
        "worker_class": "gthread",
        "workers": 1,
        "threads": THREADS,
        "loglevel": "critical",
        "graceful_timeout": 2,
        "control_socket_disable": True,
        # The worker answers, since it is what works; its parent is who stops.
        "post_worker_init": lambda worker: obey(
            stop=lambda: os.kill(os.getppid(), signal.SIGINT)
        ),
    }

    class Application(BaseApplication):
        def load_config(self) -> None:
            for name in options.keys() & self.cfg.settings:
                self.cfg.set(name, options[name])

        def load(self) -> Any:
            return app

    Application().run()


def by_uvicorn(app: ASGIApp, fileno: int) -> None:
    """Serve *app* as ASGI, with the parser and the loop in C."""
    import uvicorn

    obey(stop=lambda: os._exit(0))
    config = uvicorn.Config(
        app,
        http="httptools",
        loop="uvloop",
        lifespan="off",
        access_log=False,
        interface="asgi3",
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=fileno)])


def main() -> None:
    """Serve the app in the named way until told to stop."""
    from benchmarks.flask_app import build

    name, file, fileno = sys.argv[1:]
    app = build(file)
    # Errors are counted by who asked; their tracebacks would fill a pipe in the end.
    logging.disable()
    if name == GTHREAD:
        by_gunicorn(app, int(fileno))
    else:
        by_uvicorn(BRIDGES[name](app), int(fileno))


if __name__ == "__main__":
    main()
