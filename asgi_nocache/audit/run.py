"""One audit from an app to its values: routes, survey, checks, suppressions.

Which option means what is the command's; here the parts meet.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from .._endpoint_marks import decorated_endpoints
from . import baseline, ignores
from .checks import looked_for, run_checks, standing
from .drive import drive, may_ask
from .routes import find_routes
from .survey import layers_of, rule_hits, survey
from .values import Audit, Audited, Survey


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How an audit is made.

    Attributes:
        require: Whether each route must be declared, though the default is closed.
        pedantic: Whether to say also what is a matter of taste.
        driven: Whether the app is asked.
        fields: Sent with each request that it is asked.
        baseline: The file with what is known; ``None``: none.
    """

    require: bool = False
    pedantic: bool = False
    driven: bool = False
    fields: tuple[tuple[str, str], ...] = ()
    baseline: Path | None = None


def audit(
    app: Any,
    name: str,
    options: Options,
    today: date,
    told: Callable[[int, int, str], None] = lambda *_: None,
) -> Audit:
    """Audit *app*.

    Args:
        app: The loaded app.
        name: What it is called in reports: ``"shop.main:app"``.
        options: How.
        today: By which suppressions expire.
        told: Called with how many rows were asked of how many, and the next one.

    Raises:
        ConfigurationError: The policy or the baseline is wrong.
    """
    rows = survey(find_routes(app))
    if options.driven:
        total, count = sum(map(may_ask, rows)), 0

        def counted(row: Audited) -> None:
            nonlocal count
            told(count, total, row.key)
            count += 1

        rows = drive(app, rows, options.fields, counted)
    around = standing(app)
    seen = Survey(
        app=name,
        rows=rows,
        outside=around.outside,
        inside=around.inside,
        decorated=decorated_endpoints(),
        require=options.require,
        pedantic=options.pedantic,
        today=today,
    )
    ran = looked_for(seen)
    found = ignores.with_ignores(
        run_checks(seen), ignores.find_ignores(rows), looked_for=ran
    )
    if options.baseline is not None:
        known = baseline.load(options.baseline)
        found = baseline.applied(found, known, today, looked_for=ran)
    return Audit(
        app=name,
        rows=rows,
        findings=tuple(found),
        layers=layers_of(rows),
        hits=rule_hits(rows),
        driven=options.driven,
        looked_for=ran,
    )
