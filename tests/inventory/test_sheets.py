"""Stock, receipts and inbound supply from files: previewed, applied through the same verbs, exported as they came."""

from datetime import timedelta
from decimal import Decimal

import pytest

from core.sheets import sheet
from core.testing import unit
from integrations.services.confirm_undo import confirm_undo
from integrations.services.undo_upload import undo_upload
from integrations.states import RowOutcome
from inventory.models import InboundSupply, Lot, StockBalance, StockMovement
from inventory.queries import demand_states
from inventory.services.allocate import allocate
from inventory.services.record_inbound import record_inbound
from inventory.services.release_claims import release_claims
from tests.factories.inventory import (
    NOW,
    PLANNER,
    TODAY,
    SiteFactory,
    StockedProductFactory,
    breaches,
    open_and_reserve,
    spec,
    stock,
)
from tests.factories.sheets import BOT, applied, confirmed, outcomes, previewed, problems
from tests.factories.stock import live_cases, on_hand, shipped

pytestmark = pytest.mark.django_db
STOCK = "site,product,lot,status,on_hand,expiry_date\n"
RECEIPTS = "document,site,product,lot,qty,expiry_date,inbound\n"
INBOUND = "kind,reference,site,product,ordered_qty,eta_date\n"


@pytest.fixture
def place():
    return StockedProductFactory(sku="BOLT"), SiteFactory(code="EAST")


def exported(code):
    found = sheet(code)
    rows = [c for batch in found.source.batches(100) for c in batch]
    names = [c.name for c in found.columns]
    return ",".join(names) + "\n" + "".join(",".join(r[n] for n in names) + "\n" for r in rows)


def test_a_snapshot_shows_its_variances_before_and_books_them_as_counts(place):
    product, site = place
    stock(product, site, 10)
    stock(product, site, 5, lot="A")
    text = STOCK + "east,bolt,,available,8,\nEAST,BOLT,a,available,5,\nEAST,BOLT,B,quality,3,2028-01-31\n"
    upload = previewed("stock", text)
    assert outcomes(upload) == {2: "changed", 3: "unchanged", 4: "new"}
    row = upload.rows.get(number=2)
    assert (row.before["on_hand"], row.after["on_hand"]) == ("10", "8")
    assert on_hand(product) == 15
    confirmed(upload)
    assert (on_hand(product), on_hand(product, status="quality")) == (13, 3)
    assert [m.qty for m in StockMovement.objects.filter(kind="count").order_by("qty")] == [-2, 3]
    assert str(Lot.objects.get(code="B").expiry_date) == "2028-01-31"
    assert breaches() == []


def test_a_snapshot_below_the_claims_deals_them_again_and_below_the_picking_writes_nothing(place):
    product, site = place
    stock(product, site, 10)
    (got,) = open_and_reserve([spec(product, 9)])
    assert applied("stock", STOCK + "EAST,BOLT,,available,6,\n").state == "applied"
    assert demand_states([got.demand_id])[got.demand_id].backordered == 3
    assert len(live_cases("claims_gave_way")) == 1
    allocate(trigger_key="a", product_ids=[product.pk], actor=PLANNER, now=NOW)
    with unit():
        release_claims([got.demand_id], now=NOW)
    refused = applied("stock", STOCK + "EAST,BOLT,,available,5,\n")
    assert refused.state == "refused"
    assert "6 of them are released or picked" in refused.problem
    assert on_hand(product) == 6
    assert breaches() == []


def test_what_moved_since_the_preview_is_left_alone(place):
    product, site = place
    stock(product, site, 10)
    upload = previewed("stock", STOCK + "EAST,BOLT,,available,8,\n")
    stock(product, site, 1)
    assert confirmed(upload).state == "previewed"
    assert (on_hand(product), outcomes(upload)) == (11, {2: RowOutcome.MOVED})


def test_an_undone_snapshot_counts_back_what_nobody_touched_since(place):
    product, site = place
    stock(product, site, 10)
    stock(product, site, 5, lot="A")
    upload = applied("stock", STOCK + "EAST,BOLT,,available,8,\nEAST,BOLT,A,available,7,\n")
    stock(product, site, 1, lot="A")
    confirm_undo(upload_id=upload.pk, reason="wrong file", actor=BOT, now=NOW, queued=False)
    upload.refresh_from_db()
    undo_upload(upload_id=upload.pk, version=upload.version, actor=BOT, now=NOW)
    assert outcomes(upload) == {2: "undone", 3: "kept"}
    assert {b.lot_id: b.on_hand_qty for b in StockBalance.objects.all()} == {None: 10, Lot.objects.get().pk: 8}
    assert [m.qty for m in StockMovement.objects.filter(kind="count").order_by("id")] == [-2, 2, 2]
    assert breaches() == []


def test_rows_of_unknown_or_closed_sites_and_of_bad_lots_are_told_with_the_remedy(place):
    product, site = place
    SiteFactory(code="SHUT", is_active=False)
    for code in ("BAD", "OLD"):
        stock(product, site, 1, lot=code, expiry=TODAY + timedelta(days=90))
    Lot.objects.filter(code="BAD").update(is_recalled=True)
    Lot.objects.filter(code="OLD").update(expiry_date="2020-01-01")
    rows = (
        "NOWHERE,BOLT,,available,1,\nSHUT,BOLT,,available,1,\nEAST,BOLT,BAD,available,2,\nEAST,BOLT,OLD,available,2,\n"
    )
    rows += "EAST,BOLT,,available,-1,\nEAST,NUT,,available,1,\nEAST,BOLT,BAD,quality,2,2031-01-01\n"
    upload = previewed("stock", STOCK + rows)
    found = {n: [why for _, why in told] for n, told in problems(upload).items()}
    assert found[2] == ["There is no site NOWHERE."]
    assert upload.rows.get(number=2).problems[0]["remedy"] == "Correct it, or make the site first."
    assert found[3] == ["Site SHUT is closed: nothing is counted there."]
    assert found[4] == ["Lot BAD is recalled."]
    assert found[5] == ["The lot expired on 2020-01-01."]
    assert "-1 is below 0." in found[6][0]
    assert found[7] == ["There is no product NUT."]
    assert "A file does not change a lot" in upload.rows.get(number=8).problems[0]["remedy"]


def test_receipts_are_counted_once_per_document_and_close_what_was_expected(place):
    product, site = place
    record_inbound(
        product_id=product.pk, site_id=site.pk, reference="PO-1", qty=Decimal(5), eta_date=TODAY, actor=PLANNER, now=NOW
    )
    text = RECEIPTS + "DN-7,EAST,BOLT,,5,,po-1\nDN-7,EAST,BOLT,L1,4,2028-01-31,\n"
    applied("receipts", text)
    assert on_hand(product) == 9
    assert InboundSupply.objects.get().is_closed
    again = previewed("receipts", RECEIPTS + "dn-7,EAST,BOLT,,5,,\nDN-7,EAST,BOLT,L1,6,,\n")
    assert outcomes(again) == {2: "unchanged", 3: "error"}
    assert problems(again)[3] == [("qty", "4 are received under this document already.")]
    wrong = previewed("receipts", RECEIPTS + "DN-8,EAST,BOLT,,5,,PO-9\nDN-8,EAST,BOLT,X,0,,\n")
    assert problems(wrong)[2] == [("inbound", "Nothing open is expected there under PO-9.")]
    assert problems(wrong)[3][0][0] == "qty"
    assert on_hand(product) == 9
    assert breaches() == []


def test_inbound_supply_is_recorded_and_updated_and_transfers_are_none_of_it(place):
    product, site = place
    other = SiteFactory(code="WEST")
    stock(product, other, 5)
    shipped(product, other, site, 2)
    assert applied("inbound", INBOUND + "purchase,PO-2,EAST,BOLT,12,2026-12-24\n").state == "applied"
    news = previewed(
        "inbound", INBOUND + "purchase,po-2,EAST,BOLT,10,2026-12-31\ntransfer,TR-1,EAST,BOLT,1,2026-12-31\n"
    )
    assert outcomes(news) == {2: "changed", 3: "error"}
    confirmed(previewed("inbound", INBOUND + "purchase,po-2,EAST,BOLT,10,2026-12-31\n"))
    supply = InboundSupply.objects.get(reference="PO-2")
    assert (supply.ordered_qty, str(supply.eta_date), supply.confidence_percent) == (10, "2026-12-31", 100)
    assert "TR-" not in exported("inbound")
    assert breaches() == []


def test_a_receipt_stays_when_its_import_is_undone_and_says_what_to_do_instead(place):
    product, _ = place
    upload = applied("receipts", RECEIPTS + "DN-7,EAST,BOLT,,5,,\n")
    confirm_undo(upload_id=upload.pk, reason="wrong note", actor=BOT, now=NOW, queued=False)
    undo_upload(upload_id=upload.pk, version=upload.version, actor=BOT, now=NOW)
    (problem,) = upload.rows.get(number=2).problems
    assert problem["remedy"] == "Adjust the stock it brought: a movement is never taken away."
    assert on_hand(product) == 5


@pytest.mark.parametrize("code", ["stock", "receipts", "inbound"])
def test_an_export_comes_back_unchanged(place, code):
    product, site = place
    stock(product, site, Decimal("10.5"), lot="A", expiry=TODAY + timedelta(days=90))
    applied("receipts", RECEIPTS + "DN-7,EAST,BOLT,,5,,\nDN-7,EAST,BOLT,A,4,,\n")
    applied("inbound", INBOUND + "purchase,PO-2,EAST,BOLT,12,2026-12-24\n")
    upload = previewed(code, exported(code))
    assert set(outcomes(upload).values()) == {"unchanged"}
    assert problems(upload) == {}


def test_a_thousand_places_take_the_statements_of_one(place, django_assert_max_num_queries):
    product, _ = place
    rows = "".join(f"EAST,BOLT,L{n},available,{n + 1},\n" for n in range(1_000))
    upload = previewed("stock", STOCK + rows)
    with django_assert_max_num_queries(60):
        confirmed(upload)
    assert on_hand(product) == 500_500
    assert StockBalance.objects.count() == 1_000
