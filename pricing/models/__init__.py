from pricing.models.agreement import Commitment, PriceAgreement, PriceAgreementRow
from pricing.models.source import PriceRow, PriceSource

__all__ = ["Commitment", "PriceAgreement", "PriceAgreementRow", "PriceRow", "PriceSource"]
