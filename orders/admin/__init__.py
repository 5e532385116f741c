from orders.admin.hold_types import HoldTypeAdmin
from orders.admin.holds import HoldAdmin
from orders.admin.orders import OrderAdmin

__all__ = ["HoldAdmin", "HoldTypeAdmin", "OrderAdmin"]
