"""A short torture of the stock: threads and processes fight for the same units, one of them is killed."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.factories.inventory import StockedProductFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_six_seconds_of_torture_sell_nothing_twice_and_leave_nothing_lying():
    out = StringIO()
    call_command("torture", "stock", "--seed", "4", "--clients", "6", "--seconds", "6", "--json", stdout=out)
    told = json.loads(out.getvalue())
    assert {"attempts", "accepted", "refused", "busy", "ambiguous", "killed"} <= told.keys()
    assert (told["oversold"], told["undersold"], told["deadlocks"], told["breaches"]) == ("0", "0", 0, [])
    assert min(told["accepted"], told["in_flight"], told["ambiguous"], told["killed"]) > 0
    ended = told["accepted"] + told["refused"] + told["busy"] + told["in_flight"]
    assert ended == told["attempts"]


def test_a_database_with_other_data_is_left_alone():
    StockedProductFactory()
    with pytest.raises(CommandError, match=r"other data in this database: 1 rows in catalog\.Product"):
        call_command("torture", "stock", "--seconds", "1")
