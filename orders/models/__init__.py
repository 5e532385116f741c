from orders.models.hold import Hold
from orders.models.order import LineSplit, Order, OrderLine

__all__ = ["Hold", "LineSplit", "Order", "OrderLine"]
