"""What the demo refuses before it writes anything."""

from io import StringIO

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from config.management.commands.seed_demo import no_mail
from core.models import DemoInstallation
from tests.factories.accounts import AccountFactory

pytestmark = pytest.mark.django_db


def test_a_database_with_other_data_is_refused_and_left_alone():
    AccountFactory()
    with pytest.raises(
        CommandError, match=r"holds other data \(account\): a demo would mix with it\. Use an empty one"
    ):
        call_command("seed_demo")
    call_command("seed_demo", if_empty=True)
    assert not DemoInstallation.objects.exists()


def test_a_public_site_is_refused(settings):
    settings.PLAIN_HTTP = False
    with pytest.raises(CommandError, match="this one is public"):
        call_command("seed_demo")
    assert not DemoInstallation.objects.exists()


def test_sizes_of_the_history_are_for_the_large_one_only():
    with pytest.raises(CommandError, match="for --scale large"):
        call_command("seed_demo", orders=5)


def test_a_running_site_is_refused(monkeypatch):
    monkeypatch.setattr("config.demo.seed._other_connections", lambda: 9)
    with pytest.raises(CommandError, match=r"9 other connection\(s\).*Stop the site"):
        call_command("seed_demo")


def test_without_a_demo_no_sign_ins_are_printed():
    out = StringIO()
    call_command("print_signins", stdout=out)
    assert out.getvalue() == ""


def test_a_made_up_year_writes_to_nobody(settings):
    before = settings.EMAIL_BACKEND
    with no_mail():
        mail.send_mail("Time is passing", "…", None, ["cs@thornquay.example"])
    assert mail.outbox == []
    assert before == settings.EMAIL_BACKEND
