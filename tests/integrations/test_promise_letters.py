"""Letters about promises that moved: one an order and run, as each person chose, never twice."""

from datetime import date, timedelta
from decimal import Decimal
from smtplib import SMTPException

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Buyer, Rep
from accounts.states import BuyerRole, PromiseMail
from core.testing import drain
from exceptions_app.models import Case
from exceptions_app.services.apply_resolution import apply_resolution
from exceptions_app.services.detect import detect_all
from integrations.models import PromiseLetter
from integrations.services import send_letters as sending
from integrations.services.gather_letters import Moved, gather_letters
from integrations.services.send_letters import NotToBeSentAgain, SentLetters, begin_mail, send_again, send_letters
from inventory.models import InboundSupply
from inventory.services.record_inbound import record_inbound
from orders.models import Order
from orders.queries import pictures
from orders.services.place import place
from tests.factories.accounts import AssignmentFactory, BuyerFactory
from tests.factories.orders import CLERK, NOW, later, make_world

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture
def world():
    """Two products that come on the 8th for an order that wants 10 of each."""
    made = make_world(products=2, stock=0)
    for product in made.products:
        inbound(made, product, 6)
    return made


def inbound(world, product, days, now=NOW):
    record_inbound(
        product_id=product.pk, site_id=world.site.pk, reference=f"PO-{product.pk}", qty=Decimal(10),
        eta_date=later(days), actor=CLERK, now=now,
    )  # fmt: skip


def buyer(world, role=BuyerRole.BUYER, choice=PromiseMail.AT_ONCE):
    return BuyerFactory(account=world.account, role=role, promise_mail=choice).user


def ordered(world, **more):
    order = place(world.draft(10, 10, **more), actor=CLERK, now=NOW)
    drain(NOW)
    return order


def moved(order, seq=1, day=12, lines=2, was=8):
    demands = [x.demand.demand_id for x in pictures([order.order_id])[order.order_id].lines][:lines]
    return [Moved(i, Decimal(10), later(was), later(day), "the supplier is late", seq) for i in demands]


def sent():
    return [(m.to[0], m.subject) for m in mail.outbox]


def test_late_supply_writes_one_mail_an_order_to_buyer_and_rep_with_old_and_new_day_and_why(world):
    anna = buyer(world)
    rep = AssignmentFactory(account=world.account).rep
    order = ordered(world)
    at = NOW + timedelta(hours=1)
    for product in world.products:
        inbound(world, product, 12, now=at)
    drain(at)
    assert send_letters(now=at + timedelta(seconds=30)) == SentLetters()
    assert send_letters(now=at + MINUTE) == SentLetters(mails=2)
    subject = f"Order {order.number}: 2 promises moved"
    assert sorted(sent()) == sorted([(anna.email, subject), (rep.user.email, subject)])
    first = next(m for m in mail.outbox if m.to == [anna.email])
    html = first.alternatives[0][0]
    assert "Waiting for stock" in first.body and "Waiting for stock" in html
    for text in (first.body, html):
        assert f"Line 1: 10 of {world.products[0].sku}, 10 Mar 2026 → 16 Mar 2026" in text
        assert f"Line 2: 10 of {world.products[1].sku}" in text
        assert "Why: " in text
        assert f"/orders/{order.number}/options" in text
    assert "your PO" in first.body
    assert first.extra_headers["References"] == f"<order-{order.order_id}@holdfast>"
    assert send_letters(now=at + timedelta(hours=9)) == SentLetters()


def test_who_placed_it_is_told_and_else_everybody_who_orders_for_the_customer_but_no_onlooker(world):
    anna, bert = buyer(world), buyer(world, BuyerRole.ADMIN)
    buyer(world, BuyerRole.VIEWER)
    order = ordered(world)
    gather_letters(moved(order), now=NOW)
    assert set(PromiseLetter.objects.values_list("user_id", flat=True)) == {anna.pk, bert.pk}
    other = ordered(world)
    Order.objects.filter(pk=other.order_id).update(entered_by=bert)
    gather_letters(moved(other), now=NOW)
    assert list(PromiseLetter.objects.filter(order_id=other.order_id).values_list("user_id", flat=True)) == [bert.pk]


def test_a_digest_is_one_mail_for_all_orders_in_the_morning_and_none_is_none(world):
    anna = buyer(world, choice=PromiseMail.DAILY)
    buyer(world, choice=PromiseMail.NONE)
    one, two = ordered(world), ordered(world)
    gather_letters([*moved(one), *moved(two)], now=NOW)
    assert send_letters(now=NOW + timedelta(hours=18)) == SentLetters()
    assert send_letters(now=NOW + timedelta(hours=19)) == SentLetters(mails=1)
    assert sent() == [(anna.email, "2 orders: 4 promises moved")]
    assert set(PromiseLetter.objects.values_list("state", flat=True)) == {"sent"}


def test_told_twice_is_told_once_and_what_moved_back_is_not_told(world):
    buyer(world)
    order = ordered(world)
    gather_letters(moved(order), now=NOW)
    gather_letters(moved(order), now=NOW)
    letter = PromiseLetter.objects.get()
    assert letter.due_at == NOW + MINUTE
    assert send_letters(now=NOW + MINUTE).mails == 1
    assert mail.outbox[0].body.count("Line 1:") == 1
    gather_letters(moved(order, seq=2, day=14, was=12), now=NOW)
    gather_letters(moved(order, seq=3, day=12, was=14), now=NOW)
    assert send_letters(now=NOW + MINUTE) == SentLetters(moot=1)
    assert len(mail.outbox) == 1


def test_a_worker_killed_while_sending_sends_nothing_twice(world, monkeypatch):
    class Killed(BaseException):
        """What no handler catches."""

    def kill(**_):
        raise Killed

    buyer(world)
    gather_letters(moved(ordered(world)), now=NOW)
    at = NOW + MINUTE
    with monkeypatch.context() as patch:  # killed after the mail left, before it was noted
        patch.setattr(sending, "end_mail", lambda **given: kill() if given["letter_ids"] else 0)
        with pytest.raises(Killed):
            send_letters(now=at)
    assert len(mail.outbox) == 1
    assert send_letters(now=at + MINUTE) == SentLetters()
    assert send_letters(now=at + 20 * MINUTE) == SentLetters(unsure=1)
    assert send_letters(now=at + 40 * MINUTE) == SentLetters()
    assert len(mail.outbox) == 1
    letter = PromiseLetter.objects.get()
    assert (letter.state, letter.problem) == ("unsure", "the worker ended while it was being sent: it may have gone")
    send_again(letter_id=letter.pk, now=at)  # a person decides
    assert send_letters(now=at + MINUTE).mails == 1
    with pytest.raises(NotToBeSentAgain):
        send_again(letter_id=letter.pk, now=at)


@pytest.mark.parametrize(("code", "state", "mails"), [("send_again", "sent", 1), ("told_otherwise", "moot", 0)])
def test_a_letter_that_did_not_go_is_a_case_with_two_ways_out(world, code, state, mails):
    buyer(world)
    gather_letters(moved(ordered(world)), now=NOW)
    begin_mail(now=NOW + MINUTE)  # and then the worker is gone
    late = NOW + 30 * MINUTE
    assert send_letters(now=late).unsure == 1
    for _ in range(2):
        detect_all(now=late, only="letter_not_sent")
    case = Case.objects.get(kind="letter_not_sent")
    assert "it may have gone" in case.summary
    apply_resolution(case_id=case.pk, code=code, actor=CLERK, now=late, key="k1")
    send_letters(now=late)
    assert (PromiseLetter.objects.get().state, len(mail.outbox)) == (state, mails)
    detect_all(now=late, only="letter_not_sent")
    case.refresh_from_db()
    assert case.status in ("resolved", "closed", "auto_resolved")


def test_two_workers_never_hold_the_same_letter(world):
    buyer(world), buyer(world)
    gather_letters(moved(ordered(world)), now=NOW)
    first, second, third = (begin_mail(now=NOW + MINUTE) for _ in range(3))
    assert len(first) == len(second) == 1
    assert first[0].pk != second[0].pk
    assert third == []


def test_a_server_that_refuses_is_tried_five_times_and_then_a_person_sees_it(world, monkeypatch):
    def refuse(*_):
        raise SMTPException("421 too busy")

    buyer(world)
    order = ordered(world)
    gather_letters(moved(order), now=NOW)
    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
    at = NOW
    for _ in range(5):
        at += timedelta(minutes=20)
        assert send_letters(now=at) == SentLetters(refused=1)
    letter = PromiseLetter.objects.get()
    assert (letter.state, letter.attempts, letter.problem) == ("refused", 5, "421 too busy")
    assert send_letters(now=at + timedelta(days=1)) == SentLetters()


def test_moves_told_while_a_refused_letter_waited_join_it(world, monkeypatch):
    def refuse(*_):
        gather_letters(moved(order, seq=2, day=20, was=12), now=NOW)
        raise SMTPException("421 too busy")

    buyer(world)
    order = ordered(world)
    gather_letters(moved(order), now=NOW)
    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
        assert send_letters(now=NOW + MINUTE, limit=1).refused == 1
    assert send_letters(now=NOW + timedelta(hours=1)).mails == 1
    assert "10 Mar 2026 → 22 Mar 2026" in mail.outbox[0].body


def test_many_moves_are_gathered_in_five_statements(world):
    buyer(world)
    AssignmentFactory(account=world.account)
    few, many = moved(ordered(world), lines=1), [m for _ in range(4) for m in moved(ordered(world))]
    counts = []
    for some in (few, many):
        with CaptureQueriesContext(connection) as queries:
            assert gather_letters(some, now=NOW) > 0
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 9  # with the savepoint of the verb


def test_supply_for_nobody_s_order_writes_to_nobody(world):
    assert gather_letters([Moved(0, Decimal(1), date(2026, 3, 1), None, "", 1)], now=NOW) == 0
    assert (Buyer.objects.count(), Rep.objects.count(), InboundSupply.objects.count()) == (0, 0, 2)
