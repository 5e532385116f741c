"""What mends a case about an order: one service call each, the same as from the order's own page."""

from orders.resolutions import borrow, goods, holds, prices, split, supply, terms

__all__ = ["borrow", "goods", "holds", "prices", "split", "supply", "terms"]
