"""Contracts and what is agreed with buying groups as sheets; prices and lists are in pricing/sheets.py."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models.functions import Upper

from accounts.states import STAFF, Role
from core import sheets
from core.access import allow
from core.cells import Currency, Day, Number, Text, YesNo
from core.sheet_periods import FIRST, LAST, Pair, Stretch, overlap_problems
from core.sheet_table import SheetTable
from core.sheets import Cells, Change, Column, Problem, Sheet
from pricing.models import ChargebackTerms, Contract

DESK = allow(view=STAFF, act={Role.PRICING, Role.OPERATOR})
PERCENT = Number(5, 2, high=Decimal(100))
SMALL = Number(5, high=Decimal(32_767))
MONEY = Number(14, 2)
Problems = Mapping[int, Sequence[Problem]]
_FROM = Column("valid_from", "From", Day(), required=True, aliases=("valid from", "start"))
_UNTIL = Column("valid_to", "To", Day(), required=True, aliases=("valid to", "end"), help="The first day without it.")
_TO = Column("valid_to", "To", Day(), aliases=("valid to", "end"), help="The first day without it; empty: no end.")
_GROUP = Column("group", "Group", Text(40), refers="group", aliases=("buying group",))
_CONTRACTS = (
    Column("code", "Contract", Text(40), required=True, aliases=("contract code", "contract number", "code")),
    Column("version", "Version", SMALL, required=True),
    Column("name", "Name", Text(120), required=True),
    Column("account", "Account", Text(40), refers="account", aliases=("customer", "account code")),
    _GROUP,
    Column("covers_children", "For accounts below", YesNo(), clears=False, default="no"),
    _FROM,
    _UNTIL,
    Column("is_active", "Active", YesNo(), clears=False, default="yes"),
    Column("currency", "Currency", Currency(), clears=False, default="USD"),
    Column("payment_terms", "Payment terms", Text(20), aliases=("terms",)),
    Column("margin_floor_percent", "Margin floor %", Number(5, 2, high=Decimal("99.99"))),
    Column("notice_days", "Notice, days", SMALL, clears=False, default="60"),
    Column("renews", "Renews by itself", YesNo(), clears=False, default="no"),
    Column("on_time_percent", "On time %", PERCENT),
    Column("fill_percent", "Fill %", PERCENT),
    Column("penalty_per_late_line", "Penalty a late line", MONEY, clears=False, default="0"),
    Column("penalty_per_late_day", "Penalty a late day", MONEY, clears=False, default="0"),
    Column("note", "Note", Text(2000)),
)
_REBATES = (
    Column("code", "Program", Text(40), required=True, aliases=("rebate", "program code", "code")),
    Column("name", "Name", Text(120), required=True),
    Column("group", "Group", Text(40), required=True, refers="group", aliases=("buying group",)),
    Column("product", "SKU", Text(60), refers="product", aliases=("item", "product code")),
    Column("category", "Category", Text(40), refers="category"),
    Column("percent", "Percent", Number(7, 4, high=Decimal(100)), required=True, aliases=("rebate percent",)),
    _FROM,
    _TO,
)
_CHARGEBACKS = (
    Column("group", "Group", Text(40), required=True, refers="group", aliases=("buying group",)),
    Column("claim_days", "Days to claim", SMALL, clears=False, default="90"),
    Column("price_tolerance", "Price tolerance", Number(18, 6), clears=False, default="0", help="Per base unit."),
    _FROM,
    _TO,
)


def _values(change: Change) -> Cells:
    return {**(change.before or {}), **change.after}


def _ends_early(change: Change) -> list[Problem]:
    start, end = (_values(change).get(name, "") for name in ("valid_from", "valid_to"))
    if start and end and end <= start:
        return [Problem("valid_to", f"It ends {end}, before it starts.", "The end is the first day without it.")]
    return []


def check_contracts(changes: Sequence[Change], now: datetime) -> Problems:
    """One party, a period, and no two versions of a code on one day, here or on record. 1 SQL."""
    found = {c.number: [*_wrong_party(c), *_ends_early(c)] for c in changes}
    whole = [c for c in changes if not found[c.number]]
    codes = {_values(c)["code"].upper() for c in whole}
    rows = Contract.objects.annotate(of=Upper("code")).filter(of__in=codes)
    rows = rows.exclude(pk__in=[c.id for c in whole if c.id])
    return _with_overlaps(found, whole, [(r.code, str(r), r) for r in rows], _contract_of)


def _wrong_party(change: Change) -> list[Problem]:
    values = _values(change)
    if bool(values.get("account")) != bool(values.get("group")):
        return []
    return [Problem("account", "A contract is with an account or with a group.", "Fill in one of the two columns.")]


def _contract_of(values: Cells) -> Pair:
    return values["code"].upper(), ""


def check_rebates(changes: Sequence[Change], now: datetime) -> Problems:
    return {c.number: found for c in changes if (found := [*_ends_early(c), *_no_percent(c)])}


def _no_percent(change: Change) -> list[Problem]:
    stated = _values(change).get("percent") or "0"
    return [] if Decimal(stated) > 0 else [Problem("percent", "A rebate of 0 % is none.", "Give more than 0.")]


def check_chargebacks(changes: Sequence[Change], now: datetime) -> Problems:
    """One set of terms a group and day. 1 SQL."""
    found = {c.number: _ends_early(c) for c in changes}
    whole = [c for c in changes if not found[c.number]]
    groups = {_values(c)["group"].upper() for c in whole}
    rows = ChargebackTerms.objects.select_related("group").annotate(of=Upper("group__code")).filter(of__in=groups)
    rows = rows.exclude(pk__in=[c.id for c in whole if c.id])
    return _with_overlaps(found, whole, [(r.group.code, str(r), r) for r in rows], _terms_of)


def _terms_of(values: Cells) -> Pair:
    return values["group"].upper(), ""


def _with_overlaps(
    found: dict[int, list[Problem]],
    whole: Sequence[Change],
    rows: Iterable[tuple[str, str, Any]],
    pair_of: Callable[[Cells], Pair],
) -> Problems:
    """The problems found so far, and of each row that overlaps another; `rows` are those on record: code, words, row."""
    on_record: dict[Pair, list[Stretch]] = defaultdict(list)
    for code, told, row in rows:
        until = f"until {row.valid_to}" if row.valid_to else "without end"
        stretch = (str(row.valid_from or FIRST), str(row.valid_to or LAST), f"{told}, from {row.valid_from} {until}")
        on_record[code.upper(), ""].append(stretch)
    for number, problem in overlap_problems(whole, on_record, pair_of).items():
        found[number].append(problem)
    return found


_contract_table = SheetTable(
    "pricing.Contract", _CONTRACTS, ("code", "version"), (("account", "code"), ("group", "code")), "contract"
)
_rebate_table = SheetTable(
    "pricing.RebateProgram",
    _REBATES,
    ("code",),
    (("group", "code"), ("product", "sku"), ("category", "code")),
    "rebate_program",
)
_chargeback_table = SheetTable(
    "pricing.ChargebackTerms", _CHARGEBACKS, ("group", "valid_from"), (("group", "code"),), "chargeback_terms"
)


def _sheet(code: str, label: str, table: SheetTable, help: str, checks: sheets.Checks) -> Sheet:
    return Sheet(
        code, label, table.columns, table.key, table, table.write, DESK, help=help, remove=table.remove, checks=checks
    )


def register() -> None:
    """Called once, when the room is ready."""
    for sheet in (
        _sheet("contracts", "Contracts", _contract_table, "Whom, when, terms and service.", check_contracts),
        _sheet("rebates", "Rebate programs", _rebate_table, "A percent for a group's members.", check_rebates),
        _sheet("chargeback_terms", "Chargeback terms", _chargeback_table, "What a claim keeps to.", check_chargebacks),
    ):
        sheets.register(sheet)
