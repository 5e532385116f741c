"""The head of the day in a file, and the command that holds it against the chain."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pgtrigger
import pytest
from django.core.management import CommandError, call_command

from core import overrides
from core.actors import Actor
from core.audit_heads import export_head, read_head
from core.models import OverrideEntry, OverrideSeal
from core.overrides import Reason
from core.refs import DocumentRef
from core.testing import unit

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)


@pytest.fixture
def log(settings, tmp_path):
    settings.AUDIT_HEADS = str(tmp_path / "heads")
    for n in range(3):
        with unit():
            overrides.record(
                kind="price",
                subject=DocumentRef("order", n, f"SO-{n}"),
                actor=Actor("Ann", user_id=1),
                reason=Reason("match", "Matched the other offer"),
                before={"price": Decimal(10)},
                after={"price": Decimal(9)},
                now=NOW,
                account_id=n or None,
            )
    overrides.seal_pending(now=NOW)


def test_a_days_head_proves_later_that_nothing_was_cut_off(log, capsys):
    path = export_head(now=NOW)
    assert path.name == "head-2026-11-27.json"
    assert json.loads(path.read_text())["position"] == 3
    call_command("audit_verify", from_head=str(path), as_json=True)
    assert json.loads(capsys.readouterr().out)["problems"] == []
    with pgtrigger.ignore("core.OverrideEntry:append_only", "core.OverrideSeal:append_only"):
        last = OverrideEntry.objects.order_by("-pk")[0]
        OverrideSeal.objects.filter(entry=last)._raw_delete("default")
        OverrideEntry.objects.filter(pk=last.pk)._raw_delete("default")
    call_command("audit_verify", as_json=True)  # by itself the shorter chain is whole
    with pytest.raises(SystemExit):
        call_command("audit_verify", from_head=str(path), as_json=True)
    assert "sealed anew" in capsys.readouterr().out


def test_the_command_writes_a_head_and_refuses_what_is_none(log, tmp_path):
    call_command("audit_verify", export=True)
    wrong = tmp_path / "note.txt"
    wrong.write_text("hello")
    for given in (str(wrong), "abc"):
        with pytest.raises(CommandError):
            call_command("audit_verify", from_head=given)
    assert read_head("A" * 64).hash == "a" * 64


def test_an_entry_of_before_there_were_customers_keeps_its_hash(log):
    without = OverrideEntry.objects.get(account_id=None)
    assert "account_id" not in overrides.body_of(without)
    assert "account_id" in overrides.body_of(OverrideEntry.objects.get(account_id=1))
