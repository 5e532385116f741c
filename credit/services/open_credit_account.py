"""Give accounts a limit and payment terms. Without a credit account everything an account orders is held."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal

from core import journal
from core.actors import Actor
from core.clock import company_day
from core.errors import FieldError, InvalidInput, NotPermitted, Refused
from core.money import KEEP_ANOTHER, is_kept, not_kept
from core.outbox import Note, publish_many
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from credit.authority import authority_in
from credit.events import CreditOpened
from credit.models import CreditAccount, PaymentTerms


class CreditAccountExists(Refused):
    template = "Account {account_id} has a credit account already."
    remedy_template = "Change its limit instead."


@dataclass(frozen=True)
class CreditAccountSpec:
    """Amounts in `currency`. Open orders that ship after `horizon_days` do not count yet."""

    account_id: int
    limit_amount: Decimal
    terms_code: str
    currency: str = "USD"
    limit_valid_to: date | None = None
    horizon_days: int = 30
    overdue_days_allowed: int | None = None
    overdue_amount_max: Decimal | None = None
    order_value_max: Decimal | None = None
    risk_group: str = ""


@door_verb(refuse_on={"credit_creditaccount_account_id_key": CreditAccountExists})
def open_credit_account(
    *,
    account_id: int,
    currency: str,
    limit_amount: Decimal,
    terms_code: str,
    actor: Actor,
    now: datetime,
    limit_valid_to: date | None = None,
    horizon_days: int = 30,
    order_value_max: Decimal | None = None,
) -> int:
    """The new credit account's id. Raises InvalidInput (unknown terms, bad limit), NotPermitted, CreditAccountExists."""
    if CreditAccount.objects.filter(account_id=account_id).exists():
        raise CreditAccountExists(account_id=account_id)
    spec = CreditAccountSpec(
        account_id,
        limit_amount,
        terms_code,
        currency,
        limit_valid_to=limit_valid_to,
        horizon_days=horizon_days,
        order_value_max=order_value_max,
    )
    return _open([spec], actor=actor, now=now)[account_id]


@door_verb
def open_credit_accounts(specs: Sequence[CreditAccountSpec], *, actor: Actor, now: datetime) -> dict[int, int]:
    """The same for many, in a constant number of statements: {account_id: credit account id}.

    Accounts that have a credit account keep it as it is.
    """
    return _open(specs, actor=actor, now=now)


@require_uow
def _open(specs: Sequence[CreditAccountSpec], *, actor: Actor, now: datetime) -> dict[int, int]:
    _check_authority(specs, actor, now)
    terms = dict(PaymentTerms.objects.values_list("code", "pk"))
    _refuse_bad(specs, known=frozenset(terms))
    wanted = [spec.account_id for spec in specs]
    there = dict(CreditAccount.objects.filter(account_id__in=wanted).values_list("account_id", "pk"))
    rows = []
    for spec in specs:
        if spec.account_id not in there:
            fields = asdict(spec)
            rows.append(CreditAccount(terms_id=terms[fields.pop("terms_code")], **fields))
    CreditAccount.objects.bulk_create(rows)
    journal.write((_entry(row) for row in rows), actor=actor, now=now)
    notes = [Note(CreditOpened(row.account_id), f"credit:{row.account_id}", row.version) for row in rows]
    publish_many(notes, now=now, actor=actor)
    return there | {row.account_id: int(row.pk) for row in rows}


def _entry(row: CreditAccount) -> journal.Entry:
    summary = f"Credit account opened with a limit of {row.limit_amount:,} {row.currency}"
    return journal.Entry(DocumentRef("account", row.account_id), "credit_opened", summary)


def _check_authority(specs: Sequence[CreditAccountSpec], actor: Actor, now: datetime) -> None:
    """The system opens accounts as it is told to (imports, demo); people open within their authority."""
    if actor.is_system:
        return
    authority = {
        currency: authority_in(currency, actor, on=company_day(now)) for currency in {s.currency for s in specs}
    }
    if any((most := authority[spec.currency]) is None or spec.limit_amount > most for spec in specs):
        raise NotPermitted(actor=actor.label, verb="open a credit account with this limit", roles="finance approver")


def _refuse_bad(specs: Sequence[CreditAccountSpec], *, known: frozenset[str]) -> None:
    errors = []
    for i, spec in enumerate(specs):
        if spec.terms_code not in known:
            text = f"There are no payment terms {spec.terms_code!r}."
            errors.append(FieldError(f"/{i}/terms_code", "unknown", text, f"Use one of {', '.join(sorted(known))}."))
        if not is_kept(spec.currency):
            errors.append(FieldError(f"/{i}/currency", "not_kept", not_kept(spec.currency), KEEP_ANOTHER))
        if spec.limit_amount < 0:
            errors.append(FieldError(f"/{i}/limit_amount", "negative", "A limit is not negative."))
    if errors:
        raise InvalidInput(errors)
