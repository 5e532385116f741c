"""Who owns a new case and how fast it goes: the kind's own word, unless the company's rules and policies say otherwise.

Reads only. A constant number of statements for one case and for a thousand.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count

from accounts.queries import who_acts_for
from accounts.rules.asks import AccountSnapshot
from accounts.staff_queries import present_people
from core.calendars import BusinessCalendar
from exceptions_app import kinds
from exceptions_app.grading import accounts_of, grades
from exceptions_app.kinds import KindSpec
from exceptions_app.models import Case, Queue, RoutingRule, SlaPolicy
from exceptions_app.queries import calendars_of
from exceptions_app.rules.asks import CaseSpec
from exceptions_app.rules.scopes import About, Scope, least_loaded, most_particular
from exceptions_app.severity import Grade
from exceptions_app.states import LIVE


@dataclass(frozen=True)
class Terms:
    """A new case's owner and clocks; minutes are business minutes of `calendar`."""

    queue: Queue
    calendar: BusinessCalendar
    assignee_id: int | None
    policy_id: int | None
    grade: Grade
    respond_minutes: int
    resolve_minutes: int


def terms_of(specs: Sequence[CaseSpec], queues: Mapping[str, Queue], *, now: datetime) -> list[Terms]:
    """One answer per spec, in their order. `queues` holds at least the queues their kinds name, by code."""
    policies = {row.pk: row for row in SlaPolicy.objects.filter(is_active=True)}
    rules = {row.pk: row for row in RoutingRule.objects.filter(is_active=True).select_related("queue")}
    known = accounts_of(specs, now=now)
    about = [_compared(spec, known.get(spec.account_id or 0)) for spec in specs]
    policy_scopes = [_scope(row) for row in policies.values()]
    rule_scopes = [_scope(row, row.territory_id) for row in rules.values()]
    chosen = [(most_particular(policy_scopes, a), most_particular(rule_scopes, a)) for a in about]
    held = [policies[policy.id] if policy else None for policy, _ in chosen]
    graded = grades(specs, known, held, now=now)
    routed = [rules[rule.id] if rule else None for _, rule in chosen]
    owners = [
        (rule.queue if rule else None) or queues[kinds.kind(s.kind).owner_queue]
        for s, rule in zip(specs, routed, strict=True)
    ]
    calendars = calendars_of(owners)
    assignees = _assignees(routed, owners, now=now)
    return [
        Terms(
            queue=queue,
            calendar=calendars[queue.pk],
            assignee_id=who,
            grade=grade,
            **_by_policy(kinds.kind(spec.kind), policy),
        )
        for spec, queue, who, policy, grade in zip(specs, owners, assignees, held, graded, strict=True)
    ]


def _by_policy(kind: KindSpec, policy: SlaPolicy | None) -> dict[str, Any]:
    return {
        "policy_id": policy.pk if policy else None,
        "respond_minutes": (policy and policy.respond_minutes) or kind.respond_minutes,
        "resolve_minutes": (policy and policy.resolve_minutes) or kind.resolve_minutes,
    }


def _compared(spec: CaseSpec, account: AccountSnapshot | None) -> About:
    return About(
        kind=spec.kind,
        account_id=spec.account_id,
        tier_id=account.tier_id if account else None,
        territory_id=account.territory_id if account else None,
        amount=spec.money_at_risk,
        currency=spec.currency,
    )


def _scope(row: SlaPolicy | RoutingRule, territory_id: int | None = None) -> Scope:
    return Scope(row.pk, row.kind, row.account_id, territory_id, row.tier_id, row.min_amount, row.currency)


def _assignees(rules: Sequence[RoutingRule | None], owners: Sequence[Queue], *, now: datetime) -> list[int | None]:
    """The person a rule names, or who acts for them while they are away; or who of the team has the least to do."""
    named = {rule.person_id for rule in rules if rule and rule.person_id}
    acting = who_acts_for(named, at=now) if named else {}
    sharing = {queue for rule, queue in zip(rules, owners, strict=True) if rule and rule.spreads}
    people = present_people({role for queue in sharing for role in queue.roles}, at=now) if sharing else {}
    loads = live_loads(people)
    found: list[int | None] = []
    for rule, queue in zip(rules, owners, strict=True):
        if rule and rule.person_id:
            found.append(acting.get(rule.person_id))
        elif rule and rule.spreads:
            found.append(least_loaded([pk for pk, roles in people.items() if roles & set(queue.roles)], loads))
        else:
            found.append(None)
    return found


def live_loads(user_ids: Iterable[int]) -> dict[int, int]:
    """{user_id: live cases they own}; who owns none is absent. 1 SQL, none for nobody."""
    wanted = list(user_ids)
    if not wanted:
        return {}
    rows = Case.objects.filter(assignee__in=wanted, status__in=LIVE).values("assignee").annotate(live=Count("id"))
    return {row["assignee"]: row["live"] for row in rows.order_by()}
