"""What overrides cost and what auditors ask, on the console."""

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.states import Role
from core import clock, overrides
from core.actors import Actor
from core.chain import digest
from core.overrides import Reason
from core.refs import DocumentRef
from core.testing import unit
from tests.factories.accounts import AccountFactory, StaffFactory

pytestmark = pytest.mark.django_db
LEAKAGE, AUDIT = "admin:core_overrideentry_leakage", "admin:core_overrideentry_audit"


def record(actor, effect, *, kind="price", number=1, at=None, code="match", account=None, approver=None):
    with unit():
        return overrides.record(
            kind=kind,
            subject=DocumentRef("order", number, f"SO-{number}"),
            actor=actor,
            reason=Reason(code, "Matched the other offer"),
            before={"price": 10},
            after={"price": 9},
            now=at or clock.now() - timedelta(days=1),
            money_effect=Decimal(effect),
            currency="USD",
            account_id=account,
            approver=approver,
        )


@pytest.fixture
def people():
    lead = StaffFactory(roles=[Role.CS_LEAD], first_name="Lea", last_name="Lead")
    boss = StaffFactory(roles=[Role.FINANCE_APPROVER, Role.PRICING], first_name="Bo", last_name="Boss")
    return [Actor(str(u), user_id=u.pk, roles=frozenset(u.roles)) for u in (lead, boss)]


@pytest.fixture
def auditor(client):
    client.force_login(StaffFactory(roles=[Role.AUDITOR]))
    return client


def test_leakage_by_every_side_leads_to_its_entries(auditor, people):
    lead, boss = people
    account = AccountFactory(code="ACME")
    record(lead, "-40", account=account.pk)
    record(lead, "-2", account=account.pk)
    record(boss, "15", code="our_mistake")
    record(lead, "-7", account=account.pk, at=clock.now() - timedelta(days=200))  # before the time that is looked at
    page = auditor.get(reverse(LEAKAGE), {"by": "customer"}).content.decode()
    assert "ACME" in page
    assert "-42" in page
    for side in ("user", "reason", "kind", "month"):
        answer = auditor.get(reverse(LEAKAGE), {"by": side})
        assert answer.status_code == 200
        for row in answer.context["rows"]:
            listed = auditor.get(row.url)
            assert listed.status_code == 200
            assert listed.context["cl"].result_count == row.leak.count
    sampled = auditor.get(auditor.get(reverse(LEAKAGE)).context["sample_url"])
    assert sampled.context["cl"].result_count == 3


def test_what_an_auditor_asks_is_answered(auditor, people):
    lead, boss = people
    record(lead, "-950", number=1)  # the limit of a lead is 1,000
    record(lead, "-100", number=2)
    record(lead, "100", number=2)
    record(boss, "-1", number=3, approver=lead)
    record(lead, "-1", number=4, approver=boss)
    sunday = clock.now() - timedelta(days=(clock.now().weekday() + 1) % 7 or 7)
    record(lead, "-3", number=5, at=datetime(sunday.year, sunday.month, sunday.day, 12, tzinfo=UTC))

    def lines(view):
        return auditor.get(reverse(AUDIT), {"view": view, "days": "30"}).context["rows"]

    assert [cells[2] for _, cells in lines("just-below")] == ["SO-1"]
    assert [cells[2] for _, cells in lines("reversed")] == ["SO-2"]
    assert {cells[0] for _, cells in lines("approver")} == {lead.label, boss.label}
    assert len(lines("each-other")) == 1
    assert "SO-5" in {cells[2] for _, cells in lines("after-hours")}
    assert {cells[0] for _, cells in lines("both-sides")} == {boss.label}


def test_the_file_carries_the_proof(auditor, people):
    record(people[0], "-40")
    overrides.seal_pending(now=clock.now())
    answer = auditor.get(reverse("admin:core_overrideentry_proof"))
    rows = b"".join(answer.streaming_content).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(rows))
    assert digest(row["Previous hash"], row["Sealed text"]) == row["Hash"]
    assert row["Position"] == "1"


def test_finance_may_say_train(client, people):
    entry = record(people[0], "-40")
    client.force_login(StaffFactory(roles=[Role.FINANCE]))
    where = reverse("admin:core_overrideentry_review", args=[entry])
    client.post(where, {"verdict": "train", "note": "Show them the floor"})
    listed = client.get(reverse("admin:core_overrideentry_changelist"), {"reviewed": "train"})
    assert listed.context["cl"].result_count == 1
