from enum import StrEnum


class SiteKind(StrEnum):
    DC = "dc"
    HUB = "hub"
    THIRD_PARTY = "third_party"
    TRUNK = "trunk"
    CONSIGNMENT = "consignment"
    QUARANTINE = "quarantine"
    VENDOR = "vendor"


class StockStatus(StrEnum):
    AVAILABLE = "available"
    QUALITY = "quality"
    DAMAGED = "damaged"
    EXPIRED = "expired"
    RECALLED = "recalled"


class MovementKind(StrEnum):
    RECEIPT = "receipt"
    SHIP = "ship"
    ADJUST = "adjust"
    COUNT = "count"
    TRANSFER_OUT = "transfer_out"
    TRANSFER_IN = "transfer_in"
    CONSUMPTION = "consumption"
    RETURN = "return"
    SCRAP = "scrap"
    STATUS = "status"


class ClaimKind(StrEnum):
    """What holds stock. Soft claims may expire; released and picked ones are untouchable."""

    SOFT = "soft"
    HARD = "hard"
    RELEASED = "released"
    PICKED = "picked"


class ClaimState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class ClaimEnd(StrEnum):
    """How a claim ended."""

    SHIPPED = "shipped"
    FREED = "freed"
    SHORT = "short"
    EXPIRED = "expired"


class InboundKind(StrEnum):
    PURCHASE = "purchase"
    TRANSFER = "transfer"
    PRODUCTION = "production"
    RETURN = "return"


class PromiseKind(StrEnum):
    STOCK = "stock"  # from stock on hand
    INBOUND = "inbound"  # from dated supply
    NONE = "none"  # no date can be promised yet
