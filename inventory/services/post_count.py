"""Bring the books to what was counted: the variance at this moment becomes a movement, a large one after approval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings

from accounts import approvals
from core import journal
from core.actors import Actor
from core.errors import Busy, NotFound, Refused
from core.lifecycle import IllegalTransition
from core.quantity import plain
from core.refs import DocumentRef
from core.uow import door_verb
from exceptions_app.rules.asks import CaseSpec
from exceptions_app.services.close_causes import Cause, close_many
from exceptions_app.services.open_case import open_cases
from inventory import locks
from inventory.count_queries import counted_lines
from inventory.exception_kinds import CONSIGNMENT_VARIANCE, COUNT_PENDING
from inventory.models import CountLine, StockCount
from inventory.rules.counts import Counted, fingerprint, worth
from inventory.services.give_way import Standing, ask_for_allocation, gave_way_case, stand, taken_from
from inventory.services.open_count import count_ref
from inventory.services.places import site_called, skus
from inventory.states import COUNT, FIELD_KINDS, CountStatus, MovementKind

ZERO = Decimal(0)
KIND = "stock count"
CAUSE = "a count found less"
GOOD_FOR = timedelta(days=7)


class NothingCounted(Refused):
    template = "Nothing of count {number} is counted yet."
    remedy_template = "Write down what was found, or cancel the count."


class ApprovedByACounter(Refused):
    template = "Approval {approval_id} was given by somebody who counted."
    remedy_template = "Count again, and let somebody who did not count approve it."


class CountMoved(Busy):
    template = "Stock of count {number} was moved at this moment."
    remedy_template = "Post it again: the movement will be seen."


@dataclass(frozen=True)
class Posted:
    """`is_posted` is False while the variance waits for the approval named."""

    is_posted: bool
    worth: Decimal
    variances: int
    gave_way: int = 0
    pending: int = 0
    approval_id: int | None = None


@door_verb
def post_count(*, count_id: int, actor: Actor, now: datetime) -> Posted:
    """Book the variances of what was counted; lines nobody counted stay as they are. Posted again changes nothing.

    Worth more than the site allows, it waits for an approval by somebody who neither asked nor counted: post it again
    then. Less than what is claimed: claims give way, with a case; less than what the warehouse holds: the rest waits,
    with a case. Raises NotFound, IllegalTransition, NothingCounted, SiteIsClosed, ApprovedByACounter, ClaimsMoved,
    CountMoved.
    """
    row = StockCount.objects.filter(pk=count_id).first()
    if row is None:
        raise NotFound(kind="count", ident=count_id)
    if row.status == CountStatus.POSTED:
        return _again(row)
    COUNT.require(CountStatus(row.status), CountStatus.POSTED)
    site = site_called(row.site_id, verb="nothing is posted there")
    seen = counted_lines(count_id)
    if not seen:
        raise NothingCounted(number=row.number)
    limit = (
        Decimal(settings.COUNT_APPROVAL_AMOUNT) if site.count_approval_amount is None else site.count_approval_amount
    )
    approval_id = None
    if worth(seen) > limit:
        approval_id, is_good = _approval(row, seen, actor=actor, now=now)
        if not is_good:
            return _wait(row, seen, approval_id, actor=actor, now=now)
    return _post(row, seen, approval_id, actor=actor, now=now)


def _approval(row: StockCount, seen: Sequence[Counted], *, actor: Actor, now: datetime) -> tuple[int, bool]:
    """The approval for exactly these figures, asked for when there is none, and whether it is given. Rank 18."""
    content = fingerprint(seen)
    approval_id = approvals.request(
        kind=KIND, subject=count_ref(row), content_hash=content, amount=worth(seen), currency="", actor=actor, now=now,
        expires_at=now + GOOD_FOR, reason=f"{len(_variances(seen))} variance(s) at {row.site}",
    )  # fmt: skip
    try:
        given = approvals.require(approval_id=approval_id, content_hash=content, now=now)
    except approvals.ApprovalMissing:
        return approval_id, False
    counters = set(CountLine.objects.filter(count=row).values_list("counted_by_id", flat=True))
    if given.decided_by in counters:
        raise ApprovedByACounter(approval_id=approval_id)
    return approval_id, True


def _wait(row: StockCount, seen: Sequence[Counted], approval_id: int, *, actor: Actor, now: datetime) -> Posted:
    stored = _locked(row)
    if stored.status != CountStatus.APPROVAL or stored.approval_id != approval_id:
        if stored.status != CountStatus.APPROVAL:
            stored.status = COUNT.require(CountStatus(stored.status), CountStatus.APPROVAL)
        stored.approval_id = approval_id
        stored.save(update_fields=["status", "approval"])
        words = f"Variances worth {worth(seen)} wait for approval"
        journal.write([journal.Entry(count_ref(row), "waits", words)], actor=actor, now=now)
    return Posted(False, worth(seen), len(_variances(seen)), approval_id=approval_id)


def _post(row: StockCount, seen: Sequence[Counted], approval_id: int | None, *, actor: Actor, now: datetime) -> Posted:
    standing = stand([x.balance_id for x in _variances(seen) if x.variance < 0])
    stored = _locked(row)
    standing.lock([x.balance_id for x in seen])
    lines = counted_lines(row.pk)
    if fingerprint(lines) != fingerprint(seen):
        raise CountMoved(number=row.number)
    pending = _book(stored, _variances(lines), standing, actor=actor, now=now)
    standing.settle(cause=CAUSE, now=now, actor=actor)
    _keep(lines, pending)
    stored.status, stored.approval_id = CountStatus.POSTED, approval_id
    stored.posted_at, stored.posted_by = now, actor.label
    stored.save(update_fields=["status", "approval", "posted_at", "posted_by"])
    done = Posted(True, worth(lines), len(_variances(lines)), len(standing.gave), len(pending), approval_id)
    _tell(stored, lines, pending, standing, done, actor=actor, now=now)
    return done


def _locked(row: StockCount) -> StockCount:
    """The count as it is now, rank 59. Raises IllegalTransition where somebody was first."""
    stored = locks.lock_count(row.pk)
    if stored is None or stored.status not in (CountStatus.OPEN, CountStatus.APPROVAL):
        raise IllegalTransition(
            life=COUNT.name, current=stored.status if stored else "gone", target="posted", allowed=""
        )
    return stored


def _book(
    row: StockCount, lines: Sequence[Counted], standing: Standing, *, actor: Actor, now: datetime
) -> dict[int, Decimal]:
    """{line: what could not be taken off the books, because the warehouse holds it}."""
    pending = {}
    for line in lines:
        stuck = standing.take(line.balance_id, -line.variance) if line.variance < 0 else ZERO
        if stuck:
            pending[line.line_id] = stuck
        if line.variance + stuck:
            standing.move(
                line.balance_id, MovementKind.COUNT, line.variance + stuck, source=count_ref(row), sequence=line.line_id,
                at=now, actor=actor, reason=row.number,
            )  # fmt: skip
    return pending


def _keep(lines: Sequence[Counted], pending: Mapping[int, Decimal]) -> None:
    rows = {x.pk: x for x in CountLine.objects.filter(pk__in=[x.line_id for x in lines])}
    for line in lines:
        rows[line.line_id].variance_qty = line.variance
        rows[line.line_id].pending_qty = pending.get(line.line_id, ZERO)
    CountLine.objects.bulk_update(rows.values(), ["variance_qty", "pending_qty"], batch_size=1000)


def _tell(
    row: StockCount, lines: Sequence[Counted], pending: Mapping[int, Decimal], standing: Standing, done: Posted, *,
    actor: Actor, now: datetime,
) -> None:  # fmt: skip
    ref = count_ref(row)
    lost = f"; {taken_from(standing.gave)} gave way" if standing.gave else ""
    words = f"{done.variances} variance(s) worth {done.worth} on {len(lines)} counted line(s){lost}"
    journal.write([journal.Entry(ref, "posted", words)], actor=actor, now=now)
    gained = {x.product_id for x in lines if x.variance > 0}
    ask_for_allocation(gained | {g.demand.product_id for g in standing.gave}, "counted", now=now, actor=actor)
    done_with = [x.balance_id for x in lines if x.line_id not in pending]
    close_many([Cause(COUNT_PENDING.code, DocumentRef("stock_balance", b)) for b in done_with], now=now, actor=actor)
    cases = [_pending_case(row, x, pending[x.line_id]) for x in lines if x.line_id in pending]
    if standing.gave:
        summary = f"Count {row.number} at {row.site} found less: {taken_from(standing.gave)} gave way"
        cases.append(gave_way_case(standing.gave, subject=ref, cause_key="posted", summary=summary))
    if row.site.kind in FIELD_KINDS and done.variances:
        cases.append(_field_case(row, lines, done.worth))
    open_cases(cases, now=now, actor=actor)


def _field_case(row: StockCount, lines: Sequence[Counted], worth_of_it: Decimal) -> CaseSpec:
    """Stock in the field that is not there was mostly used, and nobody said so: it is owed, not only lost."""
    found = _variances(lines)
    called = skus({x.product_id for x in found})
    evidence = {"variances": [{"product": called[x.product_id], "qty": plain(x.variance)} for x in found[:50]]}
    short = sum((-x.variance for x in found if x.variance < 0), ZERO)
    over = sum((x.variance for x in found if x.variance > 0), ZERO)
    summary = f"Count {row.number} at {row.site}: {plain(short)} missing, {plain(over)} too many, worth {worth_of_it}"
    return CaseSpec(
        CONSIGNMENT_VARIANCE.code, count_ref(row), "posted", row.site.account_id, worth_of_it, "", summary, evidence
    )


def _pending_case(row: StockCount, line: Counted, qty: Decimal) -> CaseSpec:
    summary = f"Count {row.number} at {row.site}: {plain(qty)} are missing of what is released or picked"
    return CaseSpec(COUNT_PENDING.code, DocumentRef("stock_balance", line.balance_id), "count", summary=summary)


def _again(row: StockCount) -> Posted:
    lines = list(row.lines.filter(variance_qty__isnull=False))
    return Posted(
        True,
        ZERO,
        sum(1 for x in lines if x.variance_qty),
        pending=sum(1 for x in lines if x.pending_qty),
        approval_id=row.approval_id,
    )


def _variances(lines: Sequence[Counted]) -> list[Counted]:
    return [x for x in lines if x.variance]
