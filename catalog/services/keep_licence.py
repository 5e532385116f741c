"""Record a licence an account holds, or correct it. A renewal is a licence of its own."""

from datetime import datetime

from catalog.models import License
from core.actors import Actor
from core.errors import FieldError, InvalidInput, Refused
from core.reference import save_reference
from core.uow import door_verb

_WRITTEN = ("account", "kind", "number", "valid_from", "valid_to")


class LicenceRevoked(Refused):
    template = "The licence {number} was revoked and stays as it was."
    remedy_template = "Record the new licence beside it."


@door_verb(joinable=True)
def keep_licence(*, row: License, actor: Actor, now: datetime) -> int:
    """The licence's id. Its evidence and its revocation have verbs of their own.

    Raises InvalidInput, LicenceRevoked.
    """
    row.kind, row.number = row.kind.strip(), row.number.strip()
    before = License.objects.filter(pk=row.pk).first() if row.pk else None
    if before is not None and before.revoked_date is not None:
        raise LicenceRevoked(number=before.number)
    if before is not None and before.account_id != row.account_id:
        said = "A licence belongs to the customer it was issued to."
        raise InvalidInput(
            [FieldError("/account", "another_customer", said, "Record a licence of the other customer.")]
        )
    return save_reference(row=row, actor=actor, now=now, only=_WRITTEN).pk
