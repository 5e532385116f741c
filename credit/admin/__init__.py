from credit.admin.accounts import CreditAccountAdmin
from credit.admin.evidence import LimitEvidenceAdmin
from credit.admin.ledgers import PostingAdmin, TermsAdmin
from credit.admin.rules import CreditRuleAdmin, LimitAdditionAdmin

__all__ = [
    "CreditAccountAdmin",
    "CreditRuleAdmin",
    "LimitAdditionAdmin",
    "LimitEvidenceAdmin",
    "PostingAdmin",
    "TermsAdmin",
]
