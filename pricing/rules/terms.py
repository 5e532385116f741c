"""The payment terms of an order whose lines contracts price."""

from collections.abc import Iterable
from decimal import Decimal

from pricing.rules.asks import PriceResult


def agreed_terms(results: Iterable[PriceResult]) -> str:
    """Those of the contract that prices most of the order's worth; of equals the first by code. Empty: no contract that
    prices a line says any, and the account's terms hold."""
    worth: dict[str, Decimal] = {}
    for result in results:
        if result.payment_terms:
            worth[result.payment_terms] = worth.get(result.payment_terms, Decimal(0)) + result.amount
    return min(worth, key=lambda code: (-worth[code], code), default="")
