"""What of the catalog is imported and exported as sheets."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models.functions import Upper

from accounts.states import STAFF, Role
from catalog.access import GRANTERS
from catalog.gtins import gtin_holders
from catalog.locks import Shape, hold_still
from catalog.models import License, Product, Substitution
from catalog.queries import kits_below
from catalog.rules import gtin
from catalog.rules.circles import closes_circle
from catalog.rules.parts import significant
from catalog.states import Effect, ProductStatus, Tracking
from core import sheets
from core.access import allow
from core.actors import Actor
from core.cells import BadCell, Capitals, Choice, Day, Digits, Number, Text, YesNo
from core.errors import Refused
from core.sheet_periods import FIRST, LAST, Pair, Stretch, overlap_problems
from core.sheet_table import SheetTable
from core.sheets import Cells, Change, Column, Problem, Sheet


class KitContainsItself(Refused):
    template = "{component} contains {kit} already: the kit would contain itself."
    remedy_template = "Take the kit out of the component first."


KEEPERS = allow(view=STAFF, act={Role.OPERATOR, Role.PRICING, Role.PLANNER})
CARERS = allow(view=STAFF, act={Role.OPERATOR, Role.CS_LEAD, Role.CS})
Problems = Mapping[int, Sequence[Problem]]
QTY = Number(14, 4)
FACTOR = Number(9, low=Decimal(1))
_SKU_WORDS = ("item", "item number", "item no", "product code", "stock code", "article", "part number", "product")
_FROM = Column("valid_from", "From", Day(), aliases=("valid from", "start"), help="Empty: always has been.")
_TO = Column("valid_to", "To", Day(), aliases=("valid to", "end"), help="The first day without it; empty: no end.")


def _sku(name: str, label: str, *, required: bool = True, aliases: tuple[str, ...] = ()) -> Column:
    return Column(name, label, Text(60), required, refers="product", aliases=aliases)


def _by_code(name: str, label: str, longest: int, what: str) -> Column:
    return Column(name, label, Text(longest), refers=what)


# --- GTINs ----------------------------------------------------------------------------------------------------------
class Gtin(Digits):
    """By the catalog's rule: the length, and the check digit."""

    def read(self, text: str) -> str:
        if wrong := gtin.problem(super().read(text)):
            raise BadCell(wrong, "Copy it once more from the label or the maker's list.")
        return text


GTIN = Gtin((8, 12, 13, 14), "GTIN")


def _gtin_problems(changes: Sequence[Change], key: tuple[str, ...]) -> dict[int, Problem]:
    """GTINs of other products or packagings. One that its holder gives up in the same rows is free. 1 SQL."""

    def holder(change: Change) -> tuple[str, str]:
        sku, unit = (*(change.after[k] for k in key), "")[:2]
        return sku.upper(), unit.upper()

    asked = [c for c in changes if "gtin" in c.changed]
    leaving = {(significant(c.changed["gtin"][0]), holder(c)) for c in asked}
    held = gtin_holders([c.after["gtin"] for c in asked if c.after["gtin"]])
    found = {}
    for c in (c for c in asked if c.after["gtin"]):
        number = significant(c.after["gtin"])
        others = (h for h in held.get(number, ()) if h != holder(c) and (number, h) not in leaving)
        if other := next(others, None):
            said = f"The GTIN {c.after['gtin']} is that of {' '.join(other).strip()} already"
            why = f"{said}: a scan could not tell them apart."
            found[c.number] = Problem("gtin", why, "Every product and packaging has its own.")
    return found


# --- products -----------------------------------------------------------------------------------------------------
def check_products(changes: Sequence[Change], now: datetime) -> Problems:
    taken = _gtin_problems(changes, ("sku",))
    found = {c.number: [*_base_unit(c), *_limits(c), *_recall(c)] for c in changes}
    for number, problem in taken.items():
        found[number].append(problem)
    return {number: problems for number, problems in found.items() if problems}


def _base_unit(change: Change) -> list[Problem]:
    """Every quantity on record is in base units: another unit would turn 12 cases into 12 pieces."""
    if change.before is None or "base_unit" not in change.changed:
        return []
    why = f"The base unit of a product on record stays {change.before['base_unit']}."
    return [Problem("base_unit", why, "Add the other unit to the sheet of product units.")]


def _recall(change: Change) -> list[Problem]:
    """A recall and its end need a reason, which a file does not give."""
    if ProductStatus.RECALLED not in change.changed.get("status", ()):
        return []
    remedy = "Change it on the product's own page, and leave the old value here."
    return [Problem("status", "A recall and the end of one need a reason.", remedy)]


def _limits(change: Change) -> list[Problem]:
    values = {**(change.before or {}), **change.after}
    low, high = values.get("min_order_qty", ""), values.get("max_order_qty", "")
    if low and high and Decimal(high) < Decimal(low):
        return [
            Problem("max_order_qty", f"The largest order {high} is below the smallest {low}.", "Swap or correct them.")
        ]
    return []


_CATEGORIES = (
    Column("code", "Category code", Text(40), required=True, aliases=("category",)),
    Column("name", "Name", Text(120), required=True, aliases=("category name",)),
    Column("parent", "Parent category", Text(40), refers="category", to_itself=True, aliases=("parent code",)),
)
_PRODUCTS = (
    Column("sku", "SKU", Text(60), required=True, aliases=_SKU_WORDS),
    Column("name", "Name", Text(200), required=True, aliases=("description", "product name", "item description")),
    Column("category", "Category", Text(40), refers="category", aliases=("category code",)),
    Column("gtin", "GTIN", GTIN, aliases=("ean", "upc", "barcode"), alone=True),
    Column("manufacturer_part", "Maker's part number", Text(60), aliases=("mpn", "manufacturer part number")),
    Column("base_unit", "Base unit", Text(10), clears=False, default="EA", aliases=("unit", "uom", "unit of measure")),
    Column("order_multiple", "Order multiple", QTY, clears=False, default="1", aliases=("multiple", "pack size")),
    Column("min_order_qty", "Smallest order", QTY, clears=False, default="0", aliases=("minimum", "moq", "min qty")),
    Column("max_order_qty", "Largest order", QTY, aliases=("maximum", "max qty"), help="Empty: no limit."),
    Column("tracking", "Tracking", Choice(tuple(Tracking)), clears=False, default="none"),
    Column("shelf_life_days", "Shelf life, days", Number(9)),
    Column("standard_cost", "Standard cost", Number(18, 6), aliases=("cost", "unit cost")),
    Column("weight_kg", "Weight, kg", Number(10, 4), aliases=("weight",)),
    Column("cube_m3", "Volume, m³", Number(10, 6), aliases=("volume", "cube")),
    Column("regulated_class", "Regulated class", Text(40), aliases=("device class",)),
    Column("status", "Status", Choice(tuple(ProductStatus)), clears=False, default="active"),
)  # fmt: skip


# --- units --------------------------------------------------------------------------------------------------------
def check_units(changes: Sequence[Change], now: datetime) -> Problems:
    named = Product.objects.annotate(capitals=Upper("sku")).filter(
        capitals__in={c.after["product"].upper() for c in changes}
    )
    base = dict(named.values_list("sku", "base_unit"))
    found = {number: [problem] for number, problem in _gtin_problems(changes, ("product", "code")).items()}
    for c in changes:
        sku, code = c.after["product"], c.after["code"]
        if c.before is None and code.upper() == base.get(sku, "").upper():
            why = f"{code} is the base unit of {sku}: its factor is 1."
            found.setdefault(c.number, []).append(Problem("code", why, "Delete the row."))
    return found


_UNITS = (
    _sku("product", "SKU", aliases=_SKU_WORDS),
    Column("code", "Unit", Capitals(10), required=True, aliases=("unit code", "uom")),
    Column("numerator", "Base units", FACTOR, clears=False, default="1", aliases=("factor", "pieces", "quantity"),
           help="A case of 12 is 12 per 1; a third of a roll is 1 per 3."),
    Column("denominator", "Per units", FACTOR, clears=False, default="1"),
    Column("gtin", "GTIN", GTIN, aliases=("ean", "barcode"), alone=True),
)  # fmt: skip


# --- kits -----------------------------------------------------------------------------------------------------------
def check_kits(changes: Sequence[Change], now: datetime) -> Problems:
    """No kit contains itself, by what is on record and by the rows before it. 1 SQL."""
    below = {kit: set(parts) for kit, parts in kits_below({c.after["component"] for c in changes}).items()}
    found = {}
    for c in changes:
        kit, component = c.after["kit"], c.after["component"]
        if closes_circle(below, above=kit, under=component):
            why = "A kit is no component of itself." if kit == component else f"{component} contains {kit} already."
            found[c.number] = [Problem("component", why, "Take the kit out of the component first.")]
        else:
            below.setdefault(kit, set()).add(component)
    return found


def write_kits(changes: Sequence[Change], *, actor: Actor, now: datetime, note: str) -> set[int]:
    hold_still(Shape.KITS)
    return _kit_table.write(changes, actor=actor, now=now, note=note)


def settle_kits(changes: Sequence[Change], *, actor: Actor, now: datetime) -> None:
    """Again, when all rows are there: a circle may be closed by rows far apart. Raises KitContainsItself."""
    below = kits_below({c.after["component"] for c in changes})
    for c in changes:
        if closes_circle(below, above=c.after["kit"], under=c.after["component"]):
            raise KitContainsItself(kit=c.after["kit"], component=c.after["component"])


_KITS = (
    _sku("kit", "Kit", aliases=("kit sku", "set", "parent", "parent sku")),
    _sku("component", "Component", aliases=("component sku", "part", "item", "child")),
    Column("qty", "Quantity", Number(14, 4, low=Decimal("0.0001")), clears=False, default="1", aliases=("pieces", "per kit"),
           help="Base units of the component for one kit."),
)  # fmt: skip
_PARTS = (
    Column("account", "Account", Text(40), True, refers="account", aliases=("customer", "customer code", "account code")),
    Column("part_number", "Customer part number", Text(80), True, aliases=("customer part", "their number", "buyer part")),
    _sku("product", "SKU", aliases=("item", "our number", "product code", "stock code")),
)  # fmt: skip


# --- substitutions, authorizations, licences ------------------------------------------------------------------------
def check_substitutions(changes: Sequence[Change], now: datetime) -> Problems:
    """1 SQL."""
    found = {c.number: _period_problems(c) for c in changes}
    for c in changes:
        if c.after["product"].upper() == c.after["substitute"].upper():
            found[c.number].append(
                Problem("substitute", "A product is no substitute for itself.", "Name another product.")
            )
    whole = [c for c in changes if not found[c.number]]
    for number, problem in overlap_problems(whole, _standing(whole), _substitution_of).items():
        found[number].append(problem)
    return found


def _substitution_of(values: Cells) -> Pair:
    return values["product"], values["substitute"]


def _standing(changes: Sequence[Change]) -> dict[Pair, list[Stretch]]:
    """The periods on record of the pairs these rows are about, without those the rows replace."""
    skus = {c.after["product"].upper() for c in changes}
    near = Substitution.objects.annotate(capitals=Upper("product__sku")).filter(capitals__in=skus)
    near = near.exclude(pk__in=[c.id for c in changes if c.id])
    found: dict[Pair, list[Stretch]] = defaultdict(list)
    for sku, other, first, last in near.values_list("product__sku", "substitute__sku", "valid_from", "valid_to"):
        found[sku, other].append((str(first or FIRST), str(last or LAST), "a substitution on record"))
    return found


def check_authorizations(changes: Sequence[Change], now: datetime) -> Problems:
    return {c.number: found for c in changes if (found := [*_period_problems(c), *_denied_anyway(c)])}


def _denied_anyway(change: Change) -> list[Problem]:
    values = {**(change.before or {}), **change.after}
    if values.get("effect") != Effect.DENY or not values.get("license_kind"):
        return []
    why = "A rule that denies cannot ask for a licence: no licence would open it."
    remedy = "Make it an allow rule with this licence; it denies whoever lacks it."
    return [Problem("license_kind", why, remedy)]


def check_licences(changes: Sequence[Change], now: datetime) -> Problems:
    """What was revoked stays as it was. 1 SQL."""
    revoked = set(
        License.objects.filter(pk__in=[c.id for c in changes if c.id], revoked_date__isnull=False).values_list(
            "pk", flat=True
        )
    )
    found = {}
    for c in changes:
        problems = _period_problems(c)
        if c.id in revoked:
            why = f"The licence {c.after['number']} was revoked and stays as it was."
            problems.append(Problem("number", why, "Record the new licence beside it."))
        if problems:
            found[c.number] = problems
    return found


def _period_problems(change: Change) -> list[Problem]:
    values = {**(change.before or {}), **change.after}
    start, end = values.get("valid_from", ""), values.get("valid_to", "")
    if start and end and end <= start:
        return [Problem("valid_to", f"It ends {end}, before it starts.", "The end is the first day without it.")]
    return []


_SUBSTITUTIONS = (
    _sku("product", "SKU", aliases=_SKU_WORDS),
    _sku("substitute", "Substitute", aliases=("substitute sku", "alternative", "replacement")),
    _FROM,
    _TO,
    Column("ratio", "Ratio", Number(14, 4, low=Decimal("0.0001")), clears=False, default="1",
           help="Base units of the substitute for one of the product."),
    Column("priority", "Priority", Number(5, high=Decimal(32_767)), clears=False, default="1"),
    Column("needs_consent", "Needs consent", YesNo(), clears=False, default="yes"),
)  # fmt: skip
_AUTHORIZATIONS = (
    Column("name", "Rule", Text(120), required=True, aliases=("rule name", "name")),
    Column("effect", "Effect", Choice(tuple(Effect)), required=True),
    _by_code("account", "Account", 40, "account"),
    _by_code("group", "Group", 40, "group"),
    _by_code("tier", "Service tier", 20, "service tier"),
    _by_code("territory", "Territory", 20, "territory"),
    _sku("product", "SKU", required=False),
    _by_code("category", "Category", 40, "category"),
    Column("regulated_class", "Regulated class", Text(40)),
    Column("license_kind", "Licence asked for", Text(40)),
    _FROM,
    _TO,
)  # fmt: skip
_LICENSES = (
    Column("account", "Account", Text(40), True, refers="account", aliases=("customer", "account code")),
    Column("kind", "Kind", Text(40), True, aliases=("licence kind", "licence type", "license type")),
    Column("number", "Number", Text(80), True, aliases=("licence number", "license number")),
    Column("valid_from", "From", Day(), True, aliases=("valid from", "start")),
    _TO,
)  # fmt: skip

_product = ("product", "sku")
_category_table = SheetTable("catalog.Category", _CATEGORIES, ("code",), (("parent", "code"),), "category")
_product_table = SheetTable("catalog.Product", _PRODUCTS, ("sku",), (("category", "code"),), "product", status="status")
_kit_table = SheetTable(
    "catalog.KitComponent", _KITS, ("kit", "component"), (("kit", "sku"), ("component", "sku")), "kit_component"
)
_unit_table = SheetTable("catalog.ProductUnit", _UNITS, ("product", "code"), (_product,), "product_unit")
_part_table = SheetTable(
    "catalog.CustomerPartNumber", _PARTS, ("account", "part_number"), (("account", "code"), _product),
    "customer_part_number",
    only="t.ended_at IS NULL",
)  # fmt: skip
_substitution_table = SheetTable(
    "catalog.Substitution", _SUBSTITUTIONS, ("product", "substitute", "valid_from"),
    (_product, ("substitute", "sku")), "substitution",
)  # fmt: skip
_authorization_table = SheetTable(
    "catalog.AuthorizationRule",
    _AUTHORIZATIONS,
    ("name",),
    (("account", "code"), ("group", "code"), ("tier", "code"), ("territory", "code"), _product, ("category", "code")),
    "authorization_rule",
)
_license_table = SheetTable(
    "catalog.License", _LICENSES, ("account", "kind", "number", "valid_from"), (("account", "code"),), "license"
)


def link_categories(changes: Sequence[Change]) -> None:
    """While nobody else moves a category: two people may each close half of a circle."""
    hold_still(Shape.CATEGORIES)
    _category_table.link(changes)


def _sheet(code: str, label: str, table: SheetTable, access: sheets.Access, help: str, **more: Any) -> Sheet:
    return Sheet(
        code, label, table.columns, table.key, table, table.write, access, help=help, remove=table.remove, **more
    )


def register() -> None:
    """Called once, when the room is ready."""
    for declared in (
        _sheet("categories", "Product categories", _category_table, KEEPERS, "The tree products are in.",
               link=link_categories),
        _sheet("products", "Products", _product_table, KEEPERS, "What is sold, in which base unit.", checks=check_products),
        _sheet("product_units", "Product units", _unit_table, KEEPERS, "Cases, pallets and other packagings of a product.",
               checks=check_units),
        Sheet("kits", "Kit components", _KITS, _kit_table.key, _kit_table, write_kits, KEEPERS, check_kits,
              settle=settle_kits, remove=_kit_table.remove, help="What goes into a kit, and how many."),
        _sheet("customer_parts", "Customer part numbers", _part_table, CARERS, "What customers call our products."),
        _sheet("substitutions", "Substitutions", _substitution_table, KEEPERS, "Which product may stand in for which.",
               checks=check_substitutions),
        _sheet("authorizations", "Authorizations", _authorization_table, GRANTERS, "Who may or may not buy what.",
               checks=check_authorizations),
        _sheet("licenses", "Licences", _license_table, GRANTERS, "Permissions of accounts; evidence has its own page.",
               checks=check_licences),
    ):  # fmt: skip
        sheets.register(declared)
