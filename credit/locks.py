"""Every row lock of credit: the credit account, rank 10, the first lock of submit, release, invoice and receipt."""

from collections.abc import Iterable

from core.locks import Rank, take
from credit.models import CreditAccount


def lock_credit_accounts(account_ids: Iterable[int]) -> list[CreditAccount]:
    """Lock and read, in primary-key order, with their terms. Accounts without a credit account have no row."""
    accounts = CreditAccount.objects.filter(account_id__in=sorted(set(account_ids))).select_related("terms")
    return take(Rank.CREDIT_ACCOUNT, accounts)
