"""What the export costs nginx: requests a second with 1,000 rules, and without.

``python benchmarks/edge_nginx_cost.py``; needs nginx and wrk. The two servers take
turns, so that what else the machine does is in both.
"""

from __future__ import annotations

import contextlib
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

_TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path[:0] = [str(_TESTS / "edge"), str(_TESTS / "proof" / "caches")]

from edge_nginx import EDGE, Nginx  # noqa: E402
from edge_run import exported  # noqa: E402
from proof_process import find  # noqa: E402

from asgi_nocache import NO_STORE, PUBLIC, Rule  # noqa: E402
from asgi_nocache._core.rules import RuleSet  # noqa: E402
from asgi_nocache.export.target import Export, File  # noqa: E402

RULES, ROUNDS, SECONDS = 1000, 9, 2
PATHS = ("/service500/assets/app.css", "/service501/internal/x", "/elsewhere/a/b")
#: What both serve: an answer of nginx itself, and one that another nginx gave.
LOCATIONS = {
    "an answer of nginx itself": "location / { return 200 ok; }",
    "an answer of another server": "location / { proxy_pass http://127.0.0.1:@APP@; }",
}


def policy(count: int) -> RuleSet:
    """Return *count* rules as a platform has them: folders, pages, exceptions."""
    rules = []
    for n in range(count // 2):
        rules.append(Rule(f"/service{n}/assets/drafts/**", NO_STORE))
        rules.append(Rule(f"/service{n}/assets/**", PUBLIC(max_age=60 + n % 5)))
    return RuleSet(rules)


def rate(port: int, path: str, seconds: int = SECONDS) -> float:
    """Return the requests a second that *port* answers."""
    url = f"http://127.0.0.1:{port}{path}"
    wrk = [find("wrk") or "wrk", "-t1", "-c16", f"-d{seconds}", url]
    done = subprocess.run(wrk, capture_output=True, text=True, check=True)
    found = re.search(r"Requests/sec:\s+([0-9.]+)", done.stdout)
    return float(found[1]) if found else 0.0


@contextlib.contextmanager
def _server(export: Export, server: str) -> Iterator[int]:
    edge = Nginx(server=server, app=False)
    with (
        tempfile.TemporaryDirectory(prefix="nocache-cost-") as name,
        edge.start(export, 9, Path(name)) as port,
    ):
        yield port


def main() -> None:
    """Measure, and print the ratios."""
    _, full = exported(EDGE.target, policy(RULES))
    empty = Export(tuple(File(f.name, "") for f in full.files), "")
    with _server(empty, "location / { return 200 ok; }") as app:
        for title, location in LOCATIONS.items():
            said = location.replace("@APP@", str(app))
            with _server(empty, said) as bare, _server(full, said) as told:
                for path in PATHS:
                    rate(bare, path, 1), rate(told, path, 1)
                    pairs = [
                        (rate(bare, path), rate(told, path)) for _ in range(ROUNDS)
                    ]
                    ratios = [after / before for before, after in pairs]
                    print(
                        f"{title}, {path}: {statistics.median(ratios):.3f} "
                        f"({min(ratios):.3f} to {max(ratios):.3f}), "
                        f"{statistics.median(p[0] for p in pairs):.0f} requests/s bare"
                    )


if __name__ == "__main__":
    main()
