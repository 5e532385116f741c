"""What opens the cases of the EDI desk: receiving itself, transaction by transaction; and letters that did not go."""

from datetime import datetime

from core.refs import DocumentRef
from exceptions_app.detection import Detector, Watch, ended, pushed, register
from exceptions_app.rules.asks import CaseSpec
from integrations import case_ends
from integrations.exception_kinds import (
    EDI_NEW_PARTNER,
    EDI_NOT_SUBMITTED,
    EDI_PO_CHANGED,
    EDI_QUARANTINED,
    EDI_UNKNOWN_PART,
    LETTER_NOT_SENT,
)
from integrations.models import PromiseLetter
from integrations.states import LetterState
from orders.case_ends import no_draft_any_more, parts_are_known

pushed(EDI_NEW_PARTNER, "open_partner")
for opened_by_decision in (EDI_QUARANTINED, EDI_UNKNOWN_PART, EDI_PO_CHANGED, EDI_NOT_SUBMITTED):
    pushed(opened_by_decision, "decide_transaction, submit")


def letters_not_sent(now: datetime) -> list[CaseSpec]:
    """Letters the mail server refused for good, and such as a killed worker left half sent. One statement."""
    rows = PromiseLetter.objects.filter(state__in=(LetterState.UNSURE, LetterState.REFUSED)).order_by("pk")
    columns = ("pk", "order_id", "order_number", "account_id", "user__email", "state", "problem")
    return [
        CaseSpec(
            LETTER_NOT_SENT.code, DocumentRef("order", order_id, number), f"letter:{pk}", account_id,
            summary=f"Letter to {address} about {number} {state}: {problem}"[:300],
        )
        for pk, order_id, number, account_id, address, state, problem in rows.values_list(*columns)
    ]  # fmt: skip


register(
    Detector(LETTER_NOT_SENT.code, "letter:", letters_not_sent),
    Watch(EDI_UNKNOWN_PART, parts_are_known),
    Watch(EDI_NOT_SUBMITTED, no_draft_any_more),
    Watch(EDI_QUARANTINED, case_ends.not_kept_aside),
    Watch(EDI_PO_CHANGED, case_ends.nothing_to_change),
)
ended(EDI_NEW_PARTNER, "confirm_partner")
