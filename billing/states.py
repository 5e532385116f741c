from enum import StrEnum

from core.lifecycle import Lifecycle


class InvoiceStatus(StrEnum):
    DRAFT = "draft"
    POSTED = "posted"
    SENT = "sent"
    PARTIALLY_PAID = "partially_paid"
    PAID = "paid"
    DISPUTED = "disputed"
    CREDITED = "credited"
    WRITTEN_OFF = "written_off"


S = InvoiceStatus
_ENDS = {S.PAID, S.CREDITED, S.WRITTEN_OFF}
INVOICE = Lifecycle(
    "invoice",
    {
        S.DRAFT: {S.POSTED, S.SENT, S.PAID},  # paid at once: nothing is owed for samples
        S.POSTED: {S.SENT, S.PARTIALLY_PAID, S.DISPUTED} | _ENDS,
        S.SENT: {S.PARTIALLY_PAID, S.DISPUTED} | _ENDS,
        S.PARTIALLY_PAID: {S.DISPUTED} | _ENDS,
        S.DISPUTED: {S.POSTED, S.SENT, S.PARTIALLY_PAID} | _ENDS,
    },
)
TO_PAY = (S.POSTED, S.SENT, S.PARTIALLY_PAID)
OPEN = (*TO_PAY, S.DISPUTED)  # what has something open


class Grouping(StrEnum):
    """How many shipments an invoice bills: the customer's choice."""

    SHIPMENT = "shipment"
    ORDER = "order"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Delivery(StrEnum):
    """How an invoice reaches the customer. With the portal it is there as soon as it is posted."""

    BY_HAND = "by_hand"
    PORTAL = "portal"


class CreditKind(StrEnum):
    RETURN = "return"
    PRICE = "price"
    DISPUTE = "dispute"
    REBATE = "rebate"
    CHARGEBACK = "chargeback"
    GOODWILL = "goodwill"
    DISCOUNT = "discount"  # of an early payer


class DisputeReason(StrEnum):
    PRICE = "price"
    QUANTITY = "quantity"
    QUALITY = "quality"
    NOT_RECEIVED = "not_received"
    DUPLICATE = "duplicate"
    OTHER = "other"


class DisputeStatus(StrEnum):
    OPEN = "open"
    CREDITED = "credited"
    REJECTED = "rejected"


DISPUTE = Lifecycle("dispute", {DisputeStatus.OPEN: {DisputeStatus.CREDITED, DisputeStatus.REJECTED}})


class WriteOffStatus(StrEnum):
    WAITING = "waiting"
    POSTED = "posted"
    REJECTED = "rejected"


WRITE_OFF = Lifecycle("write_off", {WriteOffStatus.WAITING: {WriteOffStatus.POSTED, WriteOffStatus.REJECTED}})


class CommissionStep(StrEnum):
    """How a commission moves. Accrued at the invoice, earned when it is paid, clawed back on credit, then paid out."""

    ACCRUED = "accrued"
    EARNED = "earned"
    CLAWED_BACK = "clawed_back"
    ADJUSTED = "adjusted"
    PAID = "paid"


class StatementStatus(StrEnum):
    CLOSED = "closed"
    PAID = "paid"


STATEMENT = Lifecycle("commission_statement", {StatementStatus.CLOSED: {StatementStatus.PAID}})


class LineState(StrEnum):
    STATED = "stated"
    DISPUTED = "disputed"
    ANSWERED = "answered"


class Recognition(StrEnum):
    """What makes billed money revenue."""

    SHIP = "ship"
    DELIVER = "deliver"
    USE = "use"
    OVER_TIME = "over_time"


class ClaimStatus(StrEnum):
    APPROVED = "approved"
    DENIED = "denied"


CLAIM: Lifecycle[ClaimStatus] = Lifecycle("chargeback_claim", {ClaimStatus.DENIED: {ClaimStatus.APPROVED}})


class PaymentStatus(StrEnum):
    STARTED = "started"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


PAYMENT = Lifecycle(
    "payment",
    {
        PaymentStatus.STARTED: {PaymentStatus.SUCCEEDED, PaymentStatus.FAILED},
        PaymentStatus.FAILED: {PaymentStatus.SUCCEEDED},  # declined, tried again at the provider, collected after all
    },
)
