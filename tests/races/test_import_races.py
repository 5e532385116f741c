"""Two people, one sheet; one import, two workers: each ends with one winner and one clean answer."""

from datetime import timedelta
from threading import Event
from time import monotonic

import pytest
from structlog.testing import capture_logs

from catalog.models import Product
from core import outbox
from core.models import Job
from core.testing import race
from integrations import progress
from integrations.models import Upload, UploadRow
from integrations.services.apply_upload import apply_upload
from integrations.services.confirm_upload import ImportUnderWay, confirm_upload
from integrations.services.name_columns import name_columns
from integrations.services.preview_upload import preview_upload
from integrations.states import ApplyMode
from tests.factories.catalog import ProductFactory
from tests.factories.sheets import BOT, NOW, confirmed, kept, outcomes, previewed

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.races]


def confirm(upload, queued=False):
    confirm_upload(upload_id=upload.pk, version=upload.version, mode=ApplyMode.VALID, actor=BOT, now=NOW, queued=queued)


def test_two_people_confirm_two_files_of_one_sheet_and_one_is_told_to_wait():
    first = previewed("products", "sku,name\nA,One\n", name="ann.csv")
    second = previewed("products", "sku,name\nB,Two\n", name="bob.csv")
    answers = race(lambda: confirm(first), lambda: confirm(second))
    assert sorted(type(a).__name__ for a in answers) == ["ImportUnderWay", "NoneType"]
    assert isinstance(answers[0] or answers[1], ImportUnderWay)
    assert sorted(Upload.objects.values_list("state", flat=True)) == ["applying", "previewed"]


def test_two_files_about_the_same_records_and_the_later_one_overwrites_nothing_unseen():
    ProductFactory(sku="A", name="Old")
    first = previewed("products", "sku,name\nA,Ann's\nB,Ann's\n")
    second = previewed("products", "sku,name\nA,Bob's\nB,Bob's\nC,Bob's\n")
    assert confirmed(first).counts == {"updated": 1, "created": 1}
    assert outcomes(confirmed(second, ApplyMode.VALID)) == {2: "moved", 3: "moved", 4: "created"}
    assert dict(Product.objects.values_list("sku", "name")) == {"A": "Ann's", "B": "Ann's", "C": "Bob's"}


def test_three_workers_apply_one_import_once():
    upload = previewed("products", "sku,name\n" + "".join(f"S{i},Thing\n" for i in range(300)))
    confirm(upload)
    done = race(*[lambda: apply_upload(upload_id=upload.pk, version=1, actor=BOT, now=NOW)] * 3)
    assert sorted(d.made for d in done) == [False, False, True]
    assert Product.objects.count() == 300


def test_two_workers_preview_one_upload_once():
    found = kept("products", "sku,name\n" + "".join(f"S{i},Thing\n" for i in range(300)))
    name_columns(upload_id=found.upload_id, columns=found.columns, actor=BOT, now=NOW, queued=False)
    done = race(*[lambda: preview_upload(upload_id=found.upload_id, version=1, now=NOW)] * 2)
    assert sorted(d.made for d in done) == [False, True]
    assert UploadRow.objects.count() == 300


def test_an_import_longer_than_its_lease_is_left_alone_by_the_second_worker(monkeypatch):
    upload = previewed("products", "sku,name\nA,One\n")
    confirm(upload, queued=True)
    begun, seen = Event(), Event()

    def slowly(upload_id, part, rows):
        begun.set()
        assert seen.wait(20)

    def second_worker():
        assert begun.wait(20)
        later, started = NOW + timedelta(minutes=10), monotonic()
        answer = outbox.lease_due(now=later), outbox.run_job(job_id, now=later), monotonic() - started
        seen.set()
        return answer

    monkeypatch.setattr(progress, "tell", slowly)
    with capture_logs() as logs:
        (job_id,) = outbox.lease_due(now=NOW)
        first, (leased, second, waited) = race(lambda: outbox.run_job(job_id, now=NOW), second_worker)
    assert (first, leased, second) == ("done", [], "running") and waited < 3
    assert [line for line in logs if line["event"] == "job_failed"] == []
    upload.refresh_from_db()
    assert (upload.state, upload.counts) == ("applied", {"created": 1})
    job = Job.objects.get()
    assert (job.state, job.deliveries, job.attempts) == ("done", 1, 0)
