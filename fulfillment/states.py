from enum import StrEnum

from core.lifecycle import Lifecycle


class ShipmentStatus(StrEnum):
    RELEASED = "released"
    ACKNOWLEDGED = "acknowledged"
    PICKING = "picking"
    PACKED = "packed"
    SHIPPED = "shipped"
    IN_TRANSIT = "in_transit"
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
        S.SHIPPED: {S.IN_TRANSIT, S.DELIVERED, S.REFUSED},
        S.IN_TRANSIT: {S.DELIVERED, S.REFUSED},
    },
)


class PolicyEffect(StrEnum):
    """What a release policy does with an order that fits it."""

    RELEASE = "release"
    WAIT = "wait"  # for a person


class RunKind(StrEnum):
    POLICY = "policy"  # by itself
    PERSON = "person"


class ResultState(StrEnum):
    WAITING = "waiting"
    RELEASED = "released"
    REFUSED = "refused"


class RecallState(StrEnum):
    ASKED = "asked"
    ACCEPTED = "accepted"
    REFUSED = "refused"


STILL_HERE = (S.RELEASED, S.ACKNOWLEDGED, S.PICKING, S.PACKED)  # with the warehouse


class CarrierMode(StrEnum):
    PARCEL = "parcel"
    FREIGHT = "freight"
    OWN_TRUCK = "own_truck"
    PICKUP = "pickup"


class PackageKind(StrEnum):
    CARTON = "carton"
    PALLET = "pallet"


class ReturnStatus(StrEnum):
    REQUESTED = "requested"
    AUTHORIZED = "authorized"
    REJECTED = "rejected"
    IN_TRANSIT = "in_transit"
    RECEIVED = "received"
    INSPECTED = "inspected"  # a part of it: the rest still lies there
    DISPOSITIONED = "dispositioned"
    CREDITED = "credited"
    REPLACED = "replaced"
    CLOSED = "closed"


R = ReturnStatus
RETURN = Lifecycle(
    "return",
    {
        R.REQUESTED: {R.AUTHORIZED, R.REJECTED},
        R.AUTHORIZED: {R.IN_TRANSIT, R.RECEIVED, R.CLOSED},
        R.IN_TRANSIT: {R.RECEIVED, R.CLOSED},
        R.RECEIVED: {R.INSPECTED, R.DISPOSITIONED},
        R.INSPECTED: {R.DISPOSITIONED},
        R.DISPOSITIONED: {R.CREDITED, R.REPLACED, R.CLOSED},
        R.CREDITED: {R.CLOSED},
        R.REPLACED: {R.CLOSED},
    },
)


class ReturnOutcome(StrEnum):
    """What the customer gets. Both are credited at the original price; a replacement is an order like any other."""

    CREDIT = "credit"
    REPLACEMENT = "replacement"  # ordered when the goods were inspected
    ADVANCE = "advance"  # ordered at once, before they come back: it passes credit like any order


class Disposition(StrEnum):
    """What becomes of a returned quantity (domain.md §9)."""

    RESTOCK = "restock"
    QUARANTINE = "quarantine"
    SCRAP = "scrap"
    TO_VENDOR = "return_to_vendor"
    TO_CUSTOMER = "return_to_customer"
    MISSING = "missing"


KEPT = frozenset({Disposition.RESTOCK, Disposition.QUARANTINE, Disposition.SCRAP, Disposition.TO_VENDOR})
