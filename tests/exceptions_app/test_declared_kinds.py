"""Whoever opens or closes a case by name names a kind that some room declares: an unknown one would kill the job."""

import ast
from pathlib import Path

import pytest
from django.conf import settings

from config import case_reactions
from exceptions_app import checks, detection, kinds
from exceptions_app.detection import Detector, Watch
from exceptions_app.kinds import KindSpec

VERBS = {"open_case", "close_causes", "CaseSpec"}


def named() -> dict[str, str]:
    """{kind: where} of every kind given as a literal to a verb of this room, anywhere in the house."""
    found: dict[str, str] = {}
    for room in [*settings.ROOMS, "config"]:
        for path in Path(settings.BASE_DIR, room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in VERBS:
                    given = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "kind")]
                    literals = (a.value for a in given if isinstance(a, ast.Constant) and isinstance(a.value, str))
                    found |= dict.fromkeys(literals, f"{path}:{node.lineno}")
    return found


def test_every_kind_that_is_opened_by_name_is_declared():
    declared = {spec.code for spec in kinds.kinds()}
    assert {kind: where for kind, where in named().items() if kind not in declared} == {}
    assert {"short_pick", "job_died"} <= set(named())


def test_every_kind_a_hold_may_open_is_declared():
    for kind in {*case_reactions.HOLD_KINDS.values(), "order_hold"}:
        assert kinds.kind(kind).resolve_minutes > 0


def test_fewer_than_two_ways_out_are_declared_with_the_reason():
    spec = {"owner_queue": "cs", "severity": "low", "respond_minutes": 1, "resolve_minutes": 2}
    silent = KindSpec("silent", "Silent", **spec, least_resolutions=0)
    told = KindSpec("told", "Told", **spec, least_resolutions=0, why_fewer="nobody can do anything about rain")
    wordy = KindSpec("wordy", "Wordy", **spec, why_fewer="but two are demanded")
    assert [p.id for p in checks._problems(silent)] == ["exceptions_app.E001", "exceptions_app.E003"]
    assert [p.id for p in checks._problems(told)] == ["exceptions_app.E001"]
    assert [p.id for p in checks._problems(wordy)] == [f"exceptions_app.E00{n}" for n in (1, 2, 3)]
    assert [p.msg for p in checks.every_kind_is_found_and_mended()] == []


def test_a_pushed_kind_says_what_ends_its_cases_or_why_nothing_does(monkeypatch):
    for name in ("_pushed", "_ended", "_stays"):
        monkeypatch.setattr(detection, name, {})
    monkeypatch.setattr(detection, "_watches", [])
    spec = KindSpec(
        "rain",
        "Rain",
        owner_queue="cs",
        severity="low",
        respond_minutes=1,
        resolve_minutes=2,
        least_resolutions=0,
        why_fewer="it rains",
    )
    monkeypatch.setattr(detection, "_detectors", [Detector("rain", "wet", lambda now: [])])
    assert [p.id for p in checks._problems(spec)] == []  # what is looked for ends when it is not found
    detection.pushed("rain", "the fact ItRains")
    assert [p.id for p in checks._problems(spec)] == ["exceptions_app.E004"]
    for say in (detection.ended, detection.stays):
        say("rain", "somebody dries it")
        assert [p.id for p in checks._problems(spec)] == []
        detection._ended.clear()
        detection._stays.clear()
    monkeypatch.setattr(detection, "_watches", [Watch("rain", lambda cases, now: [])])
    assert [p.id for p in checks._problems(spec)] == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"owner_queue": "nobody"}, "not a valid QueueCode"),
        ({"then_queue": "nobody"}, "not a valid QueueCode"),
        ({"severity": "dire"}, "not a valid Severity"),
        ({"respond_minutes": 0}, "both take time"),
        ({"respond_minutes": 21}, "answered before it is resolved"),
    ],
)
def test_a_kind_without_an_owner_or_a_clock_is_refused_where_it_is_declared(wrong, said):
    right = {"owner_queue": "cs", "severity": "low", "respond_minutes": 10, "resolve_minutes": 20}
    with pytest.raises(ValueError, match=said):
        KindSpec("odd", "Odd", **(right | wrong))
