"""What allocation ranks a line by, as orders see it at submit (domain.md §6, stage 2)."""

from decimal import Decimal

from accounts.rules.asks import AccountSnapshot
from accounts.states import ShipComplete
from inventory.rules.asks import RankSnapshot
from orders.rules.picture import OrderPicture
from orders.rules.releasable import policy_of
from pricing.rules.asks import PriceResult
from pricing.states import PriceLevel

CONTRACT_LEVELS = frozenset({PriceLevel.OVERRIDE, PriceLevel.QUOTE, PriceLevel.ACCOUNT, PriceLevel.GROUP})
BAND_PERCENT = 10
ZERO = Decimal(0)
TOP_BAND = 9


def rank_of(order: OrderPicture, account: AccountSnapshot, price: PriceResult | None) -> RankSnapshot:
    """Tier, what lateness costs by contract, contract or spot, margin band, ship-complete group."""
    return RankSnapshot(
        tier_rank=account.tier_rank,
        sla_penalty=ZERO if price is None else price.sla_penalty,
        is_contract=price is not None and price.basis in CONTRACT_LEVELS,
        margin_band=margin_band(price),
        ship_complete_group=order.number if policy_of(order, account) == ShipComplete.ORDER else "",
        unit_margin=price.unit_margin if price is not None else None,
        ship_complete=order.ship_complete,
    )


def margin_band(price: PriceResult | None) -> int:
    """Margin in tenths of the price, 0 to 9: small differences do not decide who is served first."""
    if price is None or not price.unit_price or price.unit_margin is None:
        return 0
    percent = Decimal(100) * price.unit_margin / price.unit_price
    return max(0, min(TOP_BAND, int(percent // BAND_PERCENT)))
