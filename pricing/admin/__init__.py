from pricing.admin.adjustments import FreightRateAdmin, PriceAdjustmentAdmin, TaxRateAdmin, TierActivationAdmin
from pricing.admin.agreements import AgreementAdmin, CommitmentAdmin
from pricing.admin.sources import PriceRowAdmin, PriceSourceAdmin

__all__ = [
    "AgreementAdmin",
    "CommitmentAdmin",
    "FreightRateAdmin",
    "PriceAdjustmentAdmin",
    "PriceRowAdmin",
    "PriceSourceAdmin",
    "TaxRateAdmin",
    "TierActivationAdmin",
]
