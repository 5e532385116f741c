"""Say yes or no to goods that are to come back, before they do."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from core import journal, outbox
from core.actors import Actor
from core.errors import FieldError, InvalidInput
from core.outbox import Fact
from core.quantity import is_exact, plain
from core.uow import door_verb
from fulfillment.events import ReturnAuthorized, ReturnRejected
from fulfillment.models import Return, ReturnLine
from fulfillment.return_queries import shipping_sites
from fulfillment.services.move_return import find_return, ref_of, step
from fulfillment.states import ReturnOutcome, ReturnStatus
from inventory.queries import site_snapshots
from inventory.states import SiteKind

ZERO = Decimal(0)
SHORTEST_REASON = 5
MOST_PERCENT = Decimal(100)


@door_verb
def authorize_return(
    *,
    return_id: int,
    quantities: Mapping[int, Decimal] | None = None,
    site_id: int | None = None,
    outcome: ReturnOutcome = ReturnOutcome.CREDIT,
    fee_percent: Decimal = ZERO,
    refunds_freight: bool = False,
    note: str = "",
    actor: Actor,
    now: datetime,
) -> None:
    """Let the goods come back. `quantities` (base units by return line) may be less than was asked, also nothing of a line.

    They come to `site_id`, by default where they were shipped from; `fee_percent` of the price is kept for restocking.
    `refunds_freight`: the fault is ours, and the freight billed for them goes back with their price and tax.
    Raises NotFound, InvalidInput (all that is wrong at once), IllegalTransition.
    """
    row = find_return(return_id)
    lines = list(ReturnLine.objects.filter(parent=row).order_by("pk"))
    target = site_id or _usual_site(lines)
    _refuse_bad(lines, quantities, target, fee_percent)
    for line in lines:
        line.authorized_qty = line.qty if quantities is None else quantities.get(line.pk, ZERO)
    ReturnLine.objects.bulk_update(lines, ["authorized_qty"])
    step(row, ReturnStatus.AUTHORIZED)
    row.site_id, row.outcome, row.fee_percent, row.note = target, outcome, fee_percent, note.strip()[:200]
    row.refunds_freight = refunds_freight
    row.authorized_at = now
    row.save(
        update_fields=[
            "status",
            "version",
            "site",
            "outcome",
            "fee_percent",
            "refunds_freight",
            "note",
            "authorized_at",
        ],
    )
    total = plain(sum((line.authorized_qty or ZERO for line in lines), ZERO))
    fee = f", {plain(fee_percent)} % kept for restocking" if fee_percent else ""
    freight = ", freight goes back" if refunds_freight else ""
    words = f"Return {row.number} authorized: {total} base units, {outcome}{fee}{freight}"
    _tell(row, "authorized", words, ReturnAuthorized(row.pk, row.account_id, outcome), actor, now)


@door_verb
def reject_return(*, return_id: int, reason: str, actor: Actor, now: datetime) -> None:
    """Refuse it with a reason the customer reads. Raises NotFound, InvalidInput, IllegalTransition."""
    if len(reason.strip()) < SHORTEST_REASON:
        words = "A refusal needs a reason the customer can read."
        raise InvalidInput([FieldError("/reason", "reason_missing", words, "Say why it cannot come back.")])
    row = find_return(return_id)
    step(row, ReturnStatus.REJECTED)
    row.note = reason.strip()[:200]
    row.save(update_fields=["status", "version", "note"])
    words = f"Return {row.number} rejected: {row.note}"
    _tell(row, "rejected", words, ReturnRejected(row.pk, row.account_id), actor, now)


def _usual_site(lines: Sequence[ReturnLine]) -> int | None:
    """Where most of it was shipped from; None before anything was shipped."""
    return shipping_sites([line.order_line_id for line in lines])


def _refuse_bad(
    lines: Sequence[ReturnLine], quantities: Mapping[int, Decimal] | None, site_id: int | None, fee_percent: Decimal
) -> None:
    errors = []
    asked = {line.pk: line.qty for line in lines}
    for line_id, qty in (quantities or {}).items():
        if line_id not in asked or not is_exact(qty) or not ZERO <= qty <= asked[line_id]:
            words = f"{plain(qty)} cannot be authorized; {plain(asked.get(line_id, ZERO))} was asked for."
            errors.append(FieldError(f"/quantities/{line_id}", "more_than_asked", words, "Give that much or less."))
    if quantities is not None and not any(quantities.values()):
        errors.append(FieldError("/quantities", "nothing", "Nothing would come back.", "Reject the return instead."))
    if not ZERO <= fee_percent <= MOST_PERCENT:
        words = f"A restocking fee of {plain(fee_percent)} % is no share of the price."
        errors.append(FieldError("/fee_percent", "not_a_share", words, "Give 0 to 100."))
    ours = {s.id for s in site_snapshots().values() if s.is_active and s.kind != SiteKind.VENDOR}
    if site_id is None or site_id not in ours:
        words = "It is not said to which open site of ours the goods come."
        errors.append(FieldError("/site", "site_missing", words, "Choose one; nothing of it was shipped yet."))
    if errors:
        raise InvalidInput(errors)


def _tell(row: Return, verb: str, words: str, fact: Fact, actor: Actor, now: datetime) -> None:
    journal.write([journal.Entry(ref_of(row), verb, words)], actor=actor, now=now)
    outbox.publish(fact, stream=f"return:{row.pk}", seq=row.version, now=now, actor=actor)
