"""What happens to credit. Stream "credit:<account id>", seq = the credit account's version."""

from dataclasses import dataclass

from core.outbox import Fact


@dataclass(frozen=True)
class CreditImproved(Fact):
    """A payment, a higher limit, a cancellation or a credit memo: the account's credit holds are worth another look."""

    account_id: int
    cause: str
