from datetime import UTC, datetime
from decimal import Decimal

import pytest

from core.actors import Actor
from core.errors import NotFound, Refused
from core.invariants import Breach
from core.models import NumberSeries
from core.testing import unit
from core.uow import door_verb
from exceptions_app import suggestions
from exceptions_app.models import Case
from exceptions_app.queries import case_snapshots, suggested
from exceptions_app.rules.ranking import Effect
from exceptions_app.services.apply_resolution import apply_resolution
from exceptions_app.services.close_causes import close_causes
from exceptions_app.services.moves import CaseIsOver
from exceptions_app.services.report_breaches import report_breaches
from exceptions_app.suggestions import Resolution
from tests.factories.exceptions import SPILL, opened, subject

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 3, 10, tzinfo=UTC)
ANN = Actor("Ann")


class OutOfMops(Refused):
    template = "There is no mop."


@door_verb
def mop(*, key: str) -> None:
    if key == "no mop":
        raise OutOfMops
    NumberSeries.objects.create(code=key)


def cause_vanishes(case, *, actor, now, key):
    mop(key=key)
    close_causes(case.kind, case.subject, None, now=now)


@pytest.fixture(autouse=True)
def resolutions(monkeypatch):
    monkeypatch.setattr(suggestions, "_resolutions", {})
    suggestions.register(
        Resolution(
            SPILL.code,
            "mop",
            "Mop it up",
            lambda case, now: Effect("dry in an hour", -case.money_at_risk),
            lambda case, *, actor, now, key: mop(key=key),
        ),
        Resolution(SPILL.code, "wait", "Let it dry", lambda case, now: Effect("dry", days_late=2), cause_vanishes),
    )


def test_suggestions_are_ranked_with_their_effect_and_gone_when_the_case_is_over():
    case = opened(now=NOW)
    offers = suggested(case_snapshots([case.pk])[case.pk], now=NOW)
    assert [(o.code, o.effect.money_effect) for o in offers] == [("mop", Decimal("-12.50")), ("wait", Decimal(0))]
    with unit():
        close_causes(SPILL.code, subject(), None, now=NOW)
    assert suggested(case_snapshots([case.pk])[case.pk], now=NOW) == []


def test_an_applied_resolution_does_its_work_and_resolves_the_case():
    case = opened(now=NOW)
    apply_resolution(case_id=case.pk, code="mop", actor=ANN, now=NOW, key="k1")
    case.refresh_from_db()
    assert (case.status, case.resolution_code) == ("resolved", "mop")
    assert NumberSeries.objects.get().code == "k1"
    with pytest.raises(CaseIsOver):
        apply_resolution(case_id=case.pk, code="mop", actor=ANN, now=NOW, key="k2")
    assert NumberSeries.objects.count() == 1


def test_a_refused_resolution_leaves_the_case_as_it_was():
    case = opened(now=NOW)
    with pytest.raises(OutOfMops):
        apply_resolution(case_id=case.pk, code="mop", actor=ANN, now=NOW, key="no mop")
    assert Case.objects.get().status == "open"
    with pytest.raises(NotFound):
        apply_resolution(case_id=case.pk, code="vacuum", actor=ANN, now=NOW, key="k")


def test_when_the_case_ended_meanwhile_the_work_is_undone_too():
    case = opened(now=NOW)
    with pytest.raises(CaseIsOver):
        apply_resolution(case_id=case.pk, code="wait", actor=ANN, now=NOW, key="k1")
    assert Case.objects.get().status == "open"
    assert not NumberSeries.objects.exists()


def test_two_resolutions_of_one_code_are_refused():
    with pytest.raises(ValueError, match="two resolutions"):
        suggestions.register(Resolution(SPILL.code, "mop", "Other", lambda c, n: Effect(""), lambda *a, **k: None))


def test_a_broken_invariant_is_one_case_with_what_was_found():
    found = [Breach("on hand = movements", "SKU 1: 5, 4"), Breach("on hand = movements", "SKU 2: 1, 0")]
    (case_id,) = report_breaches(found, now=NOW)
    assert report_breaches(found[:1], now=NOW) == [case_id]
    case = Case.objects.get()
    assert (case.kind, case.queue.code, case.severity) == ("invariant_broken", "operations", "critical")
    assert case.evidence == {"details": ["SKU 1: 5, 4"], "count": 1}
