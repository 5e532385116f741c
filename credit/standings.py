"""Credit accounts as the decision sees them: two round trips for any number of accounts, three more for families."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings

from accounts import queries as accounts
from core.periods import Period
from core.sql import Statement, answers, rows
from credit.models import CreditAccount, PaymentTerms
from credit.rules.asks import ExposureParts
from credit.rules.rulebook import Rule, rules_for
from credit.rules.standing import Addition, Family, Limits, Overdue, Standing
from credit.rules.terms import Terms
from credit.states import AdditionKind, CheckPoint, Effect, Level, RuleKind

ZERO = Decimal(0)

# The balance of a receivable is the sum of its postings: the invoice, and what was applied or credited to it.
OPEN_ITEMS = """
SELECT p.credit_account_id, sum(p.amount) AS balance, min(p.due_date) AS due_date
  FROM credit_posting p
 WHERE p.bucket = 'receivable' AND p.credit_account_id = ANY(%(ids)s::bigint[])
 GROUP BY p.credit_account_id, p.doc_kind, p.doc_id
HAVING sum(p.amount) > 0
"""
_ADDITIONS = """
  LEFT JOIN LATERAL (
       SELECT array_agg(a.kind::text) AS kinds, array_agg(a.amount) AS amounts, array_agg(a.valid_from) AS begins,
              array_agg(LEAST(a.valid_to, e.end_date)) AS ends
         FROM credit_limitaddition a LEFT JOIN credit_additionend e ON e.addition_id = a.id
        WHERE a.credit_account_id = c.id AND coalesce(a.valid_to, 'infinity') > %(on)s::date) x ON true
"""
_DATED_PARTS = f"""
SELECT c.id, coalesce(d.amount, 0), coalesce(o.amount, 0), coalesce(%(on)s::date - o.oldest, 0),
       EXISTS (SELECT FROM credit_creditaccount m WHERE m.head_id = c.id), x.kinds, x.amounts, x.begins, x.ends
  FROM credit_creditaccount c
  LEFT JOIN LATERAL (SELECT sum(amount) AS amount FROM credit_openorderday
                      WHERE credit_account_id = c.id AND ship_date <= %(on)s::date + c.horizon_days) d ON true
  LEFT JOIN (SELECT credit_account_id, sum(balance) AS amount, min(due_date) AS oldest
               FROM ({OPEN_ITEMS}) items WHERE due_date < %(on)s::date GROUP BY 1) o ON o.credit_account_id = c.id
  {_ADDITIONS}
 WHERE c.id = ANY(%(ids)s::bigint[])
"""
_RULES = """
SELECT kind, effect, account_id, group_id, risk_group, value, points
  FROM credit_creditrule
 WHERE is_active AND (account_id IS NULL OR account_id = ANY(%(accounts)s::bigint[]))
 ORDER BY id
"""
LEVELS = 10  # of heads above an account; more are refused when they are set

# The heads of each account, the nearest first: those above it, and itself where it has members.
_CHAINS = f"""
WITH RECURSIVE up(member, id, head_id, level) AS (
  SELECT c.id, c.id, c.head_id, 0 FROM credit_creditaccount c WHERE c.id = ANY(%(ids)s::bigint[])
   UNION ALL
  SELECT up.member, h.id, h.head_id, up.level + 1 FROM up JOIN credit_creditaccount h ON h.id = up.head_id
   WHERE up.level < {LEVELS}
)
SELECT up.member, array_agg(up.id ORDER BY up.level), array_agg(c.account_id ORDER BY up.level)
  FROM up JOIN credit_creditaccount c ON c.id = up.id
 WHERE up.level > 0 OR EXISTS (SELECT FROM credit_creditaccount m WHERE m.head_id = up.id) GROUP BY up.member
"""
# All below each head, however deep, and the head itself; open orders within the head's own horizon.
_FAMILIES = f"""
WITH RECURSIVE tree(head, id, until, level) AS (
  SELECT c.id, c.id, %(on)s::date + c.horizon_days, 0 FROM credit_creditaccount c WHERE c.id = ANY(%(ids)s::bigint[])
   UNION ALL
  SELECT t.head, m.id, t.until, t.level + 1 FROM tree t JOIN credit_creditaccount m ON m.head_id = t.id
   WHERE t.level < {LEVELS}
), owed AS (
  SELECT t.head, sum(m.receivable_amount) AS receivable, sum(m.shipped_amount) AS shipped,
         sum(m.released_amount) AS released, sum(m.unapplied_amount) AS unapplied,
         coalesce(sum((SELECT sum(d.amount) FROM credit_openorderday d
                        WHERE d.credit_account_id = m.id AND d.ship_date <= t.until)), 0) AS open_orders
    FROM tree t JOIN credit_creditaccount m ON m.id = t.id GROUP BY t.head
)
SELECT c.id, h.name, c.limit_amount, c.limit_valid_to, f.receivable, f.shipped, f.released, f.unapplied, f.open_orders,
       x.kinds, x.amounts, x.begins, x.ends
  FROM credit_creditaccount c JOIN owed f ON f.head = c.id
  JOIN unnest(%(ids)s::bigint[], %(names)s::text[]) AS h(id, name) ON h.id = c.id
  {_ADDITIONS}
 WHERE c.id = ANY(%(ids)s::bigint[])
"""


@dataclass(frozen=True)
class DatedParts:
    """What depends on the day: open orders that ship within the horizon, open items past their due date, additions."""

    open_orders: Decimal
    overdue: Overdue
    has_members: bool = False
    additions: tuple[Addition, ...] = ()


def dated_parts(credit_account_ids: Collection[int], *, on: date) -> Mapping[int, DatedParts]:
    """By credit account, one statement."""
    if not credit_account_ids:
        return {}
    (found,) = answers(_dated_statement(list(credit_account_ids), on))
    return dict(found)


def _dated_statement(ids: list[int], on: date) -> Statement[dict[int, DatedParts]]:
    return Statement(_DATED_PARTS, {"ids": ids, "on": on}, _read_dated)


def _read_dated(found: Sequence[tuple[Any, ...]]) -> dict[int, DatedParts]:
    return {
        pk: DatedParts(open_orders, Overdue(amount, int(days)), has_members, _additions(*columns))
        for pk, open_orders, amount, days, has_members, *columns in found
    }


def _additions(
    kinds: Sequence[str] | None,
    amounts: Sequence[Decimal] | None,
    begins: Sequence[date] | None,
    ends: Sequence[date | None] | None,
) -> tuple[Addition, ...]:
    """Those that ended before they began were taken back before their first day."""
    if not kinds:
        return ()
    columns = zip(kinds, amounts or (), begins or (), ends or (), strict=True)
    return tuple(
        Addition(AdditionKind(kind), amount, Period(begin, end))
        for kind, amount, begin, end in columns
        if end is None or end > begin
    )


def standings_of(credit_accounts: Sequence[CreditAccount], *, on: date) -> dict[int, Standing]:
    """By account id; `credit_accounts` with their terms, as they were read or locked."""
    if not credit_accounts:
        return {}
    ids, account_ids = [row.pk for row in credit_accounts], [row.account_id for row in credit_accounts]
    asked = Statement(_RULES, {"accounts": account_ids}, lambda found: [_rule(*row) for row in found])
    dated, rules = answers(_dated_statement(ids, on), asked)
    snapshots = accounts.account_snapshots(account_ids, on=on)
    families = families_among(credit_accounts, dated, on=on)
    found = {}
    for row in credit_accounts:
        part, snapshot = dated[row.pk], snapshots[row.account_id]
        mine = rules_for(rules, account_id=row.account_id, group_ids=snapshot.group_ids, risk_group=row.risk_group)
        found[row.account_id] = _standing(row, part, on, str(snapshot.status), mine)
        if row.pk in families:
            found[row.account_id] = replace(found[row.account_id], families=families[row.pk])
    return found


def _standing(row: CreditAccount, part: DatedParts, on: date, status: str, rules: tuple[Rule, ...]) -> Standing:
    return Standing(
        account_id=row.account_id,
        currency=row.currency,
        limits=limits_of(row, part.additions),
        parts=parts_of(row, part.open_orders),
        terms=terms_of_row(row.terms),
        horizon_end=on + timedelta(days=row.horizon_days),
        overdue=part.overdue,
        overdue_days_allowed=row.overdue_days_allowed,
        overdue_amount_max=row.overdue_amount_max,
        order_value_max=row.order_value_max,
        account_status=status,
        check_points=frozenset(CheckPoint(point) for point in row.check_points),
        rules=rules,
    )


def families_among(
    credit_accounts: Iterable[CreditAccount], dated: Mapping[int, DatedParts], *, on: date
) -> dict[int, tuple[Family, ...]]:
    """{credit account: the families it is in, the nearest head's first}. No statement where nobody has a head or members."""
    related = [row.pk for row in credit_accounts if row.head_id or dated[row.pk].has_members]
    if not related:
        return {}
    chains = {pk: (heads, account_ids) for pk, heads, account_ids in rows(_CHAINS, {"ids": related})}
    accounts_of = {h: a for heads, account_ids in chains.values() for h, a in zip(heads, account_ids, strict=True)}
    names = accounts.names(set(accounts_of.values()))
    heads = sorted(accounts_of)
    told = [names[accounts_of[pk]] for pk in heads]
    known = {row[0]: _family(*row) for row in rows(_FAMILIES, {"ids": heads, "names": told, "on": on})}
    return {pk: tuple(known[head] for head in mine) for pk, (mine, _) in chains.items()}


def _family(
    pk: int,
    name: str,
    limit: Decimal,
    valid_to: date | None,
    receivable: Decimal,
    shipped: Decimal,
    released: Decimal,
    unapplied: Decimal,
    open_orders: Decimal,
    *additions: Any,
) -> Family:
    parts = ExposureParts(receivable, shipped, released, open_orders, unapplied)
    return Family(pk, name, Limits(limit, valid_to, _additions(*additions)), parts)


def _rule(
    kind: str,
    effect: str,
    account_id: int | None,
    group_id: int | None,
    risk_group: str,
    value: Decimal | None,
    points: list[str] | str,
) -> Rule:
    level = Level.ACCOUNT if account_id else Level.GROUP if group_id else Level.ALL
    where = frozenset(CheckPoint(point) for point in points)
    return Rule(RuleKind(kind), Effect(effect), level, account_id, group_id, risk_group, value, where)


def terms_of_row(row: PaymentTerms) -> Terms:
    return Terms(
        row.code,
        row.name,
        row.net_days,
        row.is_end_of_month,
        row.is_prepayment,
        row.deposit_percent,
        row.discount_days,
        row.discount_percent,
        row.month_cutoff_day,
        is_discount_on_goods=row.is_discount_on_goods,
    )


def limits_of(row: CreditAccount, additions: tuple[Addition, ...]) -> Limits:
    grace = int(getattr(settings, "CREDIT_LIMIT_GRACE_DAYS", 0))
    return Limits(row.limit_amount, row.limit_valid_to, additions, grace)


def parts_of(row: CreditAccount, open_orders: Decimal) -> ExposureParts:
    return ExposureParts(
        receivable=row.receivable_amount,
        shipped=row.shipped_amount,
        released=row.released_amount,
        open_orders=open_orders,
        unapplied=row.unapplied_amount,
    )
