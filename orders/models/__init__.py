from orders.models.allowed_product import AllowedProduct
from orders.models.hold import Hold
from orders.models.hold_type import HoldType
from orders.models.order import LineSplit, Order, OrderLine
from orders.models.promise_answer import PromiseAnswer
from orders.models.purchase_rule import PurchaseRule
from orders.models.repriced_line import RepricedLine
from orders.models.revision import OrderRevision
from orders.models.stock_hold import StockHold, StockHoldLimit

__all__ = [
    "AllowedProduct",
    "Hold",
    "HoldType",
    "LineSplit",
    "Order",
    "OrderLine",
    "OrderRevision",
    "PromiseAnswer",
    "PurchaseRule",
    "RepricedLine",
    "StockHold",
    "StockHoldLimit",
]
