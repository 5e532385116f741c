from pricing.admin.adjustments import FreightRateAdmin, PriceAdjustmentAdmin, TaxRateAdmin, TierActivationAdmin
from pricing.admin.agreements import AgreementAdmin, CommitmentAdmin
from pricing.admin.contracts import ContractAdmin
from pricing.admin.group_terms import ChargebackTermsAdmin, RebateProgramAdmin
from pricing.admin.sources import PriceRowAdmin, PriceSourceAdmin

__all__ = [
    "AgreementAdmin",
    "ChargebackTermsAdmin",
    "CommitmentAdmin",
    "ContractAdmin",
    "FreightRateAdmin",
    "PriceAdjustmentAdmin",
    "PriceRowAdmin",
    "PriceSourceAdmin",
    "RebateProgramAdmin",
    "TaxRateAdmin",
    "TierActivationAdmin",
]
