from orders.admin.holds import HoldAdmin
from orders.admin.orders import OrderAdmin

__all__ = ["HoldAdmin", "OrderAdmin"]
