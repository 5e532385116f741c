"""Price lists and prices as sheets: what is refused cell by cell, and what is applied."""

from decimal import Decimal

import pytest

from integrations.services.confirm_undo import confirm_undo
from integrations.services.undo_upload import undo_upload
from pricing.models import Commitment, Contract, PriceRow, PriceSource
from pricing.queries import price
from pricing.rules.asks import PriceAsk
from tests.factories.accounts import AccountFactory, GroupFactory
from tests.factories.catalog import ProductFactory
from tests.factories.pricing import (
    ActivationFactory,
    AdjustmentFactory,
    CommitmentFactory,
    PriceRowFactory,
    SourceFactory,
    TermsFactory,
)
from tests.factories.sheets import BOT, NOW, applied, previewed, problems

pytestmark = pytest.mark.django_db
LISTS = "List,Name,Level,Account,Currency,From,To\n"
PRICES = "List,SKU,From quantity,Price,Tier,Unit,From,To\n"


def test_a_contract_and_its_prices_come_from_two_files():
    AccountFactory(code="ACME")
    ProductFactory(sku="GLV-1")
    applied("price_lists", (LISTS + "C-1,Contract,account,acme,USD,2026-01-01,2027-01-01\n").encode())
    applied("prices", (PRICES + "C-1,glv-1,,10.50,,,2026-01-01,\nC-1,GLV-1,100,9.75,,,2026-01-01,\n").encode())
    assert PriceSource.objects.get().account.code == "ACME"
    assert list(PriceRow.objects.order_by("min_qty").values_list("min_qty", "unit_price")) == [
        (0, Decimal("10.5")),
        (100, Decimal("9.75")),
    ]


def columns(upload):
    return {number: [column for column, _ in found] for number, found in problems(upload).items()}


def test_a_list_names_its_party_and_nobody_else():
    AccountFactory(code="ACME")
    upload = previewed(
        "price_lists",
        LISTS
        + "A,A,account,,USD,2026-01-01,\nB,B,list,ACME,USD,2026-01-01,\n"
        + "C,C,segment,,USD,2026-01-01,\nD,D,list,,USD,2026-01-01,2025-01-01\n",
    )
    assert columns(upload) == {2: ["account"], 3: ["account"], 4: ["territory"], 5: ["valid_to"]}


def test_prices_that_overlap_are_refused_with_what_is_there_named():
    row = PriceRowFactory(source=SourceFactory(code="BASE"), product=ProductFactory(sku="GLV-1"), min_qty=10)
    rows = ("10,9,,,2026-01-01,", "20,9,,,2026-01-01,2026-02-01", "20,8,,,2026-01-15,", "20,8,GOLD,,2026-01-15,")
    upload = previewed("prices", PRICES + "".join(f"BASE,GLV-1,{row}\n" for row in rows))
    assert columns(upload) == {2: ["valid_from"], 4: ["valid_from"]}
    ((_, told),) = problems(upload)[2]
    assert "BASE GLV-1 10 from 10, from 2020-01-01 without end" in told
    assert PriceRow.objects.get() == row


def test_a_file_without_a_column_of_the_key_is_told_to_have_one():
    PriceRowFactory(source=SourceFactory(code="BASE"), product=ProductFactory(sku="GLV-1"))
    upload = previewed("prices", "List,SKU,Price,From\nBASE,GLV-1,9,2026-01-01\n")
    assert columns(upload) == {2: ["min_qty", "tier", "unit"]}


CONTRACTS = "Contract,Version,Name,Account,Group,From,To,Terms\n"


def test_contracts_and_their_lists_come_from_two_files_and_are_undone():
    AccountFactory(code="ACME")
    upload = applied("contracts", CONTRACTS + "K-1,1,Supplies,acme,,2026-01-01,2027-01-01,NET45\n")
    contract = Contract.objects.get()
    assert (contract.account.code, contract.payment_terms, contract.number) == ("ACME", "NET45", "K-1 v1")
    lists = "List,Name,Level,Account,From,Contract version\n"
    applied("price_lists", lists + "C-1,Contract,account,ACME,2026-01-01,k-1 v1\n")
    assert PriceSource.objects.get().contract == contract
    PriceSource.objects.all().delete()
    confirm_undo(upload_id=upload.pk, reason="wrong file", actor=BOT, now=NOW, queued=False)
    undo_upload(upload_id=upload.pk, version=upload.version, actor=BOT, now=NOW)
    assert not Contract.objects.exists()


def test_a_contract_has_one_party_and_one_version_a_day():
    TermsFactory(code="K-1", account=AccountFactory(code="ACME"))
    rows = (
        "K-1,2,x,ACME,,2026-12-31,2028-01-01,",
        "K-2,1,x,,,2026-01-01,2027-01-01,",
        "K-3,1,x,ACME,,2026-01-01,2026-01-01,",
        "K-4,1,x,ACME,,2026-01-01,2027-01-01,",
        "K-4,2,x,ACME,,2026-06-01,2027-06-01,",
        "K-1,3,x,ACME,,2027-01-01,2028-01-01,",
    )
    upload = previewed("contracts", CONTRACTS + "".join(f"{row}\n" for row in rows))
    assert columns(upload) == {2: ["valid_from"], 3: ["account"], 4: ["valid_to"], 6: ["valid_from"]}
    assert "K-1 v1, from 2026-01-01 until 2027-01-01" in problems(upload)[2][0][1]


def test_rebates_and_chargeback_terms_are_refused_cell_by_cell():
    GroupFactory(code="GPO")
    rebates = "Program,Name,Group,Percent,From\nR1,R,gpo,2.5,2026-01-01\nR2,R,,2,2026-01-01\nR3,R,GPO,0,2026-01-01\n"
    assert columns(previewed("rebates", rebates)) == {3: ["group"], 4: ["percent"]}
    terms = "Group,Days to claim,From,To\nGPO,60,2026-01-01,2027-01-01\nGPO,90,2026-06-01,\n"
    assert columns(previewed("chargeback_terms", terms)) == {3: ["valid_from"]}


VOLUMES = "List,SKU,Measure,From,To,Quantity promised,Amount promised\n"


def test_volumes_are_promised_and_changed_by_a_file_and_what_was_called_off_stays():
    source, product = SourceFactory(code="C-1"), ProductFactory(sku="GLV-1")
    applied(
        "commitments",
        (VOLUMES + "C-1,glv-1,units,2026-01-01,2027-01-01,600,\nC-1,,money,2026-01-01,2027-01-01,,5000.50\n").encode(),
    )
    rows = Commitment.objects.order_by("pk").values_list("product_id", "measure", "committed_qty", "committed_amount")
    assert list(rows) == [(product.pk, "units", 600, 0), (None, "money", 0, Decimal("5000.50"))]
    Commitment.objects.filter(product=product).update(consumed_qty=40)
    upload = applied(
        "commitments",
        (
            VOLUMES + "C-1,GLV-1,units,2026-01-01,2027-01-01,700,0\nC-1,,money,2026-01-01,2027-06-01,0,5000.50\n"
        ).encode(),
    )
    assert upload.counts == {"updated": 2}
    assert list(Commitment.objects.order_by("pk").values_list("committed_qty", "consumed_qty")) == [(700, 40), (0, 0)]
    assert source.commitments.count() == 2


def test_volumes_tiers_and_discounts_are_refused_cell_by_cell():
    CommitmentFactory(source=SourceFactory(code="C-1"), product=ProductFactory(sku="GLV-1"))
    year = "2026-06-01,2027-06-01"
    rows = (
        f"C-1,,units,{year},5,",
        f"C-1,GLV-1,money,{year},5,0",
        f"C-1,GLV-1,units,{year},5,",  # overlaps what is there
        f"C-1,,money,{year},,10",
        f"C-1,,money,{year.replace('2026', '2025')},,10",  # overlaps the row before
        "C-1,GLV-1,units,2027-01-01,2026-01-01,5,",
        f"X,GLV-1,units,{year},5,",
    )
    upload = previewed("commitments", VOLUMES + "".join(f"{row}\n" for row in rows))
    assert columns(upload) == {
        2: ["product"], 3: ["committed_amount"], 4: ["valid_from"], 6: ["valid_from"], 7: ["valid_to"], 8: ["source"],
    }  # fmt: skip
    ActivationFactory(source=SourceFactory(code="G-1"), account=AccountFactory(code="ACME"))
    tiers = "List,Account,Tier,From,To\nG-1,acme,GOLD,2026-01-01,\nG-1,,GOLD,2026-01-01,\n"
    tiers += "G-1,ACME,GOLD,2019-01-01,2020-01-01\n"
    assert columns(previewed("tier_activations", tiers)) == {2: ["valid_from"], 3: ["account"]}
    AdjustmentFactory(code="SPRING")
    off = "Code,Name,Kind,Method,Value,Currency,From quantity,From\n"
    off += "SPRING,x,promotion,percent,5,,0,2026-01-01\nSPRING,x,promotion,percent,5,,10,2026-01-01\n"
    off += "A,x,promotion,percent,101,,0,2026-01-01\nB,x,charge,percent,101,,0,2026-01-01\n"
    off += "C,x,promotion,amount,5,,0,2026-01-01\n"
    assert columns(previewed("adjustments", off)) == {2: ["valid_from"], 4: ["value"], 6: ["currency"]}
    short = previewed("adjustments", "Code,Name,Kind,Value,From\nA,x,promotion,5,2026-01-01\n")
    assert columns(short) == {2: ["min_qty"]}


def test_an_import_of_discounts_prices_orders_and_is_undone():
    row = PriceRowFactory(source=SourceFactory(code="BASE"))
    ask = [PriceAsk("1", row.product_id, Decimal(1))]
    account = AccountFactory()
    text = f"Code,Name,Kind,Value,SKU,From quantity,From\nSPRING,Spring,promotion,10,{row.product.sku},0,2026-01-01\n"
    upload = applied("adjustments", text.encode())
    assert price(ask, account_id=account.pk, currency="USD", on=NOW.date())[0].unit_price == 9
    confirm_undo(upload_id=upload.pk, reason="wrong file", actor=BOT, now=NOW, queued=False)
    undo_upload(upload_id=upload.pk, version=upload.version, actor=BOT, now=NOW)
    assert price(ask, account_id=account.pk, currency="USD", on=NOW.date())[0].unit_price == 10
