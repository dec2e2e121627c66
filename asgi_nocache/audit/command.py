"""What ``audit``, ``explain``, ``check`` and ``rules`` do once options are read.

Loads, calls, prints, and returns the exit code; nothing is decided here. What
programs read goes to stdout, everything else to stderr.
"""

from __future__ import annotations

import contextlib
import functools
import io
import re
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ParamSpec

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from .._core.errors import ConfigurationError
from . import baseline
from .checks import UnknownCodeError
from .checks import explain as pages
from .explain import explain
from .load import AppNotLoaded, Loaded, load_app
from .report import WRITERS, as_page
from .report.since import Kept, read_before
from .report.terminal import show_audit, show_checked, show_story
from .report.texts import clean
from .routes import find_routes
from .run import Options, audit
from .values import Audit, Severity

CLEAN, FOUND, USAGE, NOT_LOADED = 0, 1, 2, 3
#: Nobody reads a longer line in a file or a pipe, and tables need some room.
_PIPED_WIDTH = 120


class UsageProblem(Exception):  # noqa: N818 - it is one of usage
    """What was typed cannot be understood."""


P = ParamSpec("P")


def _told_plainly(run: Callable[P, int]) -> Callable[P, int]:
    """Turn what the user can mend into a message and an exit code."""

    @functools.wraps(run)
    def told(*args: P.args, **kwargs: P.kwargs) -> int:
        _take_any_character()
        try:
            return run(*args, **kwargs)
        except AppNotLoaded as error:
            _say(f"error: {error.message}", error.hint)
            return NOT_LOADED
        except (ConfigurationError, UnknownCodeError, UsageProblem) as error:
            _say(f"error: {error}")
            return USAGE

    return told


@_told_plainly
def run_audit(
    *,
    target: str | None,
    app_dir: str,
    factory: bool,
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
    loaded = _load(target, app_dir, factory)
    options = Options(
        require=require,
        pedantic=pedantic,
        driven=drive,
        fields=_fields(headers, "--header"),
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


@_told_plainly
def run_explain(
    *,
    words: Sequence[str],
    app_dir: str,
    factory: bool,
    headers: Sequence[str],
    status: int | None,
    sent: Sequence[str],
    no_color: bool,
) -> int:
    """Tell the story of one request."""
    target, method, path = _asked(words)
    loaded = _load(target, app_dir, factory)
    story = explain(
        find_routes(loaded.app),
        method.upper(),
        path,
        fields=_fields(headers, "--header"),
        status=status,
        sent=_fields(sent, "--sent"),
        now=time.time(),
    )
    show_story(story, _console(no_color))
    return CLEAN


def _asked(words: Sequence[str]) -> tuple[str | None, str, str]:
    """Return app, method and path; the app may be left out."""
    if len(words) not in (2, 3):
        raise UsageProblem("write [MODULE:APP] METHOD PATH, such as main:app GET /me")
    target = words[0] if len(words) == 3 else None
    if not words[-1].startswith("/"):
        raise UsageProblem(f"{words[-1]!r} is no path; it begins with /")
    return target, words[-2], words[-1]


@_told_plainly
def run_check(
    *, urls: Sequence[str], users: Sequence[str], timeout: float, no_color: bool
) -> int:
    """Ask for live URLs and print what came."""
    from .live import check

    people = [
        (f"user {number} ({line.partition(':')[0]})", _fields([line], "--as"))
        for number, line in enumerate(users, 1)
    ]
    console = _console(no_color)
    checked = [check(url, people, timeout=timeout) for url in urls]
    for each in checked:
        show_checked(each, console)
    if any(each.findings for each in checked):
        return FOUND
    return NOT_LOADED if any(each.failed for each in checked) else CLEAN


@_told_plainly
def run_rules(codes: Sequence[str]) -> int:
    """Print the pages of the codes, or of all."""
    for code in codes or ("NC",):
        sys.stdout.write(pages(code) + "\n")
    return CLEAN


def _say(*lines: str) -> None:
    for line in filter(None, lines):
        sys.stderr.write("\n".join(map(clean, line.splitlines())) + "\n")


def _load(target: str | None, app_dir: str, factory: bool) -> Loaded:
    with warnings.catch_warnings():
        # The audit tells of what never applies itself, at its place.
        warnings.filterwarnings("ignore", "rule .* never applies", UserWarning)
        return load_app(target, app_dir=app_dir, factory=factory)


#: RFC 9110 sections 5.6.2 and 5.5.
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


def _fields(lines: Sequence[str], option: str) -> tuple[tuple[str, str], ...]:
    out = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not (colon and _NAME.fullmatch(name.strip()) and _VALUE.fullmatch(value)):
            raise UsageProblem(f"{option} {line!r} is no field; write 'Name: value'")
        out.append((name.strip().lower(), value.strip()))
    return tuple(out)


def _baseline(given: str | None) -> Path | None:
    path = Path(given or baseline.FILE)
    return path if given or path.exists() else None


def _update(found: Audit, given: str | None, reason: str) -> None:
    path = Path(given or baseline.FILE)
    old = baseline.load(path) if path.exists() else baseline.parse(_EMPTY, str(path))
    new = baseline.updated(old, found.findings, reason, looked_for=found.looked_for)
    baseline.save(new)
    _say(f"{path}: {len(new.entries)} known")


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
        show_audit(found, _console(no_color), routes=routes)
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
    _say(f"{output}: written")


def _plain(found: Audit, *, routes: bool) -> str:
    file = io.StringIO()
    show_audit(
        found, Console(file=file, width=_PIPED_WIDTH, color_system=None), routes=routes
    )
    return file.getvalue()


def _take_any_character() -> None:
    """Let what the output's encoding lacks be shown escaped; it may be the app's."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _console(no_color: bool) -> Console:
    width = None if sys.stdout.isatty() else _PIPED_WIDTH
    return Console(no_color=no_color or None, width=width, highlight=False)


@contextlib.contextmanager
def _progress(wanted: bool) -> Iterator[Callable[[int, int, str], None]]:
    """Show on stderr which route is asked, where somebody looks."""
    console = Console(stderr=True)
    if not (wanted and console.is_terminal):
        yield lambda *_: None
        return
    columns: list[Any] = [TextColumn("{task.description}"), BarColumn()]
    with Progress(
        *columns, MofNCompleteColumn(), console=console, transient=True
    ) as bar:
        task = bar.add_task("asking")

        def step(count: int, total: int, what: str) -> None:
            bar.update(task, completed=count, total=total, description=clean(what))

        yield step


def _today() -> Any:
    return datetime.now(UTC).date()
