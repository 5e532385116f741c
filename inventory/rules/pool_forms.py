"""Which pools make sense, as people type them in a form or a file: every fault at once, with what mends it."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from inventory.states import AmountKind, PoolKind, PoolState, PoolWho

NAMED = {PoolWho.ACCOUNT: "account", PoolWho.GROUP: "group", PoolWho.TIER: "tier", PoolWho.REGION: "region"}

CAPPED = {PoolWho.ACCOUNT, PoolWho.GROUP, PoolWho.TIER, PoolWho.EVERYBODY}


class Fault(NamedTuple):
    field: str
    why: str
    remedy: str


def pool_faults(cells: Mapping[str, str], *, parent_kind: str = "") -> list[Fault]:
    """`cells` by field name, "" where there is nothing; `parent_kind` of the pool above, "" where it is not known."""
    found = [*_whom(cells), *_what(cells), *_amount(cells)]
    if cells["state"] == PoolState.NEUTRAL and cells["kind"] != PoolKind.QUOTA:
        found.append(Fault("state", "Only a quota counts without limiting.", "Choose active or inactive."))
    if parent_kind and cells["kind"] != parent_kind:
        found.append(
            Fault("kind", f"It stands in a {parent_kind}.", f"Make it a {parent_kind}, or choose another parent.")
        )
    if cells["valid_to"] and cells["valid_from"] and _day(cells["valid_to"]) <= _day(cells["valid_from"]):
        found.append(Fault("valid_to", "It ends before it starts.", "Name the first day it no longer holds."))
    return found


def cap_faults(cells: Mapping[str, str]) -> list[Fault]:
    """The same of an order cap: whom it is for, over what, when."""
    found = [f for f in _whom({**cells, "region": "", "kind": PoolKind.QUOTA}) if f.field != "region"]
    if cells["who"] not in CAPPED:
        found.append(Fault("who", "A cap is for an account, a group, a tier or everybody.", "Choose one of them."))
    found += _what({**cells, "parent": "", "site": "", "site_region": ""})
    if cells["valid_to"] and cells["valid_from"] and _day(cells["valid_to"]) <= _day(cells["valid_from"]):
        found.append(Fault("valid_to", "It ends before it starts.", "Name the first day it no longer holds."))
    return found


def _whom(cells: Mapping[str, str]) -> list[Fault]:
    who = cells["who"]
    wanted = NAMED.get(PoolWho(who), "") if who else ""
    found = []
    if wanted and not cells[wanted]:
        found.append(Fault(wanted, f"It is for one {wanted}, which is not named.", f"Name the {wanted}."))
    for field in NAMED.values():
        if field != wanted and cells[field]:
            found.append(Fault(field, f"It is not for one {field}.", f"Leave the {field} empty, or say it is for it."))
    if who == PoolWho.EVERYBODY and cells["kind"] == PoolKind.PROTECTION:
        found.append(
            Fault("who", "What is kept for everybody is kept from nobody.", "Say for whom, or make it a quota.")
        )
    return found


def _what(cells: Mapping[str, str]) -> list[Fault]:
    if cells["product"] and cells["category"]:
        return [Fault("category", "It is over a product already.", "Leave one of them empty.")]
    found = []
    if not (cells["product"] or cells["category"] or cells["parent"]):
        found.append(
            Fault("product", "It is over nothing.", "Name a product or a category, or the pool it is a part of.")
        )
    if cells["site"] and cells["site_region"]:
        found.append(Fault("site_region", "It is at one site already.", "Leave one of them empty."))
    return found


def _amount(cells: Mapping[str, str]) -> list[Fault]:
    if cells["amount_kind"] == AmountKind.RATIO and not cells["parent"]:
        return [Fault("amount_kind", "A ratio is of a pool above it.", "Choose a parent, or a number or a percent.")]
    if cells["amount_kind"] == AmountKind.PERCENT and cells["amount"] and Decimal(cells["amount"]) > 100:
        return [Fault("amount", "It is more than all there is.", "Name at most 100 percent.")]
    return []


def _day(text: str) -> date:
    return date.fromisoformat(text)
