from credit.models.account import CreditAccount, PaymentTerms
from credit.models.posting import OpenOrderDay, Posting

__all__ = ["CreditAccount", "OpenOrderDay", "PaymentTerms", "Posting"]
