from fulfillment.models.carriage import CarrierService, LabelNumbering, ShippingChoice, ShippingRule
from fulfillment.models.package import Consignment, DamageNote, Delivery, Package, PackageLine
from fulfillment.models.recall import RecallRequest
from fulfillment.models.release import ReleasePolicy, ReleaseResult, ReleaseRun
from fulfillment.models.returns import Return, ReturnLine, ReturnPart
from fulfillment.models.shipment import Shipment, ShipmentLine
from fulfillment.models.vendor import VendorOrder, VendorOrderLine

__all__ = [
    "CarrierService",
    "Consignment",
    "DamageNote",
    "Delivery",
    "LabelNumbering",
    "Package",
    "PackageLine",
    "RecallRequest",
    "ReleasePolicy",
    "ReleaseResult",
    "ReleaseRun",
    "Return",
    "ReturnLine",
    "ReturnPart",
    "Shipment",
    "ShipmentLine",
    "ShippingChoice",
    "ShippingRule",
    "VendorOrder",
    "VendorOrderLine",
]
