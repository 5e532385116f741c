from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import ProgrammingError, transaction

from core import journal
from core.actors import Actor, system
from core.models import JournalEntry
from core.refs import DocumentRef
from core.testing import unit
from core.uow import OutsideUnitOfWork

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
ORDER = DocumentRef("order", 12, "SO-12")
ANN = Actor("Ann", user_id=7, roles=frozenset({"cs", "cs_lead"}), on_behalf_of=3, ip="10.0.0.9", request_id="r-1")


def write(*verbs: str) -> None:
    with unit():
        journal.write(
            [journal.Entry(ORDER, v, f"Order {v}", {"amount": Decimal("1.50")}) for v in verbs], actor=ANN, now=NOW
        )


def test_entries_say_who_for_whom_and_with_which_values_newest_first():
    write("submitted", "released")
    latest, first = journal.timeline(ORDER)
    assert (latest.verb, first.verb) == ("released", "submitted")
    assert (first.at, first.actor, first.on_behalf_of, first.data) == (NOW, "Ann", 3, {"amount": "1.50"})
    row = JournalEntry.objects.earliest("id")
    assert (row.actor_roles, row.ip, row.request_id) == ("cs,cs_lead", "10.0.0.9", "r-1")
    assert journal.timeline(DocumentRef("order", 13)) == []


def test_ten_entries_are_one_statement(django_assert_num_queries):
    with unit(), django_assert_num_queries(1):
        journal.write([journal.Entry(ORDER, "seen", "Seen")] * 10, actor=system("test"), now=NOW)


def test_nothing_is_written_outside_a_unit_of_work():
    with pytest.raises(OutsideUnitOfWork):
        journal.write([journal.Entry(ORDER, "seen", "Seen")], actor=ANN, now=NOW)
    assert not JournalEntry.objects.exists()


@pytest.mark.parametrize(
    "tamper",
    [
        lambda: JournalEntry.objects.update(summary="never happened"),
        lambda: JournalEntry.objects.all().delete(),
        lambda: JournalEntry.objects.filter(pk=-1).update(summary="no row matches"),
    ],
)
def test_the_journal_refuses_update_and_delete_even_of_no_row(tamper):
    write("submitted")
    with pytest.raises(ProgrammingError, match="append_only"), transaction.atomic():
        tamper()
    assert JournalEntry.objects.get().summary == "Order submitted"
