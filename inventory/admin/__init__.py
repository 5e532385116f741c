"""The console's screens of stock: places, what is there, who holds it and why. Every change is one service call."""

from inventory.admin.demand import AllocationRunAdmin, ClaimAdmin, DemandAdmin
from inventory.admin.stock import InboundSupplyAdmin, LotAdmin, SiteAdmin, StockBalanceAdmin, StockMovementAdmin

__all__ = [
    "AllocationRunAdmin",
    "ClaimAdmin",
    "DemandAdmin",
    "InboundSupplyAdmin",
    "LotAdmin",
    "SiteAdmin",
    "StockBalanceAdmin",
    "StockMovementAdmin",
]
