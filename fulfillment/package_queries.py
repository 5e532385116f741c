"""Reads of packages: what lies where, what is still to be packed. A constant number of statements."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db.models import F, Sum
from django.db.models.functions import Coalesce

from catalog.queries import product_snapshots
from fulfillment.models import Package, PackageLine, Shipment, ShipmentLine
from fulfillment.rules.packages import Packable, cube_m3
from fulfillment.states import PackageKind

ZERO = Decimal(0)


@dataclass(frozen=True)
class PackedLine:
    """`qty` base units of a shipment line in a package."""

    shipment_line_id: int
    order_line_id: int
    product_id: int
    lot_code: str
    qty: Decimal


@dataclass(frozen=True)
class PackageView:
    """Weight in kilograms, sides in centimetres; `pallet` is the SSCC of the pallet it stands on."""

    id: int
    shipment_id: int
    sscc: str
    kind: str
    pallet: str
    weight_kg: Decimal | None
    sides_cm: tuple[Decimal | None, Decimal | None, Decimal | None]
    tracking_number: str
    sealed_at: datetime | None
    packed_by: str
    lines: tuple[PackedLine, ...] = field(default=())

    @property
    def is_sealed(self) -> bool:
        return self.sealed_at is not None

    @property
    def is_pallet(self) -> bool:
        return self.kind == PackageKind.PALLET

    @property
    def cube_m3(self) -> Decimal | None:
        return cube_m3(*self.sides_cm)

    @property
    def qty(self) -> Decimal:
        return sum((x.qty for x in self.lines), ZERO)


def packages_of(shipment_ids: Collection[int]) -> dict[int, list[PackageView]]:
    """Packages with what lies in them by shipment, in the order they were opened. Two statements."""
    ids = list(shipment_ids)
    lines: dict[int, list[PackedLine]] = {}
    rows = PackageLine.objects.filter(package__shipment__in=ids).order_by("pk")
    columns = (
        "shipment_line_id",
        "shipment_line__order_line_id",
        "shipment_line__product_id",
        "shipment_line__lot__code",
    )
    for package_id, line, order_line, product, lot, qty in rows.values_list("package_id", *columns, "qty"):
        lines.setdefault(package_id, []).append(PackedLine(line, order_line, product, lot or "", qty))
    found: dict[int, list[PackageView]] = {}
    for p in Package.objects.filter(shipment__in=ids).select_related("pallet").order_by("pk"):
        found.setdefault(p.shipment_id, []).append(_view(p, tuple(lines.get(p.pk, ()))))
    return found


def in_use(packages: Sequence[PackageView]) -> list[PackageView]:
    """Without those that were opened and stayed empty: what is counted on labels, slips and at the door."""
    carrying = {p.pallet for p in packages if p.pallet}
    return [p for p in packages if p.lines or p.sscc in carrying]


def package_by_sscc(sscc: str) -> PackageView | None:
    """Two statements."""
    row = Package.objects.filter(sscc=sscc).select_related("pallet").first()
    return next((p for p in packages_of([row.shipment_id])[row.shipment_id] if p.id == row.pk), None) if row else None


def packable(shipment_id: int) -> list[Packable]:
    """The picked lines of the shipment, with how much of each lies in packages. Two statements, three with units."""
    rows = list(
        ShipmentLine.objects.filter(shipment=shipment_id, picked_qty__gt=0)
        .annotate(done=Coalesce(Sum("packed__qty"), ZERO))
        .order_by("pk")
        .values_list("pk", "product_id", "lot__code", "picked_qty", "done")
    )
    products = product_snapshots({row[1] for row in rows})
    return [
        Packable(pk, product, products[product].sku, lot or "", picked or ZERO, done)
        for pk, product, lot, picked, done in rows
    ]


def shipment_by_number(number: str) -> int | None:
    """Found by its own number, by a package's SSCC or by a tracking number, in this order. At most three statements."""
    wanted = number.strip()
    for rows in (
        Shipment.objects.filter(number__iexact=wanted).values_list("pk", flat=True),
        Package.objects.filter(sscc=wanted).values_list("shipment_id", flat=True),
        Shipment.objects.filter(tracking_number=wanted).exclude(tracking_number="").values_list("pk", flat=True),
    ):
        if (found := rows.first()) is not None:
            return found
    return None


@dataclass(frozen=True)
class Unpacked:
    """A shipment somebody began to pack: what lies in no package, and packages with something in them that are open."""

    left: Decimal
    open_packages: int


def unpacked(shipment_ids: Collection[int]) -> dict[int, Unpacked]:
    """Of the shipments with packages those that are not packed to the end; others are absent. At most three statements."""
    ids = list(shipment_ids)
    begun = set(Package.objects.filter(shipment__in=ids, lines__isnull=False).values_list("shipment_id", flat=True))
    if not begun:
        return {}
    left = dict.fromkeys(begun, ZERO)
    lines = ShipmentLine.objects.filter(shipment__in=begun, picked_qty__gt=0)
    for shipment_id, rest in lines.annotate(rest=F("picked_qty") - Coalesce(Sum("packed__qty"), ZERO)).values_list(
        "shipment_id", "rest"
    ):
        left[shipment_id] += rest
    open_ones = dict.fromkeys(begun, 0)
    is_open = Package.objects.filter(shipment__in=begun, sealed_at__isnull=True, lines__isnull=False)
    for shipment_id, _ in is_open.values_list("shipment_id", "pk").distinct():
        open_ones[shipment_id] += 1
    return {i: Unpacked(left[i], open_ones[i]) for i in begun if left[i] or open_ones[i]}


def _view(p: Package, lines: tuple[PackedLine, ...]) -> PackageView:
    return PackageView(
        id=p.pk,
        shipment_id=p.shipment_id,
        sscc=p.sscc,
        kind=p.kind,
        pallet=p.pallet.sscc if p.pallet else "",
        weight_kg=p.weight_kg,
        sides_cm=(p.length_cm, p.width_cm, p.height_cm),
        tracking_number=p.tracking_number,
        sealed_at=p.sealed_at,
        packed_by=p.packed_by,
        lines=lines,
    )
