"""The desk: which cases it lists and in what order, what it shows of one, and what many at once come to."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from core import clock
from core.actors import Actor
from exceptions_app import suggestions
from exceptions_app.models import Case, Notice
from exceptions_app.rules.ranking import Effect
from exceptions_app.services.assign_case import assign_case
from exceptions_app.services.escalate_case import NobodyAbove, escalate_case
from exceptions_app.services.wait_for import wait_for
from exceptions_app.suggestions import Resolution
from exceptions_app.wording import ShownClock, shown_clock
from tests.exceptions_app.test_console import person
from tests.factories.accounts import UserFactory
from tests.factories.exceptions import LEAK, SPILL, opened

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 3, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANN = Actor("Ann")
DESK = "/admin/exceptions_app/case/desk/"


@pytest.fixture
def clerk(client) -> User:
    user = person("warehouse")
    client.force_login(user)
    return user


def listed(page) -> list[str]:
    return [row["case"].number for row in page.context["rows"]]


def test_the_case_whose_clock_runs_out_first_comes_first_and_a_paused_one_last(client, clerk):
    later = opened(now=NOW + HOUR, subject_id=1)
    waits = opened(now=NOW - HOUR, subject_id=2)
    first = opened(now=NOW, subject_id=3)
    wait_for(case_id=waits.pk, waiting_for="parts", actor=ANN, now=NOW)
    page = client.get(f"{DESK}?view=live")
    assert listed(page) == [first.number, later.number, waits.number]
    assert page.context["case"].pk == first.pk  # nothing was chosen: the first is
    assert "waits for parts" in page.content.decode()


def test_views_kinds_and_words_narrow_the_list_and_each_view_says_how_many(client, clerk):
    mine, other = opened(now=NOW, subject_id=1), opened(now=NOW, subject_id=2, kind=LEAK.code)
    assign_case(case_id=mine.pk, user_id=clerk.pk, actor=ANN, now=NOW)
    assert listed(client.get(f"{DESK}?view=mine")) == [mine.number]
    assert listed(client.get(f"{DESK}?view=unassigned")) == [other.number]
    assert listed(client.get(f"{DESK}?view=live&kind={LEAK.code}")) == [other.number]
    assert listed(client.get(f"{DESK}?view=live&q={mine.number}")) == [mine.number]
    assert listed(client.get(f"{DESK}?view=live&q=nothing-like-it")) == []
    counts = {name: count for _, name, count, _ in client.get(DESK).context["views"]}
    assert (counts["Mine"], counts["Nobody's"], counts["All live"]) == (1, 1, 2)


@pytest.mark.parametrize(
    "query", ["view=nonsense&page=-3&case=²", "page=999999999999", "kind=%27x", "case=1&part=case"]
)
def test_a_nonsense_address_is_answered(client, clerk, query):
    opened(now=NOW)
    assert client.get(f"{DESK}?{query}").status_code == 200


def test_the_right_side_alone_shows_the_chosen_case_and_leads_back_to_the_desk(client, clerk):
    opened(now=NOW, subject_id=1)
    case = opened(now=NOW, subject_id=2, summary="12 broken", evidence={"short_qty": 12, "lots": ["L-7", "L-9"]})
    part = client.get(f"{DESK}?view=live&kind={SPILL.code}&case={case.pk}&part=case").content.decode()
    assert "12 broken" in part
    assert [part.count(piece) for piece in ("Short qty", "L-7", "L-9")] == [1, 1, 1]  # the evidence
    assert "<html" not in part
    pressed = client.post(
        reverse("admin:exceptions_app_case_do", args=[case.pk, "take"]) + f"?view=live&kind={SPILL.code}"
    )
    assert pressed.url == f"{DESK}?view=live&kind={SPILL.code}&case={case.pk}"
    assert Case.objects.get(pk=case.pk).assignee_id == clerk.pk


def test_the_desk_takes_as_many_statements_for_forty_cases_as_for_two(client, clerk, django_assert_max_num_queries):
    for n in range(2):
        opened(now=NOW, subject_id=n)
    client.get(f"{DESK}?view=live")
    with CaptureQueriesContext(connection) as two:
        client.get(f"{DESK}?view=live")
    for n in range(2, 42):
        opened(now=NOW, subject_id=n)
    with django_assert_max_num_queries(len(two)):
        client.get(f"{DESK}?view=live")


def test_many_at_once_each_get_their_own_answer(client, clerk, monkeypatch):
    monkeypatch.setattr(suggestions, "_resolutions", {})
    mopped: list[str] = []
    suggestions.register(
        Resolution(
            SPILL.code,
            "mop",
            "Mop it up",
            lambda case, now: Effect("dry"),
            lambda case, *, actor, now, key: mopped.append(case.number),
        )
    )
    spills = [opened(now=NOW, subject_id=n) for n in range(2)]
    leak = opened(now=NOW, subject_id=9, kind=LEAK.code)
    ids = [case.pk for case in (*spills, leak)]
    page = client.post(DESK, {"verb": "apply", "code": "mop", "key": "k", "cases": ids})
    assert [(a.number, bool(a.refusal)) for a in page.context["answers"]] == [
        (spills[0].number, False),
        (spills[1].number, False),
        (leak.number, True),  # a leak is not mopped
    ]
    assert mopped == [s.number for s in spills]
    assert "What became of 3 selected cases" in page.content.decode()
    assert Case.objects.get(pk=leak.pk).status == "open"
    again = client.post(DESK, {"verb": "take", "cases": ids})
    assert [bool(a.refusal) for a in again.context["answers"]] == [True, True, False]


def test_an_auditor_may_look_at_the_desk_and_press_nothing(client):
    case = opened(now=NOW)
    client.force_login(person("auditor"))
    assert 'name="cases"' not in client.get(f"{DESK}?view=live").content.decode()
    assert client.post(DESK, {"verb": "take", "cases": [case.pk]}).status_code == 403
    client.force_login(person("buyer"))
    assert client.get(DESK).status_code == 403


def test_escalating_tells_the_next_one_up_and_makes_the_case_graver(client, clerk):
    boss = UserFactory()
    User.objects.filter(pk=clerk.pk).update(reports_to=boss)
    case = opened(now=NOW)
    assign_case(case_id=case.pk, user_id=clerk.pk, actor=ANN, now=NOW)
    before = Case.objects.get(pk=case.pk)
    Case.objects.filter(pk=case.pk).update(severity="medium")
    escalate_case(case_id=case.pk, note="they call every hour", actor=ANN, now=NOW)
    after = Case.objects.get(pk=case.pk)
    assert (after.severity, after.assignee_id, after.resolve_by) == ("high", clerk.pk, before.resolve_by)
    told = Notice.objects.get(user=boss)
    assert told.text == f"{case.number} was escalated to you by Ann: they call every hour"
    assert case.events.filter(verb="escalated by hand").count() == 1


def test_there_is_nobody_to_escalate_to_above_nobody():
    case = opened(now=clock.now())
    with pytest.raises(NobodyAbove, match="Nobody stands above"):
        escalate_case(case_id=case.pk, actor=ANN, now=NOW)
    assert not Notice.objects.exists()


def test_desk_list_page_and_panel_count_the_same_clock_down(client, clerk, monkeypatch):
    """Unanswered, the case is to be answered in an hour; answered, to be mended in four."""
    case = opened(now=NOW)
    monkeypatch.setattr(clock, "now", lambda: NOW + HOUR / 2)
    pages = [f"{DESK}?view=live", "/admin/exceptions_app/case/", f"/admin/exceptions_app/case/{case.pk}/change/"]

    def counted() -> set[str]:
        texts = [client.get(page).content.decode() for page in pages]
        return {re.findall(r"data-countdown>([^<]+)<", text)[0] for text in texts}

    assert counted() == {"30 min left"}
    assert "to respond by" in client.get(pages[2]).content.decode()
    client.post(reverse("admin:exceptions_app_case_do", args=[case.pk, "take"]))
    assert counted() == {"3 h 30 min left"}
    assert "to resolve by" in client.get(pages[2]).content.decode()


@pytest.mark.parametrize(
    ("status", "breach_at", "told"),
    [
        ("open", NOW + HOUR, ShownClock("1 h 00 min left", "ok", NOW + HOUR, "respond")),
        ("open", NOW + HOUR / 2, ShownClock("30 min left", "warn", NOW + HOUR / 2, "resolve")),
        ("in_progress", NOW - HOUR, ShownClock("1 h 00 min over", "bad", NOW - HOUR, "resolve")),
        ("waiting", None, ShownClock("Paused", "neutral")),
        ("open", None, ShownClock("No clock", "neutral")),  # it was cancelled
        ("resolved", None, ShownClock("Stopped", "neutral")),
    ],
)
def test_how_the_clock_reads(status, breach_at, told):
    answered = status == "in_progress"
    assert shown_clock(status=status, breach_at=breach_at, respond_by=NOW + HOUR, is_answered=answered, now=NOW) == told
