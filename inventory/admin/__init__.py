"""The console's screens of stock: places, what is there, who holds it and why. Every change is one service call."""

from inventory.admin.backorders import BackorderAdmin
from inventory.admin.counts import StockCountAdmin
from inventory.admin.demand import AllocationRunAdmin, ClaimAdmin, DemandAdmin
from inventory.admin.field import (
    FieldUsageAdmin,
    FillUpAdmin,
    ParLevelAdmin,
    TransferDisputeAdmin,
    TransferOfferAdmin,
)
from inventory.admin.lots import LotAdmin
from inventory.admin.policies import AllocationPolicyAdmin
from inventory.admin.pools import OrderCapAdmin, PoolAdmin, SafetyStockAdmin
from inventory.admin.serials import SerialAdmin
from inventory.admin.sourcing import SourcingRuleAdmin, TransitLaneAdmin
from inventory.admin.stock import InboundSupplyAdmin, SiteAdmin, StockBalanceAdmin, StockMovementAdmin
from inventory.admin.transfers import TransferAdmin
from inventory.admin.vendors import VendorOfferAdmin

__all__ = [
    "AllocationPolicyAdmin",
    "AllocationRunAdmin",
    "BackorderAdmin",
    "ClaimAdmin",
    "DemandAdmin",
    "FieldUsageAdmin",
    "FillUpAdmin",
    "InboundSupplyAdmin",
    "LotAdmin",
    "OrderCapAdmin",
    "ParLevelAdmin",
    "PoolAdmin",
    "SafetyStockAdmin",
    "SerialAdmin",
    "SiteAdmin",
    "SourcingRuleAdmin",
    "StockBalanceAdmin",
    "StockCountAdmin",
    "StockMovementAdmin",
    "TransferAdmin",
    "TransferDisputeAdmin",
    "TransferOfferAdmin",
    "TransitLaneAdmin",
    "VendorOfferAdmin",
]
