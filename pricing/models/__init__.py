from pricing.models.adjustment import FreightRate, PriceAdjustment, TaxRate
from pricing.models.agreement import PriceAgreement, PriceAgreementRow
from pricing.models.commitment import Commitment, CommitmentUse
from pricing.models.contract import Contract
from pricing.models.group_terms import ChargebackTerms, RebateProgram
from pricing.models.source import PriceRow, PriceSource, TierActivation

__all__ = [
    "ChargebackTerms",
    "Commitment",
    "CommitmentUse",
    "Contract",
    "FreightRate",
    "PriceAdjustment",
    "PriceAgreement",
    "PriceAgreementRow",
    "PriceRow",
    "PriceSource",
    "RebateProgram",
    "TaxRate",
    "TierActivation",
]
