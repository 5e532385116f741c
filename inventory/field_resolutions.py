"""What mends a case about stock in the field: one service call each. Registered by `resolutions`."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from accounts.states import Role
from core.actors import Actor
from core.quantity import plain
from exceptions_app.rules.asks import CaseSnapshot
from exceptions_app.rules.ranking import Effect
from exceptions_app.suggestions import Resolution
from inventory.exception_kinds import CONSIGNMENT_VARIANCE, FIELD_EXPIRY, FILL_UP_DISPUTED
from inventory.models import CountLine, Lot, Site, StockBalance, StockCount, TransferDispute
from inventory.rules.transfers import TransferLineSpec
from inventory.services.acknowledge_transfer import MAY_SETTLE, settle_dispute
from inventory.services.ask_fill_up import replenish
from inventory.services.offer_transfer import offer_transfer
from inventory.services.open_count import open_count
from inventory.states import DisputeOutcome, DisputeStatus, SiteKind

COUNTERS = frozenset({Role.PLANNER, Role.WAREHOUSE, Role.CS, Role.CS_LEAD, Role.REP})
ASKERS = frozenset({Role.PLANNER, Role.WAREHOUSE, Role.OPERATOR})
GONE = "It is settled already, or is no more."
WORDS = {
    DisputeOutcome.SENDER: ("All came after all", "{left} more are booked at {site}: the receiver has found them"),
    DisputeOutcome.RECEIVER: ("It came as the receiver says", "the books of both sides follow what {site} says"),
    DisputeOutcome.COUNT: ("Let the site be counted", "a count of the product is opened at {site}; it decides"),
}


def _settle(outcome: DisputeOutcome) -> Resolution:
    label, effect = WORDS[outcome]

    def preview(case: CaseSnapshot, now: datetime) -> Effect:
        dispute = _dispute(case)
        if dispute is None:
            return Effect("", is_possible=False, why_not=GONE)
        if outcome == DisputeOutcome.SENDER and dispute.stated_qty > dispute.sent_qty:
            return Effect("", is_possible=False, why_not="More came than was sent: only the sender can agree.")
        left = plain(dispute.sent_qty - dispute.stated_qty)
        return Effect(effect.format(left=left, site=dispute.line.transfer.to_site))

    def apply(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
        dispute = _dispute(case)
        dispute_id = 0 if dispute is None else dispute.pk  # the service says that there is none
        return settle_dispute(dispute_id=dispute_id, outcome=outcome, note=f"Case {case.number}", actor=actor, now=now)

    return Resolution(
        FILL_UP_DISPUTED.code,
        str(outcome),
        label,
        preview,
        apply,
        frozenset(MAY_SETTLE[outcome]),
        ends_case=True,  # what is settled is no case any more
    )


def _dispute(case: CaseSnapshot) -> TransferDispute | None:
    """Of the line the cause names ("line:12"), while it is open."""
    named = case.cause_key.removeprefix("line:")
    rows = TransferDispute.objects.filter(line__transfer=case.subject.id, status=DisputeStatus.OPEN)
    return rows.filter(line=int(named)).select_related("line__transfer__to_site").first() if named.isdecimal() else None


def preview_count(case: CaseSnapshot, now: datetime) -> Effect:
    site, products = _varied(case)
    if site is None:
        return Effect("", is_possible=False, why_not="The count is no more.")
    return Effect(f"a count of {len(products)} product(s) is opened at {site}: what was found by then is booked")


def count_again(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    site, products = _varied(case)
    site_id = 0 if site is None else site.pk
    return open_count(site_id=site_id, product_ids=products, key=f"case {case.number} {key}"[:80], actor=actor, now=now)


def preview_fill_up(case: CaseSnapshot, now: datetime) -> Effect:
    site, _ = _varied(case)
    if site is None:
        return Effect("", is_possible=False, why_not="The count is no more.")
    return Effect(f"what {site} lacks to par now is asked for as demand; the variance stays booked")


def fill_up(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    site, _ = _varied(case)
    site_ids = [] if site is None else [site.pk]
    return replenish(key=f"case {case.number} {key}"[:60], site_ids=site_ids, actor=actor, now=now)


def _varied(case: CaseSnapshot) -> tuple[Site | None, list[int]]:
    """Where was counted, and the products of which another number was found."""
    count = StockCount.objects.filter(pk=case.subject.id).select_related("site").first()
    lines = CountLine.objects.filter(count=case.subject.id).exclude(variance_qty=0)
    return (None if count is None else count.site), sorted(set(lines.values_list("balance__product_id", flat=True)))


def preview_bring_back(case: CaseSnapshot, now: datetime) -> Effect:
    site, center, lot, qty = _expiring(case)
    if not (site and center and lot and qty):
        return Effect("", is_possible=False, why_not="None of it is free at the site any more, or there is no center.")
    return Effect(
        f"{plain(qty)} of lot {lot.code} are offered from {site} to {center}, which accepts when they are there"
    )


def bring_back(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    site, center, lot, qty = _expiring(case)
    lines = [TransferLineSpec(lot.product_id, qty, lot.code)] if lot else []
    return offer_transfer(
        from_site_id=site.pk if site else 0, to_site_id=center.pk if center else 0, lines=lines, note=f"Case {case.number}",
        key=f"case {case.number} {key}"[:80], actor=actor, now=now,
    )  # fmt: skip


def _expiring(case: CaseSnapshot) -> tuple[Site | None, Site | None, Lot | None, Decimal]:
    """The site the cause names ("TRUNK-1: 30 days"), the first center, the lot, and what of it nobody claims there."""
    site = Site.objects.filter(code=case.cause_key.rpartition(":")[0]).first()
    center = Site.objects.filter(kind=SiteKind.DC, is_active=True).order_by("rank", "code").first()
    lot = Lot.objects.filter(pk=case.subject.id).first()
    rows = StockBalance.objects.filter(site=site, lot=lot, status="available", owner="") if site and lot else ()
    free = (b.on_hand_qty - b.reserved_qty - b.allocated_qty - b.released_qty - b.picked_qty for b in rows)
    return site, center, lot, sum(free, Decimal(0))


def field_resolutions() -> list[Resolution]:
    asked: list[tuple[str, str, str, Callable[..., Effect], Callable[..., Any], frozenset[Role]]] = [
        (CONSIGNMENT_VARIANCE.code, "count_again", "Count it again", preview_count, count_again, COUNTERS),
        (CONSIGNMENT_VARIANCE.code, "fill_up", "Fill up to par", preview_fill_up, fill_up, ASKERS),
        (FIELD_EXPIRY.code, "bring_back", "Offer it to a center", preview_bring_back, bring_back, COUNTERS),
    ]
    return [*(_settle(outcome) for outcome in WORDS), *(Resolution(*one) for one in asked)]
