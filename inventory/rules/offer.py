"""What of a product's stock is for one account, once its pools have spoken: for portal, API, console and submit alike."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from core.quantity import plain
from inventory.rules.asks import AtpPoint, Availability, KeptFor, SiteAvailability
from inventory.rules.pool_book import NO_LIMIT, PoolBook
from inventory.rules.pool_deal import last_day
from inventory.rules.pools import OrderCap, Protection, Resolved, SiteStock, is_inside

ZERO = Decimal(0)


def offered(
    found: Availability,
    rules: Resolved,
    caps: Iterable[OrderCap],
    stock: Mapping[int, SiteStock],
    *,
    account_id: int | None,
    today: date,
) -> Availability:
    """`found` within what the account may take. `stock`: good stock by site that serves everybody; others' sites
    (a trunk that was named) are left as they are."""
    product_id = found.product_id
    open_book = _book(rules, (), stock, product_id)
    sites = tuple(_site(s, open_book, account_id, product_id) if s.site_id in stock else s for s in found.sites)
    usable = sum((s.available for s in found.sites), ZERO)
    takeable = _takeable(found.sites, open_book, account_id, product_id, stock)
    safety = min(open_book.safety_from(account_id, product_id), usable - takeable)
    kept = open_book.kept_for_others(account_id, product_id)
    book = _book(rules, caps, stock, product_id, with_quotas=True)
    left = min((book.quota(account_id, product_id, s.site_id) for s in found.sites), default=NO_LIMIT)
    cap = book.cap(account_id, product_id)
    if rules.quotas:
        sites = tuple(
            s._replace(available=max(ZERO, min(s.available, book.quota(account_id, product_id, s.site_id))))
            for s in sites
        )
    available = _takeable(found.sites, book, account_id, product_id, stock) if rules.quotas else takeable
    others = [p for p in rules.protections if account_id not in p.account_ids]
    atp = _dated(found, others, stock, available, usable - takeable, NO_LIMIT if left is NO_LIMIT else left, today)
    return replace(
        found,
        sites=sites,
        available=available,
        protected=usable - takeable - safety,
        safety=safety,
        quota_left=None if left == NO_LIMIT else max(ZERO, left),
        order_cap=None if cap == NO_LIMIT else cap,
        kept_for=tuple(KeptFor(p.name, qty, p.until) for p, qty in kept),
        atp=atp,
    )


def in_words(found: Availability) -> str:
    """For the house: "12 on hand, 4 for you: 8 protected for GPO North until 30 Nov"."""
    why = []
    if found.protected > 0:
        why.append(_protected(found))
    if found.safety > 0:
        why.append(f"{plain(found.safety)} safety stock")
    why += _limits(found)
    reasons = f": {', '.join(why)}" if why else ""
    return f"{plain(found.on_hand)} on hand, {plain(found.available)} for you{reasons}"


def to_customer(found: Availability) -> str:
    """What keeps more from the customer, "" when nothing does; neither who else has it nor how much is there."""
    why = []
    if found.protected > 0:
        days = {k.until for k in found.kept_for}
        why.append(f"more is kept for other customers{_until(days.pop() if len(days) == 1 else None)}")
    why += _limits(found)
    return f"{plain(found.available)} for you: {', '.join(why)}" if why else ""


def _limits(found: Availability) -> list[str]:
    why = []
    if found.quota_left is not None and found.quota_left <= found.available:
        why.append(f"{plain(found.quota_left)} left of your quota")
    if found.order_cap is not None:
        why.append(f"at most {plain(found.order_cap)} an order")
    return why


def _protected(found: Availability) -> str:
    if not found.kept_for:
        return f"{plain(found.protected)} protected for others"
    first, *rest = found.kept_for
    more = f" and {len(rest)} more" if rest else ""
    return f"{plain(found.protected)} protected for {first.name}{_until(first.until)}{more}"


def _until(end: date | None) -> str:
    return f" until {last_day(end)}" if end else ""


def _book(
    rules: Resolved,
    caps: Iterable[OrderCap],
    stock: Mapping[int, SiteStock],
    product_id: int,
    with_quotas: bool = False,
) -> PoolBook:
    free = {(product_id, site): there.free for site, there in stock.items()}
    return PoolBook(rules.protections, rules.quotas if with_quotas else (), caps, free=free)


def _site(s: SiteAvailability, book: PoolBook, account_id: int | None, product_id: int) -> SiteAvailability:
    there = book.open_at(account_id, product_id, s.site_id)
    without_safety = book.open_at(account_id, product_id, s.site_id, ignoring_safety=True)
    available = min(s.available, there)
    protected = max(ZERO, s.available - without_safety)
    return s._replace(available=available, protected=protected, safety=s.available - available - protected)


def _takeable(
    sites: Sequence[SiteAvailability],
    book: PoolBook,
    account_id: int | None,
    product_id: int,
    stock: Mapping[int, SiteStock],
) -> Decimal:
    """All the account could take, one site after the other. Changes the book."""
    total = ZERO
    for s in sites:
        if s.site_id not in stock:
            total += s.available
            continue
        qty = min(s.available, book.room(account_id, product_id, s.site_id))
        if qty > 0:
            book.take(account_id, product_id, s.site_id, qty)
            total += qty
    return total


def _dated(
    found: Availability,
    others: Sequence[Protection],
    stock: Mapping[int, SiteStock],
    now: Decimal,
    kept_now: Decimal,
    left: Decimal,
    today: date,
) -> tuple[AtpPoint, ...]:
    """The dates on which more can be promised: what comes, less what is still to protect then, within the quota."""
    spare = sum((s.free for s in stock.values()), ZERO) - sum((s.available for s in found.sites), ZERO)
    days = {p.day for p in found.atp} | {p.until for p in others if p.until is not None and p.until > today}
    points: list[AtpPoint] = []
    for day in sorted(days):
        base = next((p.qty for p in reversed(found.atp) if p.day <= day), ZERO)
        kept = kept_now if day <= today else _kept(found, others, stock, day) - max(ZERO, spare)
        qty = max(ZERO, min(base - max(ZERO, kept), left))
        if day <= today:
            qty = min(qty, now)
        if not points or qty > points[-1].qty:
            points.append(AtpPoint(day, qty))
    return tuple(points)


def _kept(found: Availability, others: Sequence[Protection], stock: Mapping[int, SiteStock], day: date) -> Decimal:
    """What the floors in force that day keep, of what there is at their places by then."""
    total = ZERO
    for p in others:
        if p.until is not None and p.until <= day:
            continue
        there = sum((s.free for site, s in stock.items() if is_inside(frozenset({site}), p.site_ids)), ZERO)
        for s in found.sites:
            if is_inside(frozenset({s.site_id}), p.site_ids):
                there += sum((qty for due, qty in s.in_transit.items() if due <= day), ZERO)
        total += min(max(p.full_qty, p.qty), there)
    return total
