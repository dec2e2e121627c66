"""One contender behind uvicorn, on a socket that the parent process opened.

`python -m benchmarks.server APP CONTENDER FD`; `overwire` starts them.
"""

from __future__ import annotations

import os
import socket
import sys
from typing import TYPE_CHECKING, Any

from benchmarks.cases import OURS_0, OURS_10000, PUBLIC_TEXT, RELAXING
from benchmarks.contenders import (
    BARE,
    BASE_HTTP,
    FIELDS,
    HAND_WRITTEN,
    PEERS,
    Contender,
    mixed_rules,
    ours,
    relaxing_rule,
)
from benchmarks.process import obey
from benchmarks.workloads import SMALL_RESPONSE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.workloads import ASGIApp

SAME = "bare app, a second process"
"""The bare app against itself: what it is off by is the noise of the method."""

FLOOR = "bare app, uvicorn adds the fields"
"""Three more lines to write cost the server, too: no middleware can be cheaper."""


async def raw(scope: Any, receive: Any, send: Any) -> None:
    """Answer at once: the least app there can be, so the greatest relative cost."""
    fields = list(SMALL_RESPONSE)
    await send({"type": "http.response.start", "status": 200, "headers": fields})
    await send({"type": "http.response.body", "body": b'{"item": 42}\n'})


def framework() -> ASGIApp:
    """Return a FastAPI app: one parameter, one JSON object; and a style sheet."""
    from fastapi import FastAPI, Response

    app = FastAPI()

    @app.get("/items/{number}")
    async def item(number: int) -> dict[str, int]:
        return {"item": number}

    @app.get("/static/{name}")
    async def static(name: str) -> Response:
        return Response(b"p { margin: 0 }\n", media_type="text/css")

    return app


def dropdown() -> ASGIApp:
    """Return a FastAPI app that answers as the dropdown's did: fifty saved items."""
    from fastapi import FastAPI
    from pydantic import BaseModel

    class Item(BaseModel):
        id: int
        name: str
        saved: bool = True

    app = FastAPI()
    saved = [Item(id=number, name=f"Item {number}") for number in range(50)]

    @app.get("/items/{owner}", response_model=list[Item])
    async def items(owner: int) -> Any:
        return saved

    return app


def _ours_many() -> Contender:
    return ours(OURS_10000, mixed_rules(10_000))


def _ours_relaxing() -> Contender:
    return ours(RELAXING, [relaxing_rule()], PUBLIC_TEXT)


APPS: Mapping[str, Callable[[], ASGIApp]] = {
    "raw": lambda: raw,
    "FastAPI": framework,
    "FastAPI dropdown": dropdown,
}
OURS: Mapping[str, Callable[[], Contender]] = {
    OURS_0: lambda: ours(OURS_0),
    OURS_10000: _ours_many,
    RELAXING: _ours_relaxing,
}
OTHERS = {each.name: each for each in (BARE, HAND_WRITTEN, *PEERS, BASE_HTTP)}


def contender(name: str) -> Contender:
    """Return the contender called *name*; rules are built for who needs them."""
    if name in OURS:
        return OURS[name]()
    return OTHERS[BARE.name if name in (SAME, FLOOR) else name]


def main() -> None:
    """Serve the named contender around the named app until told to stop."""
    import uvicorn

    app_name, name, fileno = sys.argv[1:]
    app = contender(name).build(APPS[app_name]())
    obey(stop=lambda: os._exit(0))
    config = uvicorn.Config(
        app,
        lifespan="off",
        access_log=False,
        log_level="warning",
        interface="asgi3",
        headers=[(k.decode(), v.decode()) for k, v in FIELDS if name == FLOOR],
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(fileno))])


if __name__ == "__main__":
    main()
