"""The price of a line as it is kept on it: why this price, for ever (domain.md §3)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from orders.rules.picture import LinePicture
from pricing.rules.asks import PriceResult


def price_trace(price: PriceResult, sku: str) -> dict[str, Any]:
    """The waterfall, the losers and the floor as JSON; money as text."""
    return {
        "sku": sku,
        "basis": price.basis,
        "source": price.source_code,
        "floor": None if price.floor is None else f"{price.floor:f}",
        "waterfall": [
            {"label": s.label, "unit_price": f"{s.unit_price:f}", "source_id": s.source_id} for s in price.waterfall
        ],
        "losers": [{"what": x.what, "why": x.why} for x in price.losers],
        "tax": f"{price.tax:f}",
        "freight": f"{price.freight:f}",
    }


def price_columns(price: PriceResult, line: LinePicture, demand_id: int, now: datetime) -> Mapping[str, Any]:
    """What locking the price writes on the line, which has it already."""
    return {
        "demand_id": demand_id,
        "unit_price": price.unit_price,
        "amount": price.amount,
        "unit_tax": line.unit_tax,
        "unit_freight": line.unit_freight,
        "unit_margin": price.unit_margin,
        "price_basis": price.basis,
        "price_source_id": price.source_id,
        "price_trace": price_trace(price, line.sku),
        "price_locked_at": now,
    }
