"""850s into the inbox and out as orders: every set with a fate of its own, none twice, none lost."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO, StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Account
from accounts.states import AccountStatus
from core.actors import system
from core.testing import race
from exceptions_app.models import Case
from integrations import queries
from integrations.models import EdiTransaction, InboxFile, Interchange, OutboundDocument, PartnerProfile
from integrations.services import take_order
from integrations.services.confirm_partner import confirm_partner
from integrations.services.correct_transaction import NotKeptAside, correct_transaction
from integrations.services.receive_edi import Report, receive_edi
from integrations.services.replay_transaction import replay_transaction
from integrations.states import Strictness
from orders.models import Order, OrderLine
from orders.services.capture import DuplicatePurchaseOrder
from tests.factories.accounts import ShipToFactory
from tests.factories.catalog import ProductFactory
from tests.factories.integrations import PartnerFactory
from tests.integrations.samples import X12, file, isa, manifest, needs_samples, po

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 3, 10, tzinfo=UTC)
ACTOR = system("test")


def receive(text, report=None, name="in.edi"):
    report = report or Report()
    data = text if isinstance(text, bytes) else text.encode()
    receive_edi(name=name, stream=BytesIO(data), report=report, actor=ACTOR, now=NOW)
    return report


def kinds():
    return sorted(Case.objects.values_list("kind", flat=True))


def run(*args):
    out = StringIO()
    call_command("edi_receive", *map(str, args), "--json", stdout=out, stderr=StringIO())
    return json.loads(out.getvalue())


def test_an_850_of_a_known_partner_is_one_draft_order_with_his_prices_and_our_product():
    partner = PartnerFactory()
    product = ProductFactory(sku="A-1")
    report = receive(file(po("P77", "PO1*1*5*EA*10.5**VN*a-1")))
    order = Order.objects.get()
    assert (order.account_id, order.po_number, order.status, order.channel) == (
        partner.account_id,
        "P77",
        "draft",
        "edi",
    )
    line = OrderLine.objects.get()
    assert (line.product_id, line.qty, line.stated_price, line.external_ref) == (product.pk, 5, Decimal("10.5"), "1")
    assert (report.transactions, report.orders_created, report.quarantined) == (1, 1, [])
    assert kinds() == []
    assert OutboundDocument.objects.get().kind == "997"


def test_the_same_file_twice_is_one_order_and_a_ta1_says_duplicate():
    PartnerFactory()
    ProductFactory(sku="A-1")
    receive(file(po()))
    again = receive(file(po()))
    assert (again.orders_created, again.duplicates, again.quarantined) == (0, 1, [])
    assert [a.code for a in again.acknowledgements] == ["025"]
    assert Order.objects.count() == 1
    assert InboxFile.objects.count() == 2
    assert sorted(Interchange.objects.values_list("state", flat=True)) == ["done", "duplicate"]
    assert kinds() == []


def test_the_same_order_in_a_new_interchange_gets_the_same_997_and_no_second_order():
    PartnerFactory()
    ProductFactory(sku="A-1")
    receive(file(po()))
    again = receive(file(po(control="0009"), control="000000002", group="5"))
    assert (again.orders_created, again.duplicates) == (0, 1)
    assert [(a.set, a.code) for a in again.acknowledgements] == [("850", "A")]
    assert Order.objects.count() == 1


def test_the_same_po_with_other_content_is_a_case_and_no_second_order():
    PartnerFactory()
    ProductFactory(sku="A-1")
    receive(file(po()))
    again = receive(file(po(lines="PO1*1*6*EA*10**VN*A-1"), control="000000002"))
    assert (again.orders_created, again.duplicates, len(again.quarantined)) == (0, 0, 1)
    assert "other content" in again.quarantined[0].reason
    assert kinds() == ["edi_po_changed"]
    assert OrderLine.objects.get().qty == 5


def test_a_used_control_number_with_another_order_in_it_is_noted_and_the_order_is_taken_once():
    PartnerFactory()
    ProductFactory(sku="A-1")
    receive(file(po()))
    again, third = receive(file(po("PO2"))), receive(file(po("PO2")))
    assert (again.orders_created, again.quarantined, third.orders_created, third.duplicates) == (1, [], 0, 1)
    assert [(a.set, a.code) for a in again.acknowledgements + third.acknowledgements] == [("850", "A"), ("TA1", "025")]
    assert sorted(Order.objects.values_list("po_number", flat=True)) == ["PO1", "PO2"]
    assert sorted(Interchange.objects.values_list("state", flat=True)) == ["done", "duplicate", "reused"]
    assert "used before" in str(EdiTransaction.objects.get(po_number="PO2", state="accepted").problems)


def test_an_unknown_sender_gets_a_prospect_account_an_order_and_a_case():
    text = file(po(lines="N1*BY*ACME STORES*92*7~PO1*1*5*EA*10**VN*A-1"), sender="ACME")
    report = receive(text)
    account = Account.objects.get()
    assert (account.code, account.name, account.status) == ("EDI-ACME", "ACME STORES", AccountStatus.PROSPECT)
    assert PartnerProfile.objects.get().status == "unconfirmed"
    assert report.orders_created == 1
    assert "edi_new_partner" in kinds()
    assert Order.objects.get().status == "draft"


def test_confirming_a_partner_closes_his_case():
    receive(file(po()))
    partner = PartnerProfile.objects.get()
    confirm_partner(partner_id=partner.pk, actor=ACTOR, now=NOW)
    partner.refresh_from_db()
    assert partner.status == "confirmed"
    assert Case.objects.get(kind="edi_new_partner").status == "auto_resolved"


def test_an_unknown_part_stays_on_the_order_unresolved_and_a_case_names_its_segment():
    PartnerFactory()
    ProductFactory(sku="A-1")
    report = receive(file(po(lines="PO1*1*5*EA*10**VN*A-1~PO1*2*3*CA*7**VN*GHOST*UP*012345678905~PID*F****A GHOST")))
    assert report.orders_created == 1
    lost = OrderLine.objects.get(product=None)
    assert (lost.stated_code, lost.qty, lost.unit) == ("GHOST", 3, "CA")
    assert lost.stated_description == "A GHOST [VN GHOST, UP 012345678905]"
    case = Case.objects.get(kind="edi_unknown_part")
    assert "PO1 (segment 4)" in case.summary
    assert case.money_at_risk == 21


def test_numbers_that_name_two_products_are_not_guessed():
    PartnerFactory()
    ProductFactory(sku="A-1")
    ProductFactory(sku="B-1")
    receive(file(po(lines="PO1*1*5*EA*10**VN*A-1*SK*B-1")))
    assert OrderLine.objects.get().product_id is None
    assert "different products" in Case.objects.get(kind="edi_unknown_part").summary


def test_a_unit_is_mapped_by_the_profile_and_an_unknown_unit_costs_no_order():
    partner = PartnerFactory(unit_map={"CA": "EA"})
    product = ProductFactory(sku="A-1", base_unit="EA")
    receive(file(po(lines="PO1*1*5*CA*10**VN*A-1~PO1*2*5*XX*10**VN*A-1")))
    mapped, unknown = OrderLine.objects.order_by("line_no")
    assert (mapped.product_id, mapped.qty) == (product.pk, 5)
    assert (unknown.product_id, unknown.unit) == (None, "XX")
    assert Order.objects.get().account_id == partner.account_id


def test_a_ship_to_is_found_by_its_edi_code_on_the_header_and_on_a_line():
    partner = PartnerFactory()
    ProductFactory(sku="A-1")
    one = ShipToFactory(account=partner.account, edi_code="77")
    two = ShipToFactory(account=partner.account, edi_code="78")
    receive(file(po(lines="N1*ST*DOCK*92*77~PO1*1**EA*10**VN*A-1~SDQ*EA*92*77*3*78*4")))
    assert Order.objects.get().ship_to_id == one.pk
    assert list(OrderLine.objects.order_by("line_no").values_list("ship_to_id", "qty", "external_ref")) == [
        (one.pk, 3, "1"),
        (two.pk, 4, "1/2"),
    ]


def test_a_strict_partner_gets_his_wrong_count_refused_and_a_lenient_one_a_note():
    strict = PartnerFactory(wrong_counts=Strictness.REJECT)
    ProductFactory(sku="A-1")
    bad = file(po()).replace("SE*5*", "SE*9*")
    report = receive(bad)
    assert (report.orders_created, [a.code for a in report.acknowledgements]) == (0, ["R"])
    assert report.quarantined[0].segment == "SE (segment 5)"
    strict.wrong_counts = Strictness.ACCEPT
    strict.save()
    assert replay_transaction(transaction_id=EdiTransaction.objects.get().pk, actor=ACTOR, now=NOW).order_id
    again = receive(bad.replace("PO1**", "PO9**").replace("000000001", "000000002"))
    assert (again.orders_created, [a.code for a in again.acknowledgements]) == (1, ["E"])


def test_good_sets_beside_bad_ones_go_through_and_each_bad_one_names_its_segment():
    PartnerFactory()
    ProductFactory(sku="A-1")
    bad = po("PO2", "PO1*1*-5*EA*10**VN*A-1", "0002")
    report = receive(file(po(), bad, "ST*855*0003~BAK*00*AC*1~SE*3*0003", po("PO4", control="0004")))
    assert (report.transactions, report.orders_created, report.duplicates) == (4, 2, 0)
    assert [(q.control, q.segment) for q in report.quarantined] == [
        ("0002", "PO1 (segment 3)"),
        ("0003", "ST (segment 1)"),
    ]
    assert kinds() == ["edi_quarantined", "edi_quarantined"]
    assert sorted(EdiTransaction.objects.values_list("state", flat=True)) == [
        "accepted",
        "accepted",
        "ignored",
        "quarantined",
    ]


def test_a_set_is_corrected_in_place_and_replayed_into_one_order():
    PartnerFactory()
    ProductFactory(sku="A-1")
    receive(file(po(lines="PO1*1*-5*EA*10**VN*A-1")))
    kept = EdiTransaction.objects.get()
    correct_transaction(transaction_id=kept.pk, text=kept.text.replace("*-5*", "*5*"), actor=ACTOR, now=NOW)
    outcome = replay_transaction(transaction_id=kept.pk, actor=ACTOR, now=NOW)
    assert outcome.state == "accepted"
    assert OrderLine.objects.get().qty == 5
    assert Case.objects.get().status == "auto_resolved"
    with pytest.raises(NotKeptAside):
        replay_transaction(transaction_id=kept.pk, actor=ACTOR, now=NOW)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"UNB+UNOA:3+1'", "EDIFACT is not read yet."),
        (b"hello", "not X12"),
        (b"\x00\xff\xfe\x00garbage", "not X12"),
        (b"ST*850*1~BEG*00*SA*1~", "no ISA"),
        (b"ISA" + b"x" * (20 * 1024 * 1024), "20 MB"),
    ],
)
def test_what_is_no_interchange_is_one_case_however_often_it_comes(data, reason):
    receive(data)
    again = receive(data)
    assert len(again.quarantined) == 1
    assert reason in again.quarantined[0].reason
    assert kinds() == ["edi_quarantined"]
    assert PartnerProfile.objects.count() == 0


def test_a_number_taken_by_an_order_from_elsewhere_is_a_case():
    partner = PartnerFactory()
    ProductFactory(sku="A-1")
    Order.objects.create(
        number="SO-1", account=partner.account, channel="portal", po_number="PO1", currency="USD", received_at=NOW
    )
    report = receive(file(po()))
    assert (report.orders_created, len(report.quarantined)) == (0, 1)
    assert "SO-1" in report.quarantined[0].reason
    assert kinds() == ["edi_po_changed"]


def test_a_run_that_broke_off_is_finished_by_the_same_file_without_a_second_order(monkeypatch):
    PartnerFactory()
    ProductFactory(sku="A-1")
    text = file(po(), po("PO2", control="0002"))

    def crash(**kwargs):
        raise RuntimeError("power cut")

    monkeypatch.setattr("integrations.services.receive_edi.acknowledge", crash)
    with pytest.raises(RuntimeError):
        receive(text)
    monkeypatch.undo()
    report = receive(text)
    assert (report.orders_created, report.duplicates) == (0, 2)
    assert [a.code for a in report.acknowledgements] == ["A", "A"]
    assert Order.objects.count() == 2
    assert OutboundDocument.objects.count() == 1


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_two_runs_over_the_same_file_at_once_make_one_order():
    PartnerFactory()
    ProductFactory(sku="A-1")
    reports = race(*[lambda: receive(file(po()))] * 4)
    assert [r for r in reports if isinstance(r, BaseException)] == []
    assert sum(r.orders_created for r in reports) == 1
    assert sum(r.orders_created + r.duplicates for r in reports) == 4
    assert Order.objects.count() == 1


def test_the_command_reports_one_object_and_writes_the_997s(tmp_path):
    PartnerFactory()
    ProductFactory(sku="A-1")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "one.edi").write_text(file(po()))
    (tmp_path / "in" / "README.md").write_text("not an order")
    found = run(tmp_path / "in", "--out", tmp_path / "out")
    assert (found["files"], found["interchanges"], found["transactions"], found["orders_created"]) == (1, 1, 1, 1)
    assert found["acknowledgements"] == [
        {"file": str(tmp_path / "in" / "one.edi"), "control": "0001", "set": "850", "code": "A"}
    ]
    (written,) = (tmp_path / "out").iterdir()
    assert written.read_text().startswith(isa()[:3])


def test_a_dry_run_writes_nothing(tmp_path):
    path = tmp_path / "one.edi"
    path.write_text(file(po()))
    assert run(path, "--dry-run")["orders_created"] == 1
    assert InboxFile.objects.count() == Order.objects.count() == 0


def test_a_missing_path_is_misuse():
    with pytest.raises(CommandError) as error:
        run("/nowhere/at/all")
    assert error.value.returncode == 2


@needs_samples
def test_every_sample_is_accounted_for_and_a_second_run_creates_nothing():
    expected = sum(int(r["n_sets"]) for r in manifest() if r["standard"] == "X12")
    first, second = run(X12), run(X12)
    for found in (first, second):
        aside = [q for q in found["quarantined"] if q["control"]]
        assert found["transactions"] == expected
        assert found["transactions"] == found["orders_created"] + found["duplicates"] + len(aside)
        assert all(q["reason"] for q in found["quarantined"])
    assert first["orders_created"] == Order.objects.count() == 7
    assert second["orders_created"] == 0
    assert sum(q["reason"] == "EDIFACT is not read yet." for q in first["quarantined"]) == 6


def test_an_envelope_without_any_transaction_set_is_set_aside_as_a_case_and_not_silently_kept():
    report = receive(isa() + "~IEA*0*000000001~")
    assert (report.transactions, report.orders_created) == (0, 0)
    assert [(q.segment, q.reason) for q in report.quarantined] == [
        ("ISA (segment 1)", "Interchange 000000001 holds no transaction set.")
    ]
    assert "edi_quarantined" in kinds()


def test_an_order_captured_by_a_twin_between_our_look_and_our_write_is_a_duplicate_and_no_changed_order(monkeypatch):
    PartnerFactory()
    ProductFactory(sku="A-1")
    first = receive(file(po("P77")))

    def beaten(draft, **_):
        raise DuplicatePurchaseOrder(po_number="P77", order_id=Order.objects.get().pk, number="SO-1")

    monkeypatch.setattr(take_order, "capture", beaten)
    monkeypatch.setattr(queries, "sets_by_hash", lambda *_: {})
    again = receive(file(po("P77"), control="000000002"))
    assert (first.orders_created, again.orders_created, again.duplicates, again.quarantined) == (1, 0, 1, [])
    assert "edi_po_changed" not in kinds()
