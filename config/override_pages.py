"""Pages over the override log: what it cost (leakage), what auditors ask, and the file with the chain's proof."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.contrib.admin import AdminSite
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts import queries as accounts
from accounts.approval_queries import all_kept_limits, home_currency, time_zones
from accounts.rules.authority import Limit, limits_of
from accounts.states import Role
from config import override_duties
from core import clock, override_views, overrides
from core.choices import words
from core.exports import csv_lines
from core.models import OverrideEntry
from core.money import EXACT, round_amount
from core.override_views import Entry, Leak, Line
from core.rates import rates_by_day
from credit.rules.authority import KIND as CREDIT_LIMIT
from credit.rules.authority import limit_authority

PERIODS = {"30": 30, "90": 90, "365": 365}
SIDES = {"user": "User", "reason": "Reason", "customer": "Customer", "kind": "Kind", "month": "Month"}
SAMPLE_SIZE = 20
ROOM = ("credit_limit",)  # what may be owed more is no money lost
JUST_BELOW = Decimal("0.9")  # from this part of a limit on, it is just below
OPENS, CLOSES, SATURDAY = time(7), time(19), 5
ASKING = frozenset({Role.CS, Role.CS_LEAD, Role.PRICING, Role.REP, Role.PLANNER})
WORTH_OF = {"promise": "worth", "eligibility": "amount"}  # where an override says what it was measured by
APPROVED_AS = {"credit_limit": "credit"}  # what an override of a kind is approved as, where it has another name
BARS, BAR_WIDTH = 12, 360


@dataclass(frozen=True)
class _Period:
    days: str
    since: datetime
    until: datetime


def _period(request: HttpRequest) -> _Period:
    now = clock.now()
    days = request.GET.get("days", "90")
    days = days if days in PERIODS else "90"
    return _Period(days, now - timedelta(days=PERIODS[days]), now + timedelta(seconds=1))


# --- leakage -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _LeakRow:
    leak: Leak
    label: str
    url: str
    bar: int  # its length


def leakage(request: HttpRequest, site: AdminSite) -> TemplateResponse:
    """Money lost against the contract price by user, reason, customer, kind or month, with the way to the entries."""
    period = _period(request)
    side = request.GET.get("by", "user")
    side = side if side in SIDES else "user"
    found = override_views.leaks(side, since=period.since, until=period.until, room=ROOM)
    names = accounts.names({int(x.key) for x in found if x.key != "0"}) if side == "customer" else {}
    most = max((abs(x.given_away) for x in found), default=Decimal(0))
    rows = [
        _LeakRow(x, _label(side, x, names), _entries_url(side, x, period), _length(x.given_away, most)) for x in found
    ]
    ids = override_views.sample(since=period.since, until=period.until, seed=f"{clock.now().date()}", size=SAMPLE_SIZE)
    context = {
        **site.each_context(request),
        "title": "What overrides cost",
        "rows": rows,
        "bars": rows[:BARS],
        "side": side,
        "side_label": SIDES[side],
        "sides": SIDES.items(),
        "days": period.days,
        "periods": list(PERIODS),
        "totals": override_views.given_away(since=period.since, until=period.until, room=ROOM),
        "most": override_views.MOST if len(found) == override_views.MOST else 0,
        "sampled": len(ids),
        "sample_url": _list_url({"id__in": ",".join(map(str, ids))}) if ids else "",
        "unreviewed_url": _list_url({"reviewed": "no"}),
    }
    return TemplateResponse(request, "admin/override_leakage.html", context)


def _length(given_away: Decimal, most: Decimal) -> int:
    return int(BAR_WIDTH * abs(given_away) / most) if most else 0


def _label(side: str, leak: Leak, names: Mapping[int, str]) -> str:
    if side == "customer":
        return names.get(int(leak.key), "no customer named")
    return words(leak.label) if side in ("reason", "kind") else leak.label


def _entries_url(side: str, leak: Leak, period: _Period) -> str:
    """The entries that were counted, and no others: of the same time, up to today."""
    since = {"at__gte": period.since.isoformat(sep=" ")}
    if side == "month":
        year, month = map(int, leak.key.split("-"))
        after = date(year + month // 12, month % 12 + 1, 1)
        midnight = " 00:00:00+00:00"
        begins = max(f"{leak.key}-01{midnight}", since["at__gte"])
        return _list_url({"at__gte": begins, "at__lt": f"{after.isoformat()}{midnight}"})
    if side == "customer":
        named = {"account_id": leak.key} if leak.key != "0" else {"account_id__isnull": "True"}
        return _list_url(named | since)
    field = {"user": "actor_label", "reason": "reason_code", "kind": "kind"}[side]
    return _list_url({field: leak.key} | since)


def _list_url(query: Mapping[str, str]) -> str:
    return f"{reverse('admin:core_overrideentry_changelist')}?{urlencode(query)}"


# --- what auditors ask ---------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _View:
    label: str
    about: str
    headers: tuple[str, ...]
    lines: Callable[[_Period], list[Line]]


def just_below(entries: list[Entry]) -> Iterator[Line]:
    """What was at stake between nine tenths of what the person's roles may do alone and that limit: both in the company's
    currency, in which authority is counted, at the rate of the entry's day. 2 SQL."""
    kept, home = all_kept_limits(), home_currency()
    staked = [(e, authority, amount) for e in entries for authority, amount in [at_stake(e)] if amount is not None]
    foreign = {(e.currency, home, e.at.date()) for e, *_ in staked if e.currency not in ("", home)}
    known = rates_by_day(foreign) if foreign else {}
    for e, authority, amount in staked:
        ours = amount
        if e.currency not in ("", home):
            rate = known.get((e.currency, home, e.at.date()))
            if rate is None:  # nobody's limit decided it
                continue
            ours = round_amount(EXACT.multiply(amount, rate), home)
        near = [cap for cap in _caps(authority, set(e.roles.split(",")), kept) if cap * JUST_BELOW <= ours <= cap]
        if near:
            yield Line(e.id, (e.actor, words(e.kind), e.document, ours, min(near), home, e.at))


def at_stake(e: Entry) -> tuple[str, Decimal | None]:
    """(the kind of authority, the amount it is measured by): of a limit the whole of it, of a hold, terms, a promise or a
    product what the order or line is worth, of anything else the money given away. None: nothing that authority limits."""
    if e.kind == "credit_limit":
        was, now = _amount(e.before, "limit_amount"), _amount(e.after, "limit_amount")
        whole = now if now is not None else _amount(e.after, "whole")  # with what was added before: several small ones
        whole = whole if whole is not None else (was or Decimal(0)) + (_amount(e.after, "added") or Decimal(0))
        return CREDIT_LIMIT, whole if was is None or whole > was else None
    if e.kind == "payment_terms" or (e.kind == "hold_release" and e.before.get("hold") == "credit"):
        return "credit", _amount(e.after, "ceiling") or _amount(e.after, "order_amount")
    if e.kind in WORTH_OF:
        return e.kind, _amount(e.after, WORTH_OF[e.kind])
    return e.kind, abs(e.money_effect) if e.money_effect is not None and e.money_effect < 0 else None


def _amount(values: Mapping[str, Any], name: str) -> Decimal | None:
    return Decimal(str(values[name])) if values.get(name) is not None else None


def _caps(authority: str, roles: set[str], kept: Sequence[Limit]) -> list[Decimal]:
    """The most each of the roles may do alone, where that is a number above 0."""
    if authority == CREDIT_LIMIT:
        found = [limit_authority([role], kept) for role in roles]
    else:
        found = [x.amount for x in limits_of(authority, kept) if x.role in roles]
    return [cap for cap in found if cap and cap.is_finite()]


def after_hours(entries: list[Entry]) -> Iterator[Line]:
    """Outside 7:00 to 19:00 on a weekday where the person works."""
    zones = time_zones({e.actor_id for e in entries if e.actor_id is not None})
    for e in entries:
        if e.actor_id is None:
            continue
        local = e.at.astimezone(ZoneInfo(zones.get(e.actor_id, "UTC")))
        if local.weekday() >= SATURDAY or not OPENS <= local.time() < CLOSES:
            told = f"{local:%a %d %b %Y %H:%M}"
            yield Line(e.id, (e.actor, words(e.kind), e.document, told, e.money_effect, e.currency))


def both_sides(entries: list[Entry]) -> Iterator[Line]:
    """Overrides by people who have a role that asks and another that approves the same kind: nothing but the four eyes on
    each stands between."""
    kept = all_kept_limits()
    for e in entries:
        roles = set(e.roles.split(","))
        approving = {x.role for x in limits_of(APPROVED_AS.get(e.kind, e.kind), kept)} & roles
        if any(roles & ASKING - {role} for role in approving):
            yield Line(e.id, (e.actor, ", ".join(sorted(roles)), words(e.kind), e.document, e.money_effect, e.at))


def _entries(period: _Period) -> list[Entry]:
    return override_views.entries(since=period.since, until=period.until)


VIEWS: dict[str, _View] = {
    "just-below": _View(
        "Just below a limit",
        "Between 90 % of what the person may do alone and the limit.",
        ("Who", "What", "Document", "Money effect", "Limit", "Currency", "When"),
        lambda p: list(just_below(_entries(p))),
    ),
    "approver": _View(
        "By approver",
        "How much each person approved, and for how many people.",
        ("Approver", "Approved", "People", "Currency", "Money effect", "Last"),
        lambda p: override_views.by_approver(since=p.since, until=p.until),
    ),
    "reversed": _View(
        "Self-reversed",
        "The same person did it and undid it.",
        ("Who", "What", "Document", "Done", "Undone", "Money effect"),
        lambda p: override_views.self_reversed(since=p.since, until=p.until),
    ),
    "after-hours": _View(
        "After hours",
        "On a weekend, or before 7:00 or after 19:00 where the person works.",
        ("Who", "What", "Document", "Local time", "Money effect", "Currency"),
        lambda p: list(after_hours(_entries(p))),
    ),
    "each-other": _View(
        "Approving one another",
        "Two people who approve each other's overrides.",
        ("One", "Other", "Asked by the one", "Asked by the other"),
        lambda p: override_views.each_other(since=p.since, until=p.until),
    ),
    "twice": _View(
        "One person on both sides",
        "Whoever made or approved an override and did its other half in the year before: changed the price list "
        "it sets aside, created the account it lets go, entered the order, or stood in for who asked.",
        override_duties.HEADERS,
        lambda p: override_duties.same_person_twice(since=p.since, until=p.until),
    ),
    "both-sides": _View(
        "Roles on both sides",
        "Whoever overrides has a role that asks for it and another that approves it.",
        ("Who", "Roles", "What", "Document", "Money effect", "When"),
        lambda p: list(both_sides(_entries(p))),
    ),
}


def audit_views(request: HttpRequest, site: AdminSite) -> TemplateResponse:
    """One question at a time, with its table."""
    period = _period(request)
    name = request.GET.get("view", "just-below")
    name = name if name in VIEWS else "just-below"
    view = VIEWS[name]
    rows = [
        (
            reverse("admin:core_overrideentry_change", args=[x.entry_id]) if x.entry_id else "",
            [_cell(c) for c in x.cells],
        )
        for x in view.lines(period)[: override_views.MOST]
    ]
    context = {
        **site.each_context(request),
        "title": "Auditor's views of the override log",
        "views": [(code, v.label) for code, v in VIEWS.items()],
        "view": name,
        "label": view.label,
        "about": view.about,
        "headers": view.headers,
        "rows": rows,
        "days": period.days,
        "periods": list(PERIODS),
        "chain": overrides.verify(),
    }
    return TemplateResponse(request, "admin/override_audit.html", context)


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%d %b %Y %H:%M} UTC"
    return f"{value:,}" if isinstance(value, Decimal) else str(value)


# --- the file with the proof ---------------------------------------------------------------------------------------------
PROOF = (
    *("Position", "At", "Kind", "Document", "Who", "Reason", "Note", "Money effect", "Currency", "Approved by"),
    *("Previous hash", "Hash", "Sealed text"),
)


def proof_csv(rows: QuerySet[OverrideEntry]) -> StreamingHttpResponse:
    """What is filtered, with the seal of each: SHA-256 of previous hash and sealed text is the hash."""
    response = StreamingHttpResponse(csv_lines(PROOF, _proof(rows)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="override-log.csv"'
    return response


def _proof(rows: QuerySet[OverrideEntry]) -> Iterator[tuple[Any, ...]]:
    ordered = rows.prefetch_related(None).select_related("seal").order_by("pk")
    for e in ordered.iterator(chunk_size=500):
        seal = getattr(e, "seal", None)
        document = f"{e.subject_kind} {e.subject_number or e.subject_id}"
        told = (e.at, e.kind, document, e.actor_label, e.reason_code, e.reason, e.money_effect, e.currency)
        hashes = (seal.previous_hash, seal.hash) if seal else ("", "not sealed yet")
        yield (seal.position if seal else None, *told, e.approver_label, *hashes, overrides.body_of(e))
