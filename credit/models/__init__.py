from credit.models.account import CreditAccount, PaymentTerms
from credit.models.addition import AdditionEnd, LimitAddition
from credit.models.evidence import LimitEvidence
from credit.models.posting import OpenOrderDay, Posting
from credit.models.rule import CreditRule
from credit.models.terms_words import TermsWords

__all__ = [
    "AdditionEnd",
    "CreditAccount",
    "CreditRule",
    "LimitAddition",
    "LimitEvidence",
    "OpenOrderDay",
    "PaymentTerms",
    "Posting",
    "TermsWords",
]
