from inventory.models.balance import InboundSupply, Lot, Site, StockBalance, StockMovement
from inventory.models.demand import AllocationRun, Claim, Demand, DemandDecision, Promise

__all__ = [
    "AllocationRun",
    "Claim",
    "Demand",
    "DemandDecision",
    "InboundSupply",
    "Lot",
    "Promise",
    "Site",
    "StockBalance",
    "StockMovement",
]
