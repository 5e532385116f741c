"""What an account may take of a product, place by place, under its pools, kept up to date as stock is dealt.

Places are one site, the sites of a region or all: any two lie inside one another or apart. So a taking leaves every
floor its stock exactly if, in each place, what is free covers the floors inside it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from inventory.rules.pools import OrderCap, Protection, Quota, Sites, is_inside

ZERO = Decimal(0)
NO_LIMIT = Decimal("9999999999.9999")


class PoolBook:
    """Floors, ceilings and caps of some products over their free stock. Changed by `take`."""

    def __init__(
        self,
        protections: Iterable[Protection],
        quotas: Iterable[Quota],
        caps: Iterable[OrderCap] = (),
        *,
        free: Mapping[tuple[int, int], Decimal],
    ) -> None:
        """`free`: {(product, site): unclaimed good stock}."""
        self._floors: dict[int, list[Protection]] = defaultdict(list)
        self._ceilings: dict[int, list[Quota]] = defaultdict(list)
        self._caps: dict[int, list[OrderCap]] = defaultdict(list)
        self._free: dict[int, dict[int, Decimal]] = defaultdict(dict)
        self._total: dict[int, Decimal] = defaultdict(Decimal)
        self._kept: dict[int, list[Decimal]] = defaultdict(list)  # beside the floors: what is left of each
        self._left: dict[int, list[Decimal]] = defaultdict(list)  # beside the ceilings
        for p in protections:
            self._floors[p.product_id].append(p)
            self._kept[p.product_id].append(p.qty)
        for q in quotas:
            self._ceilings[q.product_id].append(q)
            self._left[q.product_id].append(q.qty)
        for cap in caps:
            self._caps[cap.product_id].append(cap)
        for (product_id, site_id), qty in free.items():
            self._free[product_id][site_id] = qty
            self._total[product_id] += qty

    def room(self, account_id: int | None, product_id: int, site_id: int) -> Decimal:
        """The most the account may take at the site now."""
        return max(
            ZERO, min(self.open_at(account_id, product_id, site_id), self.quota(account_id, product_id, site_id))
        )

    def open_at(
        self, account_id: int | None, product_id: int, site_id: int, *, ignoring_safety: bool = False
    ) -> Decimal:
        """What is free at the site and not kept for others, whatever its quota says."""
        floors = [f for f in self._floors_left(product_id, ignoring_safety) if not _is_own(f[0], account_id, site_id)]
        free = self._free[product_id]
        found = free.get(site_id, ZERO)
        for place in {None, *(p.site_ids for p, _ in floors)} if floors else ():
            if place is None:
                there, kept = self._total[product_id], sum((qty for _, qty in floors), ZERO)
            elif site_id in place:
                kept = sum((qty for p, qty in floors if is_inside(p.site_ids, place)), ZERO)
                there = sum((qty for site, qty in free.items() if site in place), ZERO)
            else:
                continue
            found = min(found, there - kept)
        return max(ZERO, found)

    def quota(self, account_id: int | None, product_id: int, site_id: int) -> Decimal:
        """The least that is left of the ceilings the account is under there; NO_LIMIT without one."""
        return min((left for _, left in self._over(account_id, product_id, site_id)), default=NO_LIMIT)

    def cap(self, account_id: int | None, product_id: int) -> Decimal:
        """What one order may take in all."""
        return min((c.qty for c in self._caps[product_id] if account_id in c.account_ids), default=NO_LIMIT)

    def take(self, account_id: int | None, product_id: int, site_id: int, qty: Decimal) -> None:
        self._free[product_id][site_id] = self._free[product_id].get(site_id, ZERO) - qty
        self._total[product_id] -= qty
        self.hold(account_id, product_id, site_id, qty)

    def hold(self, account_id: int | None, product_id: int, site_id: int, qty: Decimal) -> None:
        """Count what the account has, of stock that is not in `free` any more."""
        drawn: dict[int, Decimal] = defaultdict(Decimal)
        kept = self._kept[product_id]
        for n, p in enumerate(self._floors[product_id]):
            if p.is_safety or not _is_own(p, account_id, site_id):
                continue
            part = min(kept[n], qty - drawn[p.tree_id])
            kept[n] -= part
            drawn[p.tree_id] += part
        left = self._left[product_id]
        for n, q in enumerate(self._ceilings[product_id]):
            if account_id in q.account_ids and _covers(q.site_ids, site_id):
                left[n] -= qty

    def kept_for_others(self, account_id: int | None, product_id: int) -> list[tuple[Protection, Decimal]]:
        """The floors the account is not under that keep something, the largest first. Safety stock is not among them."""
        floors = self._floors_left(product_id, ignoring_safety=True)
        others = [(p, qty) for p, qty in floors if qty > 0 and account_id not in p.account_ids]
        return sorted(others, key=lambda f: (-f[1], f[0].pool_id))

    def safety_from(self, account_id: int | None, product_id: int) -> Decimal:
        """The safety stock the account is not offered."""
        floors = self._floors_left(product_id, ignoring_safety=False)
        return sum((qty for p, qty in floors if p.is_safety and account_id not in p.account_ids), ZERO)

    def used_up(self, account_id: int | None, product_id: int) -> Quota | None:
        """A ceiling of the account, at whatever site, that leaves nothing."""
        ceilings = zip(self._ceilings[product_id], self._left[product_id], strict=True)
        over = (q for q, left in ceilings if q.is_limiting and left <= 0 and account_id in q.account_ids)
        return min(over, key=lambda q: q.pool_id, default=None)

    def _floors_left(self, product_id: int, ignoring_safety: bool) -> list[tuple[Protection, Decimal]]:
        floors = zip(self._floors[product_id], self._kept[product_id], strict=True)
        return [(p, qty) for p, qty in floors if not (p.is_safety and ignoring_safety)]

    def _over(self, account_id: int | None, product_id: int, site_id: int) -> list[tuple[Quota, Decimal]]:
        ceilings = zip(self._ceilings[product_id], self._left[product_id], strict=True)
        return [
            (q, left)
            for q, left in ceilings
            if q.is_limiting and account_id in q.account_ids and _covers(q.site_ids, site_id)
        ]


def _is_own(p: Protection, account_id: int | None, site_id: int) -> bool:
    """Taking there serves the floor: elsewhere it stands in its own members' way as in everybody's."""
    return account_id in p.account_ids and _covers(p.site_ids, site_id)


def _covers(sites: Sites, site_id: int) -> bool:
    return sites is None or site_id in sites
