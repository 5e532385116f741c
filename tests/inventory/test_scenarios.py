"""Saved what-ifs: named, dated, compared with now, refused when stale; the comparison as a file."""

import csv
import re
from decimal import Decimal

import pytest
from django.urls import reverse

from inventory.models import AllocationScenario
from inventory.policy_queries import policy_called
from inventory.rules.asks import RankSnapshot
from inventory.services.save_scenario import ScenarioIsStale, ScenarioNameTaken, Tried, save_scenario
from inventory.services.what_if import what_if
from tests.factories.accounts import AccountFactory, StaffFactory
from tests.factories.doors import browser_of
from tests.factories.inventory import NOW, PLANNER, demand, stock
from tests.inventory.test_what_if import short as short_of_stock

pytestmark = pytest.mark.django_db
short = short_of_stock
URL = "/admin/inventory/allocationrun/what-if/"


def text_of(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


@pytest.fixture
def desk():
    return browser_of(StaffFactory(roles=["planner"]))


def save(product, name="Before the holidays"):
    shown = what_if([product.pk], now=NOW, policy=policy_called("again"))
    return save_scenario(
        name=name, tried=Tried(product.pk, "again"), versions=shown.versions, actor=PLANNER, now=NOW, note="for sales"
    )


def test_margin_and_service_at_risk_are_summed_by_tier_region_and_segment(short):
    product, _low, _high = short
    account = AccountFactory(region="WEST", currency="USD")
    demand(
        product,
        4,
        account_id=account.pk,
        rank=RankSnapshot(tier_rank=2, sla_penalty=Decimal(30), unit_margin=Decimal(2)),
    )
    s = what_if([product.pk], now=NOW, policy=policy_called("again")).summary
    assert {rank: (dict(p.margin), dict(p.at_risk)) for rank, p in s.tiers.items()} == {
        1: ({"USD": Decimal("15.00")}, {}),
        2: ({"USD": Decimal("4.00")}, {"USD": Decimal(30)}),
        3: ({"": Decimal("-8.00")}, {}),
    }
    assert s.regions["WEST"].late_under_contract == 1
    assert list(s.segments) == ["again v1: all"]
    assert dict(s.whole.margin) == {"": Decimal("-8.00"), "USD": Decimal("19.00")}


def test_a_scenario_is_kept_with_who_and_when_and_never_overwritten(short):
    product, low, high = short
    save(product)
    row = AllocationScenario.objects.get()
    assert (row.saved_label, row.saved_at, row.figures["moved"], row.note) == (PLANNER.label, NOW, 2, "for sales")
    assert {x["demand"]: (x["before"], x["after"]) for x in row.lines} == {high: ("0", "6"), low: ("8", "2")}
    with pytest.raises(ScenarioNameTaken):
        save(product)


def test_what_is_not_on_the_screen_any_more_is_not_saved(short):
    product, _low, _high = short
    shown = what_if([product.pk], now=NOW, policy=policy_called("again"))
    demand(product, 1)
    with pytest.raises(ScenarioIsStale):
        save_scenario(name="Late", tried=Tried(product.pk, "again"), versions=shown.versions, actor=PLANNER, now=NOW)
    assert not AllocationScenario.objects.exists()


def test_a_planner_saves_from_the_workbench_and_later_sees_then_and_now(short, desk):
    product, _low, _high = short
    page = desk.get(URL, {"sku": product.sku, "policy": "again", "beside": "again"})
    assert "Margin protected" in text_of(page)
    token = page.context["token"]
    saved = desk.post(f"{URL}?sku={product.sku}", {"token": token, "name": "Week 10", "note": ""}, follow=True)
    assert "Nothing changed since" in text_of(saved)
    row = AllocationScenario.objects.get()
    assert (row.policy_code, row.beside_code) == ("again", "again")
    stock(product, row_site(product), 5)
    later = text_of(desk.get(reverse("admin:inventory_allocationscenario_change", args=[row.pk])))
    assert "Demand or stock changed since" in later
    assert "Run it again" in later
    assert "Week 10" in text_of(desk.get(reverse("admin:inventory_allocationscenario_changelist")))


def row_site(product):
    from inventory.models import StockBalance

    return StockBalance.objects.filter(product=product).first().site


def test_the_comparison_is_a_file_with_every_line(short, desk):
    product, _low, _high = short
    answer = desk.get(
        "/admin/inventory/allocationrun/what-if.csv", {"sku": product.sku, "policy": "again", "beside": "again"}
    )
    rows = list(csv.DictReader(b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()))
    assert [(r["Now"], r["What-if"], r["Beside"], r["Margin"]) for r in rows] == [
        ("0", "6", "6", "15.00"), ("8", "2", "2", "-6.00")
    ]  # fmt: skip
    assert desk.get("/admin/inventory/allocationrun/what-if.csv", {"sku": "NOPE"}).status_code == 404
