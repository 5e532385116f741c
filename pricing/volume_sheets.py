"""Volumes promised, tiers activated and what comes off or on a price, as sheets."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Upper

from accounts.states import STAFF, Role
from core import sheets
from core.access import allow
from core.cells import Choice, Currency, Day, Number, Text, YesNo
from core.sheet_periods import FIRST, LAST, Pair, Stretch, overlap_problems
from core.sheet_table import SheetTable
from core.sheets import Cells, Change, Column, Problem, Sheet
from pricing.models import Commitment, PriceAdjustment, TierActivation
from pricing.rules.numbers import plain
from pricing.states import AdjustmentKind, Combination, Counts, Measure, Method

DESK = allow(view=STAFF, act={Role.PRICING, Role.OPERATOR})
Problems = Mapping[int, Sequence[Problem]]
SMALL = Number(5, high=Decimal(32_767))
_FROM = Column("valid_from", "From", Day(), required=True, aliases=("valid from", "start"))
_UNTIL = Column("valid_to", "To", Day(), required=True, aliases=("valid to", "end"), help="The first day without it.")
_TO = Column("valid_to", "To", Day(), aliases=("valid to", "end"), help="The first day without it; empty: no end.")
_LIST = Column("source", "List", Text(40), required=True, refers="price list", aliases=("price list", "list code"))
_COMMITMENTS = (
    _LIST,
    Column("product", "SKU", Text(60), refers="product", aliases=("item", "product code"),
           help="Empty, where money is promised: everything on the list."),
    Column("measure", "Measure", Choice(tuple(map(str, Measure))), required=True),
    _FROM,
    _UNTIL,
    Column("committed_qty", "Quantity promised", Number(14, 4), clears=False, default="0", help="Base units."),
    Column("committed_amount", "Amount promised", Number(14, 2), clears=False, default="0",
           help="In the list's currency."),
)  # fmt: skip
_ACTIVATIONS = (
    _LIST,
    Column("account", "Account", Text(40), required=True, refers="account", aliases=("customer", "account code")),
    Column("tier", "Tier", Text(20), required=True),
    _FROM,
    _TO,
)
_ADJUSTMENTS = (
    Column("code", "Code", Text(40), required=True, aliases=("discount", "promotion", "charge")),
    Column("name", "Name", Text(120), required=True),
    Column("kind", "Kind", Choice(tuple(map(str, AdjustmentKind))), required=True),
    Column("method", "Method", Choice(tuple(map(str, Method))), clears=False, default="percent"),
    Column("value", "Value", Number(18, 6), required=True, help="Percent, or money per base unit."),
    Column("combination", "Combination", Choice(tuple(map(str, Combination))), clears=False, default="compounded"),
    Column("sequence", "Sequence", SMALL, clears=False, default="100", help="Lower comes first."),
    Column("counts", "Counts", Choice(tuple(map(str, Counts))), clears=False, default="line"),
    Column("min_qty", "From quantity", Number(14, 4), clears=False, default="0", aliases=("break", "min qty"),
           help="Base units."),
    Column("currency", "Currency", Currency(), help="Only in this currency; an amount names it."),
    Column("source", "List", Text(40), refers="price list", aliases=("price list", "list code"),
           help="Only on prices of this list."),
    Column("account", "Account", Text(40), refers="account", aliases=("customer", "account code")),
    Column("group", "Group", Text(40), refers="group", aliases=("buying group",)),
    Column("territory", "Territory", Text(20), refers="territory"),
    Column("product", "SKU", Text(60), refers="product", aliases=("item", "product code")),
    Column("category", "Category", Text(40), refers="category"),
    _FROM,
    _TO,
    Column("is_active", "Active", YesNo(), clears=False, default="yes"),
)  # fmt: skip
_COMMITMENT_KEY = ("source", "product", "measure", "valid_from")
_ACTIVATION_KEY = ("source", "account", "valid_from")
_ADJUSTMENT_KEY = ("code", "min_qty", "valid_from")


def _values(change: Change) -> Cells:
    return {**(change.before or {}), **change.after}


def _ends_early(change: Change) -> list[Problem]:
    start, end = (_values(change).get(name, "") for name in ("valid_from", "valid_to"))
    if start and end and end <= start:
        return [Problem("valid_to", f"It ends {end}, before it starts.", "The end is the first day without it.")]
    return []


def _without(change: Change, key: Sequence[str], columns: Sequence[Column]) -> list[Problem]:
    """What tells two rows apart is said in every file, also where it is empty."""
    labels = {c.name: c.label for c in columns}
    absent = [name for name in key if name not in change.after]
    return [Problem(n, f"The file has no column {labels[n]}.", "Add it; its cells may be empty.") for n in absent]


def check_commitments(changes: Sequence[Change], now: datetime) -> Problems:
    """Units of a product or money, and one promise of a kind a day, here or on record. 1 SQL."""
    found = {
        c.number: [*_without(c, _COMMITMENT_KEY, _COMMITMENTS), *_ends_early(c), *_wrong_measure(c)] for c in changes
    }
    whole = [c for c in changes if not found[c.number]]
    rows = Commitment.objects.annotate(of=Upper("source__code")).filter(of__in={_code(c, "source") for c in whole})
    pairs = (
        ((r.source.code.upper(), _about(r.product.sku if r.product else "", r.measure)), r)
        for r in _others(rows, whole).select_related("source", "product")
    )
    return _with_overlaps(found, whole, pairs, _commitment_of)


def _wrong_measure(change: Change) -> Iterable[Problem]:
    values = _values(change)
    qty, amount = (Decimal(values.get(n) or "0") for n in ("committed_qty", "committed_amount"))
    is_money = values.get("measure") == Measure.MONEY
    if not is_money and not values.get("product"):
        yield Problem("product", "Units are of one product.", "Name its SKU, or promise money.")
    if not is_money and (amount or not qty):
        yield Problem("committed_qty", "Units are promised.", "Fill in the quantity, and leave the amount at 0.")
    if is_money and (qty or not amount):
        yield Problem("committed_amount", "Money is promised.", "Fill in the amount, and leave the quantity at 0.")


def _about(sku: str, measure: str) -> str:
    return f"{sku.upper()}|{measure}" if sku else ""  # of everything there is money alone


def _commitment_of(values: Cells) -> Pair:
    return values["source"].upper(), _about(values.get("product", ""), values.get("measure", ""))


def check_activations(changes: Sequence[Change], now: datetime) -> Problems:
    """One tier of a list an account and day. 1 SQL."""
    found = {c.number: [*_without(c, _ACTIVATION_KEY, _ACTIVATIONS), *_ends_early(c)] for c in changes}
    whole = [c for c in changes if not found[c.number]]
    rows = TierActivation.objects.annotate(of=Upper("source__code")).filter(of__in={_code(c, "source") for c in whole})
    pairs = (
        ((r.source.code.upper(), r.account.code.upper()), r)
        for r in _others(rows, whole).select_related("source", "account")
    )
    return _with_overlaps(found, whole, pairs, lambda v: (v["source"].upper(), v["account"].upper()))


def check_adjustments(changes: Sequence[Change], now: datetime) -> Problems:
    """At most 100 % off, an amount with its currency, and one tier of a code a day. 1 SQL."""
    found = {
        c.number: [*_without(c, _ADJUSTMENT_KEY, _ADJUSTMENTS), *_ends_early(c), *_wrong_value(c)] for c in changes
    }
    whole = [c for c in changes if not found[c.number]]
    rows = PriceAdjustment.objects.annotate(of=Upper("code")).filter(of__in={_code(c, "code") for c in whole})
    pairs = (((r.code.upper(), plain(r.min_qty)), r) for r in _others(rows, whole))
    return _with_overlaps(found, whole, pairs, lambda v: (v["code"].upper(), v.get("min_qty") or "0"))


def _wrong_value(change: Change) -> Iterable[Problem]:
    values = _values(change)
    is_percent = (values.get("method") or Method.PERCENT) == Method.PERCENT
    if is_percent and values.get("kind") != AdjustmentKind.CHARGE and Decimal(values.get("value") or "0") > 100:
        yield Problem("value", "A discount is at most 100 %.", "Give 100 or less.")
    if not is_percent and not values.get("currency"):
        yield Problem("currency", "An amount is in a currency.", "Name it.")


def _code(change: Change, name: str) -> str:
    return _values(change)[name].upper()


def _others(rows: QuerySet[Any], whole: Sequence[Change]) -> QuerySet[Any]:
    """Those on record that no row of the file replaces."""
    return rows.exclude(pk__in=[c.id for c in whole if c.id])


def _with_overlaps(
    found: dict[int, list[Problem]],
    whole: Sequence[Change],
    rows: Iterable[tuple[Pair, Any]],
    pair_of: Callable[[Cells], Pair],
) -> Problems:
    on_record: dict[Pair, list[Stretch]] = defaultdict(list)
    for pair, row in rows:
        until = f"until {row.valid_to}" if row.valid_to else "without end"
        told = f"{row.told()}, from {row.valid_from} {until}"
        on_record[pair].append((str(row.valid_from or FIRST), str(row.valid_to or LAST), told))
    for number, problem in overlap_problems(whole, on_record, pair_of).items():
        found[number].append(problem)
    return found


_commitment_table = SheetTable(
    "pricing.Commitment", _COMMITMENTS, _COMMITMENT_KEY, (("source", "code"), ("product", "sku")), "commitment"
)
_activation_table = SheetTable(
    "pricing.TierActivation",
    _ACTIVATIONS,
    _ACTIVATION_KEY,
    (("source", "code"), ("account", "code")),
    "tier_activation",
)
_adjustment_table = SheetTable(
    "pricing.PriceAdjustment",
    _ADJUSTMENTS,
    _ADJUSTMENT_KEY,
    (
        ("source", "code"),
        ("account", "code"),
        ("group", "code"),
        ("territory", "code"),
        ("product", "sku"),
        ("category", "code"),
    ),
    "price_adjustment",
)


def _sheet(code: str, label: str, table: SheetTable, help: str, checks: sheets.Checks) -> Sheet:
    return Sheet(
        code, label, table.columns, table.key, table, table.write, DESK, help=help, remove=table.remove, checks=checks
    )


def register() -> None:
    """Called once, when the room is ready."""
    for sheet in (
        _sheet("commitments", "Volume commitments", _commitment_table, "What is promised to be called off; what was is "
               "counted by orders.", check_commitments),
        _sheet("tier_activations", "Tier activations", _activation_table, "A member's tier of a group's list.",
               check_activations),
        _sheet("adjustments", "Discounts and charges", _adjustment_table, "What comes off or on a price, a tier a row.",
               check_adjustments),
    ):  # fmt: skip
        sheets.register(sheet)
