"""Listening and serving: a socket of our own, and uvicorn on it.

What can go wrong before the first request belongs here, told in one line. Which
app is served, and where, is decided by the caller.
"""

import contextlib
import socket
import sys

import click
import uvicorn
from starlette.types import ASGIApp

# Where "every address" is listened on, the visitor still needs one to open.
_EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - looked up only


def listen(host: str, port: int) -> socket.socket:
    """Take the address before uvicorn does, so that a taken one is told in a line.

    Args:
        host: A name or an address, IPv4 or IPv6.
        port: 0 takes a free one.

    Raises:
        click.ClickException: Nobody can listen there; names host, port, reason
            and remedy.
    """
    try:
        return _listening_socket(host, port)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise click.ClickException(
            f"cannot listen on {host} port {port}: {reason}; choose another --port "
            "(--port 0 takes a free one) or another --host"
        ) from None


def _listening_socket(host: str, port: int) -> socket.socket:
    [(family, kind, protocol, _, address), *_] = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    with contextlib.ExitStack() as undo:
        sock = undo.enter_context(socket.socket(family, kind, protocol))
        # Windows alone would let it share a port that is in use.
        reuse = sys.platform != "win32"
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, reuse)
        sock.bind(address)
        # Two sockets may bind one address; only one of them may listen.
        sock.listen()
        undo.pop_all()
    return sock


def url_of(sock: socket.socket) -> str:
    """The URL to open for a listening socket."""
    host, port = map(str, sock.getsockname()[:2])
    host = _EVERY_ADDRESS.get(host, host)
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def serve(app: ASGIApp, host: str, port: int) -> None:
    """Serve *app* until Ctrl-C, having said where.

    Raises:
        click.ClickException: The address cannot be listened on.
    """
    with listen(host, port) as sock:
        click.echo(f"The stale dropdown and its cure: {url_of(sock)}")
        click.echo("Save an item on both sides and compare. Ctrl-C stops.")
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                lifespan="off",
                log_level="warning",
                timeout_graceful_shutdown=1,
            )
        )
        # uvicorn stops in good order, then raises the signal again. Here Ctrl-C
        # is the way to stop, not an accident.
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[sock])
