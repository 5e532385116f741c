"""Reads of the papers of stock in the field: what is to be acknowledged, disputes, offers and counts of these sites."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Q

from inventory.models import (
    CountLine,
    FillUp,
    OfferLine,
    StockCount,
    Transfer,
    TransferDispute,
    TransferLine,
    TransferOffer,
)
from inventory.states import DisputeStatus, TransferStatus

ON_THEIR_WAY = (TransferStatus.SHIPPED, TransferStatus.SHORT)


@dataclass(frozen=True)
class DisputeView:
    """`line_id` of the transfer `transfer`; both numbers in base units."""

    id: int
    number: str
    status: str
    line_id: int
    transfer: str
    from_site_id: int
    to_site_id: int
    product_id: int
    sent: Decimal
    stated: Decimal
    note: str
    opened_at: datetime
    outcome: str


@dataclass(frozen=True)
class MovingLine:
    """A line of a transfer or an offer. `line_id` is what an acknowledgement names."""

    line_id: int
    product_id: int
    lot: str
    sent: Decimal
    good: Decimal = Decimal(0)
    damaged: Decimal = Decimal(0)


@dataclass(frozen=True)
class TransferView:
    id: int
    number: str
    from_site: str
    to_site_id: int
    to_site: str
    status: str
    expected_date: date
    lines: tuple[MovingLine, ...] = ()
    disputes: tuple[DisputeView, ...] = ()


@dataclass(frozen=True)
class OfferView:
    id: int
    number: str
    from_site_id: int
    from_site: str
    to_site_id: int
    to_site: str
    status: str
    note: str
    offered_at: datetime
    offered_by: str
    expires_at: datetime
    answered_at: datetime | None
    transfer: str
    lines: tuple[MovingLine, ...] = field(default=())


@dataclass(frozen=True)
class CountedLine:
    """Blind: what the books say is not told."""

    line_id: int
    product_id: int
    lot: str
    status: str
    counted: Decimal | None


@dataclass(frozen=True)
class CountView:
    id: int
    number: str
    site_id: int
    site: str
    status: str
    lines: tuple[CountedLine, ...] = ()


def incoming(site_ids: Collection[int], *, number: str = "") -> list[TransferView]:
    """Transfers on their way to these sites, the earliest expected first; with `number` that one, also when it has
    come. Three statements."""
    rows = Transfer.objects.filter(to_site__in=list(site_ids))
    rows = rows.filter(number=number) if number else rows.filter(status__in=ON_THEIR_WAY)
    heads = list(
        rows.order_by("expected_date", "id").values_list(
            "id", "number", "from_site__code", "to_site_id", "to_site__code", "status", "expected_date"
        )[:200]
    )
    lines: dict[int, list[MovingLine]] = defaultdict(list)
    sent = TransferLine.objects.filter(transfer__in=[h[0] for h in heads], shipped_qty__gt=0).order_by("id")
    columns = ("transfer_id", "id", "product_id", "lot__code", "shipped_qty", "received_qty", "damaged_qty")
    for transfer_id, line_id, product_id, lot, *qtys in sent.values_list(*columns):
        lines[transfer_id].append(MovingLine(line_id, product_id, lot or "", *qtys))
    open_now: dict[str, list[DisputeView]] = defaultdict(list)
    for dispute in disputes([h[3] for h in heads]) if heads else ():
        open_now[dispute.transfer].append(dispute)
    return [TransferView(*h, tuple(lines[h[0]]), tuple(open_now[h[1]])) for h in heads]


def disputes(
    site_ids: Collection[int] | None = None, *, number: str = "", ids: Collection[int] | None = None
) -> list[DisputeView]:
    """Open disputes of transfers to these sites, or the one called so, settled too. One statement."""
    rows = TransferDispute.objects.all()
    if site_ids is not None:
        rows = rows.filter(line__transfer__to_site__in=list(site_ids))
    if ids is not None:
        rows = rows.filter(pk__in=list(ids))
    elif number:
        rows = rows.filter(number=number)
    else:
        rows = rows.filter(status=DisputeStatus.OPEN)
    columns = (
        "id", "number", "status", "line_id", "line__transfer__number", "line__transfer__from_site_id",
        "line__transfer__to_site_id", "line__product_id", "sent_qty", "stated_qty", "note", "opened_at", "outcome",
    )  # fmt: skip
    return [DisputeView(*row) for row in rows.order_by("id").values_list(*columns)[:200]]


def offers(site_ids: Collection[int] | None, *, number: str = "", limit: int = 100) -> list[OfferView]:
    """Offers from and to these sites (None: all), the newest first. Two statements."""
    rows = TransferOffer.objects.all()
    if site_ids is not None:
        rows = rows.filter(Q(from_site__in=list(site_ids)) | Q(to_site__in=list(site_ids)))
    if number:
        rows = rows.filter(number=number)
    columns = (
        "id", "number", "from_site_id", "from_site__code", "to_site_id", "to_site__code", "status", "note",
        "offered_at", "offered_by", "expires_at", "answered_at", "transfer__number",
    )  # fmt: skip
    heads = list(rows.order_by("-id").values_list(*columns)[:limit])
    lines: dict[int, list[MovingLine]] = defaultdict(list)
    of_them = OfferLine.objects.filter(offer__in=[h[0] for h in heads]).order_by("id")
    for offer_id, line_id, product_id, lot, qty in of_them.values_list(
        "offer_id", "id", "product_id", "lot__code", "qty"
    ):
        lines[offer_id].append(MovingLine(line_id, product_id, lot or "", qty))
    return [OfferView(*[*h[:12], h[12] or "", tuple(lines[h[0]])]) for h in heads]


def counts(site_ids: Collection[int], *, number: str = "", count_id: int | None = None) -> list[CountView]:
    """The count called so, if it is of one of these sites, with its lines. Two statements."""
    rows = StockCount.objects.filter(site__in=list(site_ids))
    rows = rows.filter(number=number) if count_id is None else rows.filter(pk=count_id)
    heads = list(rows.values_list("id", "number", "site_id", "site__code", "status"))
    lines: dict[int, list[CountedLine]] = defaultdict(list)
    of_them = CountLine.objects.filter(count__in=[h[0] for h in heads]).order_by("id")
    columns = ("count_id", "id", "balance__product_id", "balance__lot__code", "balance__status", "counted_qty")
    for count_id, line_id, product_id, lot, status, counted in of_them.values_list(*columns):
        lines[count_id].append(CountedLine(line_id, product_id, lot or "", status, counted))
    return [CountView(*h, tuple(lines[h[0]])) for h in heads]


def paper_numbers(model: str, ids: Collection[int]) -> dict[int, str]:
    """{row: its number} of offers, disputes or fill-ups. One statement."""
    table = {"transfer_offer": TransferOffer, "transfer_dispute": TransferDispute, "fill_up": FillUp}[model]
    return dict(table._default_manager.filter(pk__in=ids).values_list("pk", "number"))
