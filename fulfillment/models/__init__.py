from fulfillment.models.returns import Return, ReturnLine
from fulfillment.models.shipment import Shipment, ShipmentLine

__all__ = ["Return", "ReturnLine", "Shipment", "ShipmentLine"]
