"""How grave a case is follows what is known about it, and its history says why it changed."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from core.actors import Actor
from core.models import ExchangeRate
from core.testing import unit
from exceptions_app import kinds
from exceptions_app.models import Case, SlaPolicy
from exceptions_app.rules.asks import CaseSpec
from exceptions_app.services.detect import detect_all
from exceptions_app.services.escalate_case import escalate_case
from exceptions_app.services.open_case import open_cases
from exceptions_app.severity import as_declared
from inventory.services.record_inbound import record_inbound
from orders.services.cancel import cancel_lines
from orders.services.place import place
from tests.factories.accounts import AccountFactory, TierFactory, UserFactory
from tests.factories.exceptions import LEAK, SPILL, opened, subject, teams
from tests.factories.orders import CLERK, NOW, TODAY, make_world

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def worth(amount: str, currency: str = "USD", n: int = 1, **values) -> CaseSpec:
    return CaseSpec(LEAK.code, subject(n), money_at_risk=Decimal(amount), currency=currency, **values)


def graded(*specs: CaseSpec) -> list[tuple[str, str]]:
    with unit():
        ids = open_cases(specs, now=NOW)
    rows = Case.objects.in_bulk(ids)
    return [(rows[pk].severity, rows[pk].severity_why) for pk in ids]


def test_a_case_of_much_money_or_of_a_first_customer_is_graver_and_says_why():
    first = AccountFactory(tier=TierFactory(rank=1))
    ExchangeRate.objects.create(base="EUR", quote="USD", valid_from=TODAY, rate=Decimal("1.25"))
    found = graded(
        worth("24999"),
        worth("25000", n=2),
        worth("20000", "EUR", n=3),
        worth("20000", "CHF", n=4),
        worth("900", n=5, account_id=first.pk),
        worth("900", n=6, account_id=AccountFactory(tier=TierFactory(rank=2)).pk),
    )
    assert found == [
        ("low", "starts low"),
        ("medium", "starts low; graver: 25,000 USD at risk, 25,000 USD or more"),
        ("medium", "starts low; graver: 20,000 EUR at risk, 25,000 USD or more"),
        ("low", "starts low"),  # there is no rate for it: nobody guesses one
        ("medium", "starts low; graver: a customer of the first tier"),
        ("low", "starts low"),
    ]


def test_money_is_weighed_in_the_currency_of_the_company(settings):
    """A house in Frankfurt keeps no rate of the dollar, and needs none."""
    settings.COST_CURRENCY = "EUR"
    assert graded(worth("25000", "EUR"), worth("30000", "USD", n=2)) == [
        ("medium", "starts low; graver: 25,000 EUR at risk, 25,000 EUR or more"),
        ("low", "starts low"),
    ]


def test_another_sighting_raises_and_lowers_it_and_the_history_tells():
    graded(worth("1000"))
    graded(worth("30000"))
    graded(worth("30000"))  # nothing moved: nothing is told
    graded(worth("1000"))
    case = Case.objects.get()
    assert (case.severity, case.severity_why, case.times_seen) == ("low", "starts low", 4)
    changes = case.events.filter(verb="severity changed").order_by("pk")
    assert [event.note for event in changes] == [
        "low to medium: starts low; graver: 30,000.00 USD at risk, 25,000 USD or more",
        "medium to low: starts low",
    ]


def test_a_policy_stands_before_the_rule_also_when_the_money_changes():
    SlaPolicy.objects.create(kind=LEAK.code, respond_minutes=10, resolve_minutes=20, severity="high")
    assert graded(worth("1000")) == [("high", "high, by the SLA policy")]
    assert graded(worth("90000")) == [("high", "high, by the SLA policy")]
    SlaPolicy.objects.update(severity="")
    assert graded(worth("90000"))[0][0] == "medium"


def test_how_much_money_makes_a_case_graver_is_data_by_kind_and_customer_and_leaves_the_times_alone():
    SlaPolicy.objects.create(kind=LEAK.code, graver_from=Decimal(10_000), milder_below=Decimal("999.50"))
    ten = "starts low; graver: 10,000 USD at risk, 10,000 USD or more"
    assert graded(worth("10000")) == [("medium", ten)]
    assert graded(worth("9999.99")) == [("low", "starts low")]
    assert graded(worth("999.49"))[0][1] == "starts low; milder: 999.49 USD at risk, less than 999.50 USD"
    case = opened(now=NOW, kind=LEAK.code, money_at_risk=Decimal(10_000), subject_id=7)
    assert (case.severity, case.respond_minutes, case.resolve_minutes) == ("medium", 120, 480)
    other = opened(now=NOW, kind=SPILL.code, money_at_risk=Decimal(10_000), subject_id=8)
    assert other.sla_policy_id is None


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"respond_minutes": 10}, "resolve_minutes"),
        ({"resolve_minutes": 10}, "resolve_minutes"),
        ({"graver_from": Decimal(100)}, "milder_below"),
        ({"milder_below": Decimal(25_001)}, "milder_below"),
    ],
)
def test_half_a_time_or_little_that_is_much_is_refused_with_its_field(wrong, where):
    with pytest.raises(ValidationError) as refused:
        SlaPolicy(**wrong).full_clean()
    assert set(refused.value.message_dict) == {where}


def test_a_policy_with_one_time_does_not_reach_the_table():
    with pytest.raises(IntegrityError, match="a_policy_answers_before_it_resolves"):
        SlaPolicy.objects.create(kind=LEAK.code, respond_minutes=10)


def test_what_people_raised_stays_raised_above_what_the_rule_says():
    boss = UserFactory(is_staff=True)
    clerk = UserFactory(is_staff=True, reports_to=boss)
    case = opened(now=NOW, kind=LEAK.code, money_at_risk=Decimal(1000))
    Case.objects.filter(pk=case.pk).update(assignee=clerk, status="assigned")
    escalate_case(case_id=case.pk, note="they called", actor=Actor("Ann"), now=NOW)
    assert graded(worth("1000"))[0][0] == "medium"
    assert graded(worth("30000"))[0][0] == "high"
    assert graded(worth("1000"))[0][0] == "medium"


def test_late_supply_grows_graver_by_days_and_milder_with_what_waits_for_it():
    world = make_world(stock=0)
    order = place(world.draft(90), actor=CLERK, now=NOW)
    record_inbound(
        product_id=world.products[0].pk, site_id=world.site.pk, reference="PO-1", qty=Decimal(90),
        eta_date=TODAY, actor=CLERK, now=NOW,
    )  # fmt: skip
    look = NOW + DAY
    detect_all(now=look, only="late_supply")
    case = Case.objects.get(kind="late_supply")
    assert (case.severity, case.severity_why, case.evidence["days_late"]) == ("high", "starts high", 1)
    detect_all(now=look + 2 * DAY, only="late_supply")
    case.refresh_from_db()
    assert (case.severity, case.severity_why) == ("critical", "starts high; graver: 3 days late, 3 or more")
    cancel_lines(order_id=order.order_id, quantities={1: Decimal(80)}, reason="too late", actor=CLERK, now=NOW)
    detect_all(now=look + 2 * DAY, only="late_supply")
    case.refresh_from_db()
    assert case.severity == "high"
    assert "milder: 100.00 USD at risk, less than 250 USD; graver: 3 days late" in case.severity_why
    assert case.events.filter(verb="severity changed").count() == 2


def test_what_only_watches_weigh_is_graded_again_too():
    world = make_world(stock=0)
    order = place(world.draft(90), actor=CLERK, now=NOW)
    with unit():
        open_cases([CaseSpec("promise_lost", subject(order.order_id), f"demand:{_demand(order.order_id)}")], now=NOW)
    case = Case.objects.get(kind="promise_lost")
    assert case.severity == "critical"
    cancel_lines(order_id=order.order_id, quantities={1: Decimal(80)}, reason="too late", actor=CLERK, now=NOW)
    detect_all(now=NOW, only="promise_lost")
    case.refresh_from_db()
    assert (case.severity, case.money_at_risk) == ("high", Decimal("100.00"))


def _demand(order_id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT demand_id FROM orders_orderline WHERE order_id = %s", [order_id])
        return cursor.fetchone()[0]


def test_many_cases_are_weighed_with_the_statements_of_two():
    teams()
    counts = []
    for many in (2, 40):
        specs = [worth("30000", "EUR", n) for n in range(many)]
        graded(*[worth("1000", "EUR", n) for n in range(many)])
        with CaptureQueriesContext(connection) as asked:
            graded(*specs)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_rooms_declare_rules_of_their_own():
    assert kinds.kind("lot_recalled").severity_rule is as_declared
    assert kinds.kind("invariant_broken").severity_rule is as_declared
    assert kinds.kind("aged_backorder").severity_rule.late_days == 21
