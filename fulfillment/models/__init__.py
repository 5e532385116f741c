from fulfillment.models.returns import Return, ReturnLine, ReturnPart
from fulfillment.models.shipment import Shipment, ShipmentLine

__all__ = ["Return", "ReturnLine", "ReturnPart", "Shipment", "ShipmentLine"]
