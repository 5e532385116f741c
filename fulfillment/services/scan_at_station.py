"""One beep at the packing station: a product goes into the open package."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from catalog.queries import scan
from catalog.rules.asks import Scan
from core.actors import Actor
from core.errors import FieldError, InvalidInput
from core.quantity import plain
from core.uow import door_verb
from fulfillment.models import Package
from fulfillment.package_queries import packable
from fulfillment.rules import sscc as numbers
from fulfillment.rules.packages import Scanned, place
from fulfillment.services.find_package import PackageSpec, add_lines, at_the_station, insert_packages, open_one

ONE = Decimal(1)


@dataclass(frozen=True)
class Beep:
    """What the scan did, in words, and the SSCC of the package that is open now."""

    words: str
    sscc: str


@door_verb
def scan_at_station(
    *, shipment_id: int, code: str, sscc: str = "", times: Decimal = ONE, actor: Actor, now: datetime
) -> Beep:
    """A package's label opens that package for what follows; a product goes into the open package `sscc`, `times` of the
    unit on the label. Without an open package a carton is opened.

    Raises NotFound, NotToBePacked, IsSealed, NoCompanyPrefix, InvalidInput (no code we know, not of this shipment, of
    another lot, more than was picked).
    """
    shipment = at_the_station(shipment_id)
    if label := numbers.read(code):
        if not Package.objects.filter(sscc=label, shipment=shipment).exists():
            words = f"Package {label} is not of this shipment."
            raise InvalidInput(
                [FieldError("/code", "another_package", words, "Put it aside: it is another customer's.")]
            )
        return Beep(f"Package {label} is before you.", label)
    read = scan([code])[0]
    lines = packable(shipment_id)
    found, wrong = place(_scanned(read), lines, times)
    if wrong is not None:
        raise InvalidInput([wrong])
    package = open_one(sscc) if sscc else insert_packages(shipment, [PackageSpec()], actor, now)[0]
    if package.shipment_id != shipment_id:
        words = f"Package {sscc} is of another shipment."
        raise InvalidInput([FieldError("/code", "another_package", words, "Scan a package of this one.")])
    add_lines(package, found)
    qty = plain(sum(found.values(), Decimal(0)))
    left = plain(sum((x.left for x in lines), Decimal(0)) - sum(found.values(), Decimal(0)))
    return Beep(f"{qty} × {read.product.sku if read.product else code} packed, {left} left to pack.", package.sscc)


def _scanned(read: Scan) -> Scanned:
    """Raises InvalidInput where the code is none of a product."""
    if read.product is None:
        why = read.refusal
        words, remedy = (why.message, why.remedy) if why else (f"{read.code} is not known.", "Scan it again.")
        raise InvalidInput([FieldError("/code", why.code if why else "unknown", words, remedy)])
    qty = read.product.to_base(ONE, read.unit) if read.unit else ONE
    return Scanned(read.code, read.product.id, read.product.sku, qty, read.serial or read.lot)
