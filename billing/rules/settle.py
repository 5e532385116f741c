"""What an invoice is, from what happened to its money."""

from dataclasses import dataclass
from decimal import Decimal

from billing.states import InvoiceStatus

ZERO = Decimal(0)


@dataclass(frozen=True)
class Balance:
    total: Decimal
    paid: Decimal
    credited: Decimal
    written_off: Decimal
    disputed: Decimal = ZERO
    is_sent: bool = False

    @property
    def open(self) -> Decimal:
        return self.total - self.paid - self.credited - self.written_off


def status_of(balance: Balance) -> InvoiceStatus:
    """Nothing open: written off where that happened, else paid where money came (or nothing was owed), else credited.
    A dispute shows while anything is open; then how far it is paid; then whether it was sent."""
    if balance.open == ZERO:
        if balance.written_off:
            return InvoiceStatus.WRITTEN_OFF
        return InvoiceStatus.CREDITED if balance.credited and not balance.paid else InvoiceStatus.PAID
    if balance.disputed:
        return InvoiceStatus.DISPUTED
    if balance.open < balance.total:
        return InvoiceStatus.PARTIALLY_PAID
    return InvoiceStatus.SENT if balance.is_sent else InvoiceStatus.POSTED
