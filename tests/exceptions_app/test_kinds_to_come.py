"""Kinds whose cause waits for a seam: opened through the engine they have their owner, their clock and their ways out."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import User
from core.actors import Actor
from core.errors import NotPermitted
from exceptions_app.models import Case
from exceptions_app.queries import case_snapshots, suggested
from exceptions_app.services.apply_resolution import apply_resolution
from exceptions_app.services.sweep import Swept, sweep
from tests.factories.accounts import StaffFactory
from tests.factories.exceptions import opened, teams

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)  # Tuesday, opening time
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def office_hours():
    teams()


def person(role: str) -> Actor:
    user: User = StaffFactory.create(roles=[role])
    return Actor(str(user), user_id=user.pk, roles=frozenset({role}), channel="console")


@pytest.mark.parametrize(
    ("kind", "team", "hours", "codes"),
    [
        ("edi_ack_overdue", "edi_desk", 1, ["not_owed", "partner_has_it"]),
        ("asn_due", "edi_desk", 1, ["not_owed", "told_otherwise"]),
        ("asn_mismatch", "edi_desk", 1, ["notice_is_right", "receipt_is_right"]),
        ("erp_silent", "operations", 4, ["heard_again", "planned"]),
        ("wms_silent", "operations", 4, ["heard_again", "planned"]),
    ],
)
def test_it_is_routed_its_clock_ticks_and_it_is_offered_two_ways_out(kind, team, hours, codes):
    case = opened(now=NOW, kind=kind)
    assert (case.queue.code, case.status, case.severity) == (team, "open", "medium")  # 12.50 at risk: one step milder
    assert (case.respond_by, case.resolve_by) == (NOW + HOUR, NOW + hours * HOUR)
    assert sweep(now=NOW + HOUR / 2 - timedelta(seconds=1)) == Swept(0, 0, 0, 0)
    both = 2 if hours == 1 else 1  # answering and resolving are as long, or only answering is half over
    assert sweep(now=NOW + HOUR / 2) == Swept(1, both, 0, 0)
    assert [o.code for o in suggested(case_snapshots([case.pk])[case.pk], now=NOW)] == codes
    assert opened(now=NOW + HOUR, kind=kind).pk == case.pk


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("edi_ack_overdue", "not_owed"),
        ("edi_ack_overdue", "partner_has_it"),
        ("asn_due", "not_owed"),
        ("asn_due", "told_otherwise"),
        ("asn_mismatch", "notice_is_right"),
        ("asn_mismatch", "receipt_is_right"),
        ("erp_silent", "heard_again"),
        ("erp_silent", "planned"),
        ("wms_silent", "heard_again"),
        ("wms_silent", "planned"),
    ],
)
def test_each_way_out_ends_it_by_whom_it_concerns_alone(kind, code):
    case = opened(now=NOW, kind=kind)
    with pytest.raises(NotPermitted):
        apply_resolution(case_id=case.pk, code=code, actor=person("warehouse"), now=NOW, key="k")
    actor = person("operator")
    apply_resolution(case_id=case.pk, code=code, actor=actor, now=NOW, key="k")
    case.refresh_from_db()
    assert (case.status, case.resolution_code, case.breach_at) == ("resolved", code, None)
    assert case.events.get(verb="resolved").actor_id == actor.user_id
    assert Case.objects.count() == 1
    assert sweep(now=NOW + 8 * HOUR) == Swept(0, 0, 0, 0)
