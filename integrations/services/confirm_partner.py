"""A person has looked at a new trading partner: from now on his profile decides what is submitted by itself."""

from datetime import datetime

from core import journal
from core.actors import Actor
from core.errors import NotFound
from core.refs import DocumentRef
from core.uow import door_verb
from exceptions_app.services.close_causes import close_causes
from integrations import exception_kinds as kinds
from integrations.locks import lock_partners
from integrations.states import PARTNER, PartnerStatus


@door_verb
def confirm_partner(*, partner_id: int, actor: Actor, now: datetime) -> None:
    """Raises NotFound, IllegalTransition when he is confirmed already. The case "new trading partner" closes."""
    rows = lock_partners([partner_id])
    if not rows:
        raise NotFound(kind="trading partner", ident=partner_id)
    (row,) = rows
    row.status = PARTNER.require(PartnerStatus(row.status), PartnerStatus.CONFIRMED)
    row.save(update_fields=["status"])
    subject = DocumentRef("trading_partner", row.pk, row.code)
    close_causes(kinds.EDI_NEW_PARTNER, subject, ["unconfirmed"], now=now, actor=actor)
    journal.write([journal.Entry(subject, "confirmed", f"{row.code} confirmed.")], actor=actor, now=now)
