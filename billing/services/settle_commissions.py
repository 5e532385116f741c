"""Commissions follow their invoices: accrued when posted, earned when nothing is open, clawed back on credit.

One verb brings them to where an invoice is now, whatever was told before: the same fact twice, late or out of order has
one effect.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Count, Q, Sum

from billing import locks
from billing.commission_sources import SoldLine, sold_lines
from billing.models import CommissionEntry, CommissionRate, Invoice, PlanMember, PlanVersion
from billing.rules.commissions import Rate, Split, Standing, bases, margin_words, moves, rate_for, remaining
from billing.states import CommissionStep, InvoiceStatus
from core.quantity import plain
from core.uow import door_verb, require_uow

ZERO = Decimal(0)
NOTHING = (Standing(), 0, ZERO, ZERO, 0)


@door_verb
def settle_commissions(*, invoice_ids: Collection[int], now: datetime) -> int:
    """Bring the commissions of these invoices to where the invoices are; how many movements that took.

    The rate is the one of the first accrual. Without any rep on a plan it costs one statement. Locks rank 40.
    """
    return _settle(invoice_ids, now, again=False)


@door_verb
def recompute_commissions(*, from_date: date, to_date: date, rep_id: int | None = None, now: datetime) -> int:
    """Work out the commissions of invoices issued over [from_date, to_date] again, from the plan versions now in force for
    those days; differences are adjustments, in sight on the next statement. How many movements that took."""
    rows = Invoice.objects.filter(issued_date__gte=from_date, issued_date__lte=to_date)
    ids = list(rows.exclude(status=InvoiceStatus.DRAFT).order_by("pk").values_list("pk", flat=True))
    return _settle(ids, now, again=True, only_rep=rep_id)


@dataclass(frozen=True)
class _Terms:
    """Plan versions with their rates, and who is on which plan."""

    versions: list[tuple[int, date, date | None, int, str]]  # plan, from, to, version id, words
    rates: Mapping[int, list[Rate]]
    members: Mapping[int, list[tuple[int, date, date | None]]]

    def name_of(self, version_id: int) -> str:
        return next(words for *_, pk, words in self.versions if pk == version_id)

    def version(self, rep_id: int, day: date) -> tuple[int, str] | None:
        """The version that pays the rep on that day, and its name."""
        for plan_id, start, end in self.members.get(rep_id, ()):
            if start <= day and (end is None or day < end):
                for of_plan, since, until, version_id, words in self.versions:
                    if of_plan == plan_id and since <= day and (until is None or day < until):
                        return version_id, words
        return None


@require_uow
def _settle(invoice_ids: Collection[int], now: datetime, *, again: bool, only_rep: int | None = None) -> int:
    members: dict[int, list[tuple[int, date, date | None]]] = {}
    for rep_id, *rest in PlanMember.objects.values_list("rep_id", "plan_id", "valid_from", "valid_to"):
        members.setdefault(rep_id, []).append(tuple(rest))  # type: ignore[arg-type]
    if not members or not invoice_ids:
        return 0
    locks.lock_invoices(invoice_ids)
    terms = _Terms(_versions(), _rates(), members)
    lines = sold_lines(invoice_ids)
    known = _standings([line.line_id for line in lines])
    entries = [e for line in lines for e in _entries(line, terms, known, now, again=again, only_rep=only_rep)]
    CommissionEntry.objects.bulk_create(entries, batch_size=2000)
    return len(entries)


def _versions() -> list[tuple[int, date, date | None, int, str]]:
    rows = PlanVersion.objects.order_by("pk").values_list(
        "plan_id", "valid_from", "valid_to", "pk", "plan__name", "number"
    )
    return [(plan, start, end, pk, f"{name} v{number}") for plan, start, end, pk, name, number in rows]


def _rates() -> dict[int, list[Rate]]:
    found: dict[int, list[Rate]] = {}
    columns = ("version_id", "percent", "kind", "product_id", "category_id", "tier_id", "min_margin_percent")
    for version_id, *row in CommissionRate.objects.order_by("pk").values_list(*columns):
        found.setdefault(version_id, []).append(Rate(*row))
    return found


_Known = Mapping[tuple[int, int, str], tuple[Standing, int, Decimal, Decimal, int]]


def _standings(line_ids: Iterable[int]) -> _Known:
    """{(line, rep, kind): (what stands, movements so far, base and rate of the first accrual, its version)}."""
    mine = CommissionEntry.objects.filter(invoice_line_id__in=list(line_ids))
    sums = mine.values_list("invoice_line_id", "rep_id", "kind").annotate(
        accrued=Sum("accrued_delta"),
        earned=Sum("earned_delta", filter=~Q(step=CommissionStep.PAID)),
        n=Count("pk"),
    )
    terms = {
        (line, rep, kind): (base, rate, version)
        for line, rep, kind, base, rate, version in mine.exclude(step=CommissionStep.PAID)
        .order_by("pk")
        .values_list("invoice_line_id", "rep_id", "kind", "base_amount", "rate_percent", "version_id")
    }
    return {
        (line, rep, kind): (Standing(accrued or ZERO, earned or ZERO), n, *terms[line, rep, kind])
        for line, rep, kind, accrued, earned, n in sums
    }


def _entries(
    line: SoldLine, terms: _Terms, known: _Known, now: datetime, *, again: bool, only_rep: int | None
) -> Iterator[CommissionEntry]:
    for split, base in zip(line.splits, bases(line.sale, line.splits), strict=True):
        if only_rep not in (None, split.rep_id):
            continue
        standing, n, kept_base, kept_rate, kept_version = known.get((line.line_id, split.rep_id, split.kind), NOTHING)
        version_id, rate, words = kept_version, kept_rate, ""
        if again or not n:
            found = _agreed(line, split, terms)
            if found is None:
                if not n:
                    continue
                rate, words = ZERO, "no plan pays this any more"
            else:
                version_id, rate, words = found
        else:
            base, words = kept_base, f"{plain(kept_rate)} % by {terms.name_of(kept_version)}"
        target = remaining(base, rate, line.money, line.sale.currency)
        for count, move in enumerate(moves(standing, target, is_done=line.money.is_done, is_first=not n), start=n + 1):
            yield CommissionEntry(
                rep_id=split.rep_id, invoice_id=line.invoice_id, invoice_line_id=line.line_id, kind=split.kind,
                step=move.step, accrued_delta=move.accrued, earned_delta=move.earned, base_amount=base, rate_percent=rate,
                split_percent=split.percent, version_id=version_id, at=now,
                key=f"{line.line_id}:{split.rep_id}:{split.kind}:{count}",
                why=_why(line, split, base, rate, words),
            )  # fmt: skip


def _agreed(line: SoldLine, split: Split, terms: _Terms) -> tuple[int, Decimal, str] | None:
    """(version, rate, which row of the table said so) on the day of the invoice; None: nobody pays this."""
    version = terms.version(split.rep_id, line.issued_date)
    rate = rate_for(terms.rates.get(version[0], ()), line.sale, split.kind) if version else None
    if version is None or rate is None:
        return None
    if rate.product_id is not None:
        by = "of this product"
    elif rate.category_id is not None:
        by = "of its category"
    else:
        by = "of everything"
    by += " for the customer's tier" if rate.tier_id is not None else ""
    by += margin_words(rate)
    return version[0], rate.percent, f"{plain(rate.percent)} % {by} by {version[1]}"


def _why(line: SoldLine, split: Split, base: Decimal, rate: Decimal, words: str) -> str:
    sale = f"{line.sale.amount:,} {line.sale.currency} on {line.invoice_number}"
    share = f"{plain(split.percent)} % {split.kind} credit = {base:,}"
    left = []
    if line.money.credited:
        left.append(f"{line.money.credited:,} credited")
    if line.money.written_off:
        left.append(f"{line.money.written_off:,} of the invoice written off")
    return f"{sale}, {share}; {words}" + (f"; {', '.join(left)}" if left else "")
