"""What was picked goes into cartons, cartons onto pallets; each has its number from the moment it is opened."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from core.actors import Actor
from core.choices import counted
from core.errors import FieldError, InvalidInput, NotFound
from core.uow import door_verb
from fulfillment.models import Package, PackageLine
from fulfillment.package_queries import packable
from fulfillment.rules.packages import Packable, too_much
from fulfillment.services.find_package import (
    NO_SIDES,
    PackageSpec,
    Sides,
    add_lines,
    at_the_station,
    bad_measures,
    find_package,
    insert_packages,
    open_one,
    tell,
)
from fulfillment.services.plan_carriage import plan_again
from fulfillment.states import PackageKind

ZERO = Decimal(0)
MOST_AT_ONCE = 500


@door_verb
def pack_shipment(*, shipment_id: int, packages: Sequence[PackageSpec], actor: Actor, now: datetime) -> list[str]:
    """Add these packages to a picked shipment, all or none; their SSCCs in the order given. Constant number of statements.

    Locks: 30, the numbers 90. Raises NotFound, NotToBePacked, InvalidInput (every bad line and measure at once),
    NoCompanyPrefix.
    """
    shipment = at_the_station(shipment_id)
    _refuse_bad(packages, packable(shipment_id))
    rows = insert_packages(shipment, packages, actor, now)
    PackageLine.objects.bulk_create(
        PackageLine(package=row, shipment_line_id=line_id, qty=qty)
        for row, spec in zip(rows, packages, strict=True)
        for line_id, qty in spec.lines.items()
    )
    plan_again(shipment, now=now)
    tell(shipment, f"{counted(len(rows), 'package')} packed", actor, now)
    return [row.sscc for row in rows]


@door_verb
def open_package(*, shipment_id: int, kind: PackageKind, actor: Actor, now: datetime) -> str:
    """An empty package; its SSCC. Raises NotFound, NotToBePacked, NoCompanyPrefix."""
    shipment = at_the_station(shipment_id)
    return insert_packages(shipment, [PackageSpec(kind=kind)], actor, now)[0].sscc


@door_verb
def put_in(*, sscc: str, quantities: Mapping[int, Decimal], actor: Actor, now: datetime) -> None:
    """Add base units by shipment line. Raises NotFound, NotToBePacked, IsSealed, InvalidInput."""
    package = open_one(sscc)
    if wrong := too_much(quantities, packable(package.shipment_id)):
        raise InvalidInput(wrong)
    add_lines(package, quantities)


@door_verb
def take_out(*, sscc: str, shipment_line_id: int, actor: Actor, now: datetime) -> None:
    """All of the line comes out of the package again. Raises NotFound, NotToBePacked, IsSealed."""
    package = open_one(sscc)
    if not PackageLine.objects.filter(package=package, shipment_line=shipment_line_id).delete()[0]:
        raise NotFound(kind="line in the package", ident=shipment_line_id)


@door_verb
def seal_package(
    *, sscc: str, weight_kg: Decimal, sides_cm: Sides = NO_SIDES, pallet: str = "", actor: Actor, now: datetime
) -> None:
    """Weighed and closed; `pallet` is the SSCC of the pallet of the same shipment it stands on. Sealed again it takes the
    new measures. The carrier's service is chosen anew by what was weighed.

    Raises NotFound, NotToBePacked, InvalidInput.
    """
    package = find_package(sscc)
    shipment = at_the_station(package.shipment_id)
    wrong = bad_measures(weight_kg, sides_cm, "")
    stands_on = Package.objects.filter(sscc=pallet, shipment=shipment, kind=PackageKind.PALLET).first()
    if pallet and (stands_on is None or package.kind == PackageKind.PALLET):
        words = f"{pallet} is no pallet of this shipment that {package} could stand on."
        wrong.append(FieldError("/pallet", "unknown_pallet", words, "Scan the pallet's label, or leave it empty."))
    if wrong:
        raise InvalidInput(wrong)
    package.weight_kg, package.pallet, package.sealed_at = weight_kg, stands_on, now
    package.length_cm, package.width_cm, package.height_cm = sides_cm
    package.save()
    plan_again(shipment, now=now)
    tell(shipment, f"{package} sealed", actor, now)


@door_verb
def open_again(*, sscc: str, actor: Actor, now: datetime) -> None:
    """Raises NotFound, NotToBePacked. One that is open stays so."""
    package = find_package(sscc)
    shipment = at_the_station(package.shipment_id)
    if package.sealed_at is not None:
        Package.objects.filter(pk=package.pk).update(sealed_at=None)
        tell(shipment, f"{package} opened again", actor, now)


def _refuse_bad(packages: Sequence[PackageSpec], lines: Sequence[Packable]) -> None:
    errors: list[FieldError] = []
    if not 0 < len(packages) <= MOST_AT_ONCE:
        words = f"{len(packages)} packages were sent."
        errors.append(FieldError("/packages", "count", words, f"Send 1 to {MOST_AT_ONCE} at a time."))
    asked: dict[int, Decimal] = {}
    for n, spec in enumerate(packages):
        for line_id, qty in spec.lines.items():
            asked[line_id] = asked.get(line_id, ZERO) + qty
        if any(qty <= 0 for qty in spec.lines.values()):
            errors.append(FieldError(f"/packages/{n}/lines", "nothing", "A quantity in a package is above 0."))
        errors += bad_measures(spec.weight_kg, spec.sides_cm, f"/packages/{n}")
        if spec.pallet is not None and not _is_pallet(packages, n, spec.pallet):
            words = f"Package {n} stands on package {spec.pallet}, which is no pallet of this list."
            errors.append(FieldError(f"/packages/{n}/pallet", "unknown_pallet", words, "Name the pallet by its place."))
    errors += too_much({i: q for i, q in asked.items() if q > 0}, lines)
    if errors:
        raise InvalidInput(errors)


def _is_pallet(packages: Sequence[PackageSpec], n: int, place: int) -> bool:
    own = packages[n].kind
    return own == PackageKind.CARTON and 0 <= place < len(packages) and packages[place].kind == PackageKind.PALLET
