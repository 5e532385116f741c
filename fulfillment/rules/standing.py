"""What a shipment and a return are called, in one wording for every door: console, portal, API and mail ask here.

`tone` is a colour, `symbol` an icon of the portal.
"""

from dataclasses import dataclass
from enum import StrEnum

from fulfillment.states import ReturnStatus, ShipmentStatus

S, R = ShipmentStatus, ReturnStatus


@dataclass(frozen=True)
class Standing:
    words: str
    tone: str
    symbol: str


SHIPMENTS: dict[str, Standing] = {
    S.RELEASED: Standing("With the warehouse", "info", "box"),
    S.ACKNOWLEDGED: Standing("Accepted by the warehouse", "info", "box"),
    S.PICKING: Standing("Being picked", "info", "box"),
    S.PACKED: Standing("Packed", "info", "box"),
    S.SHIPPED: Standing("On its way", "ok", "truck"),
    S.IN_TRANSIT: Standing("In transit", "ok", "truck"),
    S.DELIVERED: Standing("Delivered", "ok", "check-circle"),
    S.REFUSED: Standing("Refused", "bad", "undo"),
    S.CANCELLED: Standing("Cancelled", "neutral", "x"),
}
USED = Standing("Used on site", "ok", "check-circle")
RETURNS: dict[str, Standing] = {
    R.REQUESTED: Standing("Asked for", "info", "clock"),
    R.AUTHORIZED: Standing("To be sent back", "ok", "check"),
    R.REJECTED: Standing("Not taken back", "bad", "x"),
    R.IN_TRANSIT: Standing("On its way back", "info", "truck"),
    R.RECEIVED: Standing("Arrived, to be inspected", "info", "box"),
    R.INSPECTED: Standing("Arrived, being inspected", "info", "box"),
    R.DISPOSITIONED: Standing("Inspected", "info", "box"),
    R.CREDITED: Standing("Credited", "ok", "check"),
    R.REPLACED: Standing("Replaced", "ok", "check"),
    R.CLOSED: Standing("Closed", "neutral", "check"),
}


def shipment_standing(status: str, *, is_usage: bool = False) -> Standing:
    """Raises KeyError for what is no status of a shipment. Of a usage nothing was ever on its way: the goods lay where
    they were used."""
    return USED if is_usage and status in (S.SHIPPED, S.IN_TRANSIT, S.DELIVERED) else SHIPMENTS[status]


def return_standing(status: str) -> Standing:
    """Raises KeyError for what is no status of a return."""
    return RETURNS[status]


def named(statuses: type[StrEnum], words: dict[str, Standing]) -> list[tuple[str, str]]:
    """As choices of a column, so that lists, filters and exports of the console say the same."""
    return [(str(s), words[s].words) for s in statuses]
