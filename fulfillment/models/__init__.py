from fulfillment.models.recall import RecallRequest
from fulfillment.models.release import ReleasePolicy, ReleaseResult, ReleaseRun
from fulfillment.models.returns import Return, ReturnLine, ReturnPart
from fulfillment.models.shipment import Shipment, ShipmentLine

__all__ = [
    "RecallRequest",
    "ReleasePolicy",
    "ReleaseResult",
    "ReleaseRun",
    "Return",
    "ReturnLine",
    "ReturnPart",
    "Shipment",
    "ShipmentLine",
]
