"""Reads of returns: a constant number of statements whatever the number of lines."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce

from catalog.queries import product_snapshots
from fulfillment.models import Return, ReturnLine, ReturnPart, ShipmentLine
from fulfillment.rules.returns import Awaiting, SentPart
from fulfillment.states import KEPT, ReturnStatus
from inventory.queries import own_site
from inventory.states import SiteKind

ZERO = Decimal(0)


@dataclass(frozen=True)
class CreditBasis:
    """What of a return is credited: `qty` base units of a shipment line, at the price that was invoiced for it."""

    shipment_line_id: int
    order_line_id: int
    qty: Decimal


@dataclass(frozen=True)
class ReturnHead:
    id: int
    number: str
    account_id: int
    status: str
    outcome: str
    fee_percent: Decimal
    reason: str
    refunds_freight: bool = False


@dataclass(frozen=True)
class ReturnedLine:
    """A line of a return for people: quantities in base units."""

    return_id: int
    number: str
    status: str
    note: str
    order_line_id: int
    sku: str
    qty: Decimal
    authorized: Decimal | None
    received: Decimal


def return_head(return_id: int) -> ReturnHead | None:
    """What arrived damaged is our fault too. One statement."""
    columns = ("id", "number", "account_id", "status", "outcome", "fee_percent", "reason")
    rows = Return.objects.filter(pk=return_id).annotate(is_ours=Q(refunds_freight=True) | Q(is_damaged=True))
    row = rows.values_list(*columns, "is_ours").first()
    return ReturnHead(*row) if row else None


def sent_parts(order_line_ids: Collection[int]) -> list[SentPart]:
    """What of these order lines the customer has, shipment line by shipment line. One statement."""
    rows = ShipmentLine.objects.filter(order_line__in=list(order_line_ids), shipped_qty__gt=F("returned_qty"))
    columns = rows.order_by("pk").values_list(
        "pk", "order_line_id", "lot__code", F("shipped_qty") - F("returned_qty"), "shipment__number"
    )
    return [SentPart(pk, line, lot or "", left, number) for pk, line, lot, left, number in columns]


def awaiting(return_id: int) -> list[Awaiting]:
    """The lines of which something was received and not disposed of yet. Three statements."""
    rows = list(
        ReturnLine.objects.filter(parent=return_id, received_qty__gt=0)
        .annotate(done=Coalesce(Sum("parts__qty"), ZERO))
        .order_by("pk")
        .values_list("pk", "order_line_id", "order_line__product_id", "received_qty", "done")
    )
    products = product_snapshots({p for _, _, p, _, _ in rows if p})
    return [
        Awaiting(pk, line, products[product].sku if product in products else "", received - done)
        for pk, line, product, received, done in rows
        if received > done
    ]


def return_lines(return_id: int) -> dict[int, Decimal]:
    """{line of the return: what of it was authorized, or asked for}, base units. One statement."""
    rows = ReturnLine.objects.filter(parent=return_id).order_by("pk")
    return dict(rows.values_list("pk", Coalesce("authorized_qty", "qty")))


def shipping_sites(order_line_ids: Sequence[int]) -> int | None:
    """The site of ours that shipped most of these lines; where only a vendor did, our first; None where nothing was
    shipped. One statement, one more for a vendor."""
    rows = ShipmentLine.objects.filter(order_line__in=list(order_line_ids), shipped_qty__gt=0)
    shipped: dict[int, Decimal] = defaultdict(Decimal)
    found = list(rows.values_list("shipment__site_id", "shipment__site__kind", "shipped_qty"))
    for site_id, kind, qty in found:
        if kind != SiteKind.VENDOR:
            shipped[site_id] += qty
    if not shipped:
        return own_site() if found else None
    return max(shipped, key=lambda site_id: (shipped[site_id], -site_id))


def credit_basis(return_id: int) -> list[CreditBasis]:
    """What of the return stays with us: restocked, quarantined, scrapped, to the vendor. One statement."""
    rows = (
        ReturnPart.objects.filter(line__parent=return_id, disposition__in=sorted(KEPT))
        .values_list("shipment_line_id", "line__order_line_id")
        .annotate(total=Sum("qty"))
        .order_by("shipment_line_id")
    )
    return [CreditBasis(shipment_line, order_line, qty) for shipment_line, order_line, qty in rows]


def replaced_lines(return_id: int) -> list[tuple[int, Decimal]]:
    """[(order line, base units)] to be sent again: what was authorized before it came, else what stays with us."""
    rows = ReturnLine.objects.filter(parent=return_id, authorized_qty__gt=0).order_by("pk")
    if Return.objects.filter(pk=return_id, dispositioned_at__isnull=True).exists():
        return [(line, qty or ZERO) for line, qty in rows.values_list("order_line_id", "authorized_qty")]
    kept: dict[int, Decimal] = defaultdict(Decimal)
    for basis in credit_basis(return_id):
        kept[basis.order_line_id] += basis.qty
    return sorted(kept.items())


def returns_of(order_line_ids: Collection[int]) -> list[ReturnedLine]:
    """Every return line of these order lines, newest first. Two statements."""
    rows = list(
        ReturnLine.objects.filter(order_line__in=list(order_line_ids))
        .order_by("-pk")
        .values_list(
            "parent_id", "parent__number", "parent__status", "parent__note", "order_line_id",
            "order_line__product_id", "qty", "authorized_qty", "received_qty",
        )
    )  # fmt: skip
    products = product_snapshots({r[5] for r in rows if r[5]})
    return [
        ReturnedLine(*r[:5], products[r[5]].sku if r[5] in products else "", *r[6:])  #
        for r in rows
    ]


def orders_of_return(return_id: int) -> set[int]:
    """One statement."""
    return set(ReturnLine.objects.filter(parent=return_id).values_list("order_line__order_id", flat=True))


def waiting_returns(*, limit: int) -> list[int]:
    """Returns that were asked for and not decided, oldest first."""
    rows = Return.objects.filter(status=ReturnStatus.REQUESTED).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:limit])
