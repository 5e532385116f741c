"""Pools and safety stock as sheets."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from accounts.states import STAFF, Role
from core import sheets
from core.access import allow
from core.cells import Choice, Day, Number, Text
from core.sheet_table import SheetTable
from core.sheets import Change, Column, Problem, Sheet
from inventory.models import Pool
from inventory.rules.pool_forms import pool_faults
from inventory.states import AmountKind, PoolKind, PoolState, PoolWho

PLANNERS = allow(view=STAFF, act={Role.PLANNER, Role.OPERATOR})
QTY = Number(14, 4, low=Decimal(0))
_POOLS = (
    Column("code", "Pool", Text(40), True, aliases=("pool code", "code")),
    Column("name", "Name", Text(120), True),
    Column("kind", "Kind", Choice(tuple(PoolKind)), True),
    Column("state", "State", Choice(tuple(PoolState)), clears=False, default="active"),
    Column("parent", "Part of", Text(40), refers="pool", to_itself=True, aliases=("parent", "parent pool")),
    Column("who", "For", Choice(tuple(PoolWho)), True, aliases=("who",)),
    Column("account", "Account", Text(40), refers="account", aliases=("customer", "customer code")),
    Column("group", "Group", Text(40), refers="group", aliases=("account group",)),
    Column("tier", "Service tier", Text(20), refers="service tier"),
    Column("region", "Customer region", Text(40)),
    Column("product", "SKU", Text(60), refers="product", aliases=("item", "product")),
    Column("category", "Category", Text(40), refers="category"),
    Column("site", "Site", Text(20), refers="site", aliases=("warehouse",)),
    Column("site_region", "Site region", Text(40)),
    Column("amount_kind", "Counted in", Choice(tuple(AmountKind)), clears=False, default="number"),
    Column("amount", "Amount", QTY, True, aliases=("quantity", "qty")),
    Column("valid_from", "From", Day(), True),
    Column("valid_to", "Until before", Day(), help="The first day it no longer holds."),
)
_pool_table = SheetTable(
    "inventory.Pool", _POOLS, ("code",),
    (("parent", "code"), ("account", "code"), ("group", "code"), ("tier", "code"), ("product", "sku"),
     ("category", "code"), ("site", "code")),
    "pool",
)  # fmt: skip
_SAFETY = (
    Column("product", "SKU", Text(60), True, refers="product", aliases=("item", "product")),
    Column("site", "Site", Text(20), True, refers="site", aliases=("warehouse",)),
    Column("qty", "Safety stock", QTY, True, aliases=("quantity", "qty")),
    Column("tier", "Open to tier", Text(20), refers="service tier", help="And to better ones. Empty: nobody."),
)
_safety_table = SheetTable(
    "inventory.SafetyStock", _SAFETY, ("product", "site"), (("product", "sku"), ("site", "code"), ("tier", "code")),
    "safety_stock",
)  # fmt: skip


def check_pools(changes: Sequence[Change], now: datetime) -> Mapping[int, Sequence[Problem]]:
    """The rules of the console's form; the pool above may stand in the same file."""
    named = {c.after["code"].upper(): c.after.get("kind", (c.before or {}).get("kind", "")) for c in changes}
    above = {cells["parent"].upper() for cells in map(_cells, changes)} - set(named) - {""}
    for code, kind in Pool.objects.filter(code__in=above).values_list("code", "kind"):
        named[code.upper()] = kind
    found = {}
    for c in changes:
        cells = _cells(c)
        faults = pool_faults(cells, parent_kind=named.get(cells["parent"].upper(), ""))
        if faults:
            found[c.number] = [Problem(f.field, f.why, f.remedy) for f in faults]
    return found


def _cells(change: Change) -> dict[str, str]:
    """What the row will be: the file's columns over the record's, defaults where there is neither."""
    defaults = {column.name: column.default for column in _POOLS}
    given = {name: value or defaults[name] for name, value in change.after.items()}
    return {**defaults, **(change.before or {}), **given}


def register() -> None:
    sheets.register(
        Sheet("pools", "Pools", _POOLS, ("code",), _pool_table, _pool_table.write, PLANNERS, check_pools, _pool_table.link,
              "Stock kept for some, and the most some may take.", remove=_pool_table.remove)
    )  # fmt: skip
    sheets.register(
        Sheet("safety_stock", "Safety stock", _SAFETY, ("product", "site"), _safety_table, _safety_table.write, PLANNERS,
              help="What a site keeps back of a product.", remove=_safety_table.remove)
    )  # fmt: skip
