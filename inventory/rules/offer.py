"""What of a product's stock is for one account, once its pools have spoken: for portal, API, console and submit alike."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from core.quantity import plain
from inventory.rules.asks import AtpPoint, Availability, KeptFor, SiteAvailability
from inventory.rules.pool_book import NO_LIMIT, PoolBook
from inventory.rules.pool_deal import last_day
from inventory.rules.pools import OrderCap, Protection, Resolved, SiteStock

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
    everywhere = not any(p.site_ids is not None for p in rules.protections) and not any(
        q.site_ids is not None for q in rules.quotas
    )
    share = (_everywhere if everywhere else _place_by_place)(found, rules, stock, account_id)
    cap = min((c.qty for c in caps if account_id in c.account_ids), default=None)
    kept = [p for p in rules.protections if account_id not in p.account_ids]
    told = sorted((p for p in kept if p.qty > 0 and not p.is_safety), key=lambda p: (-p.qty, p.pool_id))
    return replace(
        found,
        sites=share.sites,
        available=share.available,
        protected=share.usable - share.takeable - share.safety,
        safety=share.safety,
        quota_left=None if share.left == NO_LIMIT else share.left,
        order_cap=cap,
        kept_for=tuple(KeptFor(p.name, p.qty, p.until) for p in told),
        atp=_dated(found, kept, stock, share, today),
    )


class _Share(NamedTuple):
    """`usable` for the account if there were no pools, `takeable` beside what is kept for others, `available` within
    its quotas too, which leave `left`; `safety` of what is kept is safety stock."""

    sites: tuple[SiteAvailability, ...]
    usable: Decimal
    takeable: Decimal
    available: Decimal
    left: Decimal
    safety: Decimal


def _everywhere(found: Availability, rules: Resolved, stock: Mapping[int, SiteStock], account_id: int | None) -> _Share:
    """Where no pool names a place, one figure bounds all sites: what is free less what is kept. The common case."""
    kept = sum((p.qty for p in rules.protections if account_id not in p.account_ids), ZERO)
    slack = max(ZERO, sum((s.free for s in stock.values()), ZERO) - kept)
    left = max(
        ZERO, min((q.qty for q in rules.quotas if q.is_limiting and account_id in q.account_ids), default=NO_LIMIT)
    )
    usable = takeable = beside = ZERO
    sites = []
    for s in found.sites:
        usable += s.available
        if s.site_id not in stock:
            beside += s.available
            sites.append(s)
            continue
        takeable += s.available
        if s.available > slack or s.available > left:
            there = min(s.available, slack)
            s = s._replace(available=min(there, left), protected=s.available - there)
        sites.append(s)
    takeable = min(takeable, slack)
    return _Share(tuple(sites), usable, takeable + beside, min(takeable, left) + beside, left, ZERO)


def _place_by_place(
    found: Availability, rules: Resolved, stock: Mapping[int, SiteStock], account_id: int | None
) -> _Share:
    product_id = found.product_id
    free = {(product_id, site): there.free for site, there in stock.items()}
    floors = PoolBook(rules.protections, (), free=free)
    sites = tuple(_site(s, floors, account_id, product_id) if s.site_id in stock else s for s in found.sites)
    usable = sum((s.available for s in found.sites), ZERO)
    takeable = _takeable(found.sites, floors, account_id, product_id, stock)
    safety = min(floors.safety_from(account_id, product_id), usable - takeable)
    if not rules.quotas:
        return _Share(sites, usable, takeable, takeable, NO_LIMIT, safety)
    book = PoolBook(rules.protections, rules.quotas, free=free)
    quotas = {s.site_id: max(ZERO, book.quota(account_id, product_id, s.site_id)) for s in found.sites}
    sites = tuple(s._replace(available=min(s.available, quotas[s.site_id])) if s.site_id in stock else s for s in sites)
    available = _takeable(found.sites, book, account_id, product_id, stock)
    return _Share(sites, usable, takeable, available, min(quotas.values(), default=NO_LIMIT), safety)


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


def _site(s: SiteAvailability, book: PoolBook, account_id: int | None, product_id: int) -> SiteAvailability:
    there = without_safety = book.open_at(account_id, product_id, s.site_id)
    if book.safety_from(account_id, product_id):
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
    found: Availability, others: Sequence[Protection], stock: Mapping[int, SiteStock], share: _Share, today: date
) -> tuple[AtpPoint, ...]:
    """The dates on which more can be promised: what comes, less what is still to protect then, within the quota."""
    if not others and share.left == NO_LIMIT:
        return found.atp
    kept_now = share.usable - share.takeable
    spare = max(ZERO, sum((s.free for s in stock.values()), ZERO) - share.usable)
    floors = [_floor(p, found, stock) for p in others]
    days = {p.day for p in found.atp} | {p.until for p in others if p.until is not None and p.until > today}
    points: list[AtpPoint] = []
    for day in sorted(days):
        base = next((p.qty for p in reversed(found.atp) if p.day <= day), ZERO)
        kept = kept_now if day <= today else _kept(floors, day) - spare
        qty = max(ZERO, min(base - max(ZERO, kept), share.left))
        if day <= today:
            qty = min(qty, share.available)
        if not points or qty > points[-1].qty:
            points.append(AtpPoint(day, qty))
    return tuple(points)


class _Floor(NamedTuple):
    """A protection with what is free at its places, and what comes there by day."""

    protection: Protection
    free: Decimal
    coming: tuple[tuple[date, Decimal], ...]


def _floor(p: Protection, found: Availability, stock: Mapping[int, SiteStock]) -> _Floor:
    free = sum((s.free for site, s in stock.items() if p.site_ids is None or site in p.site_ids), ZERO)
    there = (s for s in found.sites if s.in_transit and (p.site_ids is None or s.site_id in p.site_ids))
    return _Floor(p, free, tuple(arrival for s in there for arrival in s.in_transit.items()))


def _kept(floors: Iterable[_Floor], day: date) -> Decimal:
    """What the floors in force that day keep, of what there is at their places by then."""
    total = ZERO
    for p, free, coming in floors:
        if p.until is None or p.until > day:
            there = free + sum((qty for due, qty in coming if due <= day), ZERO)
            total += min(max(p.full_qty, p.qty), there)
    return total
