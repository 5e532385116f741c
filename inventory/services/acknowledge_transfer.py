"""The keeper of a trunk or consignment says what came. Where that is another number than was sent, both stand as a
dispute with a case, until one side gives way or a count says what is there."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from core import journal
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound, NotPermitted
from core.numbering import draw
from core.quantity import is_exact, plain
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from exceptions_app.rules.asks import CaseSpec
from exceptions_app.services.close_causes import close_causes
from exceptions_app.services.open_case import open_cases
from inventory.exception_kinds import FILL_UP_DISPUTED
from inventory.models import StockMovement, Transfer, TransferDispute, TransferLine
from inventory.rules.field import Stated, bookable
from inventory.rules.transfers import Arrived, part_of_a_unit
from inventory.services.claim import shift_balances
from inventory.services.give_way import ask_for_allocation
from inventory.services.open_count import begin_count
from inventory.services.places import Place, balances_at, site_called, skus, today_at
from inventory.services.receive_transfer import arriving, book, end_transfer, unload
from inventory.services.request_transfer import transfer_ref
from inventory.services.ship_transfer import NotFreeToSend
from inventory.states import DISPUTE, TRANSFER, DisputeOutcome, DisputeStatus, MovementKind, TransferStatus

ZERO = Decimal(0)
SENDERS = frozenset({"warehouse", "planner", "operator"})
RECEIVERS = frozenset({"rep", "cs", "cs_lead", "buyer", "buyer_approver"})
# Who gives way says so: nobody settles a dispute by repeating their own number.
MAY_SETTLE = {
    DisputeOutcome.SENDER: RECEIVERS,
    DisputeOutcome.RECEIVER: SENDERS,
    DisputeOutcome.COUNT: SENDERS | RECEIVERS,
}


@door_verb
def acknowledge_transfer(
    *, transfer_id: int, stated: Mapping[int, Stated], note: str = "", actor: Actor, now: datetime
) -> list[str]:
    """`stated` is {line: all that came}; lines left out are not spoken of. The numbers of the disputes that are open now.

    What was sent and came is booked; a line stated in full settles its dispute. The same again changes nothing.
    Raises NotFound, IllegalTransition, InvalidInput, SiteIsClosed. Locks inbound 52, lots 57, transfer 59, balances 60.
    """
    row, lines = arriving(transfer_id)
    if errors := _wrong({x.pk: x for x in lines}, stated):
        raise InvalidInput(errors)
    if row.status not in (TransferStatus.SHORT, TransferStatus.CLOSED):
        TRANSFER.require(TransferStatus(row.status), TransferStatus.SHORT)
    site = site_called(row.to_site_id, verb="nothing is received there")
    arrived = {i: _arrived(x, stated[i]) for x in lines if (i := x.pk) in stated}
    unloaded = unload(row, lines, arrived, today_at(site, now))
    book(row, unloaded, actor=actor, now=now)
    disputes = _dispute(row, [x for x in lines if x.pk in stated], stated, note, actor=actor, now=now)
    if row.status != TransferStatus.CLOSED:
        end_transfer(row, lines, "acknowledged", told=[_case(row, d) for d in disputes], actor=actor, now=now)
    else:
        open_cases([_case(row, d) for d in disputes], now=now, actor=actor)
    _close_settled(row, lines, actor=actor, now=now)
    return sorted(d.number for d in disputes)


@door_verb
def settle_dispute(
    *, dispute_id: int, outcome: DisputeOutcome, note: str = "", actor: Actor, now: datetime
) -> int | None:
    """One side gives way, or a count at the receiver decides: its id then. Settled again the same way changes nothing.

    SENDER: what was sent is right, the receiver has found it. RECEIVER: what came is right; the rest was never loaded
    and is the sender's again (a surplus leaves the sender's books). Raises NotFound, NotPermitted, IllegalTransition,
    NotFreeToSend (the sender does not have the surplus).
    """
    transfer_id = TransferDispute.objects.filter(pk=dispute_id).values_list("line__transfer_id", flat=True).first()
    if transfer_id is None:
        raise NotFound(kind="dispute", ident=dispute_id)
    if not actor.has_role(*MAY_SETTLE[outcome]):
        raise NotPermitted(actor=actor.label, verb=f"settle it for the {outcome}", roles=", ".join(MAY_SETTLE[outcome]))
    row, lines = arriving(transfer_id)
    dispute = TransferDispute.objects.get(pk=dispute_id)
    if dispute.status == DisputeStatus.SETTLED and dispute.outcome == outcome:
        return None
    dispute.status = DISPUTE.require(DisputeStatus(dispute.status), DisputeStatus.SETTLED)
    line = next(x for x in lines if x.pk == dispute.line_id)
    site = site_called(row.to_site_id, verb="nothing is received there")
    count_id = None
    if outcome == DisputeOutcome.COUNT:
        key = f"dispute {dispute.number}"
        count_id = begin_count(site=site, product_ids=[line.product_id], key=key, actor=actor, now=now)
    _keep_settled(dispute, outcome, note, actor=actor, now=now)
    short = dispute.sent_qty - dispute.stated_qty
    if short > 0:
        _settle_shortage(row, lines, line, dispute, outcome, today=today_at(site, now), actor=actor, now=now)
    elif outcome == DisputeOutcome.RECEIVER:
        _shift(row, line, dispute, {row.from_site_id: short, row.to_site_id: -short}, actor=actor, now=now)
        ask_for_allocation([line.product_id], "dispute settled", now=now, actor=actor)
    _close_settled(row, lines, actor=actor, now=now)
    return count_id


def dispute_ref(dispute: TransferDispute) -> DocumentRef:
    return DocumentRef("transfer_dispute", dispute.pk, dispute.number)


def _wrong(lines: Mapping[int, TransferLine], stated: Mapping[int, Stated]) -> list[FieldError]:
    errors = []
    for line_id, said in stated.items():
        line = lines.get(line_id)
        if line is None or not line.shipped_qty:
            words = "The transfer brought no such line."
            errors.append(FieldError(f"/lines/{line_id}", "unknown_line", words, "Load the transfer again."))
        elif not all(is_exact(q) and q >= 0 for q in (said.good, said.damaged)):
            words = "What came is zero or more, of at most four decimal places."
            errors.append(FieldError(f"/lines/{line_id}", "not_a_quantity", words, "Count it again."))
        elif line.lot is not None and line.lot.is_serial and (said.good % 1 or said.damaged % 1):
            errors.append(part_of_a_unit(line_id))
        elif said.good < line.received_qty or said.damaged < line.damaged_qty:
            words = f"{plain(line.received_qty)} good and {plain(line.damaged_qty)} damaged are booked already."
            remedy = "Say all that has come; count the site where the books are wrong."
            errors.append(FieldError(f"/lines/{line_id}", "less_than_before", words, remedy))
    if not stated:
        errors.append(FieldError("/lines", "empty", "Nothing is acknowledged.", "Say what came, line by line."))
    return errors


def _sent(line: TransferLine) -> Decimal:
    return line.shipped_qty - line.missing_qty


def _arrived(line: TransferLine, said: Stated) -> Arrived:
    """What is booked: never more than was sent, never less than before (a surplus may have hidden a shortage)."""
    fits = bookable(said, _sent(line))
    return Arrived(max(fits.good, line.received_qty), max(fits.damaged, line.damaged_qty))


@require_uow
def _dispute(
    row: Transfer,
    lines: Sequence[TransferLine],
    stated: Mapping[int, Stated],
    note: str,
    *,
    actor: Actor,
    now: datetime,
) -> list[TransferDispute]:
    """The open disputes of these lines, new, said again with another number, or settled because all has come."""
    known = {d.line_id: d for d in TransferDispute.objects.filter(line__in=lines, status=DisputeStatus.OPEN)}
    differing = {x.pk: x for x in lines if stated[x.pk].total != _sent(x)}
    for line_id in known.keys() - differing.keys():
        _keep_settled(known.pop(line_id), DisputeOutcome.SENDER, "all has come", actor=actor, now=now)
    again = [d for i, d in known.items() if d.stated_qty != stated[i].total]
    for dispute in again:
        dispute.stated_qty, dispute.note = stated[dispute.line_id].total, note.strip()[:200] or dispute.note
    TransferDispute.objects.bulk_update(again, ["stated_qty", "note"])
    fresh = [x for i, x in differing.items() if i not in known]
    numbers = draw("transfer_dispute", prefix="TD-", count=len(fresh)) if fresh else []
    made = TransferDispute.objects.bulk_create(
        TransferDispute(
            number=number, line=x, sent_qty=_sent(x), stated_qty=stated[x.pk].total, note=note.strip()[:200],
            opened_at=now, opened_by=actor.label,
        )
        for number, x in zip(numbers, fresh, strict=True)
    )  # fmt: skip
    entries = [journal.Entry(transfer_ref(row), "disputed", _both(d)) for d in [*made, *again]]
    journal.write(entries, actor=actor, now=now)
    return [*known.values(), *made]


def _both(dispute: TransferDispute) -> str:
    sku = skus([dispute.line.product_id]).get(dispute.line.product_id, "?")
    return f"{dispute.number}: {plain(dispute.sent_qty)} of {sku} were sent, {plain(dispute.stated_qty)} came"


def _case(row: Transfer, dispute: TransferDispute) -> CaseSpec:
    evidence = {"sent": plain(dispute.sent_qty), "stated": plain(dispute.stated_qty), "note": dispute.note}
    return CaseSpec(
        FILL_UP_DISPUTED.code, transfer_ref(row), f"line:{dispute.line_id}", row.to_site.account_id,
        summary=f"{_both(dispute)}, says {dispute.opened_by}", evidence=evidence,
    )  # fmt: skip


def _keep_settled(dispute: TransferDispute, outcome: DisputeOutcome, note: str, *, actor: Actor, now: datetime) -> None:
    dispute.status, dispute.outcome = DisputeStatus.SETTLED, outcome
    dispute.settled_at, dispute.settled_by, dispute.settled_note = now, actor.label, note.strip()[:200]
    dispute.save(update_fields=["status", "outcome", "settled_at", "settled_by", "settled_note"])
    words = {
        "sender": "what was sent is right",
        "receiver": "what came is right",
        "count": "a count says what is there",
    }
    entry = journal.Entry(
        DocumentRef("transfer", dispute.line.transfer_id), "settled", f"{dispute.number}: {words[outcome]}"
    )
    journal.write([entry], actor=actor, now=now)


def _settle_shortage(
    row: Transfer, lines: Sequence[TransferLine], line: TransferLine, dispute: TransferDispute,
    outcome: DisputeOutcome, *, today: object, actor: Actor, now: datetime,
) -> None:  # fmt: skip
    """Whatever is settled, the rest of the line travels no more."""
    left = line.shipped_qty - line.received_qty - line.damaged_qty - line.missing_qty
    if outcome == DisputeOutcome.SENDER:
        arrived = {line.pk: Arrived(line.received_qty + left, line.damaged_qty)}
        book(row, unload(row, lines, arrived, today), actor=actor, now=now)
    else:
        line.missing_qty += left
        TransferLine.objects.bulk_update([line], ["missing_qty"])
        if outcome == DisputeOutcome.RECEIVER and left:
            _shift(row, line, dispute, {row.from_site_id: left}, actor=actor, now=now)
    open_now = TransferDispute.objects.filter(line__transfer=row, status=DisputeStatus.OPEN).select_related("line")
    end_transfer(row, lines, "settled", told=[_case(row, d) for d in open_now], actor=actor, now=now)


def _shift(
    row: Transfer, line: TransferLine, dispute: TransferDispute, by_site: Mapping[int, Decimal], *, actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """Correct the books of these sites, good stock of the line's lot, by movements that name the dispute."""
    places = {site_id: Place(line.product_id, site_id, line.lot_id) for site_id in by_site}
    balances = balances_at(places.values())
    shifts = {balances[places[s]]: {"on_hand_qty": qty} for s, qty in by_site.items()}
    if shift_balances(shifts):
        short, sku = -min(by_site.values()), skus([line.product_id]).get(line.product_id, "?")
        raise NotFreeToSend(asked=plain(short), free="fewer", product=sku, site=str(row.from_site))
    StockMovement.objects.bulk_create(
        StockMovement(
            balance_id=balances[places[s]], kind=MovementKind.ADJUST, qty=qty, source_kind="transfer_dispute",
            source_id=dispute.pk, sequence=n, at=now, actor_label=actor.label, reason=f"{dispute.number} of {row.number}",
        )
        for n, (s, qty) in enumerate(sorted(by_site.items()))
    )  # fmt: skip


@require_uow
def _close_settled(row: Transfer, lines: Sequence[TransferLine], *, actor: Actor, now: datetime) -> None:
    still = TransferDispute.objects.filter(line__in=lines, status=DisputeStatus.OPEN).values_list("line_id", flat=True)
    open_lines = set(still)
    causes = [f"line:{x.pk}" for x in lines if x.pk not in open_lines]
    if causes:
        close_causes(FILL_UP_DISPUTED.code, transfer_ref(row), causes, now=now, actor=actor, why="It is settled.")
