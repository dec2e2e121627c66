"""What ``init`` and ``schema`` do: a first configuration file, and its schema.

The file leaves an app as it is: mode report, to a last day, and a baseline of what
the audit finds already. No Python is edited; what to add there is printed.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from ..config import FILE, read_config, schema
from . import baseline
from .routes import find_routes
from .ruled import wrapped
from .run import Options, audit
from .shell import CLEAN, NOT_LOADED, UsageProblem, load, say, told_plainly, write
from .values import Kind, Route

REASON = "there before the policy (asgi-nocache init)"
#: NC307 is about mode report, and may stay as long as the mode.
_REPORTS = "NC307"

_HEAD = """\
# The caching policy of {name}. What each key means: asgi-nocache schema

# Nothing is changed yet: what would be is counted and logged. Delete these two lines
# when the log holds no surprise; after the day, the audit fails.
mode = "report"
report-until = {until}

# What applies where no rule and no decorator does: no cache may store it.
default = "no-store"

# What may be cached is declared; the first rule that matches decides.
"""
_EXAMPLE = """\
#
# [[rules]]
# path = "{path}"
# policy = {{ cache-control = "public, max-age=3600" }}
# reason = "{reason}"
"""


@told_plainly
def run_init(
    *, target: str | None, app_dir: str, factory: bool, output: str, days: int
) -> int:
    """Write a first file and a baseline, and say what comes next."""
    path, known = Path(output), Path(baseline.FILE)
    for file in (path, known):
        if file.exists():
            raise UsageProblem(f"{file} is there already; edit it, or move it away")
    loaded = load(target, app_dir, factory)
    routes = find_routes(loaded.app)
    if not routes:
        say(f"error: {loaded.name} has no routes; is it the right app?")
        return NOT_LOADED
    today = datetime.now(UTC).date()
    until = today + timedelta(days=days)
    text = first_file(loaded.name, routes, until)
    config = read_config(tomllib.loads(text), source=output)
    found = audit(wrapped(loaded, config).app, loaded.name, Options(), today).findings
    reports = [finding for finding in found if finding.code == _REPORTS]
    entries = baseline.updated(
        baseline.Baseline(), reports, f"mode report, until {until}", expires=until
    )
    entries = baseline.updated(entries, found, REASON)
    write(path, text)
    baseline.save(entries)
    say(f"{path}: written", f"{known}: written, {len(entries.entries)} known")
    say(*_next_steps(loaded.app, loaded.name, output, until))
    return CLEAN


@told_plainly
def run_schema(*, output: str | None) -> int:
    """Write the JSON Schema of the configuration file."""
    text = json.dumps(schema(), indent=2) + "\n"
    if output is None:
        sys.stdout.write(text)
        return CLEAN
    write(Path(output), text)
    say(
        f"{output}: written",
        f'for editors, let {FILE} begin with "#:schema ./{Path(output).as_posix()}"',
    )
    return CLEAN


def first_file(name: str, routes: Sequence[Route], until: date) -> str:
    """Return the text of a first file for the app *name*, in mode report to *until*."""
    paths = sorted({_below(r.path) for r in routes if r.kind is Kind.STATIC})
    examples = [(path, "why anybody may share these files") for path in paths]
    text = _HEAD.format(name=name, until=until)
    for path, reason in examples or [("/static/**", "why anybody may share it")]:
        text += _EXAMPLE.format(path=path, reason=reason)
    return text


def _below(path: str) -> str:
    """Return the pattern for all that static files at *path* can be."""
    return re.split("[{<]", path)[0].rstrip("/") + "/**"


def _next_steps(app: Any, name: str, output: str, until: date) -> Iterator[str]:
    module, _, attribute = name.partition(":")
    for line in _wiring(app, attribute, output):
        yield line if line.startswith(" ") else line.format(module=module)
    yield f"2. asgi-nocache audit {name}: it passes now; commit both files"
    yield f"3. before {until}, read what the logger asgi_nocache says, add rules for"
    yield "   what may be cached, and delete the lines mode and report-until"


def _wiring(app: Any, attribute: str, output: str) -> Iterator[str]:
    """Yield the first step: the lines that put the file around *app*."""
    yield "1. below the last line about the app in module {module}, write:"
    if hasattr(app, "build_middleware_stack"):
        yield "     from asgi_nocache.starlette import install"
        yield f'     install({attribute}, config="{output}")'
    elif hasattr(app, "url_map") and hasattr(app, "wsgi_app"):
        yield "     from asgi_nocache.wsgi import NoCacheWSGIMiddleware"
        called = f'NoCacheWSGIMiddleware({attribute}.wsgi_app, config="{output}")'
        yield f"     {attribute}.wsgi_app = {called}"
    else:
        yield "     from asgi_nocache import NoCacheMiddleware"
        yield f'     {attribute} = NoCacheMiddleware({attribute}, config="{output}")'
