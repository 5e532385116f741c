"""The 846: what a partner's account can have, the same as every other door says."""

from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.states import Role
from catalog.services.add_customer_part import add_customer_part
from core import clock, writers
from core.errors import InvalidInput
from integrations.models import OutboundDocument
from integrations.rules.x12 import parse
from integrations.services.advise_stock import NothingToAdvise, OurIdIsMissing, PartnerNotConfirmed, advise_stock
from integrations.states import PartnerStatus
from inventory.models import Demand, Pool
from orders.services.preview import preview
from tests.factories.accounts import StaffFactory, UserFactory
from tests.factories.catalog import AuthorizationFactory
from tests.factories.doors import browser_of, buyer_for, device_of
from tests.factories.flow import PICKER, placed, stocked_world
from tests.factories.integrations import PartnerFactory
from tests.factories.inventory import PLANNER, InboundFactory, StockedProductFactory
from tests.factories.pools import north, protect

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    """12 on hand, 8 of them kept for GPO North; the account is none of its members."""
    made = stocked_world(stock_qty=12)
    protect(8, product=made.products[0], group=north()[0], name="GPO North")
    return made


def partner_of(world, **fields):
    fields = {"gs_id": "THEIRGS", "our_isa_id": "US", "our_isa_qualifier": "01", **fields}
    return PartnerFactory(account=world.account, **fields)


def advised(partner, *codes):
    written = advise_stock(partner_id=partner.pk, codes=codes, actor=PLANNER, now=clock.now())
    return OutboundDocument.objects.get(pk=written)


def segments(text, name):
    return [s for s in text.split("~") if s.startswith(f"{name}*")]


def test_api_console_preview_edi_and_submit_say_the_same_of_one_account(world):
    product = world.products[0]
    (item,) = device_of(buyer_for(world.account)).get(f"/api/v1/availability?skus={product.sku}").json()["items"]
    assert item["available"]["value"] == "4"
    assert segments(advised(partner_of(world), product.sku).text, "QTY") == [f"QTY*33*4*{product.base_unit}"]
    ledger = browser_of(StaffFactory(roles=[Role.PLANNER])).get(
        reverse("admin:inventory_stockbalance_ledger"), {"sku": product.sku}
    )
    assert dict(ledger.context["figures"]["total"])["Available"] == "4"
    (line,) = preview(world.draft(10), actor=PICKER, now=clock.now()).lines
    assert [(p.qty, p.kind) for p in line.promises] == [(4, "stock"), (6, "none")]
    assert line.limits.startswith("4 for you: more is kept for other customers")
    order_id = placed(world, 10, now=clock.now())
    demand = Demand.objects.get(ref_kind="order", ref_id=order_id)
    assert (demand.reserved_qty + demand.allocated_qty, demand.backordered_qty) == (4, 6)
    assert segments(advised(partner_of(world, isa_id="OTHER"), product.sku).text, "QTY") == [
        f"QTY*33*0*{product.base_unit}"
    ]


def test_an_advice_is_an_interchange_that_can_be_read_with_what_comes_by_its_day(world):
    product, today = world.products[0], clock.now().date()
    with writers.by_hand("pools"):
        Pool.objects.all().delete()
    coming = today + timedelta(days=9)
    InboundFactory(product=product, site=world.site, ordered_qty=20, eta_date=coming)
    add_customer_part(
        account_id=world.account.pk, part_number="OURS-7", product_id=product.pk, actor=PLANNER, now=clock.now()
    )
    document = advised(partner_of(world, unit_map={"PC": product.base_unit}))
    text = document.text
    assert (len(text.split("~")[0]) + 1, document.kind, document.in_reply_to) == (106, "846", None)
    (read,) = parse(text.encode()).interchanges
    assert (read.sender_qualifier, read.sender, read.receiver, read.problems) == ("01", "US", "SENDER", ())
    (group,) = read.groups
    (advice,) = group.transactions
    assert (group.functional_id, group.receiver, advice.set_id) == ("IB", "THEIRGS", "846")
    assert not group.problems and not advice.problems
    assert segments(text, "LIN") == [f"LIN*1*VP*{product.sku}*BP*OURS-7"]
    assert segments(text, "QTY") == ["QTY*33*12*PC"]
    assert segments(text, "SCH") == [f"SCH*20*PC***018*{coming:%Y%m%d}"]
    assert segments(text, "CTT") == ["CTT*1"]


def test_what_cannot_be_advised_is_named_with_what_mends_it(world):
    product, barred = world.products[0], StockedProductFactory(sku="BARRED")
    AuthorizationFactory(product=barred)
    partner = partner_of(world)
    with pytest.raises(InvalidInput) as wrong:
        advised(partner, product.sku, "NEVER", "NOR-THIS")
    assert [(e.pointer, e.code, bool(e.remedy)) for e in wrong.value.errors] == [
        ("/codes/1", "unknown_part", True),
        ("/codes/2", "unknown_part", True),
    ]
    for codes in ((), ("BARRED",)):
        with pytest.raises(NothingToAdvise) as refused:
            advised(partner, *codes)
        assert refused.value.remedy
    assert segments(advised(partner, product.sku, "barred").text, "LIN") == [f"LIN*1*VP*{product.sku}"]
    stranger = PartnerFactory(status=PartnerStatus.UNCONFIRMED, isa_id="NEW")
    for who, kind in ((stranger, PartnerNotConfirmed), (partner_of(world, isa_id="X", our_isa_id=""), OurIdIsMissing)):
        with pytest.raises(kind) as told:
            advised(who, product.sku)
        assert told.value.remedy
    assert OutboundDocument.objects.count() == 1


def test_more_than_goes_into_one_advice_is_refused_also_where_nobody_named_them(world, monkeypatch):
    """Half a list without a word would be read as the whole."""
    monkeypatch.setattr("integrations.services.advise_stock.MOST", 1)
    partner, products = partner_of(world), [world.products[0], StockedProductFactory()]
    for n, product in enumerate(products):
        add_customer_part(
            account_id=world.account.pk, product_id=product.pk, part_number=f"P-{n}", actor=PLANNER, now=clock.now()
        )
    for codes in ((), ("P-0", "P-1")):
        with pytest.raises(InvalidInput, match="2 products are asked for, at most 1") as refused:
            advised(partner, *codes)
        assert refused.value.errors[0].remedy
    assert not OutboundDocument.objects.exists()


def test_the_desk_writes_one_with_a_button_and_a_schedule_with_a_command(world, tmp_path):
    product, partner = world.products[0], partner_of(world)
    lead = browser_of(UserFactory(roles=[Role.CS_LEAD], is_staff=True))
    page = reverse("admin:integrations_partnerprofile_change", args=[partner.pk])
    advise = reverse("admin:integrations_partnerprofile_advise", args=[partner.pk])
    assert advise in lead.get(page).content.decode()
    shown = lead.post(advise, {"codes": f"{product.sku},\n"}, follow=True).content.decode()
    assert "QTY*33*4*" in shown and "The stock advice is written" in shown
    assert "Nothing is called NEVER" in lead.post(advise, {"codes": "NEVER"}, follow=True).content.decode()
    call_command("edi_advise_stock", partner.code.lower(), product.sku, "--out", str(tmp_path))
    (file,) = tmp_path.iterdir()
    assert "QTY*33*4*" in file.read_text()
    out = StringIO()
    call_command("edi_advise_stock", partner.code, product.sku, stdout=out)
    assert out.getvalue().startswith("ISA*")
    for wrong in (("NOBODY",), (partner.code, "NEVER")):
        with pytest.raises(CommandError):
            call_command("edi_advise_stock", *wrong)


def test_one_product_and_twenty_take_the_same_statements(world):
    partner, counts = partner_of(world), []
    codes = [p.sku for p in StockedProductFactory.create_batch(20)]
    advised(partner, codes[0])
    for named in (codes[:1], codes):
        with CaptureQueriesContext(connection) as captured:
            advised(partner, *named)
        counts.append(len(captured))
    assert counts[0] == counts[1]
    assert Decimal(OutboundDocument.objects.count()) == 3
