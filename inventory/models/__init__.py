from inventory.models.balance import InboundSupply, Lot, Serial, Site, StockBalance, StockMovement
from inventory.models.count import CountLine, StockCount
from inventory.models.demand import AllocationRun, Claim, Demand, DemandDecision, Promise
from inventory.models.pool import OrderCap, Pool, SafetyStock
from inventory.models.transfer import Transfer, TransferLine

__all__ = [
    "AllocationRun",
    "Claim",
    "CountLine",
    "Demand",
    "DemandDecision",
    "InboundSupply",
    "Lot",
    "OrderCap",
    "Pool",
    "Promise",
    "SafetyStock",
    "Serial",
    "Site",
    "StockBalance",
    "StockCount",
    "StockMovement",
    "Transfer",
    "TransferLine",
]
