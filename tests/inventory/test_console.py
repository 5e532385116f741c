"""The console's stock screens, as a warehouse person, a planner and others see them."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.states import Role
from core import clock, refs
from core.refs import DocumentRef
from core.testing import unit
from inventory.models import (
    AllocationRun,
    CountLine,
    Demand,
    InboundSupply,
    Site,
    StockBalance,
    StockCount,
    StockMovement,
    Transfer,
)
from inventory.services.adjust_stock import adjust_stock
from inventory.services.allocate import allocate
from inventory.services.cancel import cancel
from inventory.services.change_stock_status import change_stock_status
from inventory.services.confirm_picked import confirm_picked
from inventory.services.confirm_shipped import confirm_shipped
from inventory.services.open_count import open_count
from inventory.services.post_count import post_count
from inventory.services.receive_stock import receive_stock
from inventory.services.record_counts import record_counts
from inventory.services.release_claims import release_claims
from inventory.services.reserve import reserve
from inventory.services.scrap_stock import scrap_stock
from inventory.states import StockStatus
from tests.factories.accounts import BuyerFactory, StaffFactory
from tests.factories.doors import browser_of
from tests.factories.inventory import (
    NOW,
    PLANNER,
    TODAY,
    InboundFactory,
    SiteFactory,
    StockedProductFactory,
    breaches,
    demand,
    open_and_reserve,
    spec,
    stock,
)
from tests.factories.stock import arrive, shipped

pytestmark = pytest.mark.django_db
SCREENS = ("site", "lot", "stockbalance", "stockmovement", "demand", "claim", "inboundsupply", "allocationrun")


@pytest.fixture
def keeper():
    return browser_of(StaffFactory(roles=[Role.WAREHOUSE, Role.PLANNER]))


def page(model, pk=None, verb="change"):
    name = f"admin:inventory_{model}_{'changelist' if pk is None and verb == 'change' else verb}"
    return reverse(name, args=[pk] if pk else None)


def a_bit_of_everything():
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 5, lot="L1", expiry=TODAY + timedelta(days=90))
    InboundFactory(product=product, site=site, ordered_qty=2)
    wanted = demand(product, 9)
    allocate(trigger_key=f"all {product.pk}", product_ids=[product.pk], actor=PLANNER, now=NOW)
    return product, site, wanted


@pytest.mark.parametrize("screen", SCREENS)
def test_every_screen_lists_searches_and_opens_and_takes_no_more_statements_for_more_rows(screen, keeper):
    keeper.get(page(screen))  # the first page of a session also stamps the session
    counts = []
    for _ in range(2):
        a_bit_of_everything()
        with CaptureQueriesContext(connection) as captured:
            assert keeper.get(page(screen)).status_code == 200
        counts.append(len(captured))
        if screen != "site":
            assert keeper.get(page(screen), {"q": "STOCK"}).status_code == 200
    assert counts[0] == counts[1], counts
    model = {m._meta.model_name: m for m in (Demand, Site, StockBalance, StockMovement, InboundSupply)}.get(screen)
    if model:
        assert keeper.get(page(screen, model.objects.first().pk)).status_code == 200


def test_a_buyer_sees_none_of_it_and_an_auditor_sees_it_but_changes_nothing():
    product, _, _ = a_bit_of_everything()
    balance = StockBalance.objects.get(product=product)
    buyer, auditor = browser_of(BuyerFactory().user), browser_of(StaffFactory(roles=[Role.AUDITOR]))
    assert buyer.get(page("stockbalance")).status_code in (302, 403)
    assert auditor.get(page("stockbalance", balance.pk)).status_code == 200
    assert auditor.post(page("stockbalance", balance.pk), {"adjust_by": "1", "reason": "because"}).status_code == 403
    assert auditor.get(page("stockmovement", verb="add")).status_code == 403
    balance.refresh_from_db()
    assert balance.on_hand_qty == 5


def test_receiving_stock_by_form_twice_with_the_same_key_is_one_receipt(keeper):
    product, site = StockedProductFactory(), SiteFactory()
    typed = {"sku": product.sku.lower(), "site": site.pk, "received_qty": "7", "lot_code": "A1", "key": "991"}
    for _ in range(2):
        assert keeper.post(page("stockmovement", verb="add"), typed).status_code == 302
    assert StockBalance.objects.get(product=product).on_hand_qty == 7
    assert StockMovement.objects.count() == 1
    assert breaches() == []


def test_an_unknown_sku_or_inbound_reference_is_named_beside_its_field_and_what_was_typed_stays(keeper):
    product, site = StockedProductFactory(sku="WIDGET-7"), SiteFactory()
    typed = {"sku": "WIDGET-9", "site": site.pk, "received_qty": "7", "key": "1"}
    answer = keeper.post(page("stockmovement", verb="add"), typed)
    assert answer.status_code == 200
    assert "No product has the SKU WIDGET-9" in answer.content.decode()
    assert 'value="7"' in answer.content.decode()
    typed |= {"sku": product.sku, "inbound_reference": "PO-0"}
    assert "Nothing open is expected" in keeper.post(page("stockmovement", verb="add"), typed).content.decode()
    typed |= {"inbound_reference": "", "received_qty": "0"}
    assert "is not a receipt" in keeper.post(page("stockmovement", verb="add"), typed).content.decode()
    assert StockMovement.objects.count() == 0


def test_adjusting_by_form_books_a_movement_and_below_what_is_being_picked_it_says_why_not(keeper):
    product, site = StockedProductFactory(), SiteFactory()
    balance_id = stock(product, site, 10)
    wanted = demand(product, 8)
    allocate(trigger_key="a", product_ids=[product.pk], actor=PLANNER, now=NOW)
    with unit():
        release_claims([wanted], now=NOW)
    refused = keeper.post(page("stockbalance", balance_id), {"adjust_by": "-3", "reason": "damaged in the rain"})
    assert refused.status_code == 200
    assert "8 of them are released or picked: 3 cannot be taken away" in refused.content.decode()
    sent = {"adjust_by": "-2", "reason": "damaged in the rain"}
    assert keeper.post(page("stockbalance", balance_id), sent).status_code == 302
    assert StockBalance.objects.get(pk=balance_id).on_hand_qty == 8
    assert breaches() == []


def test_the_demand_page_says_where_each_unit_is_when_it_comes_and_why(keeper):
    _, site, wanted = a_bit_of_everything()
    text = keeper.get(page("demand", wanted)).content.decode()
    assert "9: 4 backordered, 5 allocated" in text
    assert f"5 at {site.code}, lot L1" in text
    assert "with inbound supply" in text
    assert "no date can be promised yet" in text
    assert "5 of 9 allocated" in text


def test_the_action_runs_one_allocation_for_the_selected_products_and_tells_the_outcome(keeper):
    product, other = StockedProductFactory.create_batch(2)
    site = SiteFactory()
    rows = [stock(p, site, 3) for p in (product, other)]
    wanted, elsewhere = demand(product, 5), demand(other, 1)
    sent = {"action": "run_allocation", "_selected_action": [rows[0]]}
    answer = keeper.post(page("stockbalance"), sent)
    assert [str(m) for m in get_messages(answer.wsgi_request)] == ["3 allocated to 1 open demand(s); 2 still short."]
    assert Demand.objects.get(pk=wanted).allocated_qty == 3
    assert Demand.objects.get(pk=elsewhere).allocated_qty == 0


def test_inbound_supply_is_recorded_and_updated_by_form(keeper):
    product, site = StockedProductFactory(), SiteFactory()
    typed = {
        "sku": product.sku, "site": site.pk, "kind": "purchase", "reference": "PO-5", "ordered_qty": "12",
        "eta_date": "2026-12-03", "confidence_percent": "90",
    }  # fmt: skip
    assert keeper.post(page("inboundsupply", verb="add"), typed).status_code == 302
    inbound = InboundSupply.objects.get()
    assert (inbound.product_id, inbound.ordered_qty) == (product.pk, 12)
    news = {"ordered_qty": "10", "eta_date": "2026-12-09", "confidence_percent": "50"}
    assert keeper.post(page("inboundsupply", inbound.pk), news).status_code == 302
    inbound.refresh_from_db()
    assert (inbound.ordered_qty, str(inbound.eta_date)) == (Decimal(10), "2026-12-09")
    assert InboundSupply.objects.count() == 1


def test_documents_of_the_room_have_a_page():
    assert refs.url_of(DocumentRef("demand", 3)).endswith("/inventory/demand/3/change/")


def test_a_products_page_says_what_is_there_what_comes_and_who_waits_in_order_in_as_many_statements(keeper):
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 10)
    InboundFactory(product=product, site=site, reference="PO-9", ordered_qty=30, eta_date=TODAY + timedelta(days=9))
    address = reverse("admin:catalog_product_change", args=[product.pk])
    keeper.get(address)
    with CaptureQueriesContext(
        connection,
    ) as alone:
        assert "Nobody waits for it." in keeper.get(address).content.decode()
    low, high = demand(product, 8, tier=3), demand(product, 8, tier=1)
    allocate(trigger_key="panel", product_ids=[product.pk], actor=PLANNER, now=NOW)
    with CaptureQueriesContext(connection) as waiting:
        shown = keeper.get(address).content.decode()
    assert "PO-9" in shown and "6 of 8" in shown
    assert len(waiting) <= len(alone) + 1  # the promises of those who wait
    last = demand(product, 5, tier=2)
    allocate(trigger_key="panel again", product_ids=[product.pk], actor=PLANNER, now=NOW)
    queue = keeper.get(address).content.decode().split("Waiting for it")[1]
    numbers = [Demand.objects.get(pk=pk).ref_number for pk in (last, low)]
    assert queue.index(numbers[0]) < queue.index(numbers[1])
    assert Demand.objects.get(pk=high).ref_number not in queue


def test_the_ledger_of_a_product_tells_what_made_its_figures_and_links_each_document(keeper):
    product, _, wanted = a_bit_of_everything()
    shown = keeper.get(page("stockbalance", verb="ledger"), {"sku": product.sku.lower()}).content.decode()
    assert "Receipt" in shown
    assert "Claimed" in shown
    assert "-5" in shown
    assert refs.url_of(DocumentRef("order", Demand.objects.get(pk=wanted).ref_id)) in shown
    assert (
        "There is no product NEVER"
        in keeper.get(page("stockbalance", verb="ledger"), {"sku": "NEVER"}).content.decode()
    )


def a_life_of_stock():
    """A product with every kind of movement, and claims that are held, shipped, given back and not found."""
    product, site, other = StockedProductFactory(), SiteFactory(code="EAST"), SiteFactory(code="WEST")
    did = {"actor": PLANNER, "now": NOW}
    receipt = {"product_id": product.pk, "site_id": site.pk, **did}
    balance_id = receive_stock(qty=Decimal(40), source=DocumentRef("manual_receipt", 77), **receipt)
    receive_stock(qty=Decimal(9), source=DocumentRef("goods_receipt", 12, "GR-12"), **receipt)
    receive_stock(qty=Decimal(8), source=DocumentRef("receipt_file", 13, "DN-13"), **receipt)
    adjust_stock(balance_id=balance_id, qty=Decimal(-1), reason="water damage", **did)
    change_stock_status(
        balance_id=balance_id, to=StockStatus.DAMAGED, qty=Decimal(2), reason="crushed box", key=1, **did
    )
    scrap_stock(balance_id=balance_id, qty=Decimal(1), reason="burnt out", key=1, **did)
    count_id = open_count(site_id=site.pk, product_ids=[product.pk], key="c", **did)
    good = CountLine.objects.get(count_id=count_id, balance_id=balance_id).pk
    record_counts(count_id=count_id, counted={good: Decimal(52)}, **did)
    post_count(count_id=count_id, **did)
    transfer_id, line = shipped(product, site, other, 3)
    arrive(transfer_id, {line: (3, 0)})
    wanted, given_back, _ = (demand(product, n) for n in (7, 2, 4))
    allocate(trigger_key="life", product_ids=[product.pk], **did)
    with unit():
        cancel([given_back], now=NOW)
    with unit():
        (claim,) = release_claims([wanted], now=NOW)[wanted]
    with unit():
        confirm_picked({claim.claim_id: Decimal(5)}, **did)
    with unit():
        confirm_shipped([claim.claim_id], source=DocumentRef("shipment", 5), **did)
    return product, count_id, transfer_id, wanted


def test_every_event_of_the_ledger_says_what_it_was_and_leads_to_its_document_or_itself(keeper):
    product, count_id, transfer_id, wanted = a_life_of_stock()
    order = DocumentRef("order", Demand.objects.get(pk=wanted).ref_id, Demand.objects.get(pk=wanted).ref_number)
    count = StockCount.objects.get(pk=count_id)
    transfer = Transfer.objects.get(pk=transfer_id)
    events = keeper.get(page("stockbalance", verb="ledger"), {"sku": product.sku}).context["events"]
    told = {(e["what"], e["qty"], e["document"], e["note"]) for e in events}
    assert {
        ("Received", "+40", "Receipt by hand", ""),
        ("Received", "+9", "Goods receipt GR-12", ""),
        ("Received", "+8", "Receipt DN-13", ""),
        ("Corrected", "-1", "Correction", "water damage"),
        ("Changed status", "-2", "Status changed by hand", "crushed box"),
        ("Scrapped", "-1", "Scrapped by hand", "burnt out"),
        ("Counted", "-1", f"Count {count.number}", ""),
        ("Left by transfer", "-3", f"Transfer {transfer.number}", f"{transfer.number} to WEST"),
        ("Came by transfer", "+3", f"Transfer {transfer.number}", f"{transfer.number} from EAST"),
        ("Changed status", "-2", f"Short pick, {order}", "not found at the pick, count due"),
        ("Shipped", "-5", "Shipment 5", ""),
    } <= told
    claims = {(e["what"], e["qty"], e["note"]) for e in events if e["what"] in ("Claimed", "Claim ended")}
    assert {
        ("Claimed", "-4", "Allocated"),
        ("Claimed", "-2", "Given back since"),
        ("Claim ended", "+2", "Given back"),
        ("Claimed", "-5", "Shipped since"),
        ("Claim ended", "+5", "Shipped"),
    } <= claims
    assert all(e["url"] for e in events)
    own = reverse("admin:inventory_stockcount_change", args=[count_id])
    assert [e["url"] for e in events if e["what"] == "Counted"] == [own]
    assert all(keeper.get(e["url"]).status_code == 200 for e in events if e["document"] in told_of_itself())


def told_of_itself():
    return "Receipt by hand", "Goods receipt GR-12", "Receipt DN-13", "Scrapped by hand", "Status changed by hand"


def test_the_list_of_movements_names_their_documents_in_the_same_statements_for_more(keeper):
    product, _, transfer_id, _ = a_life_of_stock()
    number = Transfer.objects.get(pk=transfer_id).number
    url, query = page("stockmovement"), {"q": product.sku}
    shown = keeper.get(url, query).content.decode()
    assert all(words in shown for words in (f"Transfer {number}", "Short pick, Order", "Goods receipt GR-12"))
    assert "Claim " not in shown and "Manual receipt" not in shown
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            keeper.get(url, query)
        counts.append(len(captured))
        for n in range(5):
            source = DocumentRef("goods_receipt", 100 + n, f"GR-{n}")
            receive_stock(
                product_id=product.pk, site_id=Site.objects.first().pk, qty=Decimal(1), source=source, actor=PLANNER,
                now=NOW,
            )  # fmt: skip
    assert counts[0] == counts[1]
    file = b"".join(keeper.get(reverse("admin:inventory_stockmovement_export"), query)).decode()
    assert file.splitlines()[0].lstrip("\ufeff") == "At,SKU,Site,Lot,Status,Movement,Quantity,Actor,Reason"
    assert file.count(f",{product.sku},") == StockMovement.objects.filter(balance__product=product).count()


def test_the_ledger_and_the_shortages_take_the_same_statements_for_more_rows(keeper):
    product, site, _ = a_bit_of_everything()
    asked = [(page("stockbalance", verb="ledger"), {"sku": product.sku}), (page("demand", verb="shortages"), {})]
    keeper.get(asked[0][0])  # the first page of a session also stamps the session
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            for url, query in asked:
                assert keeper.get(url, query).status_code == 200
        counts.append(len(captured))
        for _ in range(5):
            a_bit_of_everything()
            stock(product, site, 1)
            demand(product, 1)
    assert counts[0] == counts[1]


def test_shortages_come_by_product_site_and_day_with_what_inbound_covers(keeper):
    product, site = StockedProductFactory(), SiteFactory(code="RNO")
    stock(product, site, 1)
    InboundFactory(product=product, site=site, ordered_qty=3)
    open_and_reserve([spec(product, 6, site_id=site.pk)])
    open_and_reserve([spec(product, 4, requested_date=TODAY)])
    rows = keeper.get(page("demand", verb="shortages")).context["rows"]
    assert [(r["day"], r["site"], r["short"], r["pegged"], r["uncovered"], r["free"]) for r in rows] == [
        (TODAY, "", "4", "0", "4", "0"),
        (TODAY + timedelta(days=3), "RNO", "5", "3", "2", "0"),
    ]


def test_what_waits_is_filtered_by_its_age_and_by_whether_it_has_a_date(keeper):
    product, site = StockedProductFactory(), SiteFactory()
    waiting = {days: demand(product, 5, now=clock.now() - timedelta(days=days)) for days in (0, 10, 20, 40)}
    with unit():
        reserve([waiting[40]], now=NOW)  # promised without a date
    InboundFactory(product=product, site=site, ordered_qty=5)
    with unit():
        reserve([waiting[10]], now=NOW)
    numbers = {days: Demand.objects.get(pk=pk).ref_number for days, pk in waiting.items()}

    def shown(query):
        text = keeper.get(page("backorder"), query).content.decode()
        return [days for days, number in numbers.items() if f"{number} line 1" in text]

    assert shown({}) == [0, 10, 20, 40]
    assert [shown({"age": age}) for age in ("week", "two", "four", "older")] == [[0], [10], [20], [40]]
    assert shown({"promised": "dated"}) == [10]
    assert shown({"promised": "none"}) == [0, 20, 40]


def test_a_run_is_said_to_be_started_by_the_schedule_or_to_be_a_shard(keeper):
    whole = AllocationRun.objects.create(trigger_key="schedule 2026-11-28T03:02:24+00:00", started_at=NOW)
    AllocationRun.objects.create(trigger_key=f"run {whole.pk} shard 3", started_at=NOW, parent=whole)
    runs = keeper.get(page("allocationrun")).content.decode()
    assert f">run {whole.pk}</a>, shard 3" in runs
    assert "schedule" in runs
    assert "2026-11-28T03" not in runs


def test_a_demand_of_an_account_without_a_tier_shows_no_rank(keeper):
    a_bit_of_everything()
    assert list(Demand.objects.values_list("tier_rank", flat=True)) == [9999]
    assert "9999" not in keeper.get(page("demand")).content.decode()
    assert "9999" not in keeper.get(page("demand", Demand.objects.get().pk)).content.decode()


def test_the_ledger_without_a_product_says_what_it_is_and_begins_with_what_is_short(keeper):
    product, _, _ = a_bit_of_everything()  # 9 are wanted, 5 are there
    told = keeper.get("/admin/inventory/stockbalance/ledger/").content.decode()
    assert f'Short just now: <a href="?sku={product.sku}">{product.sku}</a>.' in told
