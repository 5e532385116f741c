"""Every write of the catalog: what it keeps, what it refuses, and that a refusal changes nothing."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from catalog.models import (
    AuthorizationRule,
    Category,
    CustomerPartNumber,
    KitComponent,
    License,
    Product,
    ProductUnit,
)
from catalog.queries import resolve_parts
from catalog.rules.asks import PartQuery
from catalog.services.add_customer_part import PartNumberTaken, add_customer_part
from catalog.services.attach_evidence import attach_evidence
from catalog.services.change_customer_part import change_customer_part
from catalog.services.change_product_status import StatusReasonMissing, change_product_status
from catalog.services.end_customer_part import PartNumberEnded, end_customer_part
from catalog.services.keep_authorization import keep_authorization
from catalog.services.keep_category import keep_category
from catalog.services.keep_kit_component import keep_kit_component
from catalog.services.keep_licence import LicenceRevoked, keep_licence
from catalog.services.keep_product import keep_product
from catalog.services.keep_unit import keep_unit
from catalog.services.revoke_licence import revoke_licence
from catalog.states import ProductStatus
from core import journal
from core.actors import system
from core.errors import InvalidInput, NotFound
from core.lifecycle import IllegalTransition
from core.refs import DocumentRef
from tests.factories.accounts import AccountFactory
from tests.factories.catalog import (
    CategoryFactory,
    CustomerPartFactory,
    LicenseFactory,
    ProductFactory,
    UnitFactory,
)

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
AS = {"actor": system("tests"), "now": NOW}
PDF = b"%PDF-1.7 scanned"


def refused(verb, *pointers, **asked):
    with pytest.raises(InvalidInput) as refusal:
        verb(**asked, **AS)
    assert tuple(e.pointer for e in refusal.value.errors) == pointers
    return refusal.value.errors[0].message


def test_a_gtin_is_checked_and_belongs_to_one_product_or_packaging():
    first = ProductFactory(sku="FIRST", gtin="012345678905")
    UnitFactory(product=first, gtin="10012345678902")
    said = refused(keep_product, "/gtin", row=Product(sku="N", name="N", gtin="00012345678906"))
    assert said == "The check digit of the GTIN 00012345678906 is wrong: it ends in 6, the others give 5."
    for taken in ("00012345678905", "10012345678902"):  # the first one is the same number, written longer
        said = refused(keep_product, "/gtin", row=Product(sku="N", name="N", gtin=taken))
        assert said == f"The GTIN {taken} is that of FIRST already: a scan could not tell them apart."
        refused(keep_unit, "/gtin", row=ProductUnit(product=ProductFactory(), code="CA", gtin=taken))
    assert not Product.objects.filter(sku="N").exists()
    keep_product(row=first, **AS)  # its own number is no clash
    keep_product(row=Product(sku="N", name="N", gtin="4006381333931"), **AS)
    assert Product.objects.get(sku="N").gtin == "4006381333931"


def test_a_unit_is_a_positive_number_of_base_units_and_not_the_base_unit():
    product = ProductFactory()
    for factor in ({"numerator": 0}, {"denominator": 0}):
        refused(keep_unit, "/__all__", row=ProductUnit(product=product, code="CA", **factor))
    refused(keep_unit, "/code", row=ProductUnit(product=product, code=" ea ", numerator=12))
    keep_unit(row=ProductUnit(product=product, code=" pk3 ", numerator=1, denominator=3), **AS)
    assert [(u.code, u.numerator, u.denominator) for u in ProductUnit.objects.all()] == [("PK3", 1, 3)]


def test_a_category_never_stands_in_itself():
    top = CategoryFactory(name="Top")
    middle = CategoryFactory(parent=top)
    leaf = CategoryFactory(parent=middle, name="Leaf")
    top.parent = leaf
    assert refused(keep_category, "/parent", row=top) == "Leaf stands inside Top already."
    middle.parent = middle
    refused(keep_category, "/parent", row=middle)
    assert Category.objects.get(pk=top.pk).parent_id is None
    other = CategoryFactory()
    leaf.parent = other
    keep_category(row=leaf, **AS)
    assert Category.objects.get(pk=leaf.pk).parent_id == other.pk


def test_a_kit_never_contains_itself_through_another():
    outer, inner, part = (ProductFactory(sku=sku) for sku in ("OUTER", "INNER", "PART"))
    keep_kit_component(row=KitComponent(kit=outer, component=inner, qty=Decimal(2)), **AS)
    keep_kit_component(row=KitComponent(kit=inner, component=part), **AS)
    said = refused(keep_kit_component, "/component", row=KitComponent(kit=part, component=outer))
    assert said == "OUTER contains PART already: the kit would contain itself."
    refused(keep_kit_component, "/component", row=KitComponent(kit=outer, component=outer))
    refused(keep_kit_component, "/__all__", row=KitComponent(kit=outer, component=part, qty=Decimal(0)))
    changed = KitComponent.objects.get(kit=inner)
    changed.component = outer
    refused(keep_kit_component, "/component", row=changed)
    assert KitComponent.objects.count() == 2


def test_a_rule_that_denies_asks_for_no_licence():
    refused(keep_authorization, "/license_kind", row=AuthorizationRule(name="No", effect="deny", license_kind="DEA"))
    keep_authorization(row=AuthorizationRule(name="With", effect="allow", license_kind=" DEA "), **AS)
    keep_authorization(row=AuthorizationRule(name="Too", effect="allow", license_kind="DEA"), **AS)  # may overlap
    assert [r.license_kind for r in AuthorizationRule.objects.all()] == ["DEA", "DEA"]


def licence(**changes):
    plain = {"kind": "DEA", "number": "L1", "valid_from": date(2026, 1, 1), "valid_to": date(2027, 1, 1)}
    return License(**{"account": AccountFactory(), **plain, **changes})


def test_a_licence_has_a_period_that_runs_forward_and_stays_with_its_customer():
    refused(keep_licence, "/__all__", row=licence(valid_to=date(2025, 1, 1)))
    refused(keep_licence, "/__all__", row=licence(valid_to=date(2026, 1, 1)))
    kept = licence(number=" L1 ")
    keep_licence(row=kept, **AS)
    refused(keep_licence, "/__all__", row=licence(account=kept.account, number="l1"))
    kept.account = AccountFactory()
    assert refused(keep_licence, "/account", row=kept) == "A licence belongs to the customer it was issued to."
    assert License.objects.get().number == "L1"


def test_a_revoked_licence_stays_as_it_was():
    kept = LicenseFactory(number="L1")
    asked = {"licence_id": kept.pk, "revoked_date": date(2026, 6, 1)}
    refused(revoke_licence, "/reason", **asked, reason=" ")
    revoke_licence(**asked, reason="Withdrawn by the board", **AS)
    with pytest.raises(LicenceRevoked):
        revoke_licence(**asked, reason="Again", **AS)
    with pytest.raises(LicenceRevoked):
        keep_licence(row=License.objects.get(), **AS)
    with pytest.raises(NotFound):
        revoke_licence(licence_id=0, revoked_date=NOW.date(), reason="None", **AS)
    (told,) = journal.timeline(DocumentRef("licence", kept.pk))
    assert told.summary == "licence DEA L1 revoked from 2026-06-01: Withdrawn by the board"
    assert License.objects.get().revoked_reason == "Withdrawn by the board"


def test_evidence_lies_under_a_name_of_ours_whatever_it_was_called(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    kept = LicenseFactory()
    stored = attach_evidence(licence_id=kept.pk, name="../../../DEA.pdf", content=PDF, **AS)
    assert attach_evidence(licence_id=kept.pk, name="DEA.pdf", content=PDF, **AS) == stored
    assert [str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()] == [stored]
    assert stored.startswith(f"licences/{kept.pk}-") and stored.endswith(".pdf")
    kept.refresh_from_db()
    assert (kept.evidence.name, kept.evidence_name, kept.evidence_type) == (stored, "DEA.pdf", "application/pdf")
    with kept.evidence.open() as file:
        assert file.read() == PDF


@pytest.mark.parametrize("content", [b"MZ\x90", b"#!/bin/sh", b"PK\x03\x04", b"", b"%PDF-" + b"x" * 1_500_000])
def test_a_program_or_a_giant_is_no_evidence(settings, tmp_path, content):
    settings.MEDIA_ROOT = tmp_path
    refused(attach_evidence, "/evidence", licence_id=LicenseFactory().pk, name="DEA.pdf", content=content)
    with pytest.raises(NotFound):
        attach_evidence(licence_id=0, name="DEA.pdf", content=PDF, **AS)
    assert list(tmp_path.iterdir()) == []
    assert License.objects.get().evidence.name == ""


def test_a_recall_and_its_end_need_a_reason():
    product = ProductFactory()
    at = {"product_id": product.pk, **AS}
    with pytest.raises(StatusReasonMissing):
        change_product_status(status=ProductStatus.RECALLED, **at)
    change_product_status(status=ProductStatus.RECALLED, reason="Lot 7 leaks", **at)
    with pytest.raises(StatusReasonMissing):
        change_product_status(status=ProductStatus.ACTIVE, reason=" ", **at)
    with pytest.raises(IllegalTransition):
        change_product_status(status=ProductStatus.RECALLED, reason="Again", **at)
    change_product_status(status=ProductStatus.DISCONTINUED, reason="Withdrawn", **at)
    change_product_status(status=ProductStatus.ACTIVE, **at)
    told = [e.summary for e in journal.timeline(DocumentRef("product", product.pk))]
    assert told == ["discontinued → active", "recalled → discontinued: Withdrawn", "active → recalled: Lot 7 leaks"]


def found(part, code):
    return resolve_parts([PartQuery("k", part.account_id, code)]).get("k")


def test_a_part_number_is_renamed_moved_and_ended():
    part, other = CustomerPartFactory(part_number="OLD"), ProductFactory()
    change_customer_part(part_id=part.pk, part_number=" NEW ", product_id=other.pk, **AS)
    assert (found(part, "OLD"), found(part, "new").product_id) == (None, other.pk)
    second = CustomerPartFactory(account=part.account, part_number="SECOND")
    with pytest.raises(PartNumberTaken):
        change_customer_part(part_id=second.pk, part_number="new", product_id=other.pk, **AS)
    end_customer_part(part_id=part.pk, **AS)
    assert found(part, "NEW") is None
    with pytest.raises(PartNumberEnded):
        end_customer_part(part_id=part.pk, **AS)
    with pytest.raises(PartNumberEnded):
        change_customer_part(part_id=part.pk, part_number="X", product_id=other.pk, **AS)
    again = add_customer_part(account_id=part.account_id, part_number="NEW", product_id=second.product_id, **AS)
    assert again != part.pk
    assert found(part, "NEW").product_id == second.product_id
    assert CustomerPartNumber.objects.get(pk=part.pk).ended_at == NOW


def test_what_does_not_exist_is_not_found():
    with pytest.raises(NotFound):
        change_customer_part(part_id=0, part_number="X", product_id=1, **AS)
    with pytest.raises(NotFound):
        end_customer_part(part_id=0, **AS)
    with pytest.raises(NotFound):
        change_product_status(product_id=0, status=ProductStatus.RECALLED, reason="x", **AS)
