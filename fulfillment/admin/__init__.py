"""Console screens: shipments, returns."""

from fulfillment.admin.returns import ReturnAdmin
from fulfillment.admin.shipments import ShipmentAdmin

__all__ = ["ReturnAdmin", "ShipmentAdmin"]
