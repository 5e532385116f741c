"""Cases of the EDI desk mended at a click: the partner confirmed, a changed order taken or kept, a transaction given up."""

from datetime import UTC, date, datetime
from io import BytesIO

import pytest

from catalog.models import CustomerPartNumber, Product
from core.actors import Actor, system
from core.errors import DomainError
from exceptions_app.models import Case
from exceptions_app.queries import case_snapshots, suggested
from exceptions_app.rules.ranking import Effect
from exceptions_app.services.apply_resolution import apply_resolution
from exceptions_app.services.detect import detect_all
from exceptions_app.services.moves import CaseIsOver
from integrations import resolutions
from integrations.models import EdiTransaction, PartnerProfile
from integrations.services.correct_transaction import NotKeptAside, correct_transaction
from integrations.services.ignore_transaction import ignore_transaction
from integrations.services.receive_edi import Report, receive_edi
from inventory.models import Claim, SourcingRule
from orders.models import Order, OrderLine, OrderRevision
from orders.services.cancel import cancel_order
from orders.services.submit import submit
from tests.factories.catalog import ProductFactory
from tests.factories.exceptions import ends_by_itself
from tests.factories.integrations import PartnerFactory
from tests.factories.inventory import SiteFactory, stock
from tests.factories.orders import CLERK, make_world
from tests.integrations.samples import file, po

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DESK = Actor("Dee Desk", roles=frozenset({"cs"}))
FIRST, SECOND = "PO1*1*5*EA*10**VN*{0}", "PO1*1*6*EA*10**VN*{0}~PO1*2*2*EA*10**VN*{1}"


def receive(text: str) -> Report:
    report = Report()
    receive_edi(name="in.edi", stream=BytesIO(text.encode()), report=report, actor=system("test"), now=NOW)
    return report


def effect(case: Case, code: str) -> Effect:
    return next(o.effect for o in suggested(case_snapshots([case.pk])[case.pk], now=NOW) if o.code == code)


def mend(case: Case, code: str) -> Case:
    apply_resolution(case_id=case.pk, code=code, actor=DESK, now=NOW, key="k")
    case.refresh_from_db()
    return case


def sent_twice(*, is_submitted: bool = True) -> tuple[Order, Case]:
    """An order of 5 A, and its PO again with 6 A and 2 B."""
    world = make_world(products=2, stock=20)
    a, b = (Product.objects.get(pk=p.pk).sku for p in world.products)
    PartnerFactory(account=world.account)
    receive(file(po(lines=FIRST.format(a))))
    order = Order.objects.get()
    if is_submitted:
        submit(order_id=order.pk, actor=CLERK, now=NOW)
    receive(file(po(lines=SECOND.format(a, b)), control="000000002"))
    return order, Case.objects.get(kind="edi_po_changed")


def test_a_purchase_order_sent_again_changes_its_order_as_was_said_and_once():
    order, case = sent_twice()
    shown = effect(case, "take_changes")
    assert shown.is_possible, shown.why_not
    assert (shown.text.startswith(f"amends {order.number}: "), shown.money_effect) == (True, 30)
    done = mend(case, "take_changes")
    assert (done.status, done.resolution_code) == ("auto_resolved", "take_changes")
    assert list(OrderLine.objects.order_by("line_no").values_list("line_no", "qty", "external_ref")) == [
        (1, 6, "1"),
        (2, 2, "2"),
    ]
    again = EdiTransaction.objects.latest("pk")
    assert (again.state, again.order_id) == ("accepted", order.pk)
    with pytest.raises(CaseIsOver):
        mend(case, "take_changes")
    assert OrderRevision.objects.count() == 1


def test_another_day_sent_again_is_sourced_again_as_through_the_other_doors():
    """From Reno by the rule of the day it was placed; wanted later, from Columbus as the rule says by then."""
    world = make_world(products=1, stock=20)
    columbus = SiteFactory(code="CMH", rank=2)
    stock(world.products[0], columbus, 20)
    rule = SourcingRule.objects.create(name="All", sites=["RENO"])
    sku = Product.objects.get().sku
    PartnerFactory(account=world.account)
    receive(file(po(lines=FIRST.format(sku))))
    submit(order_id=Order.objects.get().pk, actor=CLERK, now=NOW)
    held = Claim.objects.filter(state="open").values_list("balance__site__code", "qty")
    assert list(held) == [("RENO", 5)]
    SourcingRule.objects.filter(pk=rule.pk).update(sites=["CMH"])
    receive(file(po(lines=f"{FIRST.format(sku)}~DTM*002*20260320"), control="000000002"))
    mend(Case.objects.get(kind="edi_po_changed"), "take_changes")
    assert list(held.all()) == [("CMH", 5)]
    assert OrderLine.objects.get().requested_date == date(2026, 3, 20)


def test_changes_that_are_taken_already_are_not_taken_twice():
    _, case = sent_twice()
    seen = case_snapshots([case.pk])[case.pk]
    mend(case, "take_changes")
    assert not resolutions.preview_changes(seen, NOW).is_possible
    with pytest.raises(NotKeptAside):
        resolutions.changes(seen, actor=DESK, now=NOW, key="k")
    assert OrderRevision.objects.count() == 1


def test_a_draft_is_edited_by_hand_and_the_order_may_stay_as_it_is():
    order, case = sent_twice(is_submitted=False)
    assert not effect(case, "take_changes").is_possible
    assert mend(case, "keep_order").status == "resolved"
    assert OrderLine.objects.get(order=order).qty == 5
    assert EdiTransaction.objects.latest("pk").state == "ignored"
    with pytest.raises(CaseIsOver):
        mend(case, "keep_order")


def test_a_transaction_nobody_can_read_is_given_up_once():
    PartnerFactory()
    receive(file(po(lines="PO1*1*x*EA*10**VN*A-1")))
    case = Case.objects.get(kind="edi_quarantined")
    assert effect(case, "give_up").is_possible
    mend(case, "give_up")
    row = EdiTransaction.objects.get()
    assert (row.state, case.number in row.reason, Order.objects.count()) == ("ignored", True, 0)
    with pytest.raises(CaseIsOver):
        mend(case, "give_up")
    with pytest.raises(NotKeptAside):
        ignore_transaction(transaction_id=row.pk, reason="again, please", actor=DESK, now=NOW)
    with pytest.raises(DomainError):
        ignore_transaction(transaction_id=row.pk, reason="", actor=DESK, now=NOW)


def test_a_new_partner_is_confirmed_from_his_case():
    receive(file(po()))
    case = Case.objects.get(kind="edi_new_partner")
    done = mend(case, "confirm")
    assert (done.status, done.resolution_code) == ("auto_resolved", "confirm")
    assert PartnerProfile.objects.get().status == "confirmed"
    with pytest.raises(CaseIsOver):
        mend(case, "confirm")


def test_a_corrected_transaction_is_received_again_from_its_case_and_a_wrong_one_keeps_it():
    PartnerFactory()
    ProductFactory(sku="A-1")
    receive(file(po(lines="PO1*1*-5*EA*10**VN*A-1")))
    case, kept = Case.objects.get(kind="edi_quarantined"), EdiTransaction.objects.get()
    with pytest.raises(DomainError):
        mend(case, "replay")
    assert Case.objects.get(pk=case.pk).status == "open"
    correct_transaction(transaction_id=kept.pk, text=kept.text.replace("*-5*", "*5*"), actor=DESK, now=NOW)
    done = mend(case, "replay")
    assert (done.status, done.resolution_code) == ("auto_resolved", "replay")
    assert OrderLine.objects.get().qty == 5


def unknown_part() -> tuple[Order, Case]:
    PartnerFactory()
    receive(file(po(lines="PO1*1*5*EA*10**VN*GHOST")))
    return Order.objects.get(), Case.objects.get(kind="edi_unknown_part")


def test_an_unknown_part_of_a_partner_is_matched_again_once_it_is_known():
    order, case = unknown_part()
    assert mend(case, "rematch").status == "open"
    assert case.events.last().note == "nobody knows the part of line 1 yet"
    CustomerPartNumber.objects.create(account=order.account, part_number="GHOST", product=ProductFactory())
    assert mend(case, "rematch").status == "resolved"
    assert OrderLine.objects.get().product_id is not None


def test_an_order_with_an_unknown_part_is_given_up():
    order, case = unknown_part()
    assert mend(case, "cancel_order").status == "resolved"
    order.refresh_from_db()
    assert order.status == "cancelled"


def not_submitted() -> tuple[Product, Case]:
    """An order of a partner whose orders submit themselves, for a product that is sold no more."""
    world = make_world(stock=20)
    PartnerFactory(account=world.account, auto_submit=True, default_ship_to=world.ship_to)
    product = Product.objects.get(pk=world.products[0].pk)
    product.status = "discontinued"
    product.save()
    receive(file(po(lines=FIRST.format(product.sku))))
    return product, Case.objects.get(kind="edi_not_submitted")


def test_an_order_that_was_refused_is_submitted_from_its_case_once_what_was_named_is_mended():
    product, case = not_submitted()
    with pytest.raises(DomainError):
        mend(case, "submit")
    assert Case.objects.get(pk=case.pk).status == "open"
    product.status = "active"
    product.save()
    assert mend(case, "submit").status == "resolved"
    assert Order.objects.get().status == "submitted"


def test_an_order_that_was_refused_is_given_up_from_its_case():
    _, case = not_submitted()
    assert mend(case, "cancel_order").status == "resolved"
    assert Order.objects.get().status == "cancelled"


def test_a_changed_purchase_order_is_no_case_once_its_order_is_cancelled():
    order, _ = sent_twice()
    assert not ends_by_itself("edi_po_changed", NOW)
    cancel_order(order_id=order.pk, reason="no longer wanted", actor=CLERK, now=NOW)
    assert ends_by_itself("edi_po_changed", NOW)


def test_a_changed_purchase_order_is_no_case_once_a_later_change_of_it_was_taken():
    _, first = sent_twice()
    sku = Product.objects.order_by("pk").first().sku
    receive(file(po(lines=f"PO1*1*7*EA*10**VN*{sku}"), control="000000003"))
    second = Case.objects.filter(kind="edi_po_changed").exclude(pk=first.pk).get()
    detect_all(now=NOW, only="edi_po_changed")
    assert {c.status for c in Case.objects.filter(kind="edi_po_changed")} == {"open"}
    assert mend(second, "take_changes").status == "auto_resolved"
    detect_all(now=NOW, only="edi_po_changed")
    first.refresh_from_db()
    assert (first.status, first.resolution_code, OrderLine.objects.get(line_no=1).qty) == ("auto_resolved", "", 7)


def test_a_transaction_nobody_could_read_is_no_case_once_it_is_given_up_on_its_own_page():
    PartnerFactory()
    receive(file(po(lines="PO1*1*x*EA*10**VN*A-1")))
    assert not ends_by_itself("edi_quarantined", NOW)
    ignore_transaction(transaction_id=EdiTransaction.objects.get().pk, reason="they send it again", actor=DESK, now=NOW)
    assert ends_by_itself("edi_quarantined", NOW)
