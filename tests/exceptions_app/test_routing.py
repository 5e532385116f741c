"""Assign, hand over, mention; the views of the queue; the report; the API's doors."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from accounts.states import Role
from core.actors import Actor
from core.chart import Count
from core.errors import InvalidInput, NotFound
from core.periods import Period
from exceptions_app import suggestions
from exceptions_app.case_lists import CaseView, find_cases
from exceptions_app.case_reports import BY, bounds, breaches_by_day, case_report
from exceptions_app.models import Case, Notice, RoutingRule
from exceptions_app.rules.mentions import names_in
from exceptions_app.rules.ranking import Effect
from exceptions_app.services.assign_case import assign_case, hand_over
from exceptions_app.services.comment_case import comment_case
from exceptions_app.services.resolve_case import resolve_case
from exceptions_app.services.snooze_case import snooze_case
from exceptions_app.services.take_case import take_case
from exceptions_app.suggestions import Resolution
from tests.factories.accounts import AccountFactory, TerritoryFactory, UserFactory
from tests.factories.doors import device_of
from tests.factories.exceptions import LEAK, SPILL, opened, teams

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANN = Actor("Ann")


def someone(**values):
    user = UserFactory(is_staff=True, **values)
    return user, Actor(str(user), user_id=user.pk, roles=frozenset(user.roles))


def test_an_assigned_case_is_told_to_its_owner_and_answered_only_when_they_take_it():
    case, (bob, as_bob) = opened(now=NOW), someone(roles=[Role.WAREHOUSE])
    assign_case(case_id=case.pk, user_id=bob.pk, actor=ANN, now=NOW)
    assign_case(case_id=case.pk, user_id=bob.pk, actor=ANN, now=NOW)
    case.refresh_from_db()
    assert (case.status, case.assignee_id, case.responded_at) == ("assigned", bob.pk, None)
    assert Notice.objects.get().user_id == bob.pk
    take_case(case_id=case.pk, actor=as_bob, now=NOW + HOUR / 2)
    case.refresh_from_db()
    assert case.responded_at == NOW + HOUR / 2
    with pytest.raises(NotFound):
        assign_case(case_id=case.pk, user_id=0, actor=ANN, now=NOW)


def test_a_case_handed_over_is_nobodys_in_the_other_team_and_says_why():
    teams()
    case, (_, as_bob) = opened(now=NOW), someone(roles=[Role.WAREHOUSE])
    take_case(case_id=case.pk, actor=as_bob, now=NOW)
    with pytest.raises(InvalidInput):
        hand_over(case_id=case.pk, queue="quality", note="", actor=as_bob, now=NOW)
    hand_over(case_id=case.pk, queue="quality", note="the lot is bad", actor=as_bob, now=NOW)
    case.refresh_from_db()
    assert (case.queue.code, case.assignee_id, case.status) == ("quality", None, "open")
    assert case.events.last().note == "Warehouse to Quality: the lot is bad"


def test_whoever_a_comment_names_is_told_and_nobody_tells_themselves():
    case = opened(now=NOW)
    cid, as_cid = someone(username="cid", email="cid@example.com")
    dee, _ = someone(username="dee", email="dee.lee@example.com")
    comment_case(case_id=case.pk, text="@cid, ask @DEE.LEE@example.com. Not @nobody", actor=as_cid, now=NOW)
    assert list(Notice.objects.values_list("user_id", "kind")) == [(dee.pk, "mentioned")]
    assert names_in("mail a@b.com, @ann. and @ann") == ["ann"]
    assert cid.pk != dee.pk


def test_a_rule_gives_a_case_to_a_team_by_value_territory_and_account_the_most_particular_first():
    queues, west = teams(), TerritoryFactory()
    elsewhere, western, named = AccountFactory(), AccountFactory(territory=west), AccountFactory(territory=west)
    RoutingRule.objects.create(kind=SPILL.code, queue=queues["cs"])
    RoutingRule.objects.create(min_amount=Decimal(100), currency="USD", queue=queues["pricing"])
    RoutingRule.objects.create(territory=west, queue=queues["planner"])
    RoutingRule.objects.create(account=named, queue=queues["quality"])
    about = [
        (elsewhere, 99, "USD"),
        (elsewhere, 100, "USD"),
        (elsewhere, 100, "EUR"),
        (western, 100, "USD"),
        (named, 1, "USD"),
    ]
    cases = [
        opened(now=NOW, subject_id=n, account_id=account.pk, money_at_risk=Decimal(amount), currency=currency)
        for n, (account, amount, currency) in enumerate(about)
    ]
    assert [case.queue.code for case in cases] == ["cs", "pricing", "cs", "planner", "quality"]


def test_the_views_of_the_queue_show_whose_it_is_and_how_soon():
    teams()
    bob, as_bob = someone(roles=[Role.WAREHOUSE])
    mine, free, other = opened(now=NOW), opened(now=NOW, subject_id=2), opened(now=NOW, kind=LEAK.code)
    hidden = opened(now=NOW, subject_id=3)
    take_case(case_id=mine.pk, actor=as_bob, now=NOW)
    snooze_case(case_id=hidden.pk, until=NOW + 9 * HOUR, actor=as_bob, now=NOW)

    def seen(view: str) -> list[int]:
        found = find_cases(CaseView(view), user_id=bob.pk, roles=bob.roles, now=NOW + HOUR / 4)
        return [line.id for line in found]

    assert seen("mine") == [mine.pk]
    assert seen("team") == [free.pk, mine.pk]
    assert seen("unassigned") == [other.pk, free.pk]
    assert seen("breaching") == [free.pk]
    assert seen("live") == [hidden.pk, other.pk, free.pk, mine.pk]


def test_the_report_counts_what_was_opened_how_fast_it_went_and_what_it_cost(django_assert_num_queries):
    _, as_bob = someone(roles=[Role.WAREHOUSE], first_name="Bob", last_name="Roe")
    for n, minutes in enumerate((30, 90)):
        case = opened(now=NOW, subject_id=n, cause_key=f"line:{n}")
        take_case(case_id=case.pk, actor=as_bob, now=NOW + timedelta(minutes=10))
        resolve_case(case_id=case.pk, note="done", actor=as_bob, now=NOW + timedelta(minutes=minutes))
    Case.objects.filter(subject_id=1).update(money_effect=Decimal("-41.00"), breached_at=NOW)
    opened(now=NOW, kind=LEAK.code)
    with django_assert_num_queries(1):
        spill, leak = case_report("kind", since=NOW, until=NOW + HOUR)
    assert (spill.what, spill.opened, spill.live, spill.lost) == ("Spill", 2, 0, Decimal("41.00"))
    assert (spill.respond_minutes, spill.resolve_minutes, spill.breach_percent) == (10, 60, 50)
    assert (leak.live, leak.respond_minutes, leak.at_risk) == (1, None, Decimal("12.50"))
    assert {line.what for by in BY for line in case_report(by, since=NOW, until=NOW + HOUR)} >= {
        "Bob Roe",
        "nobody",
        "Warehouse",
        "Spill: line",
    }


def test_the_breach_rate_by_day_is_of_the_cases_opened_on_it_and_adds_up_to_the_report(django_assert_num_queries):
    days = Period(date(2026, 11, 2), date(2026, 11, 6))
    since, until = bounds(days)
    for n, moment in enumerate((since, NOW, NOW, NOW + HOUR, until - timedelta(seconds=1), until)):
        opened(now=moment, subject_id=n)
    Case.objects.filter(subject_id__in=[2, 4, 5]).update(breached_at=until + HOUR)  # also after the period
    with django_assert_num_queries(1):
        found = breaches_by_day(days)
    assert found == [
        Count(date(2026, 11, 2), 1, 0),
        Count(date(2026, 11, 3), 3, 1),
        Count(date(2026, 11, 4), 0, 0),
        Count(date(2026, 11, 5), 1, 1),
    ]
    (line,) = case_report("kind", since=since, until=until)
    assert (line.opened, line.breached) == (sum(d.whole for d in found), sum(d.part for d in found)) == (5, 2)
    with pytest.raises(ValueError, match="both ends"):
        breaches_by_day(Period(date(2026, 11, 2)))


def test_the_api_lists_claims_comments_and_resolves_once_per_key():
    user, _ = someone(roles=[Role.WAREHOUSE])
    device, case = device_of(user), opened(now=NOW)
    (shown,) = device.get("/api/v1/exceptions?view=team").json()["items"]
    assert (shown["number"], shown["allowed_actions"]) == (case.number, ["claim", "comment", "resolve"])

    def post(verb, body=None, key="k1"):
        address = f"/api/v1/exceptions/{case.number}/{verb}"
        return device.post(address, body or {}, content_type="application/json", headers={"Idempotency-Key": key})

    assert post("claim").json()["assignee"] == str(user)
    post("comment", {"text": "on it"})
    assert post("comment", {"text": "on it"})["Idempotency-Replayed"] == "true"
    assert case.events.filter(verb="commented").count() == 1
    assert post("resolve", {}, "k2").status_code == 422
    assert post("resolve", {"note": "mopped"}, "k3").json()["status"] == "resolved"
    assert post("resolve", {"note": "again"}, "k4").status_code == 409
    assert device.get("/api/v1/exceptions?view=odd").status_code == 400
    assert device.get("/api/v1/exceptions/EX-0").status_code == 404
    assert device.get(f"/api/v1/exceptions/{case.number}").json()["suggestions"] == []
    assert SPILL.label == shown["kind_label"]


def test_the_api_carries_out_a_suggestion_by_its_code_and_tells_its_effect_before(monkeypatch):
    monkeypatch.setattr(suggestions, "_resolutions", {})
    mopped: list[str] = []

    def mop(case, *, actor, now, key):
        mopped.append(case.number)

    suggestions.register(Resolution(SPILL.code, "mop", "Mop it up", lambda case, now: Effect("dry", Decimal(-3)), mop))
    user, _ = someone(roles=[Role.WAREHOUSE])
    device, case = device_of(user), opened(now=NOW)
    (offer,) = device.get(f"/api/v1/exceptions/{case.number}").json()["suggestions"]
    assert (offer["code"], offer["effect"], Decimal(offer["money_effect"]), offer["is_possible"]) == (
        "mop",
        "dry",
        -3,
        True,
    )
    assert mopped == []  # to look is not to do

    def resolve(body, key="k"):
        address = f"/api/v1/exceptions/{case.number}/resolve"
        return device.post(address, body, content_type="application/json", headers={"Idempotency-Key": key})

    first, again = (resolve({"resolution": "mop"}) for _ in range(2))
    assert (first.json()["status"], again.json()) == ("resolved", first.json())
    assert (first.get("Idempotency-Replayed"), again["Idempotency-Replayed"]) == (None, "true")
    assert resolve({"resolution": "vacuum"}).status_code == 422  # the key was another request's
    assert resolve({"resolution": "mop"}, "k2").status_code == 409  # the case is over
    assert resolve({"resolution": "mop"}, "k" * 201).status_code == 422
    case.refresh_from_db()
    assert (mopped, case.resolution_code, case.money_effect) == ([case.number], "mop", Decimal(-3))
