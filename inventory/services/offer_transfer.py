"""One keeper offers goods to another: rep to rep, rep to center, consignment to center (a pick-up). Nothing is held for
an offer, and nothing moves before the other side accepts; then all of it moves at once, hand to hand."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from core import journal
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound, Refused
from core.numbering import draw
from core.quantity import plain
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from inventory import locks
from inventory.models import (
    OfferLine,
    Site,
    StockMovement,
    Transfer,
    TransferLine,
    TransferOffer,
)
from inventory.rules.transfers import TransferLineSpec
from inventory.services.claim import shift_balances
from inventory.services.give_way import ask_for_allocation
from inventory.services.places import (
    Place,
    balances_at,
    lots_called,
    refuse_unfit,
    site_called,
    skus,
    today_at,
)
from inventory.services.request_transfer import (
    CANNOT_TRAVEL,
    TransferToItself,
    refuse_wrong_lines,
    transfer_ref,
)
from inventory.services.ship_transfer import NotFreeToSend
from inventory.states import FIELD_KINDS, OFFER, TRANSFER, MovementKind, OfferStatus, TransferStatus

ZERO = Decimal(0)
SHORTEST, LONGEST = 1, 720  # hours an offer may stand


class NeitherIsInTheField(Refused):
    template = "Neither {source} nor {target} is a trunk or a consignment."
    remedy_template = "Between centers, request a transfer."


class AcceptedByTheOfferer(Refused):
    template = "Offer {number} was made by {offered_by}: somebody at {site} accepts it."
    remedy_template = "Ask the other keeper, or withdraw the offer."


class OfferIsOver(Refused):
    template = "Offer {number} is {status}."
    remedy_template = "Make another offer."


@door_verb
def offer_transfer(
    *, from_site_id: int, to_site_id: int, lines: Sequence[TransferLineSpec], hours: int = 72, note: str = "", key: str,
    actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """The offer's id; the same key again gives the first one. It stands for `hours`.

    Raises TransferToItself, NeitherIsInTheField, SiteIsClosed, NotFound, InvalidInput, LotOfAnotherProduct, UnknownLot,
    LotIsRecalled, LotIsExpired.
    """
    known = TransferOffer.objects.filter(request_key=key).values_list("id", flat=True).first()
    if known is not None:
        return known
    source = site_called(from_site_id, verb="nothing is offered from there")
    target = site_called(to_site_id, verb="nothing is offered there")
    if source == target:
        raise TransferToItself(site=source.code)
    if FIELD_KINDS.isdisjoint({source.kind, target.kind}):
        raise NeitherIsInTheField(source=source.code, target=target.code)
    if not SHORTEST <= hours <= LONGEST:
        words = f"An offer stands for {SHORTEST} to {LONGEST} hours."
        raise InvalidInput([FieldError("/hours", "out_of_range", words, "Say for how long, in hours.")])
    refuse_wrong_lines(lines)
    lots = lots_called([(x.product_id, x.lot_code) for x in lines])
    refuse_unfit(lots.values(), verb=CANNOT_TRAVEL, on=today_at(target, now))
    row = TransferOffer(
        number=draw("transfer_offer", prefix="TO-")[0],
        request_key=key,
        from_site=source,
        to_site=target,
        note=note.strip()[:200],
        offered_at=now,
        offered_by_id=actor.user_id,
        offered_by=actor.label,
        expires_at=now + timedelta(hours=hours),
    )
    TransferOffer.objects.bulk_create([row], ignore_conflicts=True)  # a twin with this key may be first
    stored = TransferOffer.objects.get(request_key=key)
    if stored.number == row.number:
        OfferLine.objects.bulk_create(
            OfferLine(offer=stored, product_id=x.product_id, lot=lots.get((x.product_id, x.lot_code)), qty=x.qty)
            for x in lines
        )
        units = plain(sum((x.qty for x in lines), ZERO))
        words = f"{units} of {len(lines)} line(s) offered from {source} to {target}"
        journal.write([journal.Entry(offer_ref(stored), "offered", words)], actor=actor, now=now)
    return stored.pk


@door_verb
def accept_offer(*, offer_id: int, note: str = "", actor: Actor, now: datetime) -> int:
    """The transfer by which the goods moved; accepted again gives the same one. An offer past its time is over, swept or
    not. Raises NotFound, OfferIsOver, AcceptedByTheOfferer, NotFreeToSend, SiteIsClosed, LotIsRecalled, LotIsExpired.
    Locks lots 57, the offer 59, balances 60.
    """
    lot_ids = OfferLine.objects.filter(offer_id=offer_id, lot__isnull=False).values_list("lot_id", flat=True)
    lots = locks.lock_lots(set(lot_ids))
    row = _locked(offer_id)
    if row.status == OfferStatus.ACCEPTED and row.transfer_id is not None:
        return row.transfer_id
    _require_open(row, now)
    if actor.user_id is not None and actor.user_id == row.offered_by_id:
        raise AcceptedByTheOfferer(number=row.number, offered_by=row.offered_by, site=str(row.to_site))
    source = site_called(row.from_site_id, verb="nothing leaves it")
    target = site_called(row.to_site_id, verb="nothing is received there")
    refuse_unfit(lots.values(), verb=CANNOT_TRAVEL, on=today_at(target, now))
    lines = list(row.lines.order_by("pk"))
    transfer = _hand_over(row, lines, source, target, actor=actor, now=now)
    _answer(row, OfferStatus.ACCEPTED, note, transfer=transfer, actor=actor, now=now)
    ask_for_allocation({x.product_id for x in lines}, "transfer accepted", now=now, actor=actor)
    return transfer.pk


@door_verb
def decline_offer(*, offer_id: int, note: str = "", actor: Actor, now: datetime) -> None:
    """Nothing moves. Declined again changes nothing. Raises NotFound, OfferIsOver."""
    _end(offer_id, OfferStatus.DECLINED, note, actor=actor, now=now)


@door_verb
def withdraw_offer(*, offer_id: int, note: str = "", actor: Actor, now: datetime) -> None:
    """By whoever offered. Nothing moves. Withdrawn again changes nothing. Raises NotFound, OfferIsOver."""
    _end(offer_id, OfferStatus.WITHDRAWN, note, actor=actor, now=now)


@door_verb
def expire_offers(*, actor: Actor, now: datetime) -> int:
    """Close what nobody answered in time; how many. It was over already: this only says so."""
    due = TransferOffer.objects.filter(status=OfferStatus.OFFERED, expires_at__lte=now).order_by("pk")
    ended = 0
    for offer_id in due.values_list("id", flat=True)[:200]:
        row = locks.lock_offer(offer_id)
        if row is not None and row.status == OfferStatus.OFFERED:
            _answer(row, OfferStatus.EXPIRED, "nobody answered in time", actor=actor, now=now)
            ended += 1
    return ended


def offer_ref(row: TransferOffer) -> DocumentRef:
    return DocumentRef("transfer_offer", row.pk, row.number)


def _locked(offer_id: int) -> TransferOffer:
    row = locks.lock_offer(offer_id)
    if row is None:
        raise NotFound(kind="offer", ident=offer_id)
    return row


def _require_open(row: TransferOffer, now: datetime) -> None:
    if row.status != OfferStatus.OFFERED:
        raise OfferIsOver(number=row.number, status=row.status)
    if row.expires_at <= now:
        raise OfferIsOver(number=row.number, status=f"over since {row.expires_at:%d %b %Y %H:%M} UTC")


def _end(offer_id: int, target: OfferStatus, note: str, *, actor: Actor, now: datetime) -> None:
    row = _locked(offer_id)
    if row.status == target:
        return
    _require_open(row, now)
    _answer(row, target, note, actor=actor, now=now)


@require_uow
def _answer(
    row: TransferOffer, target: OfferStatus, note: str, *, transfer: Transfer | None = None, actor: Actor, now: datetime
) -> None:
    row.status = OFFER.require(OfferStatus(row.status), target)
    row.answered_at, row.answered_by, row.answer_note, row.transfer = now, actor.label, note.strip()[:200], transfer
    row.save(update_fields=["status", "answered_at", "answered_by", "answer_note", "transfer"])
    words = f"{target.capitalize()}" + (f" as {transfer.number}" if transfer else "")
    words += f": {row.answer_note}" if row.answer_note else ""
    journal.write([journal.Entry(offer_ref(row), str(target), words)], actor=actor, now=now)


@require_uow
def _hand_over(
    row: TransferOffer, lines: Sequence[OfferLine], source: Site, target: Site, *, actor: Actor, now: datetime
) -> Transfer:
    """A transfer that is received in the moment it is shipped: it is never supply on its way."""
    balances = balances_at([_place(x, s) for x in lines for s in (source, target)])
    shifts: dict[int, dict[str, Decimal]] = {}
    for x in lines:
        for site, qty in ((source, -x.qty), (target, x.qty)):
            place = shifts.setdefault(balances[_place(x, site)], {"on_hand_qty": ZERO})
            place["on_hand_qty"] += qty
    if refused := shift_balances(shifts):
        raise _not_free(lines, source, balances, refused)
    transfer = Transfer.objects.create(
        number=draw("transfer", prefix="TR-")[0],
        request_key=f"offer {row.number}",
        from_site=source,
        to_site=target,
        expected_date=today_at(target, now),
        reason=f"Offer {row.number}",
        requested_at=row.offered_at,
        requested_by=row.offered_by,
        shipped_at=now,
    )
    for status in (TransferStatus.SHIPPED, TransferStatus.CLOSED):
        transfer.status = TRANSFER.require(TransferStatus(transfer.status), status)
        transfer.closed_at = now
        transfer.save(update_fields=["status", "closed_at"])
    moved = TransferLine.objects.bulk_create(
        TransferLine(
            transfer=transfer,
            product_id=x.product_id,
            lot_id=x.lot_id,
            qty=x.qty,
            shipped_qty=x.qty,
            received_qty=x.qty,
        )
        for x in lines
    )
    _move(transfer, moved, balances, source, target, actor=actor, now=now)
    words = f"{plain(sum((x.qty for x in lines), ZERO))} handed over from {source} to {target}, {row.number}"
    journal.write([journal.Entry(transfer_ref(transfer), "handed over", words)], actor=actor, now=now)
    return transfer


def _move(
    transfer: Transfer, lines: Sequence[TransferLine], balances: Mapping[Place, int], source: Site, target: Site, *,
    actor: Actor, now: datetime,
) -> None:  # fmt: skip
    StockMovement.objects.bulk_create(
        StockMovement(
            balance_id=balances[_place(x, site)], kind=kind, qty=qty, source_kind="transfer", source_id=transfer.pk,
            sequence=x.pk, at=now, actor_label=actor.label, reason=f"{transfer.number}, {transfer.reason}",
        )
        for x in lines
        for site, kind, qty in (
            (source, MovementKind.TRANSFER_OUT, -x.qty), (target, MovementKind.TRANSFER_IN, x.qty),
        )
    )  # fmt: skip


def _place(line: OfferLine | TransferLine, site: Site) -> Place:
    return Place(line.product_id, site.pk, line.lot_id)


def _not_free(
    lines: Sequence[OfferLine], source: Site, balances: Mapping[Place, int], refused: set[int]
) -> NotFreeToSend:
    line = next(x for x in lines if balances[_place(x, source)] in refused)
    named = skus([line.product_id]).get(line.product_id, "?") + (f" lot {line.lot}" if line.lot else "")
    return NotFreeToSend(asked=plain(line.qty), free="fewer", product=named, site=source.code)
