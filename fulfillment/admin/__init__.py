"""Console screens: release, shipments, returns."""

from fulfillment.admin.recalls import RecallAdmin
from fulfillment.admin.release import ReleasePolicyAdmin, ReleaseRunAdmin
from fulfillment.admin.returns import ReturnAdmin
from fulfillment.admin.shipments import ShipmentAdmin

__all__ = ["RecallAdmin", "ReleasePolicyAdmin", "ReleaseRunAdmin", "ReturnAdmin", "ShipmentAdmin"]
