"""The first steps every verb of the packing station shares: lock the shipment, find the package, number a new one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from core import journal
from core.actors import Actor
from core.errors import FieldError, NotFound, Refused
from core.refs import DocumentRef
from core.uow import require_uow
from fulfillment import locks
from fulfillment.models import Package, PackageLine, Shipment
from fulfillment.services.draw_ssccs import draw_ssccs
from fulfillment.services.plan_carriage import travelling_with
from fulfillment.states import PackageKind, ShipmentStatus

ZERO = Decimal(0)
HEAVIEST_KG = Decimal(30_000)
LONGEST_CM = Decimal(2_000)

Sides = tuple[Decimal | None, Decimal | None, Decimal | None]
NO_SIDES: Sides = (None, None, None)


class NotToBePacked(Refused):
    template = "Shipment {number} is {status}: only what was picked and has not left is packed."
    remedy_template = "Confirm its pick first, or take the shipment that lies before you."


class IsSealed(Refused):
    template = "Package {sscc} is sealed."
    remedy_template = "Open it again before you change what lies in it."


@dataclass(frozen=True)
class PackageSpec:
    """A package as somebody packed it. `lines` is {shipment line: base units}; `pallet` is the place (from 0) of the pallet
    in the same list; with a weight in kilograms it is sealed. Sides in centimetres: length, width, height."""

    lines: Mapping[int, Decimal] = field(default_factory=dict)
    kind: PackageKind = PackageKind.CARTON
    weight_kg: Decimal | None = None
    sides_cm: Sides = NO_SIDES
    pallet: int | None = None
    tracking_number: str = ""


@require_uow
def at_the_station(shipment_id: int) -> Shipment:
    rows = [s for s in locks.lock_shipments(travelling_with(shipment_id)) if s.pk == shipment_id]
    if not rows:
        raise NotFound(kind="shipment", ident=shipment_id)
    if rows[0].status != ShipmentStatus.PACKED:
        raise NotToBePacked(number=rows[0].number, status=rows[0].status)
    return rows[0]


@require_uow
def open_one(sscc: str) -> Package:
    """The package under its shipment's lock, when it may still be changed."""
    at_the_station(find_package(sscc).shipment_id)
    package = find_package(sscc)
    if package.sealed_at is not None:
        raise IsSealed(sscc=sscc)
    return package


def find_package(sscc: str) -> Package:
    found = Package.objects.filter(sscc=sscc).first()
    if found is None:
        raise NotFound(kind="package", ident=sscc)
    return found


def insert_packages(shipment: Shipment, specs: Sequence[PackageSpec], actor: Actor, now: datetime) -> list[Package]:
    numbers = draw_ssccs(shipment.site_id, len(specs)) if specs else []
    rows = [
        Package(
            shipment=shipment,
            sscc=number,
            kind=spec.kind,
            weight_kg=spec.weight_kg,
            length_cm=spec.sides_cm[0],
            width_cm=spec.sides_cm[1],
            height_cm=spec.sides_cm[2],
            tracking_number=spec.tracking_number.strip()[:80],
            opened_at=now,
            sealed_at=now if spec.weight_kg is not None else None,
            packed_by=actor.label,
        )
        for number, spec in zip(numbers, specs, strict=True)
    ]
    Package.objects.bulk_create([r for r, s in zip(rows, specs, strict=True) if s.pallet is None])
    standing = [(r, s.pallet) for r, s in zip(rows, specs, strict=True) if s.pallet is not None]
    for row, place in standing:
        row.pallet = rows[place]
    Package.objects.bulk_create([row for row, _ in standing])
    return rows


@require_uow
def add_lines(package: Package, quantities: Mapping[int, Decimal]) -> None:
    """Under the shipment's lock, after it was seen that there is so much to pack."""
    known = {x.shipment_line_id: x for x in PackageLine.objects.filter(package=package)}
    for line_id, qty in quantities.items():
        row = known.get(line_id) or PackageLine(package=package, shipment_line_id=line_id, qty=ZERO)
        row.qty += qty
        row.save()


def bad_measures(weight: Decimal | None, sides: Sides, where: str) -> list[FieldError]:
    errors = []
    if weight is not None and not 0 < weight <= HEAVIEST_KG:
        words = f"{weight} kg is no weight of a package."
        errors.append(FieldError(f"{where}/weight_kg", "not_a_weight", words, "Weigh it, in kilograms."))
    if any(side is not None and not 0 < side <= LONGEST_CM for side in sides):
        words = f"{' × '.join(map(str, sides))} cm are no sides of a package."
        errors.append(FieldError(f"{where}/sides_cm", "not_a_length", words, "Measure them, in centimetres."))
    return errors


@require_uow
def tell(shipment: Shipment, words: str, actor: Actor, now: datetime) -> None:
    ref = DocumentRef("shipment", shipment.pk, shipment.number)
    journal.write([journal.Entry(ref, "packed", f"Shipment {shipment.number}: {words}")], actor=actor, now=now)
