import json
from datetime import UTC, datetime
from decimal import Decimal

import pgtrigger
import pytest
from django.core.management import call_command
from django.db import IntegrityError, ProgrammingError, connection, transaction

from core import invariants, overrides
from core.actors import Actor
from core.models import OverrideEntry, OverrideSeal
from core.overrides import ReasonTooShort, SelfApproval
from core.refs import DocumentRef
from core.testing import race, unit

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
ANN, BOB, EVE = (Actor(n, user_id=i) for i, n in enumerate(["Ann", "Bob", "Eve"], start=1))


def record(n: int = 1, *, note: str = "asked by the customer", actor: Actor = ANN, approver: Actor | None = BOB) -> int:
    with unit():
        return overrides.record(
            kind="price",
            subject=DocumentRef("order", n, f"SO-{n}"),
            actor=actor,
            reason=overrides.Reason("match", note),
            before={"price": Decimal("10.00")},
            after={"price": Decimal("9.00")},
            money_effect=Decimal("-1.00"),
            currency="USD",
            approver=approver,
            now=NOW,
        )


def sealed(count: int) -> list[int]:
    ids = [record(n) for n in range(1, count + 1)]
    assert overrides.seal_pending(now=NOW) == count
    return ids


@pytest.mark.parametrize("note", ["", "too short", "   padded    "])
def test_a_reason_has_ten_characters_in_python_and_in_the_database(note):
    with pytest.raises(ReasonTooShort):
        record(note=note)
    entry = OverrideEntry(kind="price", subject_kind="order", subject_id=1, at=NOW, reason_code="x", reason="too short")
    with pytest.raises(IntegrityError, match="an_override_has_a_reason_of_ten_characters"), transaction.atomic():
        entry.save()
    assert not OverrideEntry.objects.exists()


def test_nobody_approves_their_own_override_in_python_or_in_the_database():
    with pytest.raises(SelfApproval):
        record(actor=ANN, approver=ANN)
    entry = OverrideEntry(
        kind="price",
        subject_kind="order",
        subject_id=1,
        at=NOW,
        reason_code="x",
        reason="long enough a reason",
        actor_id=1,
        approver_id=1,
    )
    with pytest.raises(IntegrityError, match="an_override_is_not_approved_by_its_requester"), transaction.atomic():
        entry.save()
    assert not OverrideEntry.objects.exists()


def test_neither_requester_nor_approver_reviews():
    entry_id = record()
    for person in (ANN, BOB):
        with pytest.raises(SelfApproval):
            overrides.review(entry_id=entry_id, verdict="ok", note="", actor=person, now=NOW)
    overrides.review(entry_id=entry_id, verdict="follow_up", note="Ask pricing", actor=EVE, now=NOW)
    overrides.review(entry_id=entry_id, verdict="ok", note="Settled", actor=EVE, now=NOW)
    verdicts = OverrideEntry.objects.get().reviews.order_by("id").values_list("verdict", flat=True)
    assert list(verdicts) == ["follow_up", "ok"]


@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "DELETE FROM {} WHERE id = -1"])
@pytest.mark.parametrize("table", ["core_overrideentry", "core_overrideseal", "core_overridereview"])
def test_the_log_refuses_update_and_delete(table, statement):
    sealed(1)
    with (
        pytest.raises(ProgrammingError, match="append_only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table))
    assert (OverrideEntry.objects.count(), OverrideSeal.objects.count()) == (1, 1)


def test_a_whole_chain_verifies_and_says_how_much_is_not_sealed_yet():
    sealed(3)
    record(4)
    found = overrides.verify()
    assert (found.sealed, found.unsealed, found.problems) == (3, 1, ())
    assert overrides.seal_pending(now=NOW) == 1
    assert overrides.seal_pending(now=NOW) == 0
    assert invariants.run(["the audit chain is whole"]) == []


def behind_its_back():
    return pgtrigger.ignore("core.OverrideEntry:append_only", "core.OverrideSeal:append_only")


def test_an_edit_behind_the_triggers_back_is_found():
    ids = sealed(3)
    with behind_its_back():
        OverrideEntry.objects.filter(pk=ids[1]).update(money_effect=Decimal("-0.10"))
    assert overrides.verify().problems == (f"override {ids[1]} was changed after it was sealed",)
    assert [b.name for b in invariants.run(["the audit chain is whole"])] == ["the audit chain is whole"]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_deleted_entry_is_found_wherever_it_stood(place):
    ids = sealed(3)
    with behind_its_back():
        OverrideSeal.objects.filter(entry_id=ids[place])._raw_delete("default")
        OverrideEntry.objects.filter(pk=ids[place])._raw_delete("default")
    problems = overrides.verify().problems
    if place == 2:  # the end was cut off: only a head kept elsewhere can tell
        assert problems == ()
    else:
        assert problems[0] == f"seal {place + 1} is missing"


def test_an_entry_deleted_from_under_its_seal_is_found_even_at_the_end():
    ids = sealed(2)
    with connection.cursor() as cursor, behind_its_back():  # what only the tables' owner could do
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'core_overrideseal'::regclass AND contype = 'f'"
        )
        cursor.execute(f"ALTER TABLE core_overrideseal DROP CONSTRAINT {cursor.fetchone()[0]}")
        cursor.execute("DELETE FROM core_overrideentry WHERE id = %s", [ids[1]])
    assert overrides.verify().problems == (f"override {ids[1]} was deleted after it was sealed",)


def test_a_head_exported_earlier_proves_that_the_end_was_not_cut_off():
    ids = sealed(3)
    head = overrides.verify().head
    assert overrides.verify(from_head=head).problems == ()
    with behind_its_back():
        OverrideSeal.objects.filter(entry_id=ids[2])._raw_delete("default")
        OverrideEntry.objects.filter(pk=ids[2])._raw_delete("default")
    assert overrides.verify().problems == ()
    (problem,) = overrides.verify(from_head=head).problems
    assert problem.startswith(f"the exported head {head[:12]}")


def test_an_entry_slipped_in_between_is_found():
    ids = sealed(3)
    forged = record(9)
    with behind_its_back():
        seal = OverrideSeal.objects.get(entry_id=ids[1])
        OverrideSeal.objects.filter(pk=seal.pk).update(entry_id=forged)
    problems = overrides.verify().problems
    assert problems == (f"override {forged} was changed after it was sealed",)


@pytest.mark.django_db(transaction=True)
def test_two_sealers_at_once_seal_each_entry_once():
    for n in range(20):
        record(n)
    counts = race(*[lambda: overrides.seal_pending(now=NOW)] * 3)
    assert sorted(counts) == [0, 0, 20]
    assert overrides.verify().sealed == 20
    assert overrides.verify().problems == ()


def test_the_command_exits_1_on_a_broken_chain(capsys):
    ids = sealed(1)
    call_command("audit_verify", as_json=True)
    assert json.loads(capsys.readouterr().out)["problems"] == []
    with behind_its_back():
        OverrideEntry.objects.filter(pk=ids[0]).update(actor_label="Nobody")
    with pytest.raises(SystemExit) as ended:
        call_command("audit_verify", as_json=True)
    assert ended.value.code == 1
