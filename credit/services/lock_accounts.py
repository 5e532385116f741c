"""Take the accounts' credit rows before anything else is locked."""

from collections.abc import Iterable

from core.uow import require_uow
from credit.locks import hold_credit_accounts


@require_uow
def lock_accounts(account_ids: Iterable[int]) -> frozenset[int]:
    """Rank 10: call it first in submit, release, invoice and receipt. Returns the accounts that have a row."""
    return frozenset(hold_credit_accounts(account_ids))
