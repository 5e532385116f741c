from pricing.admin.adjustments import FreightRateAdmin, PriceAdjustmentAdmin, TaxRateAdmin, TierActivationAdmin
from pricing.admin.agreements import AgreementAdmin, CommitmentAdmin
from pricing.admin.contracts import ContractAdmin
from pricing.admin.sources import PriceRowAdmin, PriceSourceAdmin

__all__ = [
    "AgreementAdmin",
    "CommitmentAdmin",
    "ContractAdmin",
    "FreightRateAdmin",
    "PriceAdjustmentAdmin",
    "PriceRowAdmin",
    "PriceSourceAdmin",
    "TaxRateAdmin",
    "TierActivationAdmin",
]
