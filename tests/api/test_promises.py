"""The answer to a moved promise over the API: the new day taken, or the line split, once and with the customer's word."""

from decimal import Decimal
from uuid import uuid4

import pytest

from accounts.states import Role
from core.models import OverrideEntry
from core.testing import drain
from inventory.services.record_inbound import record_inbound
from orders.models import Order, OrderLine, PromiseAnswer
from orders.services.place import place
from tests.factories.accounts import AssignmentFactory, BuyerFactory, RepFactory, StaffFactory
from tests.factories.doors import buyer_for, device_of
from tests.factories.inventory import stock
from tests.factories.orders import CLERK, NOW, later, make_world

pytestmark = pytest.mark.django_db
WORD = "Ms Ortega by telephone, 2 March"


@pytest.fixture
def world():
    """60 wanted, 40 there; the 30 that serve the rest come twelve days later than first said."""
    made = make_world(stock=None)
    stock(made.products[0], made.site, 40)
    for days in (6, 12):
        record_inbound(
            product_id=made.products[0].pk, site_id=made.site.pk, reference="PO-9", qty=Decimal(30),
            eta_date=later(days), actor=CLERK, now=NOW,
        )  # fmt: skip
        if days == 6:
            place(made.draft(60), actor=CLERK, now=NOW)
        drain(NOW)
    return made


def answer(user, key=None, **more):
    sent = {"line_no": 1, "answer": "keep", **more}
    url = f"/api/v1/orders/{Order.objects.get().public_id}/promise"
    return device_of(user).post(url, sent, headers={"Idempotency-Key": key or str(uuid4())})


def test_the_order_says_what_was_wanted_first_promised_and_promised_now_and_why_it_moved(world):
    row = Order.objects.get()
    (line,) = device_of(buyer_for(world.account)).get(f"/api/v1/orders/{row.public_id}").json()["lines"]
    (there, late) = line["promises"]
    assert (there["quantity"]["value"], there["basis"], there["moved_because"]) == ("40", "stock", "")
    assert (late["quantity"]["value"], late["basis"]) == ("20", "inbound")
    assert late["delivery_date"] > late["first_delivery_date"]
    assert late["moved_because"] == "the delivery it waits for has another date"
    assert line["requested_date"] == (row.requested_date and row.requested_date.isoformat())


def test_a_rep_says_the_customer_keeps_waiting_once_for_the_key(world):
    rep = RepFactory()
    AssignmentFactory(rep=rep, account=world.account)
    key = str(uuid4())
    first, again = (answer(rep.user, key, consent=WORD) for _ in range(2))
    assert (first.status_code, again["Idempotency-Replayed"]) == (200, "true"), first.json()
    kept = PromiseAnswer.objects.get()
    assert (kept.promised_date, kept.word) == (later(14), WORD)
    assert OrderLine.objects.count() == 1


def test_a_split_is_two_lines_in_the_answer_and_an_override_with_the_word(world):
    done = answer(StaffFactory(roles=[Role.CS]), answer="split", consent=WORD)
    assert done.status_code == 200, done.json()
    lines = done.json()["lines"]
    assert [(x["line_no"], x["buckets"]["backordered"]) for x in lines] == [(1, "0"), (2, "20")]
    assert OverrideEntry.objects.get(kind="split").reason == WORD


def test_a_buyer_needs_no_word_anybody_else_does(world):
    refused = answer(StaffFactory(roles=[Role.CS]), consent="yes")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/consent")
    assert not PromiseAnswer.objects.exists()
    assert answer(buyer_for(world.account)).status_code == 200
    assert PromiseAnswer.objects.get().word.endswith("through the API")


def test_what_did_not_move_what_is_not_there_and_what_is_not_theirs(world):
    clerk = StaffFactory(roles=[Role.CS])
    assert answer(clerk, line_no=9, consent=WORD).status_code == 404
    assert answer(clerk, answer="wait", consent=WORD).status_code == 422
    assert answer(BuyerFactory().user).status_code == 404
    assert answer(clerk, answer="split", consent=WORD).status_code == 200
    refused = answer(clerk, answer="split", consent=WORD)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_to_be_split")
