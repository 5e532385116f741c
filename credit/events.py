"""What happens to credit. Stream "credit:<account id>", seq = the credit account's version."""

from dataclasses import dataclass

from core.outbox import Fact


@dataclass(frozen=True)
class CreditImproved(Fact):
    """A payment, a higher limit, a cancellation or a credit memo: the account's credit holds are worth another look."""

    account_id: int
    cause: str


@dataclass(frozen=True)
class CreditOpened(Fact):
    """The account has a credit account from now on: what it ordered before is counted, its holds are worth a look."""

    account_id: int


@dataclass(frozen=True)
class CreditRulesChanged(Fact):
    """A rule of credit was added, changed or switched off; `account_id` is whose it is (None: not of one account)."""

    rule_id: int
    account_id: int | None
