"""Reads of fulfillment: a constant number of statements whatever the number of ids."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import quote

from django.db.models import F, QuerySet, Sum
from django.db.models.functions import Coalesce

from core.refs import DocumentRef
from fulfillment.models import CarrierService, Return, ReturnLine, Shipment, ShipmentLine, VendorOrder
from fulfillment.rules.asks import BillableLine, ShipmentLineView, ShipmentView
from fulfillment.states import ShipmentStatus
from orders.line_queries import line_quantities

ZERO = Decimal(0)
_LINE_COLUMNS = (
    "id",
    "order_line_id",
    "product_id",
    "lot__code",
    "qty",
    "picked_qty",
    "shipped_qty",
    "invoiced_qty",
    "short_reason",
)


def shipments_of(order_ids: Iterable[int]) -> dict[int, list[ShipmentView]]:
    """Shipments with their lines by order id, oldest first. Two statements."""
    rows = list(_wide().filter(order_id__in=set(order_ids)).order_by("pk"))
    found: dict[int, list[ShipmentView]] = {}
    for view in _views(rows):
        found.setdefault(view.order_id, []).append(view)
    return found


def shipment_detail(shipment_id: int) -> ShipmentView | None:
    return shipment_details([shipment_id]).get(shipment_id)


def shipment_details(shipment_ids: Iterable[int]) -> dict[int, ShipmentView]:
    """The shipments that exist, with their lines. Two statements."""
    return {view.id: view for view in _views(list(_wide().filter(pk__in=set(shipment_ids)).order_by("pk")))}


@dataclass(frozen=True)
class ShipmentFilter:
    """Empty fields ask nothing; `account_ids` None: everybody's. Newest first, before `before_id`."""

    account_ids: frozenset[int] | None
    public_id: str = ""
    number: str = ""
    status: str = ""
    order_number: str = ""
    tracking_number: str = ""
    before_id: int | None = None


def find_shipments(wanted: ShipmentFilter, *, limit: int) -> list[ShipmentView]:
    """With their lines. Two statements."""
    rows = _wide()
    if wanted.account_ids is not None:
        rows = rows.filter(account__in=list(wanted.account_ids))
    for name, column in (
        ("public_id", "public_id"),
        ("number", "number"),
        ("status", "status"),
        ("order_number", "order__number"),
        ("tracking_number", "tracking_number"),
    ):
        if value := getattr(wanted, name):
            rows = rows.filter(**{column: value})
    if wanted.before_id is not None:
        rows = rows.filter(pk__lt=wanted.before_id)
    return _views(list(rows.order_by("-pk")[:limit]))


def consignment_shipments(number: str) -> list[ShipmentView]:
    """The shipments of the consignment, oldest first, with their lines. Two statements; none without a number."""
    return _views(list(_wide().filter(consignment__number=number).order_by("pk"))) if number else []


def billable(shipment_id: int) -> list[BillableLine]:
    """What was shipped and not yet invoiced, line by line."""
    shipment = shipment_detail(shipment_id)
    return billable_of(shipment) if shipment else []


def billable_of(shipment: ShipmentView) -> list[BillableLine]:
    """The same of a shipment that was read already."""
    return [
        BillableLine(x.id, x.order_line_id, x.product_id, x.shipped_qty - x.invoiced_qty)
        for x in shipment.lines
        if x.shipped_qty > x.invoiced_qty
    ]


def orders_of_usages(usage_ids: Collection[int]) -> dict[int, int]:
    """{usage: the order that bills it}; usages without one are absent. One statement."""
    rows = Shipment.objects.filter(usage__in=list(usage_ids)).values_list("usage_id", "order_id")
    return {usage_id: order_id for usage_id, order_id in rows if usage_id is not None}


def unbilled_shipments(order_ids: Collection[int]) -> list[int]:
    """Shipments of the orders with something shipped that is not invoiced, oldest first. One statement."""
    rows = ShipmentLine.objects.filter(shipment__order__in=list(order_ids), shipped_qty__gt=F("invoiced_qty"))
    return sorted(set(rows.values_list("shipment_id", flat=True)))


def awaiting(status: ShipmentStatus, *, limit: int) -> list[int]:
    """Shipments in this state, oldest first: the warehouse's work list."""
    return list(Shipment.objects.filter(status=status).order_by("pk").values_list("pk", flat=True)[:limit])


def short_pick_count() -> int:
    """Shipment lines of which the picker did not find everything."""
    return ShipmentLine.objects.filter(picked_qty__lt=F("qty")).count()


def returnable(order_line_ids: Sequence[int]) -> dict[int, Decimal]:
    """Ordered less cancelled less already requested (or authorized) back, by order line (base units)."""
    ordered = line_quantities(order_line_ids)
    requested = (
        ReturnLine.objects.filter(order_line_id__in=set(order_line_ids))
        .exclude(parent__status="rejected")
        .values_list("order_line_id")
        .annotate(total=Coalesce(Sum(Coalesce("authorized_qty", "qty")), ZERO))
    )
    taken = dict(requested)
    return {line_id: qty - taken.get(line_id, ZERO) for line_id, qty in ordered.items()}


def invoiced_state(order_ids: Iterable[int]) -> dict[int, tuple[Decimal, Decimal]]:
    """(shipped, invoiced) base units by order id."""
    rows = (
        ShipmentLine.objects.filter(shipment__order_id__in=set(order_ids))
        .values_list("shipment__order_id")
        .annotate(shipped=Sum("shipped_qty"), invoiced=Sum("invoiced_qty"))
    )
    return {order_id: (shipped, invoiced) for order_id, shipped, invoiced in rows}


def shipment_numbers(shipment_ids: Collection[int]) -> dict[int, str]:
    """{shipment: its number}. One statement."""
    return dict(Shipment.objects.filter(pk__in=shipment_ids).values_list("id", "number"))


def return_numbers(return_ids: Collection[int]) -> dict[int, str]:
    """{return: its number}. One statement."""
    return dict(Return.objects.filter(pk__in=return_ids).values_list("id", "number"))


def vendor_order_numbers(vendor_order_ids: Collection[int]) -> dict[int, str]:
    """{vendor order: its number}. One statement."""
    return dict(VendorOrder.objects.filter(pk__in=vendor_order_ids).values_list("id", "number"))


def carriers(service_ids: Iterable[int]) -> dict[int, str]:
    """{service: its carrier's name}. One statement."""
    return dict(CarrierService.objects.filter(pk__in=set(service_ids)).values_list("pk", "carrier"))


def tracking_links(shipments: Collection[ShipmentView]) -> dict[int, str]:
    """{shipment: where it is followed}; absent without a tracking number or a link of its carrier. One statement."""
    tracked = [s for s in shipments if s.tracking_number and s.carrier]
    if not tracked:
        return {}
    links: dict[str, str] = {}
    rows = CarrierService.objects.exclude(tracking_url="").order_by("is_active", "-pk")
    for code, carrier, url in rows.values_list("code", "carrier", "tracking_url"):
        links[carrier.upper()] = links[code.upper()] = url
    found = {s.id: links.get(s.carrier.upper(), "") for s in tracked}
    numbers = {s.id: quote(s.tracking_number, safe="") for s in tracked}
    return {i: url.replace("{number}", numbers[i]) for i, url in found.items() if url}


def companions(order_id: int) -> list[DocumentRef]:
    """The shipments whose history is a part of the order's. One statement."""
    rows = Shipment.objects.filter(order=order_id).order_by("pk").values_list("pk", "number")
    return [DocumentRef("shipment", pk, number) for pk, number in rows]


def _wide() -> QuerySet[Shipment]:
    return Shipment.objects.select_related("service", "consignment")


def _views(shipments: list[Shipment]) -> list[ShipmentView]:
    lines: dict[int, list[ShipmentLineView]] = {}
    rows = ShipmentLine.objects.filter(shipment__in=[s.pk for s in shipments]).order_by("pk")
    for shipment_id, *columns in rows.values_list("shipment_id", *_LINE_COLUMNS):
        columns[3] = columns[3] or ""  # a line without a lot
        lines.setdefault(shipment_id, []).append(ShipmentLineView(*columns))
    return [
        ShipmentView(
            id=s.pk,
            public_id=str(s.public_id),
            number=s.number,
            order_id=s.order_id,
            account_id=s.account_id,
            site_id=s.site_id,
            status=s.status,
            carrier=s.carrier,
            tracking_number=s.tracking_number,
            released_at=s.released_at,
            shipped_at=s.shipped_at,
            packed_at=s.packed_at,
            delivered_at=s.delivered_at,
            service=s.service.code if s.service else "",
            service_name=f"{s.service.carrier} {s.service.name}" if s.service else "",
            service_why=str(s.service_why.get("rule", "")),
            consignment=s.consignment.number if s.consignment else "",
            is_usage=s.usage_id is not None,
            lines=tuple(lines.get(s.pk, ())),
        )
        for s in shipments
    ]
