"""What ``audit``, ``explain``, ``check`` and ``rules`` do once options are read.

Loads, calls, prints, and returns the exit code; nothing is decided here. What
programs read goes to stdout, everything else to stderr.
"""

from __future__ import annotations

import contextlib
import io
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from .._core.errors import ConfigurationError
from . import baseline
from .checks import explain as pages
from .explain import explain
from .report import WRITERS, as_page
from .report.since import Kept, read_before
from .report.terminal import show_audit, show_checked, show_story
from .report.texts import clean
from .routes import find_routes
from .ruled import anywhere
from .run import Options, audit
from .shell import (
    CLEAN,
    FOUND,
    NOT_LOADED,
    PIPED_WIDTH,
    UsageProblem,
    console,
    fields_of,
    load,
    policy_of,
    say,
    told_plainly,
)
from .values import Audit, Route, Severity


@told_plainly
def run_audit(
    *,
    target: str | None,
    app_dir: str,
    factory: bool,
    config: str | None,
    form: str,
    output: str | None,
    since: str | None,
    fail_on: str,
    exit_zero: bool,
    drive: bool,
    headers: Sequence[str],
    require: bool,
    pedantic: bool,
    quiet: bool,
    baseline: str | None,
    update_baseline: bool,
    reason: str,
    no_color: bool,
) -> int:
    """Audit an app and print the report; see the command's help."""
    if update_baseline and not reason.strip():
        raise UsageProblem("--update-baseline needs --reason 'why this may stay'")
    before = _before(form, output, since)
    loaded = load(target, app_dir, factory, config)
    options = Options(
        require=require,
        pedantic=pedantic,
        driven=drive,
        fields=fields_of(headers, "--header"),
        baseline=None if update_baseline else _baseline(baseline),
    )
    with _progress(drive and form == "text") as step:
        found = audit(loaded.app, loaded.name, options, _today(), step)
    if update_baseline and found.rows:
        _update(found, baseline, reason)
        return CLEAN
    _write(found, form, output, before, routes=not quiet, no_color=no_color)
    if not found.rows:
        return NOT_LOADED
    if exit_zero or fail_on == "never":
        return CLEAN
    return FOUND if found.counting(Severity(fail_on)) else CLEAN


@told_plainly
def run_explain(
    *,
    words: Sequence[str],
    app_dir: str,
    factory: bool,
    config: str | None,
    headers: Sequence[str],
    status: int | None,
    sent: Sequence[str],
    no_color: bool,
) -> int:
    """Tell the story of one request."""
    target, method, path = _asked(words)
    if config is not None and target is None:
        routes: Sequence[Route] = [anywhere(policy_of(config))]
    else:
        routes = find_routes(load(target, app_dir, factory, config).app)
    story = explain(
        routes,
        method.upper(),
        path,
        fields=fields_of(headers, "--header"),
        status=status,
        sent=fields_of(sent, "--sent"),
        now=time.time(),
    )
    show_story(story, console(no_color))
    return CLEAN


def _asked(words: Sequence[str]) -> tuple[str | None, str, str]:
    """Return app, method and path; the app may be left out."""
    if len(words) not in (2, 3):
        raise UsageProblem("write [MODULE:APP] METHOD PATH, such as main:app GET /me")
    target = words[0] if len(words) == 3 else None
    if not words[-1].startswith("/"):
        raise UsageProblem(f"{words[-1]!r} is no path; it begins with /")
    return target, words[-2], words[-1]


@told_plainly
def run_check(
    *, urls: Sequence[str], users: Sequence[str], timeout: float, no_color: bool
) -> int:
    """Ask for live URLs and print what came."""
    from .live import check

    people = [
        (f"user {number} ({line.partition(':')[0]})", fields_of([line], "--as"))
        for number, line in enumerate(users, 1)
    ]
    out = console(no_color)
    checked = [check(url, people, timeout=timeout) for url in urls]
    for each in checked:
        show_checked(each, out)
    if any(each.findings for each in checked):
        return FOUND
    return NOT_LOADED if any(each.failed for each in checked) else CLEAN


@told_plainly
def run_rules(codes: Sequence[str]) -> int:
    """Print the pages of the codes, or of all."""
    for code in codes or ("NC",):
        sys.stdout.write(pages(code) + "\n")
    return CLEAN


def _baseline(given: str | None) -> Path | None:
    path = Path(given or baseline.FILE)
    return path if given or path.exists() else None


def _update(found: Audit, given: str | None, reason: str) -> None:
    path = Path(given or baseline.FILE)
    old = baseline.load(path) if path.exists() else baseline.parse(_EMPTY, str(path))
    new = baseline.updated(old, found.findings, reason, looked_for=found.looked_for)
    baseline.save(new)
    say(f"{path}: {len(new.entries)} known")


_EMPTY = '{"version": 1, "entries": []}'


def _before(form: str, output: str | None, since: str | None) -> Kept | None:
    """Return the report to compare with: the named one, or the one to be replaced."""
    if form != "html":
        if since is not None:
            raise UsageProblem(f"--since {since!r} is for --format html only")
        return None
    if since is not None:
        try:
            text = Path(since).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageProblem(f"--since {since!r} cannot be read: {error}") from error
        return read_before(text, f"--since {since}")
    # What is replaced need not be a report; then there is nothing to compare with.
    with contextlib.suppress(OSError, UnicodeDecodeError, ConfigurationError):
        return read_before(Path(output or "").read_text(encoding="utf-8"))
    return None


def _write(
    found: Audit,
    form: str,
    output: str | None,
    before: Kept | None,
    *,
    routes: bool,
    no_color: bool,
) -> None:
    if form == "text" and output is None:
        show_audit(found, console(no_color), routes=routes)
        return
    if form == "text":
        text = _plain(found, routes=routes)
    else:
        text = as_page(found, before) if form == "html" else WRITERS[form](found)
    if output is None:
        sys.stdout.write(text)
        return
    try:
        Path(output).write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise UsageProblem(f"{output} cannot be written: {error}") from error
    say(f"{output}: written")


def _plain(found: Audit, *, routes: bool) -> str:
    file = io.StringIO()
    show_audit(
        found, Console(file=file, width=PIPED_WIDTH, color_system=None), routes=routes
    )
    return file.getvalue()


@contextlib.contextmanager
def _progress(wanted: bool) -> Iterator[Callable[[int, int, str], None]]:
    """Show on stderr which route is asked, where somebody looks."""
    stderr = Console(stderr=True)
    if not (wanted and stderr.is_terminal):
        yield lambda *_: None
        return
    columns: list[Any] = [TextColumn("{task.description}"), BarColumn()]
    with Progress(
        *columns, MofNCompleteColumn(), console=stderr, transient=True
    ) as bar:
        task = bar.add_task("asking")

        def step(count: int, total: int, what: str) -> None:
            bar.update(task, completed=count, total=total, description=clean(what))

        yield step


def _today() -> Any:
    return datetime.now(UTC).date()
