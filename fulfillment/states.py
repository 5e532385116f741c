from enum import StrEnum

from core.lifecycle import Lifecycle


class ShipmentStatus(StrEnum):
    RELEASED = "released"
    ACKNOWLEDGED = "acknowledged"
    PICKING = "picking"
    PACKED = "packed"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    REFUSED = "refused"
    CANCELLED = "cancelled"


S = ShipmentStatus
SHIPMENT = Lifecycle(
    "shipment",
    {
        S.RELEASED: {S.ACKNOWLEDGED, S.PICKING, S.PACKED, S.CANCELLED},
        S.ACKNOWLEDGED: {S.PICKING, S.PACKED, S.CANCELLED},
        S.PICKING: {S.PACKED, S.CANCELLED},
        S.PACKED: {S.SHIPPED},
        S.SHIPPED: {S.DELIVERED, S.REFUSED},
    },
)


class ReturnStatus(StrEnum):
    REQUESTED = "requested"
    AUTHORIZED = "authorized"
    REJECTED = "rejected"
    RECEIVED = "received"
    CREDITED = "credited"
    CLOSED = "closed"


R = ReturnStatus
RETURN = Lifecycle(
    "return",
    {
        R.REQUESTED: {R.AUTHORIZED, R.REJECTED},
        R.AUTHORIZED: {R.RECEIVED, R.CLOSED},
        R.RECEIVED: {R.CREDITED, R.CLOSED},
        R.CREDITED: {R.CLOSED},
    },
)
