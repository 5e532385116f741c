"""At 23:30 where the company is, and the next day already in UTC: the company's day dates its documents and its credit."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from billing.models import Invoice
from billing.services.issue_invoice import issue_invoices
from config import environment
from core.clock import company_day
from core.overrides import Reason
from core.testing import drain
from credit.models import CreditAccount, PaymentTerms, Posting
from credit.queries import ageing, discounts, looks
from credit.services.grant_addition import AdditionSpec, grant_addition
from credit.states import AdditionKind, CheckPoint
from fulfillment.services.confirm_shipment import confirm_shipment
from orders.models import Hold
from orders.services.place import place
from tests.factories.flow import PICKER, breaches, picked, released, stocked_world
from tests.factories.orders import CLERK, FINANCE, NOW, TODAY

pytestmark = pytest.mark.django_db
D = Decimal
LATE = datetime(2026, 3, 3, 7, 30, tzinfo=UTC)  # 23:30 on 2 March in Los Angeles
NEXT = LATE + timedelta(hours=1)


@pytest.fixture(autouse=True)
def in_los_angeles(settings):
    settings.COMPANY_TIME_ZONE = "America/Los_Angeles"


def test_the_day_turns_at_the_company_s_midnight():
    assert (company_day(LATE), company_day(NEXT)) == (date(2026, 3, 2), date(2026, 3, 3))


def test_an_invoice_is_dated_due_and_discounted_by_the_company_s_day():
    world = stocked_world()
    PaymentTerms.objects.update(net_days=30, discount_days=10, discount_percent=2)
    sent = released(world, 2)
    picked(sent)
    confirm_shipment(shipment_id=sent.shipment_id, actor=PICKER, now=LATE)
    drain(LATE)
    issue_invoices(shipment_ids=[sent.shipment_id], actor=PICKER, now=LATE)
    drain(LATE)
    invoice = Invoice.objects.get()
    assert (invoice.issued_date, invoice.due_date) == (date(2026, 3, 2), date(2026, 4, 1))
    (offer,) = discounts([(invoice.terms_code, invoice.issued_date, D(20), D(20), "USD")])
    assert offer is not None and (offer.until, offer.amount) == (date(2026, 3, 12), D("0.40"))
    owed = Posting.objects.get(bucket="receivable")
    assert owed.due_date == date(2026, 4, 1)
    on_the_last_day = datetime(2026, 4, 2, 6, 30, tzinfo=UTC)  # 23:30 on 1 April
    late = [
        ageing([world.account.pk], on=company_day(at))[world.account.pk].overdue
        for at in (on_the_last_day, on_the_last_day + timedelta(hours=1))
    ]
    assert late == [0, 20]
    assert breaches() == []


def test_a_limit_holds_until_the_company_s_midnight():
    world = stocked_world(limit=100)
    CreditAccount.objects.update(limit_valid_to=date(2026, 3, 3))
    fired = [
        [r.rule for r in looks([world.account.pk], point=CheckPoint.RELEASE, now=at)[world.account.pk].reasons]
        for at in (LATE, NEXT)
    ]
    assert fired == [[], ["limit_expired"]]


def test_what_is_added_until_tomorrow_lets_an_order_go_tonight_and_not_after_midnight():
    world = stocked_world(limit=100)
    spring = AdditionSpec(AdditionKind.TEMPORARY, D(50), TODAY, date(2026, 3, 3))
    why = Reason("season", "The spring business of the customer")
    grant_addition(account_id=world.account.pk, addition=spring, reason=why, actor=FINANCE, now=NOW)
    drain(NOW)
    place(world.draft(14), actor=CLERK, now=LATE)
    assert not Hold.objects.exists()
    place(world.draft(1), actor=CLERK, now=NEXT)
    assert Hold.objects.get().explanation["outcome"].startswith("Over by 50.00")


def test_a_zone_nobody_knows_is_refused_at_the_start(monkeypatch):
    monkeypatch.setenv("OMS_TIME_ZONE", "Mars/Olympus")
    with pytest.raises(environment.BadSetting, match="OMS_TIME_ZONE must be a time zone like Europe/Berlin"):
        environment.time_zone("OMS_TIME_ZONE", "UTC")
