"""Reads of credit: a constant number of statements whatever the number of accounts. No locks."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from django.db import connection
from django.db.models.functions import Upper

from core import sql
from core.clock import company_day
from core.opening_hours import business_calendars
from core.refs import DocumentRef
from credit.exchange import currencies_of, rates_for, recorded_rates
from credit.models import CreditAccount, LimitAddition, PaymentTerms, Posting, TermsWords
from credit.rules import terms as terms_rules
from credit.rules.ageing import Ageing, age
from credit.rules.asks import ACCOUNT, CreditAsk, CreditDecision, ExposureParts
from credit.rules.decide import decide
from credit.rules.exchange import RateKey, in_currency
from credit.rules.standing import Family, OnTerms, Overdue, Standing
from credit.rules.terms import Terms, upfront_percent
from credit.standings import (
    OPEN_ITEMS,
    DatedParts,
    dated_parts,
    families_among,
    limits_of,
    parts_of,
    standings_of,
    terms_of_row,
)
from credit.states import AdditionKind, Bucket, CheckPoint

ZERO = Decimal(0)


@dataclass(frozen=True)
class Exposure:
    """How much an account owes or will, part by part, beside what it may. `available` may be negative."""

    parts: ExposureParts
    limit: Decimal
    temporary: Decimal
    insured: Decimal
    available: Decimal
    currency: str
    terms_code: str
    terms_name: str
    overdue: Overdue
    family_left: Decimal | None = None  # what the tightest head above leaves; None: no head covers it

    @property
    def headroom(self) -> Decimal:
        """What may still be owed: by the account's own limit and by those of every head above it."""
        return self.available if self.family_left is None else min(self.available, self.family_left)


@dataclass(frozen=True)
class LimitAdditionView:
    """Over [valid_from, valid_to), taken back early included."""

    addition_id: int
    kind: AdditionKind
    amount: Decimal
    valid_from: date
    valid_to: date | None
    reference: str
    note: str
    granted_by: str


def exposure(account_ids: Iterable[int], *, on: date) -> dict[int, Exposure]:
    """By account; accounts without a credit account are absent. Two statements, three more where there are families."""
    rows = list(CreditAccount.objects.filter(account_id__in=list(account_ids)).select_related("terms"))
    dated = dated_parts([row.pk for row in rows], on=on)
    families = families_among(rows, dated, on=on)
    return {row.account_id: _exposure(row, dated[row.pk], families.get(row.pk, ()), on) for row in rows}


def outlook(asks: Iterable[CreditAsk], *, point: CheckPoint, now: datetime) -> list[CreditDecision]:
    """What `credit.services.check` would say now, by the same rules, without a lock: for previews and screens."""
    wanted = list(asks)
    rows = CreditAccount.objects.filter(account_id__in={ask.account_id for ask in wanted}).select_related("terms")
    return decided(wanted, list(rows), point=point, now=now)


def looks(account_ids: Collection[int], *, point: CheckPoint, now: datetime) -> dict[int, CreditDecision]:
    """How each account stands that credit checks at this point, with nothing more asked of it: {account: what every rule
    of it says}. One statement where none is, else as `outlook`. Orders' own rules (their value, their terms) say nothing.
    """
    rows = CreditAccount.objects.filter(account_id__in=account_ids, check_points__contains=[str(point)])
    found = list(rows.select_related("terms"))
    if not found:
        return {}
    asks = [
        CreditAsk(x.account_id, DocumentRef(ACCOUNT, x.account_id), ZERO, x.currency, company_day(now)) for x in found
    ]
    return {d.account_id: d for d in decided(asks, found, point=point, now=now)}


def decided(
    asks: Sequence[CreditAsk], rows: Sequence[CreditAccount], *, point: CheckPoint, now: datetime
) -> list[CreditDecision]:
    """The asks decided on these rows, as they were read: at most four statements, two more where there are families."""
    terms = {row.terms.code: terms_of_row(row.terms) for row in rows}
    named = {code for ask in asks for code in (ask.terms_code, ask.agreed_terms_code)}
    terms |= terms_by_code(named - {""} - set(terms))
    standings = _with_what_was_paid_before(standings_of(rows, on=company_day(now)), asks, terms, rows)
    asks = _in_account_currency(asks, {row.account_id: row.currency for row in rows}, now.date())  # as post
    return decide(asks, standings, terms, point=point, today=company_day(now))


_ON_TERMS = """
WITH named AS (SELECT DISTINCT credit_account_id, doc_kind, doc_id, terms_code FROM credit_posting
                WHERE credit_account_id = ANY(%(ids)s::bigint[]) AND bucket = 'receivable' AND terms_code <> ''),
     owed AS (SELECT n.credit_account_id, n.terms_code, 0 AS gone, p.amount AS receivable
                FROM named n JOIN credit_posting p USING (credit_account_id, doc_kind, doc_id)
               WHERE p.bucket = 'receivable'),
     gone AS (SELECT credit_account_id, terms_code, amount AS gone, 0 AS receivable FROM credit_posting
               WHERE credit_account_id = ANY(%(ids)s::bigint[]) AND bucket IN ('released', 'shipped') AND terms_code <> '')
SELECT c.account_id, x.terms_code, sum(x.gone), sum(x.receivable)
  FROM (SELECT * FROM owed UNION ALL SELECT * FROM gone) x JOIN credit_creditaccount c ON c.id = x.credit_account_id
 GROUP BY 1, 2 ORDER BY 1, 2
"""


def _with_what_was_paid_before(
    standings: dict[int, Standing], asks: Sequence[CreditAsk], terms: Mapping[str, Terms], rows: Sequence[CreditAccount]
) -> dict[int, Standing]:
    """Where something is paid in advance: what of each account's exposure is on terms of its own. No statement where
    nothing is, else one, and one more for terms that none of the asks names."""
    upfront = {
        ask.account_id
        for ask in asks
        if (found := standings.get(ask.account_id)) and upfront_percent(terms.get(ask.terms_code) or found.terms)
    }
    if not upfront:
        return standings
    sums = sql.rows(_ON_TERMS, {"ids": [row.pk for row in rows if row.account_id in upfront]})
    known = {**terms, **terms_by_code({code for _, code, _, _ in sums} - set(terms))}
    for account_id, code, gone, receivable in sums:
        if code in known:
            mine = standings[account_id]
            on_terms = (*mine.on_terms, OnTerms(known[code], gone, receivable))
            standings[account_id] = replace(mine, on_terms=on_terms)
    return standings


def _in_account_currency(asks: Sequence[CreditAsk], currencies: Mapping[int, str], on: date) -> Sequence[CreditAsk]:
    """Each ask in its account's currency, by the rates that count the postings. No statement where all are, else two."""
    keys = set()
    for ask in asks:
        ours = currencies.get(ask.account_id)
        if ours is None:
            continue
        parts = [(part.currency, part.rate_date) for part in ask.counted]
        keys |= {
            RateKey(ask.account_id, currency, day)
            for currency, day in [*parts, (ask.currency, ask.rate_date or on)]
            if currency != ours
        }
    if not keys:
        return asks
    recorded = recorded_rates(keys)
    rates = rates_for(keys, recorded, currencies, on=on)
    return [
        in_currency(ask, currencies[ask.account_id], rates, recorded, on) if ask.account_id in currencies else ask
        for ask in asks
    ]


def without_a_rate(asked: Collection[tuple[int, str, date]], *, on: date) -> set[tuple[int, str, date]]:
    """Of these (account, currency, rate date) those that credit could not count, for want of a rate; three statements."""
    ours = currencies_of({account_id for account_id, _, _ in asked})
    keys = {RateKey(*each) for each in asked if ours.get(each[0], each[1]) != each[1]}
    return set(keys - rates_for(keys, recorded_rates(keys), ours, on=on).keys()) if keys else set()


def ageing(account_ids: Iterable[int], *, on: date) -> dict[int, Ageing]:
    """Open receivables by how late they are; accounts without a credit account are absent. Two statements."""
    ids = dict(CreditAccount.objects.filter(account_id__in=list(account_ids)).values_list("pk", "account_id"))
    items: dict[int, list[tuple[Decimal, date | None]]] = {account_id: [] for account_id in ids.values()}
    with connection.cursor() as cursor:
        cursor.execute(OPEN_ITEMS, {"ids": list(ids)})
        for pk, balance, due in cursor.fetchall():
            items[ids[pk]].append((balance, due))
    return {account_id: age(open_items, on=on) for account_id, open_items in items.items()}


def due_dates(pairs: Iterable[tuple[str, date]]) -> dict[tuple[str, date], date]:
    """When an invoice of each date is due. No terms, or terms nobody knows: due the same day."""
    wanted = set(pairs)
    known = dated_terms({code for code, _ in wanted} - {""})
    return {(code, day): terms_rules.due_date(known[code], day) if code in known else day for code, day in wanted}


def counted(doc_kind: str, doc_ids: Iterable[int]) -> set[int]:
    """Which of the documents have open-order postings: those of an account without a credit account have none."""
    rows = Posting.objects.filter(doc_kind=doc_kind, doc_id__in=list(doc_ids), bucket=Bucket.OPEN_ORDER)
    return set(rows.values_list("doc_id", flat=True).distinct())


def terms_of(account_ids: Iterable[int]) -> dict[int, str]:
    """The code of each account's payment terms; accounts without a credit account are absent."""
    rows = CreditAccount.objects.filter(account_id__in=list(account_ids))
    return dict(rows.values_list("account_id", "terms__code"))


_TREES = """
WITH RECURSIVE up(asked, id, head_id) AS (
  SELECT account_id, id, head_id FROM credit_creditaccount WHERE account_id = ANY(%s)
   UNION
  SELECT up.asked, h.id, h.head_id FROM up JOIN credit_creditaccount h ON h.id = up.head_id
), tree(asked, id, account_id) AS (
  SELECT up.asked, c.id, c.account_id FROM up JOIN credit_creditaccount c ON c.id = up.id WHERE up.head_id IS NULL
   UNION
  SELECT tree.asked, m.id, m.account_id FROM tree JOIN credit_creditaccount m ON m.head_id = tree.id
) SELECT asked, account_id FROM tree
"""


def families_of(account_ids: Iterable[int]) -> dict[int, frozenset[int]]:
    """Each account with all below the same topmost head, itself included: what improves for one may for all.
    Accounts without a credit account are their own family. One statement."""
    wanted = set(account_ids)
    found: dict[int, set[int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_TREES, [sorted(wanted)])
        for account_id, other in cursor.fetchall():
            found.setdefault(account_id, set()).add(other)
    return {i: frozenset(found.get(i, {i})) for i in wanted}


def heads_above(account_id: int, *, on: date) -> tuple[Family, ...]:
    """The families whose limits cover the account too, the nearest head's first, each with what all in it owe. Five
    statements at most."""
    rows = list(CreditAccount.objects.filter(account_id=account_id))
    return families_among(rows, dated_parts([row.pk for row in rows], on=on), on=on).get(rows[0].pk, ()) if rows else ()


def additions_of(account_id: int) -> list[LimitAdditionView]:
    """Everything ever added to the account's limit, the newest first. One statement."""
    rows = LimitAddition.objects.filter(credit_account__account_id=account_id).select_related("end").order_by("-pk")
    return [_addition_view(row) for row in rows]


def _addition_view(row: LimitAddition) -> LimitAdditionView:
    end = getattr(row, "end", None)
    last = min((d for d in (row.valid_to, end.end_date if end else None) if d), default=None)
    return LimitAdditionView(
        int(row.pk), AdditionKind(row.kind), row.amount, row.valid_from, last, row.reference, row.note, row.granted_by
    )


def dated_terms(codes: Collection[str]) -> dict[str, Terms]:
    """The terms with their calendars, by which days are told: 1 statement, 2 more where there are calendars, 1 more for
    words that are no code."""
    if not codes:
        return {}
    rows = _terms_rows(codes)
    ids = {row.calendar_id for row in rows.values() if row.calendar_id is not None}
    open_on = business_calendars(ids) if ids else {}
    return {code: replace(terms_of_row(row), calendar=open_on.get(row.calendar_id or 0)) for code, row in rows.items()}


def discounts(asked: Iterable[tuple[str, date, Decimal, Decimal, str]]) -> list[terms_rules.Discount | None]:
    """What an early payer of each (terms code, invoice date, amount, what of it are goods, currency) may keep, in the order
    asked."""
    wanted = list(asked)
    known = dated_terms({code for code, *_ in wanted} - {""})
    return [
        terms_rules.discount(known[code], day, amount, goods, currency=currency) if code in known else None
        for code, day, amount, goods, currency in wanted
    ]


def printed_terms(
    code: str, *, issued: date, amount: Decimal, goods: Decimal, currency: str
) -> tuple[str, terms_rules.Discount | None]:
    """What terms are called on an invoice of that day, and what an early payer of it may keep; terms nobody knows by what
    was written. Statements as `dated_terms`."""
    known = dated_terms({code} - {""}).get(code)
    return (
        (known.name, terms_rules.discount(known, issued, amount, goods, currency=currency)) if known else (code, None)
    )


def all_terms() -> list[tuple[str, str]]:
    """(code, name) of all payment terms, by code."""
    return list(PaymentTerms.objects.order_by("code").values_list("code", "name"))


def terms_by_code(codes: Collection[str]) -> dict[str, Terms]:
    """By code, or by words that were said to mean them: 1 SQL, 1 more for words that are no code."""
    return {code: terms_of_row(row) for code, row in _terms_rows(codes).items()} if codes else {}


def _terms_rows(codes: Collection[str]) -> dict[str, PaymentTerms]:
    rows = {row.code: row for row in PaymentTerms.objects.filter(code__in=codes)}
    if unknown := [code for code in codes if code and code not in rows]:
        said = TermsWords.objects.annotate(upper=Upper("words")).filter(upper__in=[c.upper() for c in unknown])
        meant = {row.words.upper(): row.terms for row in said.select_related("terms")}
        rows |= {code: meant[code.upper()] for code in unknown if code.upper() in meant}
    return rows


def _exposure(row: CreditAccount, dated: DatedParts, families: Iterable[Family], on: date) -> Exposure:
    limits, parts = limits_of(row, dated.additions), parts_of(row, dated.open_orders)
    return Exposure(
        parts=parts,
        limit=limits.limit,
        temporary=limits.added(AdditionKind.TEMPORARY, on),
        insured=limits.added(AdditionKind.INSURED, on),
        available=limits.total(on) - parts.total,
        currency=row.currency,
        terms_code=row.terms.code,
        terms_name=row.terms.name,
        overdue=dated.overdue,
        family_left=min((f.limits.total(on) - f.parts.total for f in families), default=None),
    )
