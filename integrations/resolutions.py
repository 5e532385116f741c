"""What mends a case of the EDI desk at a click: the transaction, corrected, is received again."""

from datetime import datetime
from typing import Any

from accounts.states import Role
from core.actors import Actor, system
from core.errors import DomainError, FieldError, InvalidInput
from exceptions_app.rules.asks import CaseSnapshot
from exceptions_app.rules.ranking import NEVER, Effect
from exceptions_app.suggestions import Asked, Resolution, register
from integrations import seam_resolutions
from integrations.exception_kinds import (
    EDI_NEW_PARTNER,
    EDI_NOT_SUBMITTED,
    EDI_PO_CHANGED,
    EDI_QUARANTINED,
    EDI_UNKNOWN_PART,
    LETTER_NOT_SENT,
)
from integrations.services.confirm_partner import confirm_partner
from integrations.services.end_letter import end_letter
from integrations.services.ignore_transaction import ignore_transaction
from integrations.services.replay_transaction import replay_transaction
from integrations.services.send_letters import send_again
from integrations.services.take_changes import changes_of, take_changes
from orders.services.cancel import cancel_order
from orders.services.preview_amendment import preview_amendment
from orders.services.rematch_lines import Rematched, rematch_lines
from orders.services.submit import submit

SELLERS = frozenset({Role.CS, Role.CS_LEAD, Role.PRICING, Role.FINANCE, Role.FINANCE_APPROVER})  # as at the workbench
WHOEVER = system("case suggestions")  # a preview is the same for everybody
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


def match_again(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Rematched | Asked:
    """While a part is still unknown the case goes on."""
    found = rematch_lines(order_id=case.subject.id, actor=actor, now=now)
    return Asked(found.in_words[:500]) if found.left else found


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


def preview_give_up(case: CaseSnapshot, now: datetime) -> Effect:
    if case.subject.kind != "edi_transaction":
        return Effect("", is_possible=False, why_not="The case is about no transaction.")
    return Effect("makes no order of it; the sender, who was told what is wrong, sends it again", days_late=NEVER)


def give_up(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    reason = f"Case {case.number}: {case.summary}"[:300]
    return ignore_transaction(transaction_id=case.subject.id, reason=reason, actor=actor, now=now)


def preview_keep(case: CaseSnapshot, now: datetime) -> Effect:
    return Effect("the order stays as it was entered first; the partner is told by hand", days_late=0)


def preview_changes(case: CaseSnapshot, now: datetime) -> Effect:
    """What the amendment would change, hold and cost, by the code that makes it."""
    try:
        found = changes_of(case.subject.id)
        ahead = preview_amendment(order_id=found.order.order_id, wish=found.wish, actor=WHOEVER, now=now)
    except DomainError as refusal:
        return Effect("", is_possible=False, why_not=refusal.in_words)
    wrong = [*found.unclear, *(f"{e.message} {e.remedy}".strip() for e in ahead.problems)]
    if wrong:
        return Effect("", is_possible=False, why_not=" ".join(wrong)[:300])
    if not ahead.changes:
        return Effect("", is_possible=False, why_not=f"{ahead.number} says the same already.")
    money = ahead.after_total - ahead.before_total
    told = "; ".join(f"{c.label}: {c.before or 'none'} → {c.after or 'none'}" for c in ahead.changes[:3])
    more = f" and {len(ahead.changes) - 3} more" if len(ahead.changes) > 3 else ""
    held = ", then held" if ahead.holds else ""
    return Effect(f"amends {ahead.number}: {told}{more}, {money:+,} {ahead.currency}{held}", money)


def changes(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    return take_changes(transaction_id=case.subject.id, reason=f"Case {case.number}: sent again", actor=actor, now=now)


def preview_confirm(case: CaseSnapshot, now: datetime) -> Effect:
    return Effect("from now on the orders they send are submitted by themselves, as the partner's profile says")


def confirm(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    return confirm_partner(partner_id=case.subject.id, actor=actor, now=now)


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
    Resolution(EDI_QUARANTINED, "give_up", "Give it up", preview_give_up, give_up, DESK),
    Resolution(EDI_PO_CHANGED, "take_changes", "Take the changes", preview_changes, changes, SELLERS, is_chain=True),
    Resolution(EDI_PO_CHANGED, "keep_order", "Keep the order as it is", preview_keep, give_up, DESK),
    Resolution(EDI_NEW_PARTNER, "confirm", "Confirm the partner", preview_confirm, confirm, DESK, ends_case=True),
    Resolution(EDI_NOT_SUBMITTED, "submit", "Submit the order", preview_submit, submit_again, DESK),
    Resolution(EDI_UNKNOWN_PART, "rematch", "Match the parts again", preview_match, match_again, DESK),
)
register(
    Resolution(LETTER_NOT_SENT.code, "send_again", "Send it again", preview_send, send, DESK),
    Resolution(LETTER_NOT_SENT.code, "told_otherwise", "They were told otherwise", preview_told, told, DESK),
)
__all__ = ["seam_resolutions"]  # registers what ends cases of seams still to be built
