"""What opens the cases of the EDI desk: receiving itself, transaction by transaction."""

from exceptions_app.detection import pushed
from integrations.exception_kinds import (
    EDI_NEW_PARTNER,
    EDI_NOT_SUBMITTED,
    EDI_PO_CHANGED,
    EDI_QUARANTINED,
    EDI_UNKNOWN_PART,
)

pushed(EDI_NEW_PARTNER, "open_partner")
for opened_by_decision in (EDI_QUARANTINED, EDI_UNKNOWN_PART, EDI_PO_CHANGED, EDI_NOT_SUBMITTED):
    pushed(opened_by_decision, "decide_transaction, submit")
