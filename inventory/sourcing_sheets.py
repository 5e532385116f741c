"""Sourcing rules and transit lanes as sheets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from accounts.states import STAFF, Role, ShipComplete
from core import sheets
from core.access import allow
from core.cells import Choice, Kind, Number, Text, YesNo
from core.sheet_table import SheetTable
from core.sheets import Change, Column, Problem, Sheet
from inventory.models import Site, SourcingRule
from inventory.states import Fulfilment, Hardness

KEEPERS = allow(view=STAFF, act={Role.PLANNER, Role.OPERATOR})
MONEY = Number(14, 4)
DAYS, MANY = Number(5, high=Decimal(32_767)), Number(9)
_HOW = Choice(tuple(Hardness))
Problems = Mapping[int, Sequence[Problem]]


@dataclass(frozen=True)
class Codes(Kind):
    """Codes in order, with commas between them."""

    words: ClassVar[str] = "codes as RENO, CMH"
    shown_sql: ClassVar[str] = "array_to_string({0}, ', ')"
    kept_sql: ClassVar[str] = "string_to_array({0}, ', ')::varchar[]"

    def read(self, text: str) -> str:
        return ", ".join(
            dict.fromkeys(part.strip().upper() for part in text.replace(";", ",").split(",") if part.strip())
        )


_LANES = (
    Column("site", "Site", Text(20), True, refers="site", aliases=("warehouse", "from", "ship from")),
    Column("region", "Region", Text(40), aliases=("to", "destination", "state"), help="Empty: everywhere else."),
    Column("transit_days", "Transit days", DAYS, True, aliases=("days", "lead time")),
    Column("calendar", "Carrier's calendar", Text(40), refers="calendar", aliases=("carrier calendar",)),
    Column("cost_per_shipment", "Cost per shipment", MONEY, clears=False, default="0", aliases=("freight",)),
    Column("cost_per_kg", "Cost per kg", MONEY, clears=False, default="0"),
    Column("cost_per_unit", "Cost per unit", MONEY, clears=False, default="0", aliases=("handling",)),
    Column("distance_km", "Distance, km", MANY, aliases=("distance",)),
)
_RULES = (
    Column("name", "Rule", Text(120), True, aliases=("rule name",)),
    Column("account", "Account", Text(40), refers="account", aliases=("customer",)),
    Column("product", "SKU", Text(60), refers="product", aliases=("item",)),
    Column("category", "Category", Text(40), refers="category"),
    Column("region", "Region", Text(40), aliases=("to", "ship-to region")),
    Column("fulfilment", "Fulfilment", Choice(tuple(Fulfilment))),
    Column("sites", "Sites", Codes(), aliases=("candidates", "warehouses"), help="Codes, the preferred first."),
    Column("max_shipments", "Most shipments", DAYS),
    Column("ship_complete", "Ship complete", Choice(tuple(ShipComplete))),
    Column("joins_inbound", "Join what is on its way", YesNo(), clears=False, default="no"),
    Column("min_shelf_life_days", "Minimum shelf life, days", MANY, clears=False, default="0"),
    Column("max_distance_km", "Farthest, km", MANY),
    Column("distance", "Distance", _HOW, clears=False, default="off"),
    Column("cutoff", "Cut-off", _HOW, clears=False, default="off"),
    Column("capacity", "Capacity", _HOW, clears=False, default="off"),
    Column("is_active", "Active", YesNo(), clears=False, default="yes"),
)
_lanes = SheetTable(
    "inventory.TransitLane", _LANES, ("site", "region"), (("site", "code"), ("calendar", "code")), "transit_lane"
)
_rules = SheetTable(
    "inventory.SourcingRule", _RULES, ("name",), (("account", "code"), ("product", "sku"), ("category", "code")),
    "sourcing_rule",
)  # fmt: skip


def check_rules(changes: Sequence[Change], now: datetime) -> Problems:
    """Sites that exist, a product or a category, a distance that says how far, one active rule per scope."""
    named = {code for c in changes for code in _sites(c)}
    known = set(Site.objects.filter(code__in=named).values_list("code", flat=True))
    found = {c.number: [*_unknown(c, known), *_contradictions(c)] for c in changes}
    for c, twin in _twins(changes):
        why = f"The rule {twin} is for the same demand already."
        found[c.number].append(Problem("name", why, "Make one of the two inactive, or merge them."))
    return {number: problems for number, problems in found.items() if problems}


def _cell(change: Change, name: str) -> str:
    """What the file says, or the record where the file lacks the column."""
    return change.after.get(name, (change.before or {}).get(name, ""))


def _sites(change: Change) -> list[str]:
    return [code for code in _cell(change, "sites").split(", ") if code]


def _unknown(change: Change, known: set[str]) -> list[Problem]:
    missing = [code for code in _sites(change) if code not in known]
    return [Problem("sites", f"No site has the code {', '.join(missing)}.", "Use codes from Sites.")] if missing else []


def _contradictions(change: Change) -> list[Problem]:
    found = []
    if _cell(change, "product") and _cell(change, "category"):
        found.append(Problem("category", "A rule is for a product or for a category.", "Leave one of the two empty."))
    if (_cell(change, "distance") or "off") != Hardness.OFF and not _cell(change, "max_distance_km"):
        found.append(Problem("max_distance_km", "The rule does not say how far is too far.", "Enter the kilometres."))
    return found


def _twins(changes: Sequence[Change]) -> list[tuple[Change, str]]:
    """Active rows whose scope another active rule has, in the file or on record."""
    names = {c.after["name"].upper() for c in changes}
    standing = SourcingRule.objects.filter(is_active=True).values_list(
        "name", "account__code", "product__sku", "category__code", "region", "fulfilment"
    )
    taken = {_upper(scope): name for name, *scope in standing if name.upper() not in names}
    found = []
    for c in changes:
        if (_cell(c, "is_active") or "yes") != "yes":
            continue
        scope = _upper([_cell(c, n) for n in ("account", "product", "category", "region", "fulfilment")])
        twin = taken.setdefault(scope, c.after["name"])
        if twin != c.after["name"]:
            found.append((c, twin))
    return found


def _upper(scope: Sequence[str | None]) -> tuple[str, ...]:
    *codes, region, fulfilment = [part or "" for part in scope]
    return (*(code.upper() for code in codes), region.upper(), fulfilment)


LANES = Sheet(
    "transit_lanes", "Transit lanes", _LANES, ("site", "region"), _lanes, _lanes.write, KEEPERS,
    help="From a site to a region: days on the way, costs, distance.",
)  # fmt: skip
RULES = Sheet(
    "sourcing_rules", "Sourcing rules", _RULES, ("name",), _rules, _rules.write, KEEPERS, checks=check_rules,
    help="Which sites may serve which demand; the most specific rule decides.",
)  # fmt: skip


def register() -> None:
    """Called once, when the room is ready."""
    for declared in (LANES, RULES):
        sheets.register(declared)
