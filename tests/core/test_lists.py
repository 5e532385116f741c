"""Long lists: counted so far, said honestly, searched field by field, filtered without reading everything."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core import lists
from core.lists import LongListPaginator, is_searched_by_index, is_sorted_by_index, search
from core.models import JournalEntry
from orders.models import Order
from tests.budgets.any_rows import AnyRows
from tests.factories.accounts import StaffFactory

pytestmark = pytest.mark.django_db


def words(queryset):
    return LongListPaginator(queryset, 50).words


def test_few_rows_are_counted_to_the_last_and_many_only_so_far(monkeypatch):
    AnyRows(12).of(JournalEntry)
    every = JournalEntry.objects.order_by("pk")
    assert words(every) == "12 journal entries"
    monkeypatch.setattr(lists, "EXACT", 10)
    filtered = LongListPaginator(every.filter(pk__gt=0), 5)
    assert (filtered.words, filtered.count, filtered.num_pages) == ("more than 10 journal entries", 10, 2)
    monkeypatch.setattr(lists, "_estimate", lambda table: 1_000_000)
    assert words(every) == "about 1,000,000 journal entries"
    assert words(every.filter(pk__gt=0)) == "more than 10 journal entries"


def test_one_row_is_named_in_the_singular():
    AnyRows(1).of(JournalEntry)
    assert words(JournalEntry.objects.order_by("pk")) == "1 journal entry"


def test_a_search_takes_three_statements_however_many_fields_and_rows():
    AnyRows(30).of(Order)
    fields = ("number", "po_number", "account__code")
    with CaptureQueriesContext(connection) as queries:
        found = list(search(Order.objects.all(), fields, "07number"))
    assert [order.number for order in found] == ["07number"]
    assert len(queries) == 3


def test_every_word_must_occur_but_each_in_a_field_of_its_own():
    AnyRows(5).of(Order)
    fields = ("number", "po_number")
    assert {o.number for o in search(Order.objects.all(), fields, "03number 03po_n")} == {"03number"}
    assert not search(Order.objects.all(), fields, "03number 04po_n").exists()
    assert search(Order.objects.all(), fields, "  ").count() == 5


def test_a_very_short_word_is_found_where_a_word_begins():
    first, second, *_ = AnyRows(3).of(Order)
    Order.objects.filter(pk=first.pk).update(po_number="Depot 17")
    Order.objects.filter(pk=second.pk).update(po_number="Depot 317")
    assert [o.pk for o in search(Order.objects.all(), ("number", "po_number"), "depot 17")] == [first.pk]


def test_signs_and_quotes_in_a_search_are_only_letters():
    AnyRows(2).of(Order)
    for typed in ("%", "_", "'", '"', "\x00", "\\", "a" * 4000):
        assert not search(Order.objects.all(), ("number", "po_number"), f"zz{typed}zz").exists()


def test_a_field_without_an_index_is_searched_among_the_newest_rows(monkeypatch):
    oldest, *_ = AnyRows(6).of(JournalEntry)
    monkeypatch.setattr(lists, "NEWEST_SEARCHED", 3)
    assert not search(JournalEntry.objects.all(), ("summary",), oldest.summary, is_long=True).exists()
    assert search(JournalEntry.objects.all(), ("summary",), oldest.summary).get() == oldest


def test_an_index_is_known_by_the_fields_it_carries():
    assert is_searched_by_index(Order, "po_number") and is_searched_by_index(Order, "account__name")
    assert not is_searched_by_index(Order, "note")
    assert is_sorted_by_index(Order, "received_at") and is_sorted_by_index(Order, "number")
    assert not is_sorted_by_index(Order, "total_amount") and not is_sorted_by_index(Order, "account__code")


def test_the_list_says_what_it_looked_through_and_offers_no_sort_it_cannot_afford(client, monkeypatch):
    client.force_login(StaffFactory(roles=["auditor"]))
    AnyRows(8).of(JournalEntry)
    monkeypatch.setattr(lists, "NEWEST_FILTERED", 5)
    address = reverse("admin:core_journalentry_changelist")
    page = client.get(f"{address}?verb=00verb")
    assert "0 journal entries among the newest" in page.content.decode()  # the oldest row is outside
    assert "1 journal entry among the newest" in client.get(f"{address}?verb=07verb").content.decode()
    assert "at" not in client.get(address).context_data["cl"].sortable_by


def test_the_palette_finds_an_order_by_its_po_number_and_only_what_one_may_see(client):
    order, *_ = AnyRows(3).of(Order)
    search_page = reverse("admin:search")
    client.force_login(StaffFactory(roles=["cs"]))
    text = client.get(search_page, {"s": order.po_number, "extended": 1}).content.decode()
    assert reverse("admin:orders_order_change", args=[order.pk]) in text
    client.force_login(StaffFactory(roles=[]))
    text = client.get(search_page, {"s": order.po_number, "extended": 1}).content.decode()
    assert reverse("admin:orders_order_change", args=[order.pk]) not in text


def test_what_is_filtered_is_what_is_exported(client):
    first, *_ = AnyRows(3).of(Order)
    client.force_login(StaffFactory(roles=["cs"]))
    address = reverse("admin:orders_order_export")
    every = b"".join(client.get(address).streaming_content).decode().splitlines()
    assert len(every) == 4 and every[0].startswith("\ufeffOrder,Account,")
    one = b"".join(client.get(address, {"q": first.number}).streaming_content).decode().splitlines()
    assert [line.split(",")[0] for line in one[1:]] == [first.number]
    client.force_login(StaffFactory(roles=[]))
    assert client.get(address).status_code == 403
