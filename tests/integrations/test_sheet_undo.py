"""An applied import is taken back: what it changed and made, and nothing that anybody touched since."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Account, ShipTo
from accounts.services.save_account import save_account
from accounts.states import Role
from catalog.models import Category, KitComponent, License, Product, ProductUnit
from core import journal, outbox
from core.actors import Actor
from core.errors import InvalidInput, NotPermitted
from core.lifecycle import IllegalTransition
from core.refs import DocumentRef
from core.testing import drain
from integrations.models import Upload
from integrations.services.confirm_undo import confirm_undo
from integrations.services.confirm_upload import ImportUnderWay
from integrations.services.give_up_upload import give_up_upload
from integrations.services.undo_upload import undo_upload
from integrations.states import ApplyMode
from tests.factories.accounts import AccountFactory, ShipToFactory, TierFactory, UserFactory
from tests.factories.catalog import CategoryFactory, KitComponentFactory, ProductFactory, UnitFactory
from tests.factories.sheets import BOT, NOW, applied, confirmed, outcomes, previewed, problems

pytestmark = pytest.mark.django_db
CHANGED = [("", "Somebody changed this record after the import.")]


def undone(upload, reason="wrong file"):
    confirm_undo(upload_id=upload.pk, reason=reason, actor=BOT, now=NOW, queued=False)
    undo_upload(upload_id=upload.pk, version=upload.version, actor=BOT, now=NOW)
    upload.refresh_from_db()
    return upload


def test_changed_records_become_what_they_were_and_new_ones_go():
    tier = TierFactory(code="GOLD")
    old = AccountFactory(code="C1", name="One", region="NV", tier=tier, currency="EUR")
    same = AccountFactory(code="C2", name="Two", region="CA")
    upload = applied("accounts", "code,name,region,tier\nc1,Uno,,\nC2,Two,CA,\nC3,Three,TX,GOLD\n")
    assert upload.counts == {"updated": 1, "unchanged": 1, "created": 1}
    upload = undone(upload, "the list was last year's")
    assert (upload.state, upload.counts, upload.undo_reason) == (
        "undone", {"undone": 2, "unchanged": 1}, "the list was last year's",
    )  # fmt: skip
    assert dict(Account.objects.values_list("code", "name")) == {"C1": "One", "C2": "Two"}
    old.refresh_from_db()
    assert (old.region, old.tier, old.currency) == ("NV", tier, "EUR")
    entries = journal.timeline(DocumentRef("account", old.pk))
    assert (
        entries[0].summary
        == f"account C1 changed name, region, tier: undo of import {upload.pk}, the list was last year's"
    )
    assert entries[0].data["changed"]["region"] == ["", "NV"]
    assert journal.timeline(DocumentRef("account", same.pk)) == []
    assert journal.timeline(DocumentRef("import", upload.pk))[0].verb == "undone"


def test_what_somebody_changed_since_is_kept_and_named_whatever_was_changed_in_it():
    AccountFactory(code="C1", name="One")
    AccountFactory(code="C2", name="Two")
    upload = applied("accounts", "code,name\nC1,Uno\nC2,Due\nC3,Tre\nC4,Quattro\n")
    for code in ("C2", "C4"):
        row = Account.objects.get(code=code)
        row.external_id = "77"
        save_account(row=row, actor=BOT, now=NOW)
    upload = undone(upload)
    assert outcomes(upload) == {2: "undone", 3: "kept", 4: "undone", 5: "kept"}
    assert problems(upload) == {3: CHANGED, 5: CHANGED}
    assert dict(Account.objects.values_list("code", "name")) == {"C1": "One", "C2": "Due", "C4": "Quattro"}


def test_a_new_record_that_others_refer_to_is_kept_with_what_refers_to_it():
    upload = applied("products", "sku,name\nA,One\nB,Two\nC,Three\n")
    UnitFactory(product=Product.objects.get(sku="A"))
    KitComponentFactory(component=Product.objects.get(sku="B"))
    kits = KitComponent.objects.count()
    upload = undone(upload)
    assert outcomes(upload) == {2: "kept", 3: "kept", 4: "undone"}
    assert problems(upload)[2] == [("", "It is used by product units, so it stays.")]
    assert problems(upload)[3] == [("", "It is used by kit components, so it stays.")]
    assert set(Product.objects.filter(sku__in="ABC").values_list("sku", flat=True)) == {"A", "B"}
    assert (ProductUnit.objects.count(), KitComponent.objects.count()) == (1, kits)


def test_records_that_stand_under_one_another_all_go_however_deep():
    data = "code,name,parent\nLEAF,Leaf,BRANCH\nBRANCH,Branch,ROOT\nROOT,Root,\nKEPT,Kept,\nUNDER,Under,KEPT\n"
    upload = applied("categories", data)
    ProductFactory(category=Category.objects.get(code="KEPT"))
    upload = undone(upload)
    assert outcomes(upload) == {2: "undone", 3: "undone", 4: "undone", 5: "kept", 6: "undone"}
    assert [c.code for c in Category.objects.all()] == ["KEPT"]


def test_a_move_under_a_new_record_is_taken_back_before_the_record_goes():
    CategoryFactory(code="OLD", name="Old")
    upload = applied("categories", "code,name,parent\nOLD,Old,NEW\nNEW,New,\n")
    assert Category.objects.get(code="OLD").parent.code == "NEW"
    assert undone(upload).counts == {"undone": 2}
    assert list(Category.objects.values_list("code", "parent")) == [("OLD", None)]


def test_a_life_that_only_goes_forward_is_kept():
    AccountFactory(code="C1", name="One", status="prospect")
    upload = undone(applied("accounts", "code,name,status\nC1,One,active\nC2,Two,active\n"))
    assert outcomes(upload) == {2: "kept", 3: "undone"}
    assert problems(upload)[2] == [("status", "An account that is active cannot become prospect.")]


def test_a_licence_with_evidence_since_then_is_kept():
    AccountFactory(code="C1")
    upload = applied("licenses", "account,kind,number,from\nC1,DEA,N1,2026-01-01\nC1,DEA,N2,2026-01-01\n")
    License.objects.filter(number="N1").update(evidence_name="scan.pdf")
    assert outcomes(undone(upload)) == {2: "kept", 3: "undone"}


def test_a_default_address_moves_back_and_receiving_times_too():
    account = AccountFactory(code="C1")
    old = ShipToFactory(account=account, code="OLD", name="Old", is_default=True, delivery_days=[4])
    moved = applied("ship_tos", "account,code,name,default\nC1,NEW,New,yes\nC1,OLD,Old,no\n")
    times = applied("receiving", "account,code,days\nC1,OLD,Mon\n")
    assert undone(times).counts == {"undone": 1}
    assert undone(moved).counts == {"kept": 1, "undone": 1}  # its receiving times were written since
    assert list(ShipTo.objects.values_list("code", "is_default", "delivery_days")) == [("OLD", True, [4])]
    old.refresh_from_db()


def test_an_undo_asks_for_a_reason_a_right_and_an_applied_import_and_happens_once():
    upload = applied("products", "sku,name\nA,One\n")
    waiting = previewed("products", "sku,name\nB,Two\n")
    for reason in ("", "  ", "x" * 201):
        with pytest.raises(InvalidInput):
            confirm_undo(upload_id=upload.pk, reason=reason, actor=BOT, now=NOW)
    clerk = Actor("Ann", user_id=7, roles=frozenset({"cs"}))
    with pytest.raises(NotPermitted):
        confirm_undo(upload_id=upload.pk, reason="no", actor=clerk, now=NOW)
    with pytest.raises(IllegalTransition):
        confirm_undo(upload_id=waiting.pk, reason="no", actor=BOT, now=NOW)
    confirm_undo(upload_id=upload.pk, reason="no", actor=BOT, now=NOW, queued=False)
    with pytest.raises(ImportUnderWay):
        confirmed(waiting)
    assert undo_upload(upload_id=upload.pk, version=1, actor=BOT, now=NOW).made is True
    assert undo_upload(upload_id=upload.pk, version=1, actor=BOT, now=NOW).made is False
    with pytest.raises(IllegalTransition):
        confirm_undo(upload_id=upload.pk, reason="again", actor=BOT, now=NOW)
    assert confirmed(waiting).counts == {"created": 1}


def test_the_same_file_may_be_imported_again_after_an_undo():
    data = "sku,name\nA,One\nB,Two\n"
    undone(applied("products", data))
    assert applied("products", data).counts == {"created": 2}


def test_an_undo_whose_job_died_leaves_the_import_applied():
    upload = applied("products", "sku,name\nA,One\n")
    confirm_undo(upload_id=upload.pk, reason="no", actor=BOT, now=NOW)
    (job_id,) = outbox.lease_due(now=NOW)
    assert give_up_upload(job_id=job_id, now=NOW) is True
    upload.refresh_from_db()
    assert (upload.state, Product.objects.count()) == ("applied", 1)


def test_many_rows_take_the_same_statements_as_few():
    """As many as there are tables that could use a product, whatever the rows."""
    assert _statements_to_undo(1_500) == _statements_to_undo(2)


def _statements_to_undo(rows):
    upload = applied("products", "sku,name\n" + "".join(f"S{i},Thing {i}\n" for i in range(rows)))
    with CaptureQueriesContext(connection) as asked:
        assert undone(upload).counts == {"undone": rows}
    return len(asked)


def test_a_person_undoes_it_on_its_page_and_reads_what_was_kept(client):
    client.force_login(UserFactory(roles=[Role.PLANNER], is_staff=True))
    upload = applied("products", "sku,name\nA,One\nB,Two\n", ApplyMode.VALID)
    UnitFactory(product=Product.objects.get(sku="A"))
    address = reverse("admin:integrations_upload_change", args=[upload.pk])
    assert "Undo this import" in client.get(address).content.decode()
    undo = reverse("admin:integrations_upload_undo", args=[upload.pk])
    assert "Say why" in client.post(undo, {"reason": " "}, follow=True).content.decode()
    client.post(undo, {"reason": "The wrong list"})
    assert "Undoing the import" in client.get(address).content.decode()
    drain(NOW)
    page = client.get(address).content.decode()
    assert "The wrong list" in page and "It is used by product units, so it stays." in page
    assert "Undo this import" not in page and "Preview the rows" not in page
    assert list(Product.objects.values_list("sku", flat=True)) == ["A"]


def test_the_command_undoes_an_import():
    upload = applied("products", "sku,name\nA,One\n")
    out = StringIO()
    call_command("undo_import", str(upload.pk), "--reason", "wrong", "--json", stdout=out)
    assert json.loads(out.getvalue()) == {"import": upload.pk, "undone": True, "after": {"undone": 1}, "problem": ""}
    with pytest.raises(CommandError, match="cannot") as refused:
        call_command("undo_import", str(upload.pk), "--reason", "wrong")
    assert refused.value.returncode == 2 and Upload.objects.get().state == "undone"
