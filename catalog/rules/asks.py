"""What the catalog tells the rooms above, and what it is asked: plain values. Quantities are base units."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from catalog.states import LicenceState, ProductStatus, Tracking
from core.errors import Refused
from core.explain import Explanation
from core.quantity import to_base


class UnknownUnit(Refused):
    status = 422
    template = "{sku} is not sold by the unit {unit!r}."
    remedy_template = "Units of this product: {units}."


@dataclass(frozen=True)
class UnitFactor:
    """One such unit is exactly numerator/denominator base units."""

    numerator: int = 1
    denominator: int = 1


@dataclass(frozen=True)
class ProductSnapshot:
    """A product with its units by upper-case code; the base unit itself is not among them.

    `max_order_qty` None is no limit; an `order_multiple` of 0 means any quantity.
    """

    id: int
    sku: str
    name: str
    base_unit: str
    order_multiple: Decimal
    min_order_qty: Decimal
    max_order_qty: Decimal | None
    tracking: Tracking
    status: ProductStatus
    standard_cost: Decimal | None
    category_id: int | None
    regulated_class: str
    shelf_life_days: int | None
    weight_kg: Decimal | None
    cube_m3: Decimal | None = None
    gtin: str = ""
    public_id: str = ""
    units: Mapping[str, UnitFactor] = field(default_factory=dict)

    def factor(self, unit: str) -> UnitFactor:
        """Of `unit` in any case; empty is the base unit. Raises UnknownUnit."""
        code = unit.strip().upper()
        found = self.units.get(code)
        if found is not None:
            return found
        if code in ("", self.base_unit.upper()):
            return UnitFactor()
        known = sorted({self.base_unit, *self.units})
        raise UnknownUnit(sku=self.sku, unit=unit, units=", ".join(known))

    def to_base(self, qty: Decimal, unit: str = "") -> Decimal:
        """`qty` of `unit` in base units, exactly. Raises UnknownUnit, or BadQuantity where it does not come out even."""
        factor = self.factor(unit)
        return to_base(qty, factor.numerator, factor.denominator)


@dataclass(frozen=True)
class PartQuery:
    """What a document calls a product: `qualifier` is the X12 one (VN, BP, UP …) or empty; `key` is the caller's."""

    key: str
    account_id: int | None
    code: str
    qualifier: str = ""


@dataclass(frozen=True)
class PartMatch:
    """`how` is sku, customer_part, gtin or maker_part; `unit` is empty unless the code is that of a packaging (a GTIN of
    the case means cases)."""

    product_id: int
    unit: str
    how: str


@dataclass(frozen=True)
class EligibilityItem:
    """May this account buy this product? `key` is the caller's."""

    key: str
    account_id: int
    product_id: int


@dataclass(frozen=True)
class Violation:
    """Why not. `rule` is a stable word or the name of the authorization that decided. `is_final`: nobody of the house
    sets it aside (who may not buy at all, what is not sold, a licence that is missing)."""

    key: str
    rule: str
    message: str
    explanation: Explanation
    is_final: bool = False


@dataclass(frozen=True)
class Eligibility:
    """May this account buy this product, and who decided: `judgement` names the winning rule and the losers, also of a
    sale that is allowed; `violations` is everything that stands in the way."""

    is_allowed: bool
    violations: tuple[Violation, ...]
    judgement: Explanation


@dataclass(frozen=True)
class ScanRefusal:
    """`code` is bad_check_digit, unknown_gtin or not_a_barcode."""

    code: str
    message: str
    remedy: str


@dataclass(frozen=True)
class Scan:
    """One code, read. Either `product` (with `unit`, empty for the base unit, and `how` it was found: catalog.rules.parts)
    or `refusal` is there; lot, expiry and serial are what a GS1 code carries."""

    code: str
    product: ProductSnapshot | None = None
    unit: str = ""
    how: str = ""
    gtin: str = ""
    lot: str = ""
    expiry_date: date | None = None
    serial: str = ""
    refusal: ScanRefusal | None = None


@dataclass(frozen=True)
class KitPart:
    """`qty` base units of the component go into one kit."""

    component_id: int
    qty: Decimal


@dataclass(frozen=True)
class Substitute:
    """`ratio` base units of `product_id` stand in for one of what was asked."""

    product_id: int
    sku: str
    name: str
    ratio: Decimal
    priority: int
    needs_consent: bool


@dataclass(frozen=True)
class LicenceView:
    id: int
    account_id: int
    kind: str
    number: str
    valid_from: date
    valid_to: date | None
    state: LicenceState


@dataclass(frozen=True)
class AuthorizationView:
    """A rule that reaches a product; empty `whom` is anybody, empty `what` anything."""

    id: int
    name: str
    effect: str
    whom: str
    what: str
    license_kind: str
    valid_from: date | None
    valid_to: date | None
    is_in_force: bool


@dataclass(frozen=True)
class UnitSpec:
    code: str
    numerator: int = 1
    denominator: int = 1
    gtin: str = ""


@dataclass(frozen=True)
class ProductSpec:
    """A product to be made."""

    sku: str
    name: str
    base_unit: str = "EA"
    order_multiple: Decimal = Decimal(1)
    min_order_qty: Decimal = Decimal(0)
    max_order_qty: Decimal | None = None
    gtin: str = ""
    manufacturer_part: str = ""
    tracking: Tracking = Tracking.NONE
    status: ProductStatus = ProductStatus.ACTIVE
    standard_cost: Decimal | None = None
    weight_kg: Decimal | None = None
    cube_m3: Decimal | None = None
    shelf_life_days: int | None = None
    category_id: int | None = None
    regulated_class: str = ""
    units: tuple[UnitSpec, ...] = ()
