"""Say who may or may not buy what, or change it."""

from datetime import datetime

from catalog.models import AuthorizationRule
from catalog.states import Effect
from core.actors import Actor
from core.errors import FieldError, InvalidInput
from core.reference import save_reference
from core.uow import door_verb


@door_verb(joinable=True)
def keep_authorization(*, row: AuthorizationRule, actor: Actor, now: datetime) -> int:
    """The rule's id. Rules may overlap: the most specific wins. Raises InvalidInput."""
    row.license_kind = row.license_kind.strip()
    if row.effect == Effect.DENY and row.license_kind:
        said = "A rule that denies cannot ask for a licence: no licence would open it."
        remedy = "Make it an allow rule with this licence; it denies whoever lacks it."
        raise InvalidInput([FieldError("/license_kind", "denied_anyway", said, remedy)])
    return save_reference(row=row, actor=actor, now=now).pk
