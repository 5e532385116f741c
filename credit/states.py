from enum import StrEnum


class Bucket(StrEnum):
    """Where an exposure stands on its way from order to cash."""

    OPEN_ORDER = "open_order"  # dated by ship date; the only dated bucket
    RELEASED = "released"
    SHIPPED = "shipped"  # shipped, not invoiced
    RECEIVABLE = "receivable"
    UNAPPLIED = "unapplied"  # cash on account, subtracts


class CheckPoint(StrEnum):
    ENTRY = "entry"
    ALLOCATION = "allocation"
    RELEASE = "release"
    PICK = "pick"
    SHIP = "ship"


class Outcome(StrEnum):
    APPROVED = "approved"
    HELD = "held"
