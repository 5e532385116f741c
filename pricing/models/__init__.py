from pricing.models.agreement import Commitment, CommitmentUse, PriceAgreement, PriceAgreementRow
from pricing.models.source import PriceRow, PriceSource

__all__ = ["Commitment", "CommitmentUse", "PriceAgreement", "PriceAgreementRow", "PriceRow", "PriceSource"]
