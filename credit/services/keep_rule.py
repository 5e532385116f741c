"""Keep a rule of credit. A changed rule may let go what another held: all that credit holds is looked at again."""

from datetime import datetime

from core.actors import Actor
from core.errors import FieldError, InvalidInput
from core.outbox import publish
from core.reference import write_reference
from core.uow import door_verb
from credit.events import CreditRulesChanged
from credit.models import CreditRule
from credit.models.rule import MEASURES
from credit.states import Effect, RuleKind


@door_verb
def keep_rule(*, row: CreditRule, actor: Actor, now: datetime) -> int:
    """Add or change one rule; its id. A rule is switched off (`is_active`), never removed.

    Raises InvalidInput: two parties at once, a measuring rule without its figure, a figure where nothing is measured,
    a second active rule for the same party and risk group.
    """
    if errors := _problems(row):
        raise InvalidInput(errors)
    write_reference(row=row, actor=actor, now=now, reason=row.note)
    fact = CreditRulesChanged(int(row.pk), row.account_id)
    publish(fact, stream="credit-rules", seq=int(now.timestamp() * 1000), now=now, actor=actor)
    return int(row.pk)


def _problems(row: CreditRule) -> list[FieldError]:
    errors = []
    if row.account_id and row.group_id:
        errors.append(FieldError("/group", "two_parties", "A rule is for one account, one group or all.", "Leave one."))
    measure = MEASURES.get(RuleKind(row.kind)) if row.kind in set(RuleKind) else None
    if row.effect == Effect.BLOCKING and measure and row.value is None:
        errors.append(FieldError("/value", "required", f"The rule needs its figure: {measure}."))
    if row.value is not None and (measure is None or row.effect == Effect.EXCLUSION):
        errors.append(FieldError("/value", "not_measured", "This rule has no figure.", "Leave it empty."))
    return errors
