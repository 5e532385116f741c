from datetime import UTC, date, datetime, time

import pytest

from core import journal
from core.actors import Actor
from core.errors import InvalidInput
from core.models import Calendar, CalendarHoliday
from core.opening_hours import business_calendars
from core.reference import delete_reference, save_reference
from core.refs import DocumentRef

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
ANN = Actor("Ann", user_id=7)
WEEK = {"0": [["09:00", "12:00"], ["13:00", "17:00"]]}


def test_a_saved_row_is_journalled_with_what_changed():
    row = save_reference(row=Calendar(code="dc", name="DC", week=WEEK), actor=ANN, now=NOW)
    row.name = "Reno DC"
    save_reference(row=row, actor=ANN, now=NOW, reason="renamed")
    changed, created = journal.timeline(DocumentRef("calendar", row.pk))
    assert (created.verb, changed.verb) == ("created", "changed")
    assert changed.data["changed"] == {"name": ["DC", "Reno DC"]}
    assert changed.summary == "calendar Reno DC changed: renamed"


def test_every_bad_field_is_told_at_once_and_nothing_is_stored():
    with pytest.raises(InvalidInput) as refusal:
        save_reference(row=Calendar(code="", name="", week=WEEK), actor=ANN, now=NOW)
    assert {e.pointer for e in refusal.value.errors} == {"/code", "/name"}
    assert not Calendar.objects.filter(code="").exists()
    assert journal.timeline(DocumentRef("calendar", 0)) == []


def test_a_removed_row_leaves_its_last_values_in_the_journal():
    row = save_reference(row=Calendar(code="dc", name="DC", week=WEEK), actor=ANN, now=NOW)
    pk = row.pk
    delete_reference(row=row, actor=ANN, now=NOW)
    assert not Calendar.objects.filter(code="dc").exists()
    assert journal.timeline(DocumentRef("calendar", pk))[0].data["was"]["code"] == "dc"


def test_stored_calendars_become_business_calendars_in_two_statements(django_assert_num_queries):
    rows = [Calendar.objects.create(code=c, name=c, time_zone="Europe/Berlin", week=WEEK) for c in "ab"]
    CalendarHoliday.objects.create(calendar=rows[0], date=date(2026, 11, 2))
    with django_assert_num_queries(2):
        found = business_calendars([r.pk for r in rows])
    assert found[rows[0].pk].is_business_day(date(2026, 11, 2)) is False
    assert found[rows[1].pk].week == {0: ((time(9), time(12)), (time(13), time(17)))}


def test_only_the_named_fields_of_a_row_that_exists_are_written():
    row = save_reference(row=Calendar(code="dc", name="DC", week=WEEK), actor=ANN, now=NOW, only=["name"])
    older = Calendar.objects.get(pk=row.pk)
    Calendar.objects.filter(pk=row.pk).update(code="dc-2")
    older.name = "Reno"
    save_reference(row=older, actor=ANN, now=NOW, only=["name"])
    row.refresh_from_db()
    assert (row.code, row.name) == ("dc-2", "Reno")
    changed, _ = journal.timeline(DocumentRef("calendar", row.pk))
    assert changed.data["changed"] == {"name": ["DC", "Reno"]}
