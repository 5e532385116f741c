from credit.admin.accounts import CreditAccountAdmin
from credit.admin.ledgers import PostingAdmin, TermsAdmin

__all__ = ["CreditAccountAdmin", "PostingAdmin", "TermsAdmin"]
