"""How far a line is, as X12 says it: element 668, in an 855's ACK01 and an 865's. One home, beside the one wording of
orders/rules/standing.py: whoever writes an acknowledgement asks here, as every other door asks there for its words.

What was changed on the way (price, quantity, item, date) is told before how far it is: those codes are the writer's to
choose, from what it knows of the purchase order.
"""

from orders.rules.standing import Stage

# Item accepted (IA), backordered (IB), on hold (IH), deleted (ID), released for shipment (AR), shipped (AC); part of it
# shipped and the balance backordered (BP).
CODES: dict[Stage, str] = {
    Stage.RESERVED: "IA",
    Stage.READY: "IA",
    Stage.BACKORDERED: "IB",
    Stage.ON_HOLD: "IH",
    Stage.CANCELLED: "ID",
    Stage.PICKING: "AR",
    Stage.PACKED: "AR",
    Stage.PART_SHIPPED: "BP",
    Stage.SHIPPED: "AC",
    Stage.DELIVERED: "AC",
    Stage.COMPLETE: "AC",
}
UNSAID = frozenset({Stage.DRAFT})  # nobody is told of what was not placed


def line_status(stage: Stage, *, is_part_there: bool = False) -> str:
    """The code of a line; `is_part_there`: some of a backordered line is shipped or set aside for it. Empty for a draft."""
    if stage == Stage.BACKORDERED and is_part_there:
        return CODES[Stage.PART_SHIPPED]
    return "" if stage in UNSAID else CODES[stage]
