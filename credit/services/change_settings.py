"""How an account's credit is looked at: risk group, horizon, check points, own figures, and whose limit covers it too."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from core import journal, overrides
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound, NotPermitted
from core.outbox import publish
from core.uow import door_verb
from credit.authority import authority_of
from credit.events import CreditImproved
from credit.locks import lock_credit_accounts
from credit.models import CreditAccount, PaymentTerms
from credit.services.change_limit import ref_of
from credit.standings import LEVELS
from credit.states import CheckPoint


@dataclass(frozen=True)
class Settings:
    """The whole of them. `head_account_id`: the account whose credit limit covers this one as well (None: nobody's)."""

    terms_code: str
    horizon_days: int
    check_points: Sequence[str]
    risk_group: str = ""
    overdue_days_allowed: int | None = None
    overdue_amount_max: Decimal | None = None
    order_value_max: Decimal | None = None
    head_account_id: int | None = None


@door_verb
def change_settings(
    *, account_id: int, settings: Settings, reason: overrides.Reason, actor: Actor, now: datetime
) -> dict[str, tuple[Any, Any]]:
    """{name: (before, after)} of what changed, recorded as an override. The account's holds are looked at again.

    Raises NotFound, NotPermitted, InvalidInput (unknown terms or check point; a head in another currency, or one
    that is the account itself or below it), ReasonTooShort.
    """
    if authority_of(actor) is None:
        raise NotPermitted(actor=actor.label, verb="change credit settings", roles="finance")
    asked = [account_id] + ([settings.head_account_id] if settings.head_account_id else [])
    locked = lock_credit_accounts(asked)  # with every head above both: nobody closes a ring beside us
    rows, by_key = {row.account_id: row for row in locked}, {row.pk: row for row in locked}
    row = rows.get(account_id)
    if row is None:
        raise NotFound(kind="credit account of account", ident=account_id)
    head = rows.get(settings.head_account_id or 0)
    terms = PaymentTerms.objects.filter(code=settings.terms_code).first()
    if errors := [*_problems(settings, terms), *_head_problems(row, head, settings, by_key)]:
        raise InvalidInput(errors)
    assert terms is not None
    before = _values(row)
    for name, value in asdict(settings).items():
        if name not in ("terms_code", "head_account_id"):
            setattr(row, name, list(value) if name == "check_points" else value)
    row.terms, row.head, row.version = terms, head, row.version + 1
    row.save(
        update_fields=[
            *(n for n in asdict(settings) if n not in ("terms_code", "head_account_id")),
            "terms",
            "head",
            "version",
        ]
    )
    after = _values(row)
    changed = {name: (before[name], after[name]) for name in after if before[name] != after[name]}
    if changed:
        _tell(row, changed, reason, actor=actor, now=now)
    return changed


def _problems(settings: Settings, terms: PaymentTerms | None) -> list[FieldError]:
    errors = []
    if terms is None:
        errors.append(FieldError("/terms_code", "unknown", f"There are no payment terms {settings.terms_code!r}."))
    if unknown := set(settings.check_points) - set(CheckPoint):
        known = ", ".join(CheckPoint)
        errors.append(FieldError("/check_points", "unknown", f"No check point {', '.join(unknown)}.", f"Use {known}."))
    return errors


def _head_problems(
    row: CreditAccount, head: CreditAccount | None, settings: Settings, rows: Mapping[int, CreditAccount]
) -> list[FieldError]:
    if settings.head_account_id is None:
        return []
    if head is None:
        return [FieldError("/head_account_id", "unknown", "The head has no credit account.", "Open one for it first.")]
    above = _above(head, rows)
    if row.pk in above:
        words = f"{row.account} would be its own head: {head.account} is it, or is below it."
        return [FieldError("/head_account_id", "ring", words, "Take the one below out of the family first.")]
    if len(above) + _depth(row) > LEVELS:
        words = f"A family has at most {LEVELS} levels."
        return [FieldError("/head_account_id", "too_deep", words)]
    if head.currency != row.currency:
        words = f"The head's limit is in {head.currency}, this account's in {row.currency}."
        return [FieldError("/head_account_id", "currency", words)]
    return []


def _above(head: CreditAccount, rows: Mapping[int, CreditAccount]) -> list[int]:
    """The head and all above it, among locked rows."""
    found: list[int] = []
    here: CreditAccount | None = head
    while here is not None and here.pk not in found:
        found.append(here.pk)
        here = rows.get(here.head_id or 0)
    return found


def _depth(row: CreditAccount) -> int:
    """How many levels the account is the top of, itself included. One statement a level."""
    level, depth = [row.pk], 0
    while level and depth <= LEVELS:
        depth += 1
        level = list(CreditAccount.objects.filter(head__in=level).values_list("pk", flat=True))
    return depth


def _values(row: CreditAccount) -> dict[str, Any]:
    names = ("risk_group", "horizon_days", "overdue_days_allowed", "overdue_amount_max", "order_value_max")
    values = {name: getattr(row, name) for name in names}
    return values | {"check_points": sorted(row.check_points), "terms": row.terms.code, "head": row.head_id}


def _tell(
    row: CreditAccount, changed: dict[str, tuple[Any, Any]], reason: overrides.Reason, *, actor: Actor, now: datetime
) -> None:
    before = {name: was for name, (was, _) in changed.items()}
    after = {name: value for name, (_, value) in changed.items()}
    overrides.record(
        kind="credit_settings", subject=ref_of(row), actor=actor, reason=reason, before=before, after=after, now=now,
        account_id=row.account_id,
    )  # fmt: skip
    told = ", ".join(name.replace("_", " ") for name in changed)
    journal.write([journal.Entry(ref_of(row), "settings_changed", f"{told}: {reason.note}")], actor=actor, now=now)
    fact = CreditImproved(row.account_id, "settings changed")
    publish(fact, stream=f"credit:{row.account_id}", seq=row.version, now=now)
