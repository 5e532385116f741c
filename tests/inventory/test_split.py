"""One split in every channel: what a preview says is what a submit then does, in the same words."""

from datetime import timedelta
from decimal import Decimal

import pytest

from core.refs import DocumentRef
from inventory.models import SafetyStock, SourcingRule, TransitLane, VendorOffer
from inventory.rules.asks import PromiseSlice, SplitAsk
from inventory.rules.promise_words import split_words
from inventory.split_queries import split_plan
from inventory.states import PromiseKind
from inventory.vendor_queries import vendor_leads
from tests.factories.accounts import AccountFactory, ShipToFactory
from tests.factories.catalog import ProductFactory
from tests.factories.inventory import NOW, TODAY, InboundFactory, SiteFactory, open_and_reserve, spec, stock
from tests.factories.vendors import offer

pytestmark = pytest.mark.django_db


def asks(*lines, **more):
    return [
        SplitAsk(n, product.pk, Decimal(qty), TODAY + timedelta(days=3), **more)
        for n, (product, qty) in enumerate(lines)
    ]


def reserved(lines, **more):
    ref = DocumentRef("order", 88_000, "SO-88000")
    specs = [spec(p, q, ref=ref, line_no=n + 1, **more) for n, (p, q) in enumerate(lines)]
    return [got.promises for got in open_and_reserve(specs)]


def dates(slices):
    return {(s.qty, s.kind, s.site_id, s.ship_date, s.delivery_date, s.inbound_id) for s in slices}


def test_forty_now_and_twenty_on_the_third_of_december():
    product, reno = ProductFactory(), SiteFactory(code="RENO", name="Reno DC")
    stock(product, reno, 40)
    InboundFactory(product=product, site=reno, ordered_qty=50, eta_date=TODAY + timedelta(days=8))
    (line,) = split_plan(asks((product, 60)), account_id=None, now=NOW).values()
    assert (line.words, line.why_here) == ("40 now from Reno DC, 20 on 3 Dec", "")
    assert [dates(line.slices)] == [dates(s) for s in reserved([(product, 60)])]


@pytest.mark.parametrize(("most", "there"), [(3, 5), (2, 0)])
def test_a_preview_under_rules_lanes_and_safety_stock_is_what_submit_then_promises(most, there):
    """Of two shipments none is left for the second product: both bring more of the first on time."""
    one, other = ProductFactory(), ProductFactory()
    reno, cmh, trunk = (SiteFactory(code=c, kind=k) for c, k in (("RENO", "dc"), ("CMH", "dc"), ("T1", "trunk")))
    account = AccountFactory(min_shelf_life_days=10)
    place = ShipToFactory(account=account, region="West", delivery_days=[1, 4])
    for site, days, cost in ((reno, 1, 9), (cmh, 4, 3), (trunk, 1, 50)):
        TransitLane.objects.create(site=site, region="West", transit_days=days, cost_per_shipment=cost)
        stock(one, site, 8)
    stock(other, cmh, 5)
    stock(other, reno, 2, lot="OLD", expiry=TODAY + timedelta(days=9))
    SafetyStock.objects.create(product=one, site=reno, qty=5)
    SourcingRule.objects.create(name="West", region="West", sites=["RENO", "CMH", "T1"], max_shipments=most)
    lines = [(one, 10), (other, 7), (one, 4)]
    shown = split_plan(
        asks(*lines, ship_to_id=place.pk, min_shelf_life_days=10), account_id=account.pk, now=NOW
    )  # fmt: skip
    kept = reserved(lines, account_id=account.pk, ship_to_id=place.pk, min_shelf_life_days=10)
    assert [dates(shown[n].slices) for n in range(3)] == [dates(s) for s in kept]
    assert sum(s.qty for s in shown[1].slices if s.kind == PromiseKind.STOCK) == there
    assert "by sourcing rule West" in shown[0].why_here


def test_supply_that_is_not_sure_enough_is_no_promise(settings):
    product, reno = ProductFactory(), SiteFactory(code="RENO")
    InboundFactory(product=product, site=reno, ordered_qty=50, confidence_percent=49)
    (line,) = split_plan(asks((product, 5)), account_id=None, now=NOW).values()
    assert line.words == "5 without a date"
    settings.OMS_LEAST_CONFIDENCE_PERCENT = 40
    (line,) = split_plan(asks((product, 5)), account_id=None, now=NOW).values()
    assert line.words == "5 on 2 Dec"
    assert [dates(line.slices)] == [dates(s) for s in reserved([(product, 5)])]


def test_stock_whose_reservation_ran_out_is_in_the_split():
    product, reno = ProductFactory(), SiteFactory(code="RENO", name="Reno DC")
    stock(product, reno, 5)
    open_and_reserve([spec(product, 5)], expires_at=NOW + timedelta(minutes=5))
    later = NOW + timedelta(minutes=6)
    (line,) = split_plan(asks((product, 5)), account_id=None, now=later).values()
    assert line.words == "5 now from Reno DC"


def test_the_words_of_a_placed_line_have_days_and_equal_parts_are_one():
    def part(qty, kind, site, day):
        return PromiseSlice(Decimal(qty), kind, site, day, day)

    slices = [part(30, "stock", 1, TODAY), part(10, "stock", 1, TODAY), part(20, "inbound", 1, TODAY + timedelta(8))]
    slices.append(PromiseSlice(Decimal("2.5"), PromiseKind.NONE, None, None, None))
    words = split_words(slices, {1: "Reno DC"}, is_placed=True)
    assert words == "40 on 23 Nov from Reno DC, 20 on 1 Dec, 2.5 without a date"


def test_what_a_vendor_sends_has_its_day_and_no_name():
    product, vendor = ProductFactory(), SiteFactory(code="ACME", name="Acme Inc", kind="vendor", lead_days=3)
    offer(product, vendor, most=30)
    stock(product, SiteFactory(code="RENO", name="Reno DC"), 40)
    SourcingRule.objects.create(name="stock, then the vendor", product=product, sites=["RENO", "ACME"])
    plan = split_plan(asks((product, 60)), account_id=None, now=NOW)[0]
    assert plan.words == "40 now from Reno DC, 20 on 28 Nov from the vendor"
    assert [s.is_bought for s in plan.slices] == [s.site_id == vendor.pk for s in plan.slices]


def test_availability_says_what_a_vendor_would_send_where_the_rule_that_decides_names_it():
    one, other, account = ProductFactory(), ProductFactory(), AccountFactory()
    vendor = SiteFactory(code="ACME", kind="vendor", lead_days=3, transit_days=2)
    for product in (one, other):
        offer(product, vendor, most=30)
    products = [one.pk, other.pk]
    assert vendor_leads(products, account_id=account.pk, now=NOW) == {}
    SourcingRule.objects.create(name="to order", product=one, sites=["ACME"])
    SourcingRule.objects.create(name="not for them", product=one, account=AccountFactory(), sites=["RENO"])
    (lead,) = vendor_leads(products, account_id=account.pk, now=NOW).values()
    assert (lead.site_id, lead.qty, lead.words) == (vendor.pk, 30, "from the vendor in 5 days")
    stranger = SourcingRule.objects.get(name="not for them").account_id
    assert vendor_leads(products, account_id=stranger, now=NOW) == {}
    VendorOffer.objects.filter(product=one).update(out_since=NOW)
    assert vendor_leads(products, account_id=account.pk, now=NOW) == {}
