"""What mends a case of the EDI desk at a click: the transaction, corrected, is received again."""

from datetime import datetime
from typing import Any

from accounts.states import Role
from core.actors import Actor
from core.errors import FieldError, InvalidInput
from exceptions_app.rules.asks import CaseSnapshot
from exceptions_app.rules.ranking import NEVER, Effect
from exceptions_app.suggestions import Resolution, register
from integrations.exception_kinds import EDI_NOT_SUBMITTED, EDI_QUARANTINED, EDI_UNKNOWN_PART, LETTER_NOT_SENT
from integrations.services.end_letter import end_letter
from integrations.services.replay_transaction import replay_transaction
from integrations.services.send_letters import send_again
from orders.services.cancel import cancel_order
from orders.services.rematch_lines import rematch_lines
from orders.services.submit import submit

SELLERS = frozenset({Role.CS, Role.CS_LEAD, Role.PRICING, Role.FINANCE, Role.FINANCE_APPROVER})  # as at the workbench
DESK = frozenset({Role.CS, Role.CS_LEAD, Role.OPERATOR})


def preview_submit(case: CaseSnapshot, now: datetime) -> Effect:
    if case.subject.kind != "order":
        return Effect("", is_possible=False, why_not="The transaction made no order.")
    return Effect("submits the order; what its gates refuse is told", case.money_at_risk)


def submit_again(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    return submit(order_id=case.subject.id, actor=actor, now=now)


def preview_match(case: CaseSnapshot, now: datetime) -> Effect:
    if case.subject.kind != "order":
        return Effect("", is_possible=False, why_not="The transaction made no order.")
    return Effect("looks for the parts again among today's products and customer part numbers")


def match_again(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    return rematch_lines(order_id=case.subject.id, actor=actor, now=now)


def preview_replay(case: CaseSnapshot, now: datetime) -> Effect:
    if case.subject.kind != "edi_transaction":
        return Effect("", is_possible=False, why_not="The case is about no transaction.")
    return Effect("receives the transaction again as it stands corrected; what is still wrong is told")


def replay(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    """Raises what the receiving refuses with, and InvalidInput when the transaction still makes no order."""
    replayed = replay_transaction(transaction_id=case.subject.id, actor=actor, now=now)
    if replayed.order_id is None:
        raise InvalidInput([FieldError("/transaction", "still_wrong", replayed.reason)])
    return replayed


def preview_cancel(case: CaseSnapshot, now: datetime) -> Effect:
    if case.subject.kind != "order":
        return Effect("", is_possible=False, why_not="The transaction made no order.")
    return Effect("gives the order up; the partner is told by hand", -case.money_at_risk, days_late=NEVER)


def cancel(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    reason = f"Decided on case {case.number}: {case.summary}"[:300]
    return cancel_order(order_id=case.subject.id, reason=reason, actor=actor, now=now)


def _letter_of(case: CaseSnapshot) -> int:
    named = case.cause_key.removeprefix("letter:")
    return int(named) if named.isdecimal() else 0


def preview_send(case: CaseSnapshot, now: datetime) -> Effect:
    return Effect("leaves within a minute; who got it already gets it twice")


def send(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    return send_again(letter_id=_letter_of(case), now=now)


def preview_told(case: CaseSnapshot, now: datetime) -> Effect:
    return Effect("no mail leaves: they were told by telephone, or know it")


def told(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    return end_letter(letter_id=_letter_of(case), word=f"told otherwise, case {case.number}", now=now)


for made_an_order in (EDI_NOT_SUBMITTED, EDI_UNKNOWN_PART):
    register(Resolution(made_an_order, "cancel_order", "Cancel the order", preview_cancel, cancel, SELLERS))
register(
    Resolution(EDI_QUARANTINED, "replay", "Receive it again", preview_replay, replay, DESK, is_chain=True),
    Resolution(EDI_NOT_SUBMITTED, "submit", "Submit the order", preview_submit, submit_again, DESK),
    Resolution(EDI_UNKNOWN_PART, "rematch", "Match the parts again", preview_match, match_again, DESK),
)
register(
    Resolution(LETTER_NOT_SENT.code, "send_again", "Send it again", preview_send, send, DESK),
    Resolution(LETTER_NOT_SENT.code, "told_otherwise", "They were told otherwise", preview_told, told, DESK),
)
