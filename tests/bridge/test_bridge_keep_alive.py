"""Keep-alive: many requests on one connection, on real servers."""

from collections import Counter
from typing import Any

import pytest
from asgiref.wsgi import WsgiToAsgi
from bridge_servers import SERVERS, Connection, asked, served
from flask import Flask, request

from asgi_nocache.flask import as_asgi

REQUESTS = 10_000


def make_flask() -> Flask:
    app = Flask(__name__)

    @app.get("/")
    def plain() -> dict[str, int]:
        return {"one": 1}

    @app.post("/")
    def back() -> bytes:
        return request.get_data()

    return app


def statuses(app: Any, server: str, requests: int) -> Counter[int]:
    """Ask one after the other; 0 stands for a connection that was ended."""
    seen: Counter[int] = Counter()
    with served(app, server, lifespan="auto") as port:
        connection = Connection(port)
        for _ in range(requests):
            try:
                seen[connection.ask().status] += 1
            except ConnectionError:
                seen[0] += 1
                connection.close()
                connection = Connection(port)
        connection.close()
    return seen


@pytest.mark.parametrize("server", SERVERS)
def test_all_requests_of_a_connection_are_answered(server: str) -> None:
    """The first as well as the ten-thousandth."""
    assert statuses(as_asgi(make_flask()), server, REQUESTS) == {200: REQUESTS}


def test_the_loop_can_fail() -> None:
    """The negative twin: what the bridge is built on answers 500 now and then."""
    seen = statuses(WsgiToAsgi(make_flask()), "httptools", 300)

    assert seen[500] > 0


@pytest.mark.parametrize("server", SERVERS)
def test_bodies_do_not_get_mixed_up(server: str) -> None:
    """Each response belongs to its request, whether or not there was a body."""
    app = as_asgi(make_flask())
    with served(app, server) as port, Connection(port) as connection:
        for number in range(100):
            sent = f"body {number}".encode() * number
            field = f"Content-Length: {len(sent)}"
            assert connection.ask("POST /", field, body=sent).body == sent
            assert connection.ask().body == b'{"one":1}\n'


@pytest.mark.parametrize("server", SERVERS)
def test_connections_do_not_get_mixed_up(server: str) -> None:
    """Many connections at the same time, each with an answer of its own."""
    with served(as_asgi(make_flask()), server) as port:
        connections = [Connection(port) for _ in range(50)]
        for turn in range(5):
            for number, each in enumerate(connections):
                sent = f"{turn} {number}".encode()
                each.begin("POST /", f"Content-Length: {len(sent)}", body=sent)
            for number, each in enumerate(connections):
                assert each.read().body == f"{turn} {number}".encode()
        for each in connections:
            each.close()


@pytest.mark.parametrize("server", SERVERS)
def test_the_fields_of_the_policy_are_on_the_wire(server: str) -> None:
    """As under any other ASGI app."""
    with served(as_asgi(make_flask()), server) as port:
        answer = asked(port)

    assert answer.values(b"cache-control") == [
        b"no-store, no-cache, must-revalidate, private, max-age=0"
    ]
