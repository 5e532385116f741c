"""What finds trouble with money: the verb in which it shows opens the case, and the one that mends it closes it."""

from billing.exception_kinds import CHARGEBACK_DENIED, COMMISSION_DISPUTE, INVOICE_DISPUTE, SHORT_PAYMENT
from exceptions_app.detection import pushed

pushed(SHORT_PAYMENT.code, "post_receipt, with a remittance")
pushed(INVOICE_DISPUTE.code, "open_dispute")
pushed(COMMISSION_DISPUTE.code, "dispute_line")
pushed(CHARGEBACK_DENIED.code, "claim_chargeback")
