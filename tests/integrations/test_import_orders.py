"""Order files into draft orders and returns: every row accounted for, none twice, the good ones go on."""

import csv
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Account
from catalog.models import Product
from core import invariants
from fulfillment.models import Return, ReturnLine
from integrations.models import ImportedLine
from orders.models import Order, OrderLine
from tests.factories.accounts import AccountFactory
from tests.factories.catalog import ProductFactory

pytestmark = pytest.mark.django_db

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


@pytest.fixture
def place(tmp_path):
    """Write rows under the usual heading; the path."""

    def write(*rows, name="orders.csv"):
        path = tmp_path / name
        path.write_text("\n".join([HEADER, *rows]) + "\n")
        return path

    return write


def run(path, *args):
    out = StringIO()
    call_command("import_orders", str(path), *args, "--json", stdout=out, stderr=StringIO())
    found = json.loads(out.getvalue())
    assert found["rows"] == found["imported"] + sum(found["rejected_by_reason"].values())
    assert found["rejected"] == sum(found["rejected_by_reason"].values())
    return found


def row(invoice="1", sku="A", qty="5", price="2.5", customer="17850.0", at="2010-12-01 08:26:00", text="HEART"):
    return f"{invoice},{sku},{text},{qty},{at},{price},{customer},UK"


def test_rows_of_one_invoice_are_one_draft_order_and_exact_duplicates_are_separate_lines(place):
    found = run(place(row(), row(), row(sku="bb"), row(invoice="2")), "--create-missing")
    assert (found["imported"], found["orders_created"], found["already_known"]) == (4, 2, 0)
    first, second = Order.objects.order_by("po_number")
    assert (first.status, first.po_number, first.channel, first.lines.count()) == ("draft", "1", "import", 3)
    assert second.lines.count() == 1
    assert first.received_at.isoformat() == "2010-12-01T08:26:00+00:00"
    assert Account.objects.get().code == "17850"
    assert sorted(Product.objects.values_list("sku", flat=True)) == ["A", "BB"]


def test_a_second_run_changes_nothing(place):
    path = place(row(), row(), row(invoice="C9", qty="-4", at="2010-12-02"))
    first = run(path, "--create-missing")
    second = run(path, "--create-missing")
    assert (first["orders_created"], first["returns_created"], first["already_known"]) == (1, 1, 0)
    assert (second["orders_created"], second["returns_created"], second["already_known"]) == (0, 0, 3)
    assert second["imported"] == first["imported"] == 3
    assert (OrderLine.objects.count(), ReturnLine.objects.count(), ImportedLine.objects.count()) == (2, 1, 3)


def test_the_invariants_hold_after_an_import_and_a_lost_return_breaks_one(place):
    run(place(row(), row(invoice="C9", qty="-4", at="2010-12-02")), "--create-missing")
    name = "what an import reversed is in a return"
    assert invariants.run([name]) == []
    ReturnLine.objects.update(qty=1)
    assert len(invariants.run([name])) == 1


def test_a_cancellation_returns_the_latest_earlier_sale_with_enough_left(place):
    run(
        place(
            row(invoice="1", qty="9", at="2010-12-01"),
            row(invoice="2", qty="3", at="2010-12-02"),
            row(invoice="3", qty="9", at="2010-12-09"),
            row(invoice="C4", qty="-5", at="2010-12-05"),
        ),
        "--create-missing",
    )
    line = ReturnLine.objects.select_related("order_line__order").get()
    assert (line.order_line.order.po_number, line.qty, line.external_ref) == ("1", 5, "A|-5|2.5#1")
    assert Return.objects.get().external_id == "C4"


def test_a_cancellation_may_take_back_several_sales_and_one_too_large_says_so(place):
    path = place(row(invoice="1", qty="3"), row(invoice="2", qty="4"), row(invoice="C3", qty="-9", at="2011-01-01"))
    found = run(path, "--create-missing")
    assert (found["imported"], found["returns_created"], found["partly_reversed"]) == (3, 1, 1)
    assert sorted(ReturnLine.objects.values_list("qty", flat=True)) == [3, 4]


def test_a_cancellation_of_nothing_is_rejected_and_so_is_a_second_one_of_the_same_sale(place):
    path = place(
        row(qty="5"),
        row(invoice="C2", qty="-5", at="2011-01-01"),
        row(invoice="C3", qty="-5", at="2011-01-02"),
        row(invoice="C4", qty="-1", customer="999", at="2011-01-02"),
    )
    found = run(path, "--create-missing")
    assert found["rejected_by_reason"] == {"nothing to reverse": 2}
    assert Return.objects.count() == 1


def test_every_bad_row_has_its_reason_and_the_good_ones_go_on(place):
    path = place(
        row(),
        row(sku="POST"),
        row(sku="bank charges"),
        row(customer=""),
        row(qty="0"),
        row(qty="-3"),
        row(price="0.0"),
        row(qty="many"),
        "1,A,only three",
    )
    found = run(path, "--create-missing")
    assert found["imported"] == 1
    assert found["rejected_by_reason"] == {
        "not goods": 2,
        "no customer": 1,
        "quantity not positive": 2,
        "price not positive": 1,
        "bad quantity": 1,
        "wrong number of columns": 1,
    }


def test_without_create_missing_unknown_masters_are_rejected_and_nothing_is_made(place):
    AccountFactory(code="17850")
    ProductFactory(sku="85123A")
    found = run(place(row(sku="85123a"), row(sku="85123B"), row(sku="85123a", customer="1")))
    assert found["rejected_by_reason"] == {"unknown sku": 1, "unknown customer": 1}
    assert (found["imported"], Product.objects.count(), Account.objects.count()) == (1, 1, 1)


def test_rows_without_a_customer_go_to_the_default_account(place):
    house = AccountFactory(code="HOUSE")
    found = run(place(row(customer=""), row()), "--create-missing", "--default-account", "house")
    assert (found["imported"], found["orders_created"]) == (2, 2)
    assert Order.objects.filter(account=house).count() == 1


def test_the_reject_file_is_mended_and_imported_again(place, tmp_path):
    rejects = tmp_path / "rejects.csv"
    path = place(row(), row(customer="", text="=HYPERLINK()"), row(sku="POST"), row(qty="-3"))
    run(path, "--create-missing", "--rejects", str(rejects))
    with rejects.open(newline="") as source:
        rows = list(csv.DictReader(source))
    assert [(r["reject_row"], r["reject_reason"], r["reject_field"]) for r in rows] == [
        ("3", "no customer", "customer"),
        ("4", "not goods", "sku"),
        ("5", "quantity not positive", "quantity"),
    ]
    assert all(r["reject_remedy"] for r in rows)
    assert rows[0]["Description"] == "'=HYPERLINK()"
    assert rows[2]["Quantity"] == "-3"
    rejects.write_text(rejects.read_text().replace("2.5,,UK", "2.5,17850,UK").replace(",-3,", ",3,"))
    again = run(rejects, "--create-missing")
    assert (again["rows"], again["imported"], again["already_known"], again["orders_created"]) == (3, 2, 0, 0)
    assert OrderLine.objects.count() == 3
    assert OrderLine.objects.filter(stated_description="=HYPERLINK()").count() == 1
    assert run(rejects, "--create-missing")["already_known"] == 2


def test_rejects_imported_as_they_are_with_other_options_are_the_same_rows(place, tmp_path):
    rejects = tmp_path / "rejects.csv"
    path = place(row(), row(), row(sku="BB"))
    AccountFactory(code="17850")
    assert run(path, "--rejects", str(rejects))["rejected_by_reason"] == {"unknown sku": 3}
    assert run(rejects, "--create-missing")["orders_created"] == 1
    assert run(path, "--create-missing")["already_known"] == 3
    assert OrderLine.objects.count() == 3


def test_an_order_that_was_sent_off_takes_no_further_lines(place):
    run(place(row()), "--create-missing")
    Order.objects.update(status="cancelled")
    found = run(place(row(), row(sku="BB")), "--create-missing")
    assert (found["already_known"], found["rejected_by_reason"]) == (1, {"refused": 1})


def test_a_po_number_taken_elsewhere_costs_that_order_only(place):
    account = AccountFactory(code="17850")
    Order.objects.create(
        number="SO-1", account=account, channel="portal", po_number="1", currency="USD", received_at="2026-01-01T00:00Z"
    )
    found = run(place(row(), row(invoice="2")), "--create-missing")
    assert (found["imported"], found["rejected_by_reason"]) == (1, {"refused": 1})


def test_a_quantity_that_does_not_fit_costs_that_line_only(place):
    ProductFactory(sku="A", order_multiple=6)
    found = run(place(row(qty="5"), row(qty="12"), row(sku="BB")), "--create-missing")
    assert found["imported"] + found["rejected"] == 3
    assert OrderLine.objects.count() == found["imported"] >= 2


def test_an_invoice_of_two_customers_is_an_order_for_each(place):
    found = run(place(row(), row(customer="12346")), "--create-missing")
    assert (found["orders_created"], Order.objects.filter(po_number="1").count()) == (2, 2)


def test_a_dry_run_counts_the_same_and_writes_nothing(place):
    path = place(row(), row(), row(invoice="2"), row(invoice="C3", qty="-5", at="2011-01-01"), row(sku="POST"))
    dry = run(path, "--create-missing", "--dry-run")
    assert (Order.objects.count(), Account.objects.count(), Product.objects.count()) == (0, 0, 0)
    real = run(path, "--create-missing")
    assert {k: v for k, v in dry.items() if k != "lines_per_second"} == {
        k: v for k, v in real.items() if k != "lines_per_second"
    }


def test_a_run_that_broke_off_after_the_orders_is_finished_by_the_next(place, monkeypatch):
    path = place(row(), row(sku="BB"))

    def crash(rows):
        raise RuntimeError("power cut")

    monkeypatch.setattr("integrations.services.import_orders.record_sales", crash)
    with pytest.raises(RuntimeError):
        run(path, "--create-missing")
    monkeypatch.undo()
    found = run(path, "--create-missing")
    assert (found["imported"], found["orders_created"]) == (2, 0)
    assert (OrderLine.objects.count(), ImportedLine.objects.count()) == (2, 2)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--map", "invoice=Nope"], "no column 'Nope'"),
        (["--map", "colour=StockCode"], "unknown field"),
        (["--default-account", "GHOST"], "no account GHOST"),
    ],
)
def test_misuse_ends_with_2_and_names_what_is_wrong(place, args, words):
    with pytest.raises(CommandError, match=words) as error:
        run(place(row()), *args)
    assert error.value.returncode == 2
    assert Order.objects.count() == 0


def test_a_heading_alone_is_no_rows_and_an_empty_file_is_misuse(place, tmp_path):
    assert run(place())["rows"] == 0
    empty = tmp_path / "empty.csv"
    empty.touch()
    with pytest.raises(CommandError, match="is empty"):
        run(empty)


def test_the_rejects_may_not_overwrite_the_file(place):
    path = place(row())
    with pytest.raises(CommandError, match="must not be"):
        run(path, "--rejects", str(path))


def test_the_number_of_statements_is_the_same_for_5_and_for_50_rows_of_an_order(place):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    run(place(row()), "--create-missing")
    counts = []
    for size in (5, 50):
        path = place(*[row(invoice=f"I{size}", qty=str(n + 1)) for n in range(size)])
        with CaptureQueriesContext(connection) as queries:
            run(path, "--create-missing")
        counts.append(len(queries))
    assert counts[0] == counts[1] < 40
