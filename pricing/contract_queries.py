"""Reads of contracts: their terms, and what about them is worth a case. A constant number of statements."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db import connection

from accounts import queries as accounts
from pricing.models import Commitment, Contract
from pricing.rules.commitments import Standing, standing

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
SELECT DISTINCT ON (wanted.account_id) wanted.account_id, c.id, c.code, c.payment_terms, c.on_time_percent, c.fill_percent,
       c.penalty_per_late_line, c.penalty_per_late_day, c.currency
  FROM unnest(%(accounts)s::bigint[], %(parties)s::bigint[], %(groups)s::bigint[], %(distances)s::int[])
       AS wanted(account_id, party_id, group_id, distance)
  JOIN pricing_contract c ON (c.account_id = wanted.party_id AND (wanted.distance = 0 OR c.covers_children))
                          OR c.group_id = wanted.group_id
 WHERE c.is_active AND c.valid_from <= %(on)s AND c.valid_to > %(on)s
 ORDER BY wanted.account_id, wanted.distance, c.penalty_per_late_line + c.penalty_per_late_day DESC, c.id
"""
_GROUPS_LAST = 1_000


def contract_terms(account_ids: Iterable[int], *, on: date) -> dict[int, ContractTerms]:
    """{account_id: terms}; accounts without a contract are absent. 3 SQL."""
    snapshots = accounts.account_snapshots(account_ids, on=on)
    above = accounts.accounts_above([s.id for s in snapshots.values() if s.parent_id is not None])
    wanted: list[tuple[int, int | None, int | None, int]] = []
    for s in snapshots.values():
        wanted.append((s.id, s.id, None, 0))
        wanted += [(s.id, parent, None, n + 1) for n, parent in enumerate(above.get(s.id, ()))]
        wanted += [(s.id, None, group, _GROUPS_LAST) for group in sorted(s.group_ids)]
    if not wanted:
        return {}
    columns = [list(column) for column in zip(*wanted, strict=True)]
    asked = dict(zip(("accounts", "parties", "groups", "distances"), columns, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(_TERMS, {**asked, "on": on})
        return {row[0]: ContractTerms(*row) for row in cursor.fetchall()}


@dataclass(frozen=True)
class Ending:
    contract_id: int
    number: str
    account_id: int | None
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
    return [Ending(c.pk, str(c), c.account_id, c.valid_to, c.renews) for c in near if c.code not in followed]


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
