"""What mends a case about goods that turned out bad, missing or wrongly dealt: one service call each."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from accounts.states import Role
from core.actors import Actor
from core.choices import counted
from core.errors import DomainError, Refused
from core.overrides import Reason
from core.quantity import plain
from exceptions_app.rules.asks import CaseSnapshot
from exceptions_app.rules.ranking import Effect
from exceptions_app.suggestions import Resolution, register
from inventory.exception_kinds import ALLOCATION_CONFLICT, CLAIMS_GAVE_WAY, COUNT_PENDING, LOT_EXPIRED, LOT_RECALLED
from inventory.lenders import lenders, worst_served
from inventory.models import Claim, CountLine, Lot, Site, StockBalance, StockCount
from inventory.services.allocate import allocate
from inventory.services.open_count import open_count
from inventory.services.reallocate import Impact, impact_of, reallocate
from inventory.services.scrap_stock import scrap_stock
from inventory.states import StockStatus

ZERO = Decimal(0)
DEALERS = frozenset({Role.PLANNER, Role.CS_LEAD})
KEEPERS = frozenset({Role.PLANNER, Role.WAREHOUSE})
SET_ASIDE = (StockStatus.EXPIRED, StockStatus.RECALLED)
NO_PAIR = "Nobody who comes later holds any of it for good."


class NothingToGive(Refused):
    template = NO_PAIR
    remedy_template = "Deal the stock again, or look for supply."


def lot_of(case: CaseSnapshot) -> Lot | None:
    """The lot the case is about, or the one its claim ("claim:12") was of."""
    if case.subject.kind == "lot":
        return Lot.objects.filter(pk=case.subject.id).first()
    named = case.cause_key.removeprefix("claim:")
    claims = Claim.objects.filter(pk=int(named) if named.isdecimal() else 0)
    return Lot.objects.filter(pk__in=claims.values("balance__lot")).first()


def products_of(case: CaseSnapshot) -> list[int]:
    """The products that gave way."""
    if case.subject.kind == "stock_balance":
        return list(StockBalance.objects.filter(pk=case.subject.id).values_list("product_id", flat=True))
    if case.subject.kind == "stock_count":
        rows = CountLine.objects.filter(count_id=case.subject.id)
        return sorted(set(rows.values_list("balance__product_id", flat=True)))
    lot = lot_of(case)
    return [lot.product_id] if lot else []


def preview_deal(case: CaseSnapshot, now: datetime) -> Effect:
    products = products_of(case)
    if not products:
        return Effect("", is_possible=False, why_not="The goods are not in the books any more.")
    return Effect(
        f"deals {counted(len(products), 'product')} again by rank: who lost stock gets what is free elsewhere"
    )


def deal(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    trigger = f"case {case.number} {key}"[:80]
    return allocate(trigger_key=trigger, product_ids=products_of(case), actor=actor, now=now)


def set_aside(case: CaseSnapshot) -> Sequence[StockBalance]:
    """Where units of the lot stand that nobody may have, in key order."""
    lot = lot_of(case)
    rows = StockBalance.objects.filter(lot=lot, status__in=SET_ASIDE, on_hand_qty__gt=0) if lot else []
    return sorted(rows, key=lambda b: b.pk)


def preview_scrap(case: CaseSnapshot, now: datetime) -> Effect:
    places = set_aside(case)
    if not places:
        return Effect("", is_possible=False, why_not="Nothing of the lot is set aside.")
    qty = sum((b.on_hand_qty for b in places), ZERO)
    return Effect(f"scraps {plain(qty)} at {counted(len(places), 'place')}: they leave the books")


def scrap(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> None:
    """A transaction a place; a place that is scrapped has nothing left the second time."""
    for balance in set_aside(case):
        scrap_stock(
            balance_id=balance.pk,
            qty=balance.on_hand_qty,
            reason=f"Decided on case {case.number}",
            key=(case.id << 32) + balance.pk,  # above every key that people's screens give
            actor=actor,
            now=now,
        )


def preview_keep(case: CaseSnapshot, now: datetime) -> Effect:
    qty = sum((b.on_hand_qty for b in set_aside(case)), ZERO)
    return Effect(f"{plain(qty)} stay set aside for the supplier; nobody can be promised them")


def keep(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> None:
    """The lot is set aside already; the case keeps who decided to send it back."""


def _where_it_was(case: CaseSnapshot) -> Site | None:
    """The site whose stock gave way: of the place, of the count, or where most of the lot stands."""
    if case.subject.kind == "stock_count":
        row = StockCount.objects.filter(pk=case.subject.id).select_related("site").first()
        return row.site if row else None
    lot = lot_of(case)
    rows = StockBalance.objects.filter(lot=lot) if lot else StockBalance.objects.filter(pk=case.subject.id)
    balance = rows.select_related("site").order_by("-on_hand_qty", "pk").first()
    return balance.site if balance else None


def preview_look(case: CaseSnapshot, now: datetime) -> Effect:
    site, products = _where_it_was(case), products_of(case)
    if site is None or not products:
        return Effect("", is_possible=False, why_not="The goods are not in the books any more.")
    return Effect(f"opens a count of {counted(len(products), 'product')} at {site}: what is found serves who waits")


def look(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    site = _where_it_was(case)
    return open_count(
        site_id=site.pk if site else 0,
        product_ids=products_of(case),
        key=f"case {case.number}",
        actor=actor,
        now=now,
    )


def preview_count(case: CaseSnapshot, now: datetime) -> Effect:
    balance = StockBalance.objects.filter(pk=case.subject.id).select_related("site", "product").first()
    if balance is None:
        return Effect("", is_possible=False, why_not="The place is not in the books any more.")
    return Effect(
        f"opens a count of {balance.product.sku} at {balance.site}; what is released is confirmed short first"
    )


def count_again(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    balance = StockBalance.objects.filter(pk=case.subject.id).first()
    return open_count(
        site_id=balance.site_id if balance else 0,
        product_ids=[balance.product_id] if balance else [],
        key=f"case {case.number}",
        actor=actor,
        now=now,
    )


def best_pair(case: CaseSnapshot, now: datetime) -> Impact | None:
    """Who of a better rank waits for the product, and the one of a worse rank that could give most of it."""
    taker = worst_served(case.subject.id)
    if taker is None:
        return None
    demand_id, missing = taker
    for giver_id, _, held in lenders(demand_id):
        try:
            return impact_of(from_id=giver_id, to_id=demand_id, qty=min(missing, held), now=now)
        except DomainError:  # this one cannot give it (too short a life, wrong place): the next may
            continue
    return None


def preview_give(case: CaseSnapshot, now: datetime) -> Effect:
    pair = best_pair(case, now)
    if pair is None:
        return Effect("", is_possible=False, why_not=NO_PAIR)
    qty = plain(pair.giver.before - pair.giver.after)
    theirs = f"{pair.giver.now.day} {pair.giver.now:%b}" if pair.giver.now else "no date yet"
    return Effect(f"gives {qty} of {pair.giver.document} (then {theirs}) to {pair.taker.document}", pair.money_effect)


def give(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    pair = best_pair(case, now)
    if pair is None:
        raise NothingToGive
    return reallocate(
        from_id=pair.giver.demand_id,
        to_id=pair.taker.demand_id,
        qty=pair.giver.before - pair.giver.after,
        reason=Reason("case", f"Decided on case {case.number}: {case.summary}"[:300]),
        actor=actor,
        now=now,
    )


for gave_way in (CLAIMS_GAVE_WAY.code, LOT_RECALLED.code):
    register(Resolution(gave_way, "deal", "Deal the stock again", preview_deal, deal, DEALERS))
for bad in (LOT_RECALLED.code, LOT_EXPIRED.code):
    register(Resolution(bad, "scrap", "Scrap what is set aside", preview_scrap, scrap, KEEPERS, is_chain=True))
register(
    Resolution(LOT_EXPIRED.code, "keep", "Keep it for the supplier", preview_keep, keep, KEEPERS),
    Resolution(CLAIMS_GAVE_WAY.code, "count", "Look again: count it", preview_look, look, KEEPERS, is_chain=True),
    Resolution(COUNT_PENDING.code, "count", "Count it again", preview_count, count_again, KEEPERS, is_chain=True),
    Resolution(ALLOCATION_CONFLICT.code, "give", "Give it to the better tier", preview_give, give, DEALERS),
)
