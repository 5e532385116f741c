"""Look for causes: open what is new, refresh what changed, and let cases resolve themselves whose cause is gone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import TypeVar

from core.actors import system
from core.uow import door_verb
from exceptions_app import locks
from exceptions_app.detection import Detector, Watch, detectors, valued, watches, worth_of
from exceptions_app.models import Case
from exceptions_app.queries import live_cases, settled_lately
from exceptions_app.rules.asks import CaseSnapshot, CaseSpec
from exceptions_app.services.close_causes import Cause, close_many
from exceptions_app.services.open_case import open_cases
from exceptions_app.services.regrade import regrade
from exceptions_app.severity import DAYS_LATE

T = TypeVar("T")

LOOKER = system("case detectors")
BATCH = 500
SETTLED_FOR = timedelta(days=3)
MOST_NEW = 2000  # cases one detector opens in one sweep; what is left is found again by the next


@dataclass(frozen=True)
class Detected:
    """`found` causes hold now; of their cases so many were `opened`, `refreshed`, and so many resolved themselves."""

    kind: str
    found: int = 0
    opened: int = 0
    refreshed: int = 0
    closed: int = 0


def detect_all(*, now: datetime, only: str = "") -> list[Detected]:
    """Every detector and watch, or those of one kind. Safe to run twice, late and at the same time."""
    ran = [detect(one, now=now) for one in detectors() if only in ("", one.kind)]
    return ran + [watch(one, now=now) for one in watches() if only in ("", one.kind)]


def detect(detector: Detector, *, now: datetime) -> Detected:
    """The live cases are read before the causes: a case opened meanwhile is not taken for one whose cause is gone.

    What a person settled lately is not opened again while nothing about it changed: they know.
    """
    live = {c.key: c for c in live_cases(detector.kind, prefix=detector.prefix)}
    settled = settled_lately(detector.kind, prefix=detector.prefix, since=now - SETTLED_FOR)
    found = {spec.key: spec for spec in valued(detector.find(now))}
    new = [
        spec
        for key, spec in found.items()
        if key not in live and (key not in settled or _has_changed(spec, settled[key]))
    ]
    changed = [spec for key, spec in found.items() if key in live and _is_news(spec, live[key])]
    gone = [case for key, case in live.items() if key not in found]
    for batch in _batches([*new[:MOST_NEW], *changed]):
        _open(batch, now=now)
    for ended in _batches(gone):
        _close(ended, now=now)
    return Detected(detector.kind, len(found), min(len(new), MOST_NEW), len(changed), len(gone))


def watch(one: Watch, *, now: datetime) -> Detected:
    """Resolve the pushed cases of a kind whose cause is gone, and keep what the others put at risk true."""
    live = live_cases(one.kind)
    gone_ids: set[int] = set()
    for batch in _batches(live):
        gone_ids |= set(one.gone(batch, now))
    gone = [case for case in live if case.id in gone_ids]
    for ended in _batches(gone):
        _close(ended, now=now)
    left = [case for case in live if case.id not in gone_ids]
    refreshed = sum(_keep_worth(one.kind, batch, now) for batch in _batches(left))
    return Detected(one.kind, found=len(left), refreshed=refreshed, closed=len(gone))


def _keep_worth(kind: str, cases: Sequence[CaseSnapshot], now: datetime) -> int:
    worth = worth_of(kind, cases)
    changed = {c.id: worth[c.id] for c in cases if c.id in worth and worth[c.id] != (c.money_at_risk, c.currency)}
    if changed:
        _restate(changed, now=now)
    return len(changed)


def _has_changed(spec: CaseSpec, case: CaseSnapshot) -> bool:
    said = spec.summary[:300] or case.summary
    return (spec.money_at_risk, said) != (case.money_at_risk, case.summary)


def _is_news(spec: CaseSpec, case: CaseSnapshot) -> bool:
    """Something changed, or it is later: a day more makes a case graver, but does not bring back what was settled."""
    return _has_changed(spec, case) or spec.evidence.get(DAYS_LATE) != case.evidence.get(DAYS_LATE)


@door_verb
def _open(specs: Sequence[CaseSpec], *, now: datetime) -> None:
    open_cases(specs, now=now, actor=LOOKER)


@door_verb
def _restate(worth: Mapping[int, tuple[Decimal, str]], *, now: datetime) -> None:
    """Money alone: nobody saw the cause again, so its sightings and evidence stay."""
    cases = locks.lock_cases(worth)
    for case in cases:
        case.money_at_risk, case.currency = worth[case.pk]
    Case.objects.bulk_update(cases, ["money_at_risk", "currency"])
    regrade(worth, actor=LOOKER, now=now)


@door_verb
def _close(cases: Sequence[CaseSnapshot], *, now: datetime) -> None:
    causes = [Cause(case.kind, case.subject, case.cause_key) for case in cases]
    close_many(causes, now=now, actor=LOOKER)


def _batches(items: Sequence[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch
