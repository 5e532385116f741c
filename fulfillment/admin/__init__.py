"""Console screens: release, shipments, returns, how goods travel."""

from fulfillment.admin.carriage import CarrierServiceAdmin, LabelNumberingAdmin, ShippingChoiceAdmin, ShippingRuleAdmin
from fulfillment.admin.recalls import RecallAdmin
from fulfillment.admin.release import ReleasePolicyAdmin, ReleaseRunAdmin
from fulfillment.admin.returns import ReturnAdmin
from fulfillment.admin.shipments import ShipmentAdmin
from fulfillment.admin.vendors import VendorOrderAdmin

__all__ = [
    "CarrierServiceAdmin",
    "LabelNumberingAdmin",
    "RecallAdmin",
    "ReleasePolicyAdmin",
    "ReleaseRunAdmin",
    "ReturnAdmin",
    "ShipmentAdmin",
    "ShippingChoiceAdmin",
    "ShippingRuleAdmin",
    "VendorOrderAdmin",
]
