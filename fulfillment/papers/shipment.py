"""What lies in the parcel and what is stuck on it: the packing slip and the labels of a shipment."""

from collections.abc import Mapping, Sequence

from accounts.queries import ship_to_snapshots
from catalog.queries import product_snapshots
from catalog.rules.asks import ProductSnapshot
from core.errors import NotFound, Refused
from core.paper import Column, Paper
from core.quantity import plain
from fulfillment.models import Shipment
from fulfillment.package_queries import PackageView, in_use, packages_of
from fulfillment.papers.label import Label, labels_pdf
from fulfillment.papers.letterhead import letterhead
from fulfillment.queries import shipment_detail
from fulfillment.rules import sscc
from fulfillment.rules.asks import ShipmentLineView, ShipmentView
from inventory.queries import site_snapshots
from orders.filters import OrderSummary, order_summaries

SLIP = (
    Column("Item", 95),
    Column("Description", 175),
    Column("Lot or serial", 85),
    Column("Released", 65, is_number=True),
    Column("Sent", 75, is_number=True),
)
CONTENT = (
    Column("Package", 130),
    Column("Item", 105),
    Column("Lot or serial", 95),
    Column("Quantity", 75, is_number=True),
    Column("Weight", 90, is_number=True),
)


class NothingToLabel(Refused):
    template = "Shipment {number} has no packages yet."
    remedy_template = "Pack it at the packing station, then print the labels."


class NothingWasPacked(Refused):
    template = "{number} says what was used on site: its goods lay there already, and nothing was packed."
    remedy_template = "Its order and its invoice say what was used."


def packing_slip_pdf(shipment_id: int) -> bytes:
    """What is in the shipment, line by line and package by package; no prices. A constant number of statements, and the
    same shipment gives the same bytes. Raises NotFound, NothingWasPacked (a usage)."""
    shipment, order = _read(shipment_id)
    if shipment.is_usage:
        raise NothingWasPacked(number=shipment.number)
    packages = in_use(packages_of([shipment_id]).get(shipment_id, []))
    products = product_snapshots({x.product_id for x in shipment.lines})
    paper = Paper(f"Packing slip {shipment.number}", letterhead())
    paper.pairs(
        [("Ship to", "\n".join(_receiver(shipment_id)))],
        right=[
            ("Order", order.number),
            ("Your PO", order.po_number or "none"),
            ("From", _site(shipment)),
            (
                "Carrier",
                " ".join(filter(None, [shipment.carrier or shipment.service_name, shipment.tracking_number])) or "–",
            ),
            ("Packages", str(len(packages)) if packages else "–"),
        ],
    )
    paper.table(SLIP, [_line(x, products[x.product_id]) for x in shipment.lines])
    if packages:
        paper.table(CONTENT, [row for p in packages for row in _content(p, products)])
    return paper.finish()


def package_labels_pdf(shipment_id: int, *, only: str = "") -> bytes:
    """A label a package, or the one with the SSCC `only`. Raises NotFound, NothingToLabel."""
    shipment, order = _read(shipment_id)
    packages = packages_of([shipment_id]).get(shipment_id, [])
    if not packages:
        raise NothingToLabel(number=shipment.number)
    wanted = [p for p in packages if not only or p.sscc == only]
    if not wanted:
        raise NotFound(kind="package", ident=only)
    products = product_snapshots({x.product_id for x in shipment.lines})
    receiver = _receiver(shipment_id)
    used = in_use(packages)
    numbers = {p.sscc: f"{n} of {len(used)}" for n, p in enumerate(used, 1)}
    return labels_pdf(
        [_label(p, packages, numbers.get(p.sscc, "open"), shipment, order, receiver, products) for p in wanted]
    )


def _label(
    package: PackageView, packages: Sequence[PackageView], place: str, shipment: ShipmentView, order: OrderSummary,
    receiver: tuple[str, ...], products: Mapping[int, ProductSnapshot],
) -> Label:  # fmt: skip
    """A pallet's label says what is on it."""
    inside = [package, *(p for p in packages if p.pallet == package.sscc)]
    lines = [x for p in inside for x in p.lines]
    kinds = {(x.product_id, x.lot_code) for x in lines}
    qty = sum((x.qty for x in lines), start=lines[0].qty * 0) if lines else None
    (product_id, lot) = next(iter(kinds)) if len(kinds) == 1 else (0, "")
    gtin = products[product_id].gtin if product_id else ""
    is_whole = qty is not None and qty == qty.to_integral_value()
    weight = f"{plain(package.weight_kg)} kg" if package.weight_kg else ""
    return Label(
        sscc=package.sscc,
        sender=letterhead() or (_site(shipment),),
        receiver=receiver,
        carrier=_carrier(shipment),
        shipment=shipment.number,
        po_number=order.po_number,
        place=place,
        lines=tuple(_words(x.product_id, x.lot_code, plain(x.qty), products) for x in lines),
        weight=weight,
        gtin=gtin if is_whole else "",
        count=plain(qty) if qty is not None and is_whole else "",
        lot=lot if lot.isascii() and len(lot) <= 20 else "",
    )


def _words(product_id: int, lot: str, qty: str, products: Mapping[int, ProductSnapshot]) -> str:
    product = products[product_id]
    return f"{qty} {product.base_unit} {product.sku}{f' lot {lot}' if lot else ''} {product.name}"


def _line(x: ShipmentLineView, product: ProductSnapshot) -> tuple[str, ...]:
    sent, unit = x.shipped_qty or x.picked_qty, product.base_unit
    gone = "–" if sent is None else f"{plain(sent)} {unit}"
    return (product.sku, product.name, x.lot_code or "–", f"{plain(x.qty)} {unit}", gone)


def _carrier(shipment: ShipmentView) -> str:
    return " ".join(filter(None, [shipment.carrier or shipment.service_name, shipment.tracking_number]))


def _content(package: PackageView, products: Mapping[int, ProductSnapshot]) -> list[tuple[str, ...]]:
    weight = f"{plain(package.weight_kg)} kg" if package.weight_kg else "–"
    name = sscc.shown(package.sscc)
    if not package.lines:
        return [(name, "Pallet", "–", "–", weight)]
    return [
        (
            name if n == 0 else "",
            products[x.product_id].sku,
            x.lot_code or "–",
            f"{plain(x.qty)} {products[x.product_id].base_unit}",
            weight if n == 0 else "",
        )
        for n, x in enumerate(package.lines)
    ]


def _read(shipment_id: int) -> tuple[ShipmentView, OrderSummary]:
    shipment = shipment_detail(shipment_id)
    if shipment is None:
        raise NotFound(kind="shipment", ident=shipment_id)
    (order,) = order_summaries([shipment.order_id])
    return shipment, order


def _receiver(shipment_id: int) -> tuple[str, ...]:
    ship_to = Shipment.objects.filter(pk=shipment_id).values_list("ship_to_id", flat=True).first()
    place = ship_to_snapshots([ship_to]).get(ship_to) if ship_to else None
    return place.address_lines if place else ("no address",)


def _site(shipment: ShipmentView) -> str:
    return site_snapshots([shipment.site_id])[shipment.site_id].shown_name
