"""Reads of contracts: their terms, and what about them is worth a case. A constant number of statements."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from accounts import queries as accounts
from pricing.models import Commitment, Contract
from pricing.rules.commitments import Standing, standing
from pricing.rules.scope import Buyer, Span, Whom, holds_on, nearest_terms

LATELY_OVER = timedelta(days=30)  # a commitment that fell short is told for a month after its end


@dataclass(frozen=True)
class ContractTerms:
    """What holds for an account on a day: its own contract's, else its parent's that covers it, else its group's; of several
    the one that punishes lateness most."""

    account_id: int
    contract_id: int
    code: str
    payment_terms: str
    on_time_percent: Decimal | None
    fill_percent: Decimal | None
    penalty_per_late_line: Decimal
    penalty_per_late_day: Decimal
    currency: str

    @property
    def sla_penalty(self) -> Decimal:
        """What one line costs us that is a day late."""
        return self.penalty_per_late_line + self.penalty_per_late_day


_TERMS = """
SELECT c.account_id, c.group_id, c.covers_children, c.valid_from, c.valid_to, c.id, c.code, c.payment_terms,
       c.on_time_percent, c.fill_percent, c.penalty_per_late_line, c.penalty_per_late_day, c.currency
  FROM pricing_contract c
 WHERE c.is_active AND c.valid_from <= %(last)s AND c.valid_to > %(first)s
   AND (c.account_id = ANY(%(accounts)s::bigint[]) OR c.group_id = ANY(%(groups)s::bigint[])
     OR c.covers_children AND c.account_id = ANY(%(above)s::bigint[]))
"""


def _dearest_first(held: tuple[Whom, Sequence[Any]]) -> tuple[Decimal, int]:
    contract_id, *_, per_line, per_day, _ = held[1]
    return -(per_line + per_day), contract_id


def contract_terms(account_ids: Iterable[int], *, on: date) -> dict[int, ContractTerms]:
    """{account_id: terms}; accounts without a contract are absent. 3 SQL."""
    return {account_id: terms for (account_id, _), terms in terms_by_day((i, on) for i in account_ids).items()}


def terms_by_day(asked: Iterable[tuple[int, date]]) -> dict[tuple[int, date], ContractTerms]:
    """The same for many accounts, each on days of its own (the days their orders were placed): {(account_id, day): terms}.
    3 SQL."""
    wanted = sorted(set(asked))
    if not wanted:
        return {}
    ids = {account_id for account_id, _ in wanted}
    above, spans = accounts.accounts_above(ids), accounts.membership_spans(ids)
    parties: dict[str, Any] = {
        "accounts": list(ids),
        "above": sorted({parent for some in above.values() for parent in some}),
        "groups": sorted({group for some in spans.values() for group in some}),
        "first": min(day for _, day in wanted),
        "last": max(day for _, day in wanted),
    }
    with connection.cursor() as cursor:
        cursor.execute(_TERMS, parties)
        of_party: dict[tuple[int | None, int | None], list[tuple[Whom, Span, Sequence[Any]]]] = defaultdict(list)
        for account, group, covers, start, end, *rest in cursor.fetchall():
            of_party[account, group].append((Whom(account, group, None, covers), (start, end), rest))
    found = {}
    for account_id, day in wanted if of_party else ():
        buyer = Buyer(account_id, None, above.get(account_id, ()), spans.get(account_id, {}))
        near = [of_party.get((i, None), ()) for i in (account_id, *buyer.above)]
        near += [of_party.get((None, g), ()) for g in sorted(buyer.memberships)]
        held = [(w, said) for some in near for w, span, said in some if holds_on(span, day)]
        terms = nearest_terms(sorted(held, key=_dearest_first), buyer, day)
        if terms is not None:
            found[account_id, day] = ContractTerms(account_id, *terms)
    return found


@dataclass(frozen=True)
class Ending:
    contract_id: int
    number: str
    account_id: int | None
    valid_from: date
    valid_to: date
    renews: bool


def ending_contracts(*, on: date) -> list[Ending]:
    """Contracts inside their days of notice, or over since then, of which no later version is there. 2 SQL."""
    near = [
        c
        for c in Contract.objects.filter(is_active=True, valid_to__gt=on)
        if c.valid_to <= on + timedelta(days=c.notice_days)
    ]
    followed = set(
        Contract.objects.filter(code__in={c.code for c in near}, is_active=True, valid_from__gt=on).values_list(
            "code", flat=True
        )
    )
    return [
        Ending(c.pk, str(c), c.account_id, c.valid_from, c.valid_to, c.renews) for c in near if c.code not in followed
    ]


@dataclass(frozen=True)
class CommitmentStanding:
    """`sku` is empty where everything on the list counts; `unit` is a base unit or, of money, the currency."""

    commitment_id: int
    source_code: str
    account_id: int | None
    sku: str
    unit: str
    is_money: bool
    valid_to: date
    standing: Standing

    @property
    def about(self) -> str:
        return f"{self.source_code} {self.sku or 'as a whole'}"


def commitment_standings(*, on: date, only_running: bool = True) -> list[CommitmentStanding]:
    """Every commitment that runs on the day, or was over lately, with its forecast. 1 SQL."""
    rows = Commitment.objects.select_related("source", "product").filter(valid_from__lte=on)
    if only_running:
        rows = rows.filter(valid_to__gt=on - LATELY_OVER)
    return [
        CommitmentStanding(
            c.pk,
            c.source.code,
            c.source.account_id,
            c.product.sku if c.product else "",
            c.source.currency if c.is_money or c.product is None else c.product.base_unit,
            c.is_money,
            c.valid_to,
            standing(c.committed, c.consumed, start=c.valid_from, end=c.valid_to, on=on),
        )
        for c in rows.order_by("valid_to", "pk")
    ]
