import csv
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse, reverse_lazy

from accounts.models import User
from core import clock
from core.actors import Actor
from core.refs import DocumentRef
from exceptions_app import suggestions
from exceptions_app.models import Case
from exceptions_app.panels import render_cases
from exceptions_app.rules.ranking import Effect
from exceptions_app.services.reopen_case import reopen_case
from exceptions_app.services.resolve_case import resolve_case
from exceptions_app.suggestions import Resolution
from tests.factories.exceptions import SPILL, opened

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 3, 10, tzinfo=UTC)
LIST = "/admin/exceptions_app/case/"
REPORT = reverse_lazy("admin:exceptions_app_case_report")


def person(*roles: str) -> User:
    name = "-".join(roles)
    return User.objects.create(username=name, email=f"{name}@example.com", is_staff=True, roles=list(roles))


@pytest.fixture
def clerk(client):
    user = person("warehouse")
    client.force_login(user)
    return user


def press(client, case: Case, verb: str, **data: str):
    return client.post(reverse("admin:exceptions_app_case_do", args=[case.pk, verb]), data, follow=True)


def test_the_queue_shows_what_there_is_to_do_with_its_clock(client, clerk):
    case = opened(now=NOW, summary="12 broken")
    page = client.get(LIST)
    assert page.status_code == 200
    assert case.number in page.content.decode()
    assert "12.50 USD" in page.content.decode()


@pytest.mark.parametrize(
    "query", ["q=EX-1", "clock=over", "kind=test_spill", "owner=mine", "progress=all", "queue__id__exact=1"]
)
def test_every_filter_answers(client, clerk, query):
    opened(now=NOW)
    assert client.get(f"{LIST}?{query}", follow=True).status_code == 200


def test_the_list_takes_as_many_statements_for_forty_cases_as_for_one(client, clerk, django_assert_max_num_queries):
    opened(now=NOW)
    client.get(LIST)
    with CaptureQueriesContext(connection) as one:
        client.get(LIST)
    for n in range(2, 42):
        opened(now=NOW, subject_id=n)
    with django_assert_max_num_queries(len(one)):
        client.get(LIST)


def test_a_case_is_taken_commented_paused_and_resolved_by_its_buttons(client, clerk):
    case = opened(now=NOW)
    for verb, note in (("take", ""), ("comment", "looking"), ("wait", "a mop"), ("resume", ""), ("resolve", "dry")):
        assert press(client, case, verb, note=note).status_code == 200
    case.refresh_from_db()
    assert (case.status, case.assignee_id) == ("resolved", clerk.pk)
    history = client.get(reverse("admin:exceptions_app_case_change", args=[case.pk])).content.decode()
    assert "looking" in history
    assert "<strong>resolved</strong>" in history


def test_a_refusal_is_shown_in_words_and_changes_nothing(client, clerk):
    case = opened(now=NOW)
    page = press(client, case, "resolve", note="")
    assert "Say how it was resolved." in page.content.decode()
    assert Case.objects.get().status == "open"


def test_a_suggestion_is_shown_with_its_effect_and_applied_by_one_click(client, clerk, monkeypatch):
    monkeypatch.setattr(suggestions, "_resolutions", {})
    done: list[str] = []
    suggestions.register(
        Resolution(
            SPILL.code,
            "mop",
            "Mop it up",
            lambda case, now: Effect("dry in an hour"),
            lambda case, *, actor, now, key: done.append(actor.label),
        )
    )
    case = opened(now=NOW)
    page = client.get(reverse("admin:exceptions_app_case_change", args=[case.pk])).content.decode()
    assert "dry in an hour" in page
    press(client, case, "apply", code="mop", key="k")
    assert Case.objects.get().resolution_code == "mop"
    assert done == ["warehouse"]


def test_an_auditor_looks_and_does_not_touch_and_a_buyer_sees_nothing(client):
    case = opened(now=NOW)
    client.force_login(person("auditor"))
    assert client.get(LIST).status_code == 200
    assert press(client, case, "take").status_code == 403
    assert Case.objects.get().assignee_id is None
    client.force_login(person("buyer"))
    assert client.get(LIST).status_code == 403


def test_a_button_answers_to_post_only(client, clerk):
    case = opened(now=NOW)
    assert client.get(reverse("admin:exceptions_app_case_do", args=[case.pk, "take"])).status_code == 405
    assert client.post(reverse("admin:exceptions_app_case_do", args=[case.pk, "explode"])).status_code == 404


def test_taking_selected_cases_takes_all_of_them(client, clerk):
    ids = [opened(now=NOW, subject_id=n).pk for n in range(3)]
    client.post(LIST, {"action": "take_selected", "_selected_action": ids})
    assert set(Case.objects.values_list("assignee_id", flat=True)) == {clerk.pk}


def test_a_documents_page_shows_its_cases(rf):
    case = opened(now=NOW)
    assert case.number in render_cases(DocumentRef("order", 1), rf.get("/"))
    assert render_cases(DocumentRef("order", 2), rf.get("/")) == ""


def test_a_snoozed_case_is_out_of_the_list_until_asked_for(client, clerk):
    case = opened(now=NOW)
    Case.objects.filter(pk=case.pk).update(snoozed_until=datetime.now(UTC) + timedelta(hours=1))
    assert case.number not in client.get(LIST).content.decode()
    assert case.number in client.get(f"{LIST}?progress=snoozed").content.decode()


def test_the_report_draws_the_breach_rate_with_every_number_in_a_table_beside_it(client, clerk):
    today, two_days_ago = clock.now(), clock.now() - timedelta(days=2)
    assert "No case was opened in these days." in client.get(REPORT).content.decode()
    for n, moment in enumerate((two_days_ago, two_days_ago, two_days_ago, today)):
        opened(now=moment, subject_id=n)
    Case.objects.filter(subject_id=0).update(breached_at=today)
    page = client.get(REPORT, {"days": "7", "by": "team"})
    shown = " ".join(page.content.decode().split())
    said = 'role="img" aria-label="4 cases opened, 1 of them breached, 25.0 %; the table has every number"'
    day = f'<time datetime="{two_days_ago:%Y-%m-%d}">{two_days_ago.day} {two_days_ago:%b}</time>'
    assert said in shown
    numbers = '<td class="num">3</td><td class="num">1</td><td class="num">33.3</td>'
    assert f'<th scope="row">{day}</th>{numbers}' in shown
    assert [(step.whole, step.part) for step in page.context_data["drawn"].steps] == [(0, 0)] * 4 + [
        (3, 1),
        (0, 0),
        (1, 0),
    ]
    (team,) = page.context_data["rows"]
    assert (team.what, team.opened, team.breached) == ("Warehouse", 4, 1)


def test_the_report_of_a_year_is_by_weeks_and_takes_as_many_statements_for_forty_cases_as_for_one(
    client, clerk, django_assert_num_queries
):
    now = clock.now()
    opened(now=now)
    client.get(REPORT, {"days": "365"})
    with CaptureQueriesContext(connection) as one:
        client.get(REPORT, {"days": "365"})
    for n in range(2, 42):
        opened(now=now - timedelta(days=8 * n), subject_id=n)
    with django_assert_num_queries(len(one)):
        page = client.get(REPORT, {"days": "365"})
    drawn = page.context_data["drawn"]
    assert (drawn.is_weekly, len(drawn.steps), drawn.total.whole) == (True, 53, 41)
    assert "Week</th>" in page.content.decode()


def test_the_report_as_csv_says_what_was_saved_lost_breached_and_reopened(client, clerk):
    ann, now = Actor("Ann"), clock.now()
    cases = [opened(now=now, subject_id=n) for n in range(3)]
    for case in cases:
        resolve_case(case_id=case.pk, note="done", actor=ann, now=now)
    reopen_case(case_id=cases[0].pk, reason="wet again", actor=ann, now=now)
    for case, effect in ((cases[1], "30.00"), (cases[2], "-41.50")):
        Case.objects.filter(pk=case.pk).update(money_effect=Decimal(effect))
    Case.objects.filter(pk=cases[2].pk).update(breached_at=now)
    file = client.get(REPORT, {"by": "team", "form": "csv"})
    assert file["Content-Disposition"] == 'attachment; filename="cases-by-team.csv"'
    (row,) = csv.DictReader(file.getvalue().decode("utf-8-sig").splitlines())
    wanted = {"What": "Warehouse", "Currency": "USD", "Opened": "3", "Live": "1", "Reopened": "1", "Breached": "1"}
    wanted |= {"Breached, percent": "33.3", "At risk": "12.50", "Saved": "30.00", "Lost": "41.50"}
    assert {name: row[name] for name in wanted} == wanted
