from pricing.admin.agreements import AgreementAdmin, CommitmentAdmin
from pricing.admin.sources import PriceRowAdmin, PriceSourceAdmin

__all__ = ["AgreementAdmin", "CommitmentAdmin", "PriceRowAdmin", "PriceSourceAdmin"]
