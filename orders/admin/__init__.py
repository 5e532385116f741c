from orders.admin.hold_types import HoldTypeAdmin
from orders.admin.holds import HoldAdmin
from orders.admin.orders import OrderAdmin
from orders.admin.purchase_rules import PurchaseRuleAdmin
from orders.admin.stock_holds import StockHoldAdmin, StockHoldLimitAdmin

__all__ = [
    "HoldAdmin",
    "HoldTypeAdmin",
    "OrderAdmin",
    "PurchaseRuleAdmin",
    "StockHoldAdmin",
    "StockHoldLimitAdmin",
]
