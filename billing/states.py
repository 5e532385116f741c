from enum import StrEnum

from core.lifecycle import Lifecycle


class InvoiceStatus(StrEnum):
    POSTED = "posted"
    PARTIALLY_PAID = "partially_paid"
    PAID = "paid"
    DISPUTED = "disputed"
    CREDITED = "credited"
    WRITTEN_OFF = "written_off"


S = InvoiceStatus
INVOICE = Lifecycle(
    "invoice",
    {
        S.POSTED: {S.PARTIALLY_PAID, S.PAID, S.DISPUTED, S.CREDITED, S.WRITTEN_OFF},
        S.PARTIALLY_PAID: {S.PAID, S.DISPUTED, S.CREDITED, S.WRITTEN_OFF},
        S.DISPUTED: {S.POSTED, S.PARTIALLY_PAID, S.PAID, S.CREDITED, S.WRITTEN_OFF},
    },
)
