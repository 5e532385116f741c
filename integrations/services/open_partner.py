"""An unknown sender is no error: he gets a profile to be confirmed, for a prospect account."""

from datetime import datetime
from decimal import Decimal

from accounts.rules.asks import AccountSpec
from accounts.services.create_accounts import create_accounts
from accounts.states import AccountStatus
from core import journal
from core.actors import Actor
from core.refs import DocumentRef
from core.uow import door_verb
from exceptions_app.services.open_case import open_case
from integrations import exception_kinds as kinds
from integrations.models import PartnerProfile
from integrations.queries import Partner, partner_by_sender, partner_of
from integrations.rules.x12_tree import Interchange


def find_or_open_partner(*, interchange: Interchange, name: str, actor: Actor, now: datetime) -> tuple[Partner, bool]:
    """The sender's profile, and whether it was opened just now. `name` is the buyer's as the order says it."""
    found = partner_by_sender(interchange.sender_qualifier[:4], interchange.sender[:60])
    if found is not None:
        return found, False
    code = _code(interchange)
    label = (name or interchange.sender or "Unknown EDI sender")[:200]
    spec = AccountSpec(code=code, name=label, status=AccountStatus.PROSPECT)
    account_id = create_accounts([spec], actor=actor, now=now)[code.upper()]
    return open_partner(interchange=interchange, code=code, name=label, account_id=account_id, actor=actor, now=now)


@door_verb
def open_partner(
    *, interchange: Interchange, code: str, name: str, account_id: int, actor: Actor, now: datetime
) -> tuple[Partner, bool]:
    """Unconfirmed: orders stay drafts. Somebody else may have opened it meanwhile: then his is used."""
    row, created = PartnerProfile.objects.get_or_create(
        isa_qualifier=interchange.sender_qualifier[:4],
        isa_id=interchange.sender[:60],
        defaults={
            "code": code,
            "name": name,
            "account_id": account_id,
            "gs_id": interchange.groups[0].sender[:60] if interchange.groups else "",
            "our_isa_qualifier": interchange.receiver_qualifier[:4],
            "our_isa_id": interchange.receiver[:60],
            "created_at": now,
        },
    )
    if created:
        _tell(row, actor, now)
    return partner_of(row), created


def _tell(row: PartnerProfile, actor: Actor, now: datetime) -> None:
    subject = DocumentRef("trading_partner", row.pk, row.code)
    said = f"{row.name} sends EDI as {row.isa_qualifier} {row.isa_id} and is not confirmed yet."
    open_case(
        kinds.EDI_NEW_PARTNER,
        subject=subject,
        account_id=row.account_id,
        money_at_risk=Decimal(0),
        cause_key="unconfirmed",
        now=now,
        summary=said,
        actor=actor,
    )
    journal.write([journal.Entry(subject, "opened", said)], actor=actor, now=now)


def _code(interchange: Interchange) -> str:
    """`EDI-<ISA06>`, with the qualifier where another sender has that code already."""
    ident = "".join(c for c in interchange.sender if c.isalnum() or c in "-_.")[:30] or "UNKNOWN"
    code = f"EDI-{ident}"
    taken = PartnerProfile.objects.filter(code__iexact=code).exists()
    return f"{code}-{interchange.sender_qualifier[:4] or 'X'}"[:40] if taken else code
