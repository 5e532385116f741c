"""Price lists, contracts and prices as sheets: previewed cell by cell, applied all or none, exported and imported again."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models.functions import Upper

from accounts.states import STAFF, Role
from core import sheets
from core.access import allow
from core.cells import Choice, Currency, Day, Number, Text, YesNo
from core.sheet_periods import FIRST, LAST, Pair, Stretch, overlap_problems
from core.sheet_table import SheetTable
from core.sheets import Cells, Change, Column, Problem, Sheet
from pricing import contract_sheets, volume_sheets
from pricing.models import PriceRow
from pricing.models.source import SOURCE_LEVELS
from pricing.rules.numbers import plain
from pricing.states import DatePolicy, PriceLevel

DESK = allow(view=STAFF, act={Role.PRICING, Role.OPERATOR})
Problems = Mapping[int, Sequence[Problem]]
PARTIES = {
    PriceLevel.ACCOUNT: ({"account"}, {"group", "territory"}),
    PriceLevel.GROUP: ({"group"}, {"account", "territory"}),
    PriceLevel.SEGMENT: (set[str](), {"account"}),
    PriceLevel.LIST: (set[str](), {"account", "group", "territory"}),
}
_FROM = Column("valid_from", "From", Day(), required=True, aliases=("valid from", "start"))
_TO = Column("valid_to", "To", Day(), aliases=("valid to", "end"), help="The first day without it; empty: no end.")
_LISTS = (
    Column("code", "List", Text(40), required=True, aliases=("price list", "list code", "code")),
    Column("name", "Name", Text(120), required=True),
    Column("level", "Level", Choice(tuple(str(x) for x in SOURCE_LEVELS)), required=True),
    Column("account", "Account", Text(40), refers="account", aliases=("customer", "account code")),
    Column("group", "Group", Text(40), refers="group"),
    Column("territory", "Territory", Text(20), refers="territory"),
    Column("currency", "Currency", Currency(), clears=False, default="USD"),
    Column("priority", "Priority", Number(5, high=Decimal(32_767)), clears=False, default="100"),
    Column("margin_floor_percent", "Margin floor %", Number(5, 2, high=Decimal("99.99"))),
    _FROM,
    _TO,
    Column("covers_children", "For accounts below", YesNo(), clears=False, default="no"),
    Column("date_policy", "Pricing date", Choice(tuple(str(x) for x in DatePolicy)), clears=False, default="order"),
    Column("is_active", "Active", YesNo(), clears=False, default="yes"),
    Column("contract", "Contract version", Text(50), refers="contract", help="ACME-26 v1: while it holds."),
    Column("needs_activation", "Needs a tier", YesNo(), clears=False, default="no"),
    Column("converts", "Other currencies too", YesNo(), clears=False, default="no"),
)  # fmt: skip
_PRICES = (
    Column("source", "List", Text(40), required=True, refers="price list", aliases=("price list", "contract", "list code")),
    Column("product", "SKU", Text(60), required=True, refers="product", aliases=("item", "item number", "product code")),
    Column("min_qty", "From quantity", Number(14, 4), clears=False, default="0", aliases=("break", "min qty", "quantity"),
           help="Base units."),
    Column("unit_price", "Price", Number(18, 6), required=True, aliases=("unit price", "net price"), help="Per base unit."),
    Column("tier", "Tier", Text(20), help="Only for members activated for it."),
    Column("unit", "Unit", Text(10), help="Only for lines ordered in it; empty: in any."),
    Column("break_group", "Break group", Text(20), help="Lines with the same word reach a break together."),
    _FROM,
    _TO,
)  # fmt: skip


_KEY = ("source", "product", "min_qty", "tier", "unit", "valid_from")


def check_lists(changes: Sequence[Change], now: datetime) -> Problems:
    return {c.number: found for c in changes if (found := [*_ends_early(c), *_wrong_party(c)])}


def _wrong_party(change: Change) -> list[Problem]:
    values = {**(change.before or {}), **change.after}
    level = values.get("level", "")
    needed, forbidden = PARTIES.get(PriceLevel(level), (set(), set())) if level in SOURCE_LEVELS else (set(), set())
    found = [
        Problem(n, f"A price list of level {level} names its {n}.", "Write its code.")
        for n in needed
        if not values.get(n)
    ]
    found += [
        Problem(n, f"A price list of level {level} names no {n}.", "Leave it empty.")
        for n in forbidden
        if values.get(n)
    ]
    if level == PriceLevel.SEGMENT and not (values.get("group") or values.get("territory")):
        found.append(Problem("territory", "A segment's list names a territory or a group.", "Write the code of one."))
    return sorted(found, key=lambda p: p.column)


def _ends_early(change: Change) -> list[Problem]:
    values = {**(change.before or {}), **change.after}
    start, end = values.get("valid_from", ""), values.get("valid_to", "")
    if start and end and end <= start:
        return [Problem("valid_to", f"It ends {end}, before it starts.", "The end is the first day without it.")]
    return []


def check_prices(changes: Sequence[Change], now: datetime) -> Problems:
    """No two prices of a list for one product, break, tier and unit on one day, here or on record. 1 SQL."""
    found = {c.number: [*_without_key(c), *_ends_early(c)] for c in changes}
    whole = [c for c in changes if not found[c.number]]
    for number, problem in overlap_problems(whole, _on_record(whole), _price_of).items():
        found[number].append(problem)
    return found


def _without_key(change: Change) -> list[Problem]:
    """What tells two prices of a list and product apart is said in every file, also where it is empty."""
    labels = {c.name: c.label for c in _PRICES}
    absent = [name for name in _KEY if name not in change.after]
    return [Problem(n, f"The file has no column {labels[n]}.", "Add it; its cells may be empty.") for n in absent]


def _price_of(values: Cells) -> Pair:
    key = (values["product"].upper(), values.get("min_qty") or "0", values.get("tier", ""), values.get("unit", ""))
    return values["source"].upper(), "|".join(key)


def _on_record(changes: Sequence[Change]) -> dict[Pair, list[Stretch]]:
    """What these lists have for these products, without the rows that are replaced."""
    lists, skus = {c.after["source"].upper() for c in changes}, {c.after["product"].upper() for c in changes}
    near = PriceRow.objects.annotate(of_list=Upper("source__code"), of_product=Upper("product__sku"))
    near = near.filter(of_list__in=lists, of_product__in=skus).exclude(pk__in=[c.id for c in changes if c.id])
    found: dict[Pair, list[Stretch]] = defaultdict(list)
    columns = ("source__code", "product__sku", "min_qty", "tier", "unit", "valid_from", "valid_to", "unit_price")
    for code, sku, qty, tier, unit, first, last, price in near.values_list(*columns).iterator(chunk_size=5_000):
        pair = _price_of({"source": code, "product": sku, "min_qty": plain(qty), "tier": tier, "unit": unit})
        until = f"until {last}" if last else "without end"
        told = f"{code} {sku} {plain(price)} from {plain(qty)}, from {first} {until}"
        found[pair].append((str(first or FIRST), str(last or LAST), told))
    return found


_list_table = SheetTable(
    "pricing.PriceSource",
    _LISTS,
    ("code",),
    (("account", "code"), ("group", "code"), ("territory", "code"), ("contract", "number")),
    "price_source",
)
_price_table = SheetTable(
    "pricing.PriceRow",
    _PRICES,
    _KEY,
    (("source", "code"), ("product", "sku")),
    "price_row",
)


def _sheet(code: str, label: str, table: SheetTable, help: str, **more: Any) -> Sheet:
    return Sheet(
        code, label, table.columns, table.key, table, table.write, DESK, help=help, remove=table.remove, **more
    )


def register() -> None:
    """Called once, when the room is ready."""
    sheets.register(
        _sheet(
            "price_lists",
            "Price lists and contracts",
            _list_table,
            "Whom prices are for, and when.",
            checks=check_lists,
        )
    )
    sheets.register(
        _sheet("prices", "Prices", _price_table, "A price for a product from a quantity on.", checks=check_prices)
    )
    contract_sheets.register()
    volume_sheets.register()
