"""The pricing desk's screens: lists, contracts, prices, and why a price is what it is."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.states import Role
from orders.models import OrderLine
from orders.services.place import place
from pricing.models import CommitmentUse, PriceRow
from tests.factories.accounts import AccountFactory, StaffFactory
from tests.factories.orders import CLERK, NOW, make_world
from tests.factories.pricing import CommitmentFactory, ContractFactory, PriceRowFactory, SourceFactory

pytestmark = pytest.mark.django_db
EXPLAIN = "admin:pricing_pricesource_explain"


@pytest.fixture
def desk(client):
    client.force_login(StaffFactory(roles=[Role.PRICING]))
    return client


def test_every_screen_opens(desk):
    commitment = CommitmentFactory()
    row = PriceRowFactory(source=commitment.source)
    for name, pk in (("pricesource", row.source_id), ("pricerow", row.pk), ("commitment", commitment.pk)):
        assert desk.get(reverse(f"admin:pricing_{name}_changelist")).status_code == 200
        assert desk.get(reverse(f"admin:pricing_{name}_change", args=[pk])).status_code == 200
        assert desk.get(reverse(f"admin:pricing_{name}_add")).status_code == 200
    assert desk.get(reverse("admin:pricing_priceagreement_changelist")).status_code == 200


def test_a_volume_says_which_lines_called_it_off_in_as_many_statements_for_8_as_for_1(desk):
    commitment = CommitmentFactory()
    page = reverse("admin:pricing_commitment_change", args=[commitment.pk])
    counts = set()
    for n in range(8):
        placed = place(make_world().draft(1), actor=CLERK, now=NOW)
        line = OrderLine.objects.get(order=placed.order_id)
        CommitmentUse.objects.create(commitment=commitment, ref_kind="order_line", ref_id=line.pk, qty=1, on=NOW.date())
        if n in (0, 7):
            desk.get(page)  # what is kept by the process is there from now on
            with CaptureQueriesContext(connection) as captured:
                told = desk.get(page).content.decode()
            assert f"Order {placed.number} line 1" in told
            counts.add(len(captured))
    assert len(counts) == 1, counts


def test_40_prices_list_in_as_many_statements_as_1(desk, django_assert_max_num_queries):
    source = SourceFactory()
    PriceRowFactory.create_batch(40, source=source)
    with django_assert_max_num_queries(14):
        assert desk.get(reverse("admin:pricing_pricerow_changelist")).status_code == 200


def test_a_second_price_for_the_same_days_comes_back_as_words_in_the_form(desk):
    row = PriceRowFactory()
    values = {"source": row.source_id, "product": row.product_id, "min_qty": "0", "unit_price": "9"}
    answer = desk.post(reverse("admin:pricing_pricerow_add"), values | {"valid_from": "2026-01-01"})
    assert answer.status_code == 200
    assert "end that one first" in answer.content.decode()
    assert PriceRow.objects.count() == 1


def test_a_price_is_explained_with_its_steps_and_its_losers(desk):
    contract = ContractFactory(code="ACME-26")
    row = PriceRowFactory(source=SourceFactory(code="BASE"), unit_price=10)
    PriceRowFactory(source=contract, product=row.product, unit_price=8)
    PriceRowFactory(source=contract, product=row.product, unit_price=7, min_qty=100)
    question = {"account": contract.account.code.lower(), "product": row.product.sku, "qty": "3", "on": "2026-11-22"}
    page = desk.get(reverse(EXPLAIN), question).content.decode()
    assert "24.00" in page
    assert "account ACME-26" in page
    assert "account comes before list" in page
    assert "needs 100 or more" in page


def test_a_code_nobody_knows_is_an_error_on_its_field(desk):
    asked = {"account": "NOBODY", "product": "NOTHING", "qty": "0", "on": str(date(2026, 11, 22))}
    page = desk.get(reverse(EXPLAIN), asked)
    assert page.status_code == 200
    assert set(page.context["form"].errors) == {"account", "product", "qty"}
    assert desk.get(reverse(EXPLAIN)).context["answer"] is None


def test_a_buyer_does_not_see_prices_of_others(client):
    client.force_login(StaffFactory(roles=[Role.WAREHOUSE]))
    row = PriceRowFactory(source=ContractFactory(account=AccountFactory()))
    assert client.get(reverse("admin:pricing_pricerow_change", args=[row.pk])).status_code == 403
    assert client.get(reverse(EXPLAIN)).status_code == 403
