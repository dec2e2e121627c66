"""Edits: what is done to a field list so that it says what was decided.

Which level was decided, and why, is decision.py's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from . import fields as f
from .cache_control import CacheControl, contradictions
from .facts import RequestFacts, ResponseFacts
from .policy import Policy, is_side_field, side_texts
from .selection import Selection
from .sent import CACHING_FIELDS, Sent
from .strictness import Level

VALIDATORS = frozenset({b"etag", b"last-modified"})


@dataclass(frozen=True, slots=True)
class Edits:
    """What is to be done to a field list.

    Attributes:
        remove: Lower-case names whose lines go.
        add: Lines that are then appended.
    """

    remove: frozenset[bytes] = frozenset()
    add: f.Fields = ()

    def apply(self, fields: Iterable[f.Field]) -> list[f.Field]:
        """Return a new list; the other lines keep their bytes and order."""
        return [*f.without(fields, self.remove), *self.add]


def edit(
    request: RequestFacts,
    response: ResponseFacts,
    selection: Selection,
    sent: Sent,
    wanted: CacheControl,
    policy: Policy | None,
) -> Edits:
    """Return the edits that make the response say *wanted*, in *policy*'s words."""
    control = str(wanted if policy is None else policy.cache_control)
    if not control:  # which is not permission: say "stale at once", in all fields
        wanted = CacheControl(max_age=0)
        control = str(wanted)
    if policy is None and control == "no-cache":
        # Bare, it would be taken for Flask's default next time, and count for nothing.
        control += ", max-age=0"
    if wanted.no_transform and "no-transform" not in control:
        control += ", no-transform"
    out: dict[bytes, str] = {b"cache-control": control}
    if policy is not None:
        out |= {n.encode("ascii"): v for n, v in policy.beside}
    remove = {*CACHING_FIELDS}
    sides = _side_fields(selection, sent, wanted, out, remove)
    if any(p.strip_validators for p in selection.policies):
        remove |= VALIDATORS
    names = [name for policy in selection.policies for name in policy.vary]
    first = [*_vary(response, selection, wanted, remove, names)]
    first += _clear_site_data(request, response, selection)
    # Before Cache-Control, as those are that stay: twice must come to once.
    out = sides | out
    add = (*first, *((n, v.encode("latin-1")) for n, v in out.items()))
    return Edits(frozenset(remove), add)


def vary_only(response: ResponseFacts, selection: Selection, sent: Sent) -> Edits:
    """Return the edits for what the app said itself, under ``if-missing``."""
    remove: set[bytes] = set()
    add = tuple(_vary(response, selection, sent.cache_control, remove, ()))
    return Edits(frozenset(remove), add)


def _side_fields(
    selection: Selection,
    sent: Sent,
    wanted: CacheControl,
    own: dict[bytes, str],
    remove: set[bytes],
) -> dict[bytes, str]:
    """Let no field that outranks Cache-Control say more than it does.

    Returns:
        What is sent instead of those that were removed, besides *own*.
    """
    declared = {
        name.encode("ascii"): value
        for policy in selection.policies
        for name, value in policy.beside
        if is_side_field(name.encode("ascii"))
    }
    out: dict[bytes, str] = {}
    # What is declared comes anew each time, so last: twice must come to once.
    names = [name for name in sent.side_fields if name not in declared]
    for name in dict.fromkeys((*names, *declared)):
        texts = side_texts(name)
        if wanted.strictness.shared is Level.NO_STORE:
            remove.add(name)
            if texts is not None and name not in own:
                out[name] = texts[0]
        elif texts is not None:
            said = declared.get(name)
            values = sent.values(name) if said is None else [said.encode("ascii")]
            read = _read_side(name, values)
            fits = _is_plain(name, values, read) and _no_looser(read, wanted)
            if said is not None or not fits:
                remove.add(name)
            if not fits:
                own.pop(name, None)
                out[name] = _shared_text(texts, read, wanted)
            elif said is not None:
                own.setdefault(name, said)
    return out


def _read_side(name: bytes, values: list[bytes]) -> CacheControl:
    """Return what a side field says, as strictly as it can be meant."""
    if name != b"x-accel-expires":
        return CacheControl.parse(values)
    out = []
    for value in values:
        text = value.strip().decode("latin-1")
        if not (text.isascii() and text.isdigit()):
            out.append("?")  # ignored by nginx, or a point in time: no directive
        else:
            out.append(f"max-age={text}" if text.strip("0") else "no-store")
    return CacheControl.parse(", ".join(out))


def _is_plain(name: bytes, values: list[bytes], said: CacheControl) -> bool:
    """Tell whether all caches read *values* alike, so that they can stay."""
    if len(values) != 1 or said.anomalies or contradictions(said):
        return False
    if name == b"edge-control" and said.extensions:
        return False  # such as cache-maxage and !no-store, which Akamai obeys
    names = [directive.raw.partition("=")[0] for directive in said.directives]
    split = [directive for directive in said.directives if "," in directive.raw]
    return names == [name.lower() for name in names] and not split


def _no_looser(said: CacheControl, wanted: CacheControl) -> bool:
    """Tell whether a side field lets shared caches do no more than *wanted*."""
    said, wanted = said.canonical(), wanted.canonical()
    if said.strictness.shared is not wanted.strictness.shared:
        return said.strictness.shared > wanted.strictness.shared
    if not _stale_no_longer(said, wanted):
        return False
    mine, limit = _shared_lifetime(said), _shared_lifetime(wanted)
    return limit is None or (mine is not None and mine <= limit)


def _stale_no_longer(said: CacheControl, wanted: CacheControl) -> bool:
    pairs = (
        (said.stale_while_revalidate, wanted.stale_while_revalidate),
        (said.stale_if_error, wanted.stale_if_error),
    )
    return all((mine or 0) <= (limit or 0) for mine, limit in pairs)


def _shared_lifetime(control: CacheControl) -> int | None:
    return control.max_age if control.s_maxage is None else control.s_maxage


def _shared_text(
    texts: tuple[str, str, str], said: CacheControl, wanted: CacheControl
) -> str:
    """Return what lets shared caches do no more than *said* and *wanted*."""
    level = max(said.strictness.shared, wanted.strictness.shared)
    if level is Level.NO_STORE:
        return texts[0]
    lifetimes = [_shared_lifetime(said), _shared_lifetime(wanted)]
    known = [seconds for seconds in lifetimes if seconds is not None]
    if level is Level.REVALIDATE or not known:
        return texts[1]
    return texts[2].format(min(known))


def _vary(
    response: ResponseFacts,
    selection: Selection,
    wanted: CacheControl,
    remove: set[bytes],
    names: Iterable[str],
) -> f.Fields:
    """Merge *names*, and what selected the policies, into the app's ``Vary``."""
    if wanted.no_store:
        return ()
    names = [*names]
    if selection.depends_on_credentials and wanted.strictness.shared < Level.NO_STORE:
        names += ["Cookie", "Authorization"]
    present = f.list_members(f.values(response.fields, b"vary"))
    known = {name.lower() for name in present}
    missing = [n for n in dict.fromkeys(names) if n.lower() not in known]
    if not missing or "*" in known:
        return ()
    remove.add(b"vary")
    return ((b"vary", ", ".join((*present, *missing)).encode("latin-1")),)


def _clear_site_data(
    request: RequestFacts, response: ResponseFacts, selection: Selection
) -> f.Fields:
    """Return the field for logout routes; browsers want https, and not on a 304."""
    asked = any(p.clear_site_data for p in selection.policies)
    if not asked or request.scheme != "https" or response.status == 304:
        return ()
    name = b"clear-site-data"
    said = [m.strip('"') for m in f.list_members(f.values(response.fields, name))]
    return () if "cache" in said or "*" in said else ((name, b'"cache"'),)
