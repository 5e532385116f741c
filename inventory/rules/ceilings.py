"""What ends a share in a policy run although there is stock: quotas, and what one order may take of a product."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType

from inventory.rules.order_share import share_of
from inventory.rules.pools import OrderCap, Quota
from inventory.rules.sourcing import Need

ZERO = Decimal(0)
NOTHING: Mapping[str, Decimal] = MappingProxyType({})


class Ceilings:
    """What is left of every limiting quota, looked up by account."""

    def __init__(self, quotas: Iterable[Quota]) -> None:
        self.quotas = [q for q in quotas if q.is_limiting]
        self.left = [q.qty for q in self.quotas]
        self._over: dict[int, list[int]] = defaultdict(list)
        for n, quota in enumerate(self.quotas):
            for account_id in quota.account_ids:
                self._over[account_id].append(n)

    def over(self, account_id: int | None, site_id: int) -> list[int]:
        some = self._over.get(account_id, []) if account_id is not None else []
        return [n for n in some if (sites := self.quotas[n].site_ids) is None or site_id in sites]

    def room(self, account_id: int | None, site_id: int) -> tuple[Decimal | None, str]:
        """What the account may still take at the site (None: no limit), and the quota that says so."""
        some = self.over(account_id, site_id)
        if not some:
            return None, ""
        least = min(some, key=lambda n: self.left[n])
        return max(ZERO, self.left[least]), self.quotas[least].name

    def take(self, account_id: int | None, site_id: int, qty: Decimal) -> None:
        for n in self.over(account_id, site_id):
            self.left[n] -= qty


class Caps:
    """What one order may take of the product: `percent` of what each site has that serves the line, whoever it is for; and
    the caps of its account, over all sites.

    A percent of all stock would let what comes to one site drain another.
    """

    def __init__(
        self, percent: Decimal | None, caps: Iterable[OrderCap] = (), taken: Mapping[str, Decimal] = NOTHING
    ) -> None:
        """`taken`: what each order has already and no run deals again; only the caps of accounts count it."""
        self.percent = percent
        self.of_account: dict[int, Decimal] = {}
        for cap in caps:
            for account_id in cap.account_ids:
                self.of_account[account_id] = min(cap.qty, self.of_account.get(account_id, cap.qty))
        self.before = taken
        self.taken: dict[str, Decimal] = defaultdict(Decimal)
        self.taken_at: dict[str, dict[int, Decimal]] = defaultdict(lambda: defaultdict(Decimal))  # by order and site
        self.is_any = percent is not None or bool(self.of_account)

    def room(self, need: Need) -> Decimal | None:
        """What the account's cap leaves the order; None: no limit."""
        own = self.of_account.get(need.account_id) if need.account_id is not None else None
        if own is None or not need.order_key:
            return None
        return max(ZERO, own - self.taken[need.order_key] - self.before.get(need.order_key, ZERO))

    def share(self, need: Need, site_id: int, stock: Decimal) -> Decimal | None:
        """What the percent leaves the order at a site with so much `stock` for it, in whole multiples; None: no limit."""
        if self.percent is None or not need.order_key:
            return None
        return max(ZERO, share_of(stock, self.percent, need.terms.lot) - self.taken_at[need.order_key][site_id])

    def standing(self, need: Need) -> tuple[object, ...]:
        """Needs of which this is equal have the same room at every site."""
        if self.percent is None or not need.order_key:
            return ()
        taken = self.taken_at.get(need.order_key, {})
        return need.terms.lot, *sorted((site_id, qty) for site_id, qty in taken.items() if qty)

    def take(self, need: Need, site_id: int, qty: Decimal) -> None:
        if self.is_any and need.order_key:
            self.taken[need.order_key] += qty
            self.taken_at[need.order_key][site_id] += qty
