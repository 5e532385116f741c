"""Reads of approvals and of the authority to give them: a constant number of statements."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.db import connection
from django.db.models import Q

from accounts.models import ApprovalRequest, AuthorityLimit, User
from accounts.rules import asks
from accounts.rules.authority import EVERY_OTHER_KIND, Limit, is_named, may_approve, roles_for
from accounts.spending_queries import buyers_of, counted_by_document, headrooms
from accounts.states import STAFF, ApprovalState
from core.actors import Actor
from core.money import EXACT, Money, round_amount
from core.rates import RateMissing, rates
from core.refs import DocumentRef

ZERO = Decimal(0)
ANY_AMOUNT = Decimal("Infinity")
PURCHASE = "purchase order"  # the customer's own company decides
TOLD_OUTSIDE = frozenset({"price", PURCHASE})  # kinds a customer and their rep hear of; limits of credit are ours
ASKED_BY_CUSTOMER = "asked_by_customer"  # "reason_code" in the content of what they asked for: they hear of that too


def approvals(approval_ids: Iterable[int]) -> dict[int, asks.Approval]:
    """1 SQL."""
    return {r.pk: approval_of(r) for r in ApprovalRequest.objects.filter(id__in=set(approval_ids))}


def approver_of(approval_id: int | None, *, beside: Actor) -> Actor | None:
    """Who said yes, as the override log names them beside who acts on it; None without a yes, and where both are one
    person (whoever asked is somebody else). 1 SQL."""
    if approval_id is None:
        return None
    row = ApprovalRequest.objects.select_related("decided_by").filter(pk=approval_id).first()
    if row is None or row.decided_by is None or row.decided_by_id == beside.user_id:
        return None
    return Actor(str(row.decided_by), user_id=row.decided_by_id)


def approvals_of(subject: DocumentRef, *, kind: str | None = None) -> list[asks.Approval]:
    """Everything asked for the document, newest first. 1 SQL."""
    rows = ApprovalRequest.objects.filter(subject_kind=subject.kind, subject_id=subject.id)
    if kind is not None:
        rows = rows.filter(kind=kind)
    return [approval_of(r) for r in rows.order_by("-id")]


def pending_approvals(*, now: datetime, kinds: Sequence[str] | None = None, limit: int = 200) -> list[asks.Approval]:
    """What waits for a decision, the soonest to expire first. 1 SQL."""
    rows = ApprovalRequest.objects.filter(state=ApprovalState.PENDING, expires_at__gt=now)
    if kinds is not None:
        rows = rows.filter(kind__in=kinds)
    return [approval_of(r) for r in rows.order_by("expires_at", "id")[:limit]]


def approval_of(row: ApprovalRequest) -> asks.Approval:
    return asks.Approval(
        id=row.pk,
        kind=row.kind,
        subject=DocumentRef(row.subject_kind, row.subject_id, row.subject_number),
        content_hash=row.content_hash,
        amount=row.amount,
        currency=row.currency,
        state=ApprovalState(row.state),
        requested_by=row.requested_by_id,
        requested_at=row.requested_at,
        expires_at=row.expires_at,
        decided_by=row.decided_by_id,
        decided_at=row.decided_at,
        reason=row.reason,
        note=row.decision_note,
        public_id=str(row.public_id),
        margin_points=row.margin_points,
        account_id=row.account_id,
        content=row.content,
        requested_label=row.requested_label,
        decided_for=row.decided_for_id,
        escalated_to=row.escalated_to_id,
        escalated_at=row.escalated_at,
    )


def kept_limits(kind: str) -> list[Limit]:
    """What this installation set for the kind and for every other kind. 1 SQL."""
    rows = AuthorityLimit.objects.filter(kind__in=[kind, EVERY_OTHER_KIND])
    return [Limit(*row) for row in rows.values_list("kind", "role", "max_amount", "max_margin_points", "day_amount")]


def all_kept_limits() -> list[Limit]:
    """1 SQL."""
    rows = AuthorityLimit.objects.values_list("kind", "role", "max_amount", "max_margin_points", "day_amount")
    return [Limit(*row) for row in rows]


def is_of_the_house(actor: Actor) -> bool:
    """Whoever is not (a buyer, a rep) asks, whatever the amount: nothing of theirs is applied by the asking."""
    return actor.user_id is None or not STAFF.isdisjoint(actor.roles)


def has_authority(
    actor: Actor,
    *,
    kind: str,
    amount: Decimal | None,
    currency: str,
    on: date,
    margin_points: Decimal | None = None,
) -> bool:
    """Whether the person's roles, as they are stored now and not as the session was opened with, reach the amount and
    the points: what they may do without asking. An actor that is nobody's account has the roles it says. 2 SQL.

    Limits are amounts of the company's currency: another one is converted by the rate of the day, one statement more.
    Raises RateMissing where there is none and the amount decides."""
    roles, is_superuser = roles_now(actor)
    kept = kept_limits(kind)

    def reaches(of: Decimal | None) -> bool:
        return may_approve(
            roles, kind=kind, amount=of, is_superuser=is_superuser, margin_points=margin_points, kept=kept
        )

    if amount is None or currency in ("", home_currency()):
        return reaches(amount)
    if reaches(ANY_AMOUNT) or not reaches(ZERO):  # whatever the rate is
        return reaches(ANY_AMOUNT)
    return reaches(in_home_currency(amount, currency, on=on, actor=actor.label))


def home_currency() -> str:
    """The company's, in which authority is counted: the setting COST_CURRENCY."""
    return str(getattr(settings, "COST_CURRENCY", "USD"))


def in_home_currency(amount: Decimal, currency: str, *, on: date, actor: str) -> Decimal:
    """At the dated rate, as far as limits are concerned. Raises RateMissing."""
    home = home_currency()
    if currency in ("", home):
        return amount
    rate = rates([(currency, home)], on=on).get((currency, home))
    if rate is None:
        raise RateMissing(base=currency, quote=home, day=on, actor=actor, home=home)
    return round_amount(EXACT.multiply(amount, rate), home)


def counted_at_home(amounts: Iterable[tuple[Decimal | None, str]], *, on: date) -> list[Decimal | None]:
    """The (amount, currency)s as limits count them, in the order asked, for whom to show and whom to ask: what no rate of
    the day says is more than any limit. 1 SQL where one is foreign, else none."""
    asked, home = list(amounts), home_currency()
    foreign = {(currency, home) for amount, currency in asked if amount is not None and currency not in ("", home)}
    known = rates(foreign, on=on) if foreign else {}
    found: list[Decimal | None] = []
    for amount, currency in asked:
        if amount is None or currency in ("", home):
            found.append(amount)
        else:
            rate = known.get((currency, home))
            found.append(ANY_AMOUNT if rate is None else round_amount(EXACT.multiply(amount, rate), home))
    return found


def roles_now(actor: Actor) -> tuple[frozenset[str], bool]:
    """(roles, is superuser) as stored now; none for somebody who left. 1 SQL for a person."""
    if actor.user_id is None:
        return actor.roles, False
    person = User.objects.filter(pk=actor.user_id, is_active=True).first()
    return (frozenset(person.roles), person.is_superuser) if person else (frozenset(), False)


def deciders(
    kind: str, amount: Decimal, currency: str, *, on: date, actor: str, margin_points: Decimal | None = None
) -> list[str]:
    """Which roles may say yes to that much of a kind, for whoever is about to ask. 1 SQL, and 1 for a foreign currency.
    Raises RateMissing."""
    ours = in_home_currency(amount, currency, on=on, actor=actor)
    return roles_for(kind, ours, margin_points, kept=kept_limits(kind))


def time_zones(user_ids: Iterable[int]) -> dict[int, str]:
    """Where people work, for what is asked about their hours. 1 SQL."""
    return dict(User.objects.filter(id__in=set(user_ids)).values_list("id", "time_zone"))


_STOOD_IN_FOR = """
WITH RECURSIVE away AS (
  SELECT absence.user_id, absence.delegate_id
    FROM accounts_userabsence absence JOIN accounts_user person ON person.id = absence.user_id
   WHERE absence.away_from <= (%(at)s::timestamptz AT TIME ZONE person.time_zone)::date
     AND (absence.back_on IS NULL OR absence.back_on > (%(at)s::timestamptz AT TIME ZONE person.time_zone)::date)
     AND person.is_active
), line(user_id) AS (
  SELECT user_id FROM away WHERE delegate_id = %(user)s
  UNION
  SELECT away.user_id FROM line JOIN away ON away.delegate_id = line.user_id
)
SELECT user_id FROM line WHERE user_id <> %(user)s
"""


def stood_in_for(user_id: int, *, at: datetime) -> list[int]:
    """Who is away at that moment and named this person as delegate, directly or through another who is
    away too. 1 SQL."""
    with connection.cursor() as cursor:
        cursor.execute(_STOOD_IN_FOR, {"user": user_id, "at": at})
        return [pk for (pk,) in cursor.fetchall()]


def approvals_for(visible: asks.Visible, user_id: int, *, limit: int = 200) -> list[asks.Approval]:
    """What somebody sees, what waits first, the soonest to end first, then the newest. Outside the house: what they asked
    for, and what concerns their customers and is told there or was asked for by them. 2 SQL."""
    rows = ApprovalRequest.objects.all()
    if not visible.all:
        theirs = Q(kind__in=TOLD_OUTSIDE) | Q(content__reason_code=ASKED_BY_CUSTOMER) | Q(content__has_key=asks.JOINED)
        rows = rows.filter(Q(theirs, account_id__in=visible.ids) | Q(requested_by=user_id))
    waiting = rows.filter(state=ApprovalState.PENDING).order_by("expires_at", "id")[:limit]
    found = list(waiting) + list(rows.exclude(state=ApprovalState.PENDING).order_by("-id")[:limit])
    return [approval_of(row) for row in found[:limit]]


def approval_by_public_id(public_id: str, visible: asks.Visible, user_id: int) -> asks.Approval | None:
    """The approval if it is theirs to see (a valid UUID). 1 SQL."""
    row = ApprovalRequest.objects.filter(public_id=public_id).first()
    if row is None:
        return None
    is_asked = row.content.get("reason_code") == ASKED_BY_CUSTOMER or asks.JOINED in row.content
    is_theirs = row.kind in TOLD_OUTSIDE or is_asked
    is_told = is_theirs and row.account_id is not None and visible.contains(row.account_id)
    return approval_of(row) if visible.all or is_told or row.requested_by_id == user_id else None


def decidable(approvals: Iterable[asks.Approval], user_id: int, *, now: datetime) -> frozenset[int]:
    """The ids this person may approve as things stand, by their own authority or that of whom they stand in for: for
    screens; the verb decides again. 4 SQL, 1 more where one is in another currency."""
    waiting = [a for a in approvals if a.state == ApprovalState.PENDING and a.expires_at > now]
    waiting = [a for a in waiting if a.requested_by != user_id]
    if not waiting:
        return frozenset()
    people = list(User.objects.filter(is_active=True, pk__in=[user_id, *stood_in_for(user_id, at=now)]))
    kept = all_kept_limits()
    limits = own_limits(waiting, [p.pk for p in people], now=now)
    amounts = counted_at_home(((a.amount, a.currency) for a in waiting), on=now.date())
    return frozenset(
        a.id
        for a, amount in zip(waiting, amounts, strict=True)
        if any(_is_able(p, a, amount, user_id, kept) and within_own_limit(limits, a.id, p.pk) for p in people)
    )


def own_limits(
    waiting: Iterable[asks.Approval], user_ids: Sequence[int], *, now: datetime
) -> dict[tuple[int, int], str]:
    """{(approval id, user id): the limit in words} of purchase orders above what they may spend on one order, or above
    what is left of their period, which orders and approvals of theirs share. The buyer's currency is the account's. Who
    has no limit, or reaches, is absent. 4 SQL, none without a purchase."""
    purchases = [a for a in waiting if a.kind == PURCHASE and a.account_id is not None]
    buyers = buyers_of((pk, a.account_id) for a in purchases for pk in user_ids if a.account_id is not None)
    limited = {buyer.id for buyer in buyers.values() if buyer.period_limit is not None}
    rooms = headrooms(limited, now=now) if limited else {}
    counted = counted_by_document(a.subject for a in purchases) if limited else {}
    found: dict[tuple[int, int], str] = {}
    for approval in purchases:
        for pk in user_ids:
            buyer = buyers.get((pk, approval.account_id or 0))
            if buyer is None:
                continue
            mine = counted.get((approval.subject.kind, approval.subject.id), {}).get(buyer.id)
            more = abs(approval.amount or ZERO) - (mine.amount if mine else ZERO)
            if short := _short(approval, buyer, rooms.get(buyer.id), more):
                found[approval.id, pk] = short
    return found


def _short(approval: asks.Approval, buyer: asks.BuyerSnapshot, room: asks.Headroom | None, more: Decimal) -> str:
    """Which limit; `more` is what would count that does not count for the buyer already."""
    is_foreign = approval.currency != buyer.currency
    if buyer.order_limit is not None and (is_foreign or abs(approval.amount or ZERO) > buyer.order_limit):
        return f"{Money(buyer.order_limit, buyer.currency)} on one order"
    if room is None or room.left is None or not (is_foreign or more > room.left):
        return ""
    return period_in_words(room)


def period_in_words(room: asks.Headroom) -> str:
    """ "5,000.00 USD from 2026-11-01 until 2026-12-01, of which 4,200.00 USD are spent or approved"."""
    limit, spent = Money(room.limit or ZERO, room.currency), Money(room.spent, room.currency)
    return f"{limit} from {room.period.start} until {room.period.end}, of which {spent} are spent or approved"


def within_own_limit(limits: Mapping[tuple[int, int], str], approval_id: int, user_id: int) -> bool:
    """Whether `own_limits` found nothing in the way."""
    return (approval_id, user_id) not in limits


def _is_able(
    person: User, approval: asks.Approval, amount: Decimal | None, user_id: int, kept: Sequence[Limit]
) -> bool:
    return (
        person.pk != approval.requested_by
        and is_named(approval.content, person.roles)
        and may_approve(
            person.roles,
            kind=approval.kind,
            amount=amount,
            is_superuser=person.is_superuser and person.pk == user_id,
            margin_points=approval.margin_points,
            kept=kept,
        )
    )


def approved_parts(kind: str, subject_kind: str, subject_ids: Iterable[int]) -> dict[int, frozenset[str]]:
    """{document id: the "hashes" in the content of what was approved for it}: parts of it that somebody said yes to,
    also where the time to use the approval is over, for it was used. 1 SQL."""
    rows = ApprovalRequest.objects.filter(
        kind=kind, subject_kind=subject_kind, subject_id__in=list(subject_ids), state=ApprovalState.APPROVED
    )
    found: dict[int, frozenset[str]] = {}
    for pk, content in rows.values_list("subject_id", "content"):
        found[pk] = found.get(pk, frozenset()) | frozenset(content.get("hashes", ()))
    return found
