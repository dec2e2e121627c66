"""Rounds of all checks, until the time is up or a promise is broken.

What is checked stands in fuzz_checks.py; who asks for how long is ``__main__``, or
the short run in test_fuzz.py.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

Check = tuple[Callable[..., None], tuple[st.SearchStrategy[Any], ...]]

#: Each round has a seed of its own, and nothing is kept between runs.
ROUND = settings(
    max_examples=400,
    deadline=None,
    database=None,
    phases=[Phase.generate, Phase.target, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


def fuzz(checks: Sequence[Check], seconds: float, first: int) -> tuple[int, str]:
    """Return how many examples were run, and the finding, ``""`` if there is none.

    Args:
        checks: Functions, and the strategies of their arguments.
        seconds: The budget.
        first: The seed of the first round.
    """
    end, done, number = time.monotonic() + seconds, [0], first
    while time.monotonic() < end:
        for check, strategies in checks:
            timed = _until(end, check, done)
            try:
                seed(number)(ROUND(given(st.tuples(*strategies))(timed)))()
            except Exception:  # noqa: BLE001 - whatever it is, it is the finding
                found = traceback.format_exc()
                return done[0], f"{check.__name__}, seed {number}\n{found}"
            except _TimeUp:
                return done[0], ""
        number += 1
    return done[0], ""


class _TimeUp(KeyboardInterrupt):
    """What Hypothesis lets pass at once."""


def _until(end: float, check: Callable[..., None], done: list[int]) -> Any:
    """Return *check*, counted, which stops once the time is up.

    After a finding it goes on, so that Hypothesis can make it small.
    """
    broken = False

    def timed(case: Any) -> None:
        nonlocal broken
        if time.monotonic() > end and not broken:
            raise _TimeUp
        done[0] += 1
        broken, before = True, broken
        check(*case)
        broken = before

    return timed
