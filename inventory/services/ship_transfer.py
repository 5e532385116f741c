"""The truck is loaded: the goods leave the source and are dated supply at the target until they arrive."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from core import journal
from core.actors import Actor
from core.errors import InvalidInput, NotFound, Refused
from core.quantity import plain
from core.uow import door_verb
from inventory import locks
from inventory.models import InboundSupply, StockBalance, StockMovement, Transfer, TransferLine
from inventory.rules.transfers import wrong_shipments
from inventory.services.give_way import ask_for_allocation
from inventory.services.places import Place, known_balances, refuse_unfit, site_called, skus, today_at
from inventory.services.request_transfer import CANNOT_TRAVEL, transfer_ref
from inventory.services.transfer_claims import Travelling, claims_of
from inventory.states import TRANSFER, InboundKind, MovementKind, TransferStatus

ZERO = Decimal(0)
Loaded = Sequence[tuple[TransferLine, Decimal, int]]  # line, quantity, balance it leaves


class NotFreeToSend(Refused):
    template = "{asked} of {product} are to be sent, but only {free} are free at {site}."
    remedy_template = "Send less, or free stock first: promised units stay with their orders."


@door_verb
def ship_transfer(
    *, transfer_id: int, shipped: Mapping[int, Decimal] | None = None, actor: Actor, now: datetime
) -> None:
    """`shipped` is {line: quantity}; None sends all that was asked for, a line left out sends nothing. What a fill-up
    claimed leaves from its claim, the rest of it is wanted again; other lines take what is free.

    Said again with the same quantities it changes nothing. Raises NotFound, IllegalTransition, InvalidInput,
    SiteIsClosed, LotIsRecalled, LotIsExpired, NotFreeToSend.
    """
    claims = claims_of(transfer_id)
    lot_ids = TransferLine.objects.filter(transfer_id=transfer_id, lot__isnull=False).values_list("lot_id", flat=True)
    lots = locks.lock_lots(set(lot_ids))  # a recall of one of them waits, or is seen
    row = locks.lock_transfer(transfer_id)
    if row is None:
        raise NotFound(kind="transfer", ident=transfer_id)
    lines = list(row.lines.order_by("pk"))
    sent = {x.pk: x.qty for x in lines} if shipped is None else {x.pk: shipped.get(x.pk, ZERO) for x in lines}
    if row.status == TransferStatus.SHIPPED and sent == {x.pk: x.shipped_qty for x in lines}:
        return
    TRANSFER.require(TransferStatus(row.status), TransferStatus.SHIPPED)
    units = {x.pk for x in lines if x.lot_id in lots and lots[x.lot_id].is_serial}
    if errors := wrong_shipments({x.pk: x.qty for x in lines}, sent if shipped is None else shipped, units):
        raise InvalidInput(errors)
    source = site_called(row.from_site_id, verb="nothing leaves it")
    travelling = {x.lot_id for x in lines if sent[x.pk]}
    fit = [lot for pk, lot in lots.items() if pk in travelling]
    refuse_unfit(fit, verb=CANNOT_TRAVEL, on=today_at(source, now))
    for line in lines:
        if line.pk in claims.by_line:
            claims.load(line.pk, sent[line.pk])
    loaded = _load(row, [x for x in lines if sent[x.pk]], sent, claims)
    claims.settle(cause="a fill-up was not loaded in full", actor=actor, now=now)
    _depart(row, loaded, actor=actor, now=now)


def _load(row: Transfer, lines: Sequence[TransferLine], sent: Mapping[int, Decimal], claims: Travelling) -> Loaded:
    """Take the goods off the shelf. Without a claim of its own, a line takes only what nobody claims."""
    places = {x.pk: Place(x.product_id, row.from_site_id, x.lot_id) for x in lines}
    known = known_balances(places.values())
    balances = locks.lock_balances(list(known.values()))
    for line in lines:
        if line.pk in claims.by_line:
            continue
        balance = balances.get(known.get(places[line.pk], 0))
        if balance is None or _free(balance) < sent[line.pk]:
            raise NotFreeToSend(
                asked=plain(sent[line.pk]),
                free=plain(_free(balance) if balance else ZERO),
                product=skus([line.product_id]).get(line.product_id, "?") + (f" lot {line.lot}" if line.lot else ""),
                site=str(row.from_site),
            )
        claims.ledger.shift(balance.pk, "on_hand_qty", -sent[line.pk])
    return [(line, sent[line.pk], known[places[line.pk]]) for line in lines]


def _depart(row: Transfer, loaded: Loaded, *, actor: Actor, now: datetime) -> None:
    source = transfer_ref(row)
    StockMovement.objects.bulk_create(
        StockMovement(
            balance_id=balance_id,
            kind=MovementKind.TRANSFER_OUT,
            qty=-qty,
            source_kind=source.kind,
            source_id=source.id,
            sequence=line.pk,
            at=now,
            actor_label=actor.label,
            reason=f"{row.number} to {row.to_site}",
        )
        for line, qty, balance_id in loaded
    )
    for line, qty, _ in loaded:
        line.shipped_qty = qty
    TransferLine.objects.bulk_update([line for line, _, _ in loaded], ["shipped_qty"])
    row.status, row.shipped_at = TransferStatus.SHIPPED, now
    row.save(update_fields=["status", "shipped_at"])
    _announce(row, loaded)
    words = f"{plain(sum((q for _, q, _ in loaded), ZERO))} left {row.from_site}, expected {row.expected_date:%d %b %Y}"
    journal.write([journal.Entry(source, "shipped", words)], actor=actor, now=now)
    ask_for_allocation({x.product_id for x, _, _ in loaded}, "transfer shipped", now=now, actor=actor)


def _announce(row: Transfer, loaded: Loaded) -> None:
    """What travels is supply at the target from its day on, one row a product."""
    coming: dict[int, Decimal] = defaultdict(Decimal)
    for line, qty, _ in loaded:
        coming[line.product_id] += qty
    InboundSupply.objects.bulk_create(
        InboundSupply(
            product_id=product_id,
            site_id=row.to_site_id,
            kind=InboundKind.TRANSFER,
            reference=row.number,
            ordered_qty=qty,
            eta_date=row.expected_date,
        )
        for product_id, qty in sorted(coming.items())
    )


def _free(balance: StockBalance) -> Decimal:
    claimed = balance.reserved_qty + balance.allocated_qty + balance.released_qty + balance.picked_qty
    return balance.on_hand_qty - claimed
