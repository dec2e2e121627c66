"""Compares ``predict`` with another cache, case by case, and explains differences.

A row of the table (``differential_known``) says how the other one reads a case. A
difference is explained where ``predict``, given the case as those rows read it, says
what the other one said: so an explanation is checked, not believed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, reduce

from differential_cases import NOW, Case
from differential_readings import Row

from asgi_nocache.reuse import Outcome, predict

#: Whether the other one's word on a case is what ours would be.
Fits = Callable[[Case, bool], bool]


@dataclass
class Account:
    """What came of one other cache, as one kind of cache.

    Attributes:
        agreed: How many cases had the same outcome.
        by_row: How many differences each row explains, by its name.
        unexplained: The differences that are left, in words.
    """

    agreed: int = 0
    by_row: Counter[str] = field(default_factory=Counter)
    unexplained: list[str] = field(default_factory=list)

    @property
    def compared(self) -> int:
        """How many cases there were."""
        return self.agreed + self.by_row.total() + len(self.unexplained)

    def enter(self, case: Case, shared: bool, rows: Sequence[Row], fits: Fits) -> bool:
        """Count *case*; return whether it agrees or is explained."""
        if fits(case, shared):
            self.agreed += 1
        elif row := explanation(case, shared, rows, fits):
            self.by_row[row.name] += 1
        else:
            return False
        return True


@cache
def outcome(case: Case, shared: bool, later: float = 0) -> Outcome:
    """Return what ``predict`` says, some seconds later than the case has it."""
    return predict(
        case.exchange(),
        case.request(),
        cache="shared" if shared else "private",
        # A reading may set the clock back to before the receipt.
        elapsed=max(0, case.elapsed + later),
        response_time=NOW,
    ).outcome


def explanation(
    case: Case, shared: bool, rows: Sequence[Row], fits: Fits
) -> Row | None:
    """Return the row that explains a difference: alone, or else the first needed."""
    applying = [row for row in rows if row.applies(case, shared)]
    for row in applying:
        if fits(row.reads(case), shared):
            return row
    if not _fits_as_read(case, shared, applying, fits):
        return None
    for row in applying:
        others = [other for other in applying if other is not row]
        if not _fits_as_read(case, shared, others, fits):
            return row
    return applying[0]


def _fits_as_read(case: Case, shared: bool, rows: Iterable[Row], fits: Fits) -> bool:
    read = reduce(lambda each, row: row.reads(each), rows, case)
    return fits(read, shared)


def compare_outcomes(
    cases: Sequence[Case], theirs: Sequence[Outcome], shared: bool, rows: Sequence[Row]
) -> Account:
    """Return the account of what becomes of each case."""
    account = Account()
    for case, their in zip(cases, theirs, strict=True):
        if not account.enter(case, shared, rows, _says(their)):
            ours = outcome(case, shared)
            account.unexplained.append(f"{case}: we {ours.name}, they {their.name}")
    return account


def _says(their: Outcome) -> Fits:
    return lambda case, shared: outcome(case, shared) is their


def compare_lifetimes(
    cases: Sequence[Case], ttls: Sequence[float], shared: bool, rows: Sequence[Row]
) -> Account:
    """Return the account of the second at which each case stops being reused."""
    account = Account()
    for case, ttl in zip(cases, ttls, strict=True):
        if not account.enter(case, shared, rows, _ends_at(ttl)):
            account.unexplained.append(f"{case}: they keep it for {ttl} s")
    return account


def _ends_at(ttl: float) -> Fits:
    def fits(case: Case, shared: bool) -> bool:
        kept = ttl <= 0 or outcome(case, shared, ttl - 1) is Outcome.REUSED
        return kept and outcome(case, shared, ttl + 1) is not Outcome.REUSED

    return fits


def worth_keeping(cases: Iterable[Case], shared: bool) -> list[Case]:
    """Return the responses that we store, each asked for again in plain words.

    But not those of an age below 0: no reading of ours is younger than new.
    """
    plain = dict.fromkeys(case.asked_again() for case in cases if case.age != "-5")
    unused = (Outcome.NOT_STORED, Outcome.FORWARDED)
    return [case for case in plain if outcome(case, shared) not in unused]
