from inventory.models.allocation_policy import (
    AllocationChange,
    AllocationPolicy,
    AllocationPolicyUse,
    AllocationPolicyVersion,
    ServiceShortfall,
)
from inventory.models.alternative import DemandAlternative
from inventory.models.balance import InboundSupply, Lot, Serial, Site, StockBalance, StockMovement
from inventory.models.count import CountLine, StockCount
from inventory.models.demand import AllocationRun, Backorder, Claim, Demand, DemandDecision, Promise
from inventory.models.field import (
    ExpiryNotice,
    FieldUsage,
    FillUp,
    FillUpLine,
    OfferLine,
    ParLevel,
    TransferDispute,
    TransferOffer,
    UsageLine,
)
from inventory.models.pool import OrderCap, Pool, SafetyStock
from inventory.models.scenario import AllocationScenario
from inventory.models.site_day import SiteDay
from inventory.models.sourcing import DemandSourcing, SourcingRule, TransitLane
from inventory.models.transfer import Transfer, TransferLine
from inventory.models.vendor import VendorOffer

__all__ = [
    "AllocationChange",
    "AllocationPolicy",
    "AllocationPolicyUse",
    "AllocationPolicyVersion",
    "AllocationRun",
    "AllocationScenario",
    "Backorder",
    "Claim",
    "CountLine",
    "Demand",
    "DemandAlternative",
    "DemandDecision",
    "DemandSourcing",
    "ExpiryNotice",
    "FieldUsage",
    "FillUp",
    "FillUpLine",
    "InboundSupply",
    "Lot",
    "OfferLine",
    "OrderCap",
    "ParLevel",
    "Pool",
    "Promise",
    "SafetyStock",
    "Serial",
    "ServiceShortfall",
    "Site",
    "SiteDay",
    "SourcingRule",
    "StockBalance",
    "StockCount",
    "StockMovement",
    "Transfer",
    "TransferDispute",
    "TransferLine",
    "TransferOffer",
    "TransitLane",
    "UsageLine",
    "VendorOffer",
]
