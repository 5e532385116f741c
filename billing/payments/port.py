"""What a payment provider does for us. A real one is one class with these four members; nothing else knows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from core.errors import DomainError


class BadSignature(DomainError):
    status = 401
    template = "This message was not signed by the payment provider, or too long ago."
    remedy_template = "Nothing was changed. Check the secret, and both clocks."


@dataclass(frozen=True)
class PaymentRequest:
    """What is to be paid; `payment_id` comes back in the provider's message. `method` is one of the provider's."""

    payment_id: str
    amount: Decimal
    currency: str
    method: str


@dataclass(frozen=True)
class Message:
    """What the provider says became of a payment. `event_id` is the same when it says so again."""

    event_id: str
    payment_id: str
    succeeded: bool
    amount: Decimal
    currency: str
    reason: str = ""


class Provider(Protocol):
    methods: Sequence[tuple[str, str]]  # (code, words) a customer chooses from

    def start(self, request: PaymentRequest, *, now: datetime) -> str:
        """Ask the provider to collect; its own reference. Called by a job, outside every lock; may be called again for
        the same payment and then collects once."""

    def read(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Message:
        """The signed message, or BadSignature. Reads nothing else."""

    def pending(self, request: PaymentRequest, *, now: datetime) -> list[tuple[dict[str, str], bytes]]:
        """Messages the provider would send now, for one that has no network (the sandbox); a real one has none."""
