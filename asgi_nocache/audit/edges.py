"""What ``export`` and ``check --edge`` do once options are read.

Loads, calls, prints, and returns the exit code; how a target is written is export's,
how an edge is compared is drift's.
"""

from __future__ import annotations

import difflib
import shlex
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from .._core.errors import ConfigurationError
from .._core.facts import RequestFacts, ResponseFacts
from ..config import Settings, as_mapping, as_toml, load_config
from ..export import TARGETS, Export, evaluate, heading, plan_for
from ..export.code import as_code
from ..export.import_headers import rules_from_headers
from ..export.joined import joined
from ..export.plan import Plan, Say
from .report.texts import clean
from .routes import find_routes
from .ruled import routes_of
from .shell import (
    CLEAN,
    FOUND,
    NOT_LOADED,
    UsageProblem,
    console,
    fields_of,
    load,
    policy_of,
    say,
    told_plainly,
    write,
)
from .survey import survey
from .values import Audited, Layer


@told_plainly
def run_export(
    *,
    edge: str,
    target: str | None,
    app_dir: str,
    factory: bool,
    config: str | None,
    output: str | None,
    widen: bool,
    gaps: Sequence[str],
    rolling_from: str | None,
    compare: bool,
) -> int:
    """Write the policy of an app for an edge, or compare it with what is there."""
    if compare and output is None:
        raise UsageProblem("--check needs -o FILE: what is compared with the policy")
    rows: tuple[Audited, ...] = ()
    if config is not None and target is None:
        policy_set = policy_of(config)
    else:
        loaded = load(target, app_dir, factory, config)
        target = loaded.name
        rows = survey(find_routes(loaded.app))
        policy_set = _layer_of(rows, target).policy_set
    if rolling_from is not None:
        policy_set = joined(policy_of(rolling_from), policy_set)
    plan = plan_for(edge, policy_set, widen=widen, allow_gaps=gaps)
    # What was typed, so that what the heading says can be typed again.
    words = {
        target or "": bool(target),
        f"--config {shlex.quote(config or '')}": config is not None,
        "--factory": factory,
        "--widen": widen,
        **{f"--allow-gap {shlex.quote(gap)}": True for gap in gaps},
        f"--rolling-from {shlex.quote(rolling_from or '')}": rolling_from is not None,
        f"--app-dir {shlex.quote(app_dir)}": app_dir != ".",
    }
    source = " ".join(word for word, given in words.items() if given)
    export = TARGETS[edge].write(plan, heading(TARGETS[edge], plan, source))
    if compare:
        return _differences(export, Path(str(output)))
    _write(export, output)
    say(*(f"gap NC802: {gap.rule} is never-store: {gap.reason}" for gap in plan.gaps))
    say(*(f"note: {each}" for each in (*plan.notes, *_closed_here(rows, plan))))
    say(*(f"not covered: {each}" for each in export.gaps))
    say(export.include)
    return CLEAN


@told_plainly
def run_policy(
    *, target: str | None, app_dir: str, factory: bool, config: str | None
) -> int:
    """Print the whole policy of an app, or of a file and its bases, as one file."""
    until: date | None
    if config is not None and target is None:
        policy_set = policy_of(config)
        until = load_config(config).settings.report_until
    else:
        loaded = load(target, app_dir, factory, config)
        layer = _layer_of(survey(find_routes(loaded.app)), loaded.name)
        policy_set = layer.policy_set
        until = getattr(layer.middleware, "report_until", None)
    settings = Settings(
        default=policy_set.default,
        mode=policy_set.mode,
        guards=policy_set.guards,
        report_until=until,
    )
    sys.stdout.write(as_toml(as_mapping(policy_set.rules, settings)))
    return CLEAN


@told_plainly
def run_import(*, file: str) -> int:
    """Print the rules that a ``_headers`` file comes to."""
    try:
        text = Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageProblem(f"{file} cannot be read: {error}") from error
    imported = rules_from_headers(text, place=file)
    sys.stdout.write(as_code(imported.policy_set))
    say(*(f"note: {each}" for each in imported.notes))
    return CLEAN


def _layer_of(rows: Sequence[Audited], name: str) -> Layer:
    """Return the outermost middleware, whose policy it is.

    Raises:
        ConfigurationError: There is none, there are several side by side, or its rules
            are for paths below a mount, which are others at the edge.
    """
    found = {id(r.route.layers[0].policy_set): r for r in rows if r.route.layers}
    if not found:
        why = "no route has a policy; write app = NoCacheMiddleware(app)"
        if not rows:
            why = "it has no routes, so no policy is found; name one that has"
        raise ConfigurationError(name, [why])
    if len(found) > 1:
        keys = " and ".join(row.key for row in found.values())
        raise ConfigurationError(
            name,
            [f"{keys} have different policies; wrap the whole app, or export each"],
        )
    (row,) = found.values()
    layer = row.route.layers[0]
    if layer.root_path and layer.policy_set.rules:
        raise ConfigurationError(
            name,
            [
                f"the rules are for paths below {layer.root_path!r}, and an edge sees "
                "whole paths; wrap the whole app, with them in the rules"
            ],
        )
    return layer


def _closed_here(rows: Sequence[Audited], plan: Plan) -> Iterator[str]:
    """Yield what the app leaves open and the edge, which does not know it, shuts."""
    bare = [row.key for row in rows if row.method == "GET" and not row.route.layers]
    if bare:
        yield f"no policy in the app, and never-store at the edge: {', '.join(bare)}"
    for row in rows:
        if row.decision is None or row.decision.never_store or row.method != "GET":
            continue
        request = RequestFacts("GET", row.route.sample or row.route.path)
        fields = tuple(row.decision.edits.add)
        if evaluate(plan, request, ResponseFacts(200, fields)).answer.say is Say.NEVER:
            yield (
                f"{row.key} is open by {row.decided_by} and never-store at the edge; "
                f"to open it there, write Rule({row.route.path!r}, ...)"
            )


def _write(export: Export, output: str | None) -> None:
    if output is None:
        several = len(export.files) > 1
        for file in export.files:
            sys.stdout.write(f"# ---- {file.name}\n" if several else "")
            sys.stdout.write(file.text)
        return
    for path, text in _placed(export, Path(output)):
        write(path, text)
        say(f"{path}: written")


def _placed(export: Export, output: Path) -> Iterator[tuple[Path, str]]:
    """Yield each file's path: *output* itself, or in it where there are several."""
    if len(export.files) == 1 and not output.is_dir():
        yield output, export.files[0].text
        return
    if output.is_file():
        raise UsageProblem(
            f"{output} is a file, and {len(export.files)} files are written; give -o "
            "a folder"
        )
    yield from ((output / file.name, file.text) for file in export.files)


def _differences(export: Export, output: Path) -> int:
    """Tell where the files differ from the policy (NC801)."""
    result = CLEAN
    for path, text in _placed(export, output):
        try:
            there = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            say(f"NC801 {path} cannot be read: {error}")
            result = FOUND
            continue
        if there != text:
            say(f"NC801 {path} differs from the policy; export again:")
            lines = difflib.unified_diff(
                there.splitlines(),
                text.splitlines(),
                str(path),
                "the policy",
                lineterm="",
            )
            for line in lines:
                sys.stdout.write(clean(line) + "\n")
            result = FOUND
    return result


@told_plainly
def run_drift(
    *,
    edge: str,
    words: Sequence[str],
    app_dir: str,
    factory: bool,
    config: str | None,
    headers: Sequence[str],
    timeout: float,
    no_color: bool,
) -> int:
    """Compare an edge with the policy, route by route."""
    from .drift import compare
    from .report.drift import show_drift

    if len(words) > 1:
        raise UsageProblem("check --edge URL takes one MODULE:APP, whose policy it is")
    if config is not None and not words:
        rows = survey(routes_of(policy_of(config)))
    else:
        target = words[0] if words else None
        rows = survey(find_routes(load(target, app_dir, factory, config).app))
    compared = compare(
        rows, edge, fields=fields_of(headers, "--header"), timeout=timeout
    )
    show_drift(compared, console(no_color))
    if all(not each.status for each in compared):
        return NOT_LOADED
    return FOUND if any(each.problem for each in compared) else CLEAN


@told_plainly
def run_edge_config(*, file: str) -> int:
    """Print what an nginx configuration undoes (NC803, NC804)."""
    from .nginx_config import undone_in

    found = undone_in(file)
    for each in found:
        text = f"{each.file}:{each.line}: {each.code} {each.problem}; {each.remedy}"
        sys.stdout.write(clean(text) + "\n")
    say(f"{file}: {len(found)} findings")
    return FOUND if found else CLEAN
