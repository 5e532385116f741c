"""What a limit is asked for with, and a second person's yes: it counts by itself, once."""

import hashlib
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.approvals import decide
from accounts.models import ApprovalRequest
from accounts.states import Role
from core.actors import Actor
from core.errors import InvalidInput, NotPermitted
from core.models import OverrideEntry
from core.overrides import Reason
from core.testing import drain
from credit.models import CreditAccount, LimitAddition, LimitEvidence
from credit.services.apply_approved_limit import apply_approved_limit
from credit.services.attach_evidence import EvidenceKnown, attach_evidence
from credit.services.change_limit import change_limit
from credit.services.grant_addition import AdditionSpec
from credit.services.request_limit import request_addition, request_limit
from credit.states import AdditionKind
from tests.factories.accounts import StaffFactory
from tests.factories.credit import CreditAccountFactory
from tests.factories.doors import browser_of

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PDF = b"%PDF-1.7 balance sheet"
NOTE = "Their balance sheet, audited"


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def person(*roles):
    user = StaffFactory(roles=list(roles))
    return Actor(str(user), user.pk, frozenset(roles), channel="console")


def attach(credit, actor, *, note=NOTE, name="sheet.pdf", content=PDF):
    return attach_evidence(account_id=credit.account_id, note=note, name=name, content=content, actor=actor, now=NOW)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"content": b"MZ virus"}, "not a PDF, PNG or JPEG"),
        ({"content": PDF + b"x" * 1_500_000}, "at most 1,500,000"),
        ({"name": "sheet.png"}, "is a PDF"),
        ({"content": b""}, "empty"),
        ({"note": "short"}, "at least ten characters"),
    ],
)
def test_a_file_that_is_too_large_or_not_what_it_says_is_refused(more, said):
    credit = CreditAccountFactory()
    with pytest.raises(InvalidInput) as refusal:
        attach(credit, person(Role.FINANCE), **more)
    assert said in refusal.value.errors[0].message
    assert LimitEvidence.objects.count() == 0


def test_it_is_kept_with_its_hash_once_and_only_by_finance():
    credit, finance = CreditAccountFactory(), person(Role.FINANCE)
    attach(credit, finance)
    kept = LimitEvidence.objects.get()
    assert (kept.sha256, kept.size, kept.file_type) == (hashlib.sha256(PDF).hexdigest(), len(PDF), "application/pdf")
    with kept.file.open() as file:
        assert file.read() == PDF
    with pytest.raises(EvidenceKnown):
        attach(credit, finance)
    attach(credit, finance, name="", content=b"", note="Called their bank: good for it")
    with pytest.raises(NotPermitted):
        attach(credit, person(Role.CS))
    assert LimitEvidence.objects.count() == 2


def test_the_approver_sees_it_and_says_yes_and_the_limit_counts_by_itself_once():
    credit, asking, approving = CreditAccountFactory(), person(Role.FINANCE), person(Role.FINANCE_APPROVER)
    attach(credit, asking)
    until = date(2027, 6, 1)
    approval_id = request_limit(
        account_id=credit.account_id, limit_amount=Decimal(75_000), reason=NOTE, actor=asking, now=NOW, valid_to=until
    )
    asked = ApprovalRequest.objects.get().content
    assert hashlib.sha256(PDF).hexdigest() in asked["evidence 1"]
    assert asked["limit"] == "75000.00"
    page = browser_of(StaffFactory(roles=[Role.FINANCE_APPROVER])).get(
        f"/admin/accounts/approvalrequest/{approval_id}/change/"
    )
    assert "sheet.pdf (sha256" in page.content.decode()
    assert apply_approved_limit(approval_id=approval_id, now=NOW) == "unchanged"
    decide(approval_id=approval_id, approve=True, note="Read", actor=approving, now=NOW)
    drain(NOW)
    credit.refresh_from_db()
    assert (credit.limit_amount, credit.limit_valid_to) == (75_000, until)
    entry = OverrideEntry.objects.get()
    assert (entry.actor_id, entry.approval_id) == (asking.user_id, approval_id)
    assert (entry.approver_id, entry.account_id) == (approving.user_id, credit.account_id)
    change_limit(
        account_id=credit.account_id, limit_amount=Decimal(10), reason=Reason("review", NOTE), actor=asking, now=NOW
    )
    assert apply_approved_limit(approval_id=approval_id, now=NOW) == "unchanged"  # used: the cut stays
    assert CreditAccount.objects.get().limit_amount == 10


def test_a_temporary_limit_is_approved_with_what_may_be_owed_in_all_and_a_no_changes_nothing():
    credit, asking, approving = CreditAccountFactory(), person(Role.FINANCE), person(Role.FINANCE_APPROVER)
    spec = AdditionSpec(AdditionKind.TEMPORARY, Decimal(30_000), NOW.date(), date(2026, 12, 1), "SO-1")
    ask = {"account_id": credit.account_id, "addition": spec, "actor": asking, "now": NOW}
    decide(approval_id=request_addition(**ask, reason=NOTE), approve=False, note="No", actor=approving, now=NOW)
    drain(NOW)
    assert LimitAddition.objects.count() == 0
    approval_id = request_addition(**ask, reason=NOTE)
    assert ApprovalRequest.objects.get(pk=approval_id).amount == 31_000
    decide(approval_id=approval_id, approve=True, note="Yes", actor=approving, now=NOW)
    drain(NOW)
    assert apply_approved_limit(approval_id=approval_id, now=NOW) == "unchanged"
    (granted,) = LimitAddition.objects.all()
    assert (granted.amount, granted.approval_id, granted.granted_by) == (30_000, approval_id, asking.label)


def test_it_is_attached_and_opened_in_the_console():
    credit, finance = CreditAccountFactory(), browser_of(StaffFactory(roles=[Role.FINANCE]))
    url = f"/admin/credit/limitevidence/attach/{credit.pk}/"
    wrong = finance.post(url, {"note": NOTE, "file": SimpleUploadedFile("a.pdf", b"MZ")}).content.decode()
    assert "not a PDF, PNG or JPEG" in wrong
    page = finance.post(url, {"note": NOTE, "file": SimpleUploadedFile("a.pdf", PDF)}, follow=True).content.decode()
    assert NOTE in page
    pk = LimitEvidence.objects.get().pk
    answer = finance.get(f"/admin/credit/limitevidence/{pk}/file/")
    assert b"".join(answer.streaming_content) == PDF
    assert answer["Content-Disposition"].startswith("attachment")
    assert NOTE in finance.get("/admin/credit/limitevidence/").content.decode()
