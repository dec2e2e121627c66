"""The bug this project grew from: a saved item that the dropdown does not show.

A page with a dropdown, its list and its save belong here, in the variants that show
the fault and those that hide it. The list itself is the demo's.
"""

from __future__ import annotations

import html
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from asgi_nocache.demo.items import FIRST_ITEMS, NEVER_STORE, STALE_RECIPE, Items

sys.path.append(str(Path(__file__).parents[2] / "browser"))
import drivers

NEW = "Olives"

PAGE = """<!doctype html><title>Items</title>
<link rel="icon" href="data:,">
<body data-how="{}"><select></select><button>Save</button>
<script>
const {{list, save, cache}} = JSON.parse(document.body.dataset.how);
const show = async () => {{
    const {{items}} = await (await fetch(list, {{cache}})).json();
    const options = items.map((item) => new Option(item.name));
    document.querySelector("select").replaceChildren(...options);
}};
document.querySelector("button").onclick = async () => {{
    await fetch(save, {{method: "POST", body: "{}"}});
    await show();
    document.body.dataset.state = "saved";
}};
show().then(() => {{ document.body.dataset.state = "ready"; }});
</script>"""

SEEN = """
    [...document.querySelector("select").options].map((option) => option.textContent)
"""


@dataclass(frozen=True)
class Variant:
    """How a list is answered, fetched and added to; URLs as the page has them."""

    fields: tuple[tuple[str, str], ...] = ()
    list: str = "items"
    save: str = "items/save"
    cache: str = "default"


def _control(value: str, *more: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return (("cache-control", value), *more)


_LONG_AGO = tuple(STALE_RECIPE.items())

#: Without the policy, each of these hides what was saved.
STALE: dict[str, Variant] = {
    "Last-Modified alone": Variant(_LONG_AGO),
    "a query in the list's URL": Variant(_LONG_AGO, "items?sort=name", "items"),
    "max-age=60": Variant(_control("max-age=60")),
    "private, max-age=60": Variant(_control("private, max-age=60")),
    "max-age=60, must-revalidate": Variant(_control("max-age=60, must-revalidate")),
    "private, Last-Modified": Variant(_control("private", *_LONG_AGO)),
}
#: Why it is not seen always: the same fault in each, and something that hides it.
MASKED: dict[str, Variant] = {
    "the save goes to the list's own URL": Variant(_LONG_AGO, save="items"),
    "neither validator nor lifetime": Variant(),
    "an ETag alone": Variant((("etag", '"1"'),)),
    "the script says no-store": Variant(_LONG_AGO, cache="no-store"),
    "the script says no-cache": Variant(_LONG_AGO, cache="no-cache"),
}


class Round(NamedTuple):
    """What a visitor saw after a save, and how often the list was asked for."""

    shown: tuple[str, ...]
    asked: int


STALE_ROUND = Round(FIRST_ITEMS, asked=1)
FRESH_ROUND = Round((*FIRST_ITEMS, NEW), asked=2)


def make_app(variant: Variant) -> Starlette:
    """Build the app: ``/<visit>/`` is the page, and each visit has its own list."""
    items = Items()
    how = html.escape(json.dumps(asdict(variant)))

    async def page(_: Request) -> Response:
        return HTMLResponse(PAGE.format(how, NEW), headers=NEVER_STORE)

    async def list_items(request: Request) -> Response:
        content = items.asked_for(request.path_params["visit"])
        return JSONResponse(content, headers=dict(variant.fields))

    async def save_item(request: Request) -> Response:
        visit = request.path_params["visit"]
        return JSONResponse(items.save(visit, await request.body()))

    async def count(request: Request) -> Response:
        return JSONResponse(
            items.count(request.path_params["visit"]), headers=NEVER_STORE
        )

    return Starlette(
        routes=[
            Route("/{visit}/", page),
            Route("/{visit}/items", list_items, methods=["GET"]),
            Route("/{visit}/items", save_item, methods=["POST"]),
            Route("/{visit}/items/save", save_item, methods=["POST"]),
            Route("/{visit}/count", count),
        ]
    )


def play(browser: drivers.Browser, page: str) -> Round:
    """Open *page*, a visit's, save an item as a visitor does, and look."""

    def state(name: str) -> None:
        drivers.wait_for(
            f"the page to be {name}",
            lambda: browser.evaluate(f"document.body.dataset.state === '{name}'"),
        )

    browser.open(page)
    state("ready")
    browser.evaluate("document.querySelector('button').click()")
    state("saved")
    counted = browser.evaluate("fetch('count').then((answer) => answer.json())")
    return Round(tuple(browser.evaluate(SEEN)), counted["list_requests"])
