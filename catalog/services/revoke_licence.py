"""Take a licence out of force from a day on: the authority withdrew it, or it was never real."""

from datetime import date, datetime

from catalog.models import License
from catalog.services.keep_licence import LicenceRevoked
from core import journal
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound
from core.refs import DocumentRef
from core.uow import door_verb


@door_verb
def revoke_licence(*, licence_id: int, revoked_date: date, reason: str, actor: Actor, now: datetime) -> None:
    """It counts for nothing from `revoked_date` on; final. Raises NotFound, InvalidInput, LicenceRevoked."""
    why = reason.strip()
    if not why or len(why) > 200:
        raise InvalidInput([FieldError("/reason", "length", "Say why, in 1 to 200 characters.")])
    licence = License.objects.filter(pk=licence_id).first()
    if licence is None:
        raise NotFound(kind="licence", ident=licence_id)
    open_still = License.objects.filter(pk=licence_id, revoked_date__isnull=True)
    if not open_still.update(revoked_date=revoked_date, revoked_reason=why):
        raise LicenceRevoked(number=licence.number)
    summary = f"licence {licence} revoked from {revoked_date}: {why}"
    ref = DocumentRef("licence", licence.pk, str(licence)[:60])
    journal.write([journal.Entry(ref, "revoked", summary)], actor=actor, now=now)
