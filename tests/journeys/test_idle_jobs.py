"""What an approval sets going is what it was about: no job is written that would do nothing."""

import pytest

from accounts.events import ApprovalDecided, ApprovalLapsed
from config.flow import FLOW
from core import outbox
from core.models import Job
from core.testing import unit
from tests.factories.orders import NOW

pytestmark = pytest.mark.django_db

CLOSES = "close the case of the late approval"


@pytest.mark.parametrize(
    ("kind", "subject", "is_approved", "jobs"),
    [
        ("price", "order", True, ["put approved prices on their lines", CLOSES]),
        ("price", "order", False, [CLOSES]),
        ("price", "invoice", True, [CLOSES, "let the invoice stand that was approved"]),
        ("credit", "credit_account", True, ["set the approved limit", CLOSES]),
        ("credit", "credit_account", False, [CLOSES]),
        ("reprice", "order", True, ["hand approved repricing to finance", CLOSES]),
        ("promise", "order", True, ["promise the approved day", CLOSES]),
        ("eligibility", "order", True, ["allow the approved product", CLOSES]),
        ("eligibility", "order", False, [CLOSES]),
        ("hold release", "order", True, ["do what was approved about an order", CLOSES]),
        ("hold release", "order", False, [CLOSES]),
        ("credit", "order", True, ["do what was approved about an order", CLOSES]),
        ("purchase order", "order", True, [CLOSES, "do what the company decided about its order"]),
        ("purchase order", "order", False, [CLOSES, "do what the company decided about its order"]),
        ("write off", "invoice", False, [CLOSES, "write off what was approved"]),
        ("stock count", "count", True, [CLOSES]),
    ],
)
def test_a_decision_sets_going_what_it_was_about(kind, subject, is_approved, jobs):
    with unit():
        outbox.publish(ApprovalDecided(1, kind, subject, 2, is_approved), stream="approval:1", seq=1, now=NOW)
    assert list(Job.objects.order_by("id").values_list("reaction", flat=True)) == jobs


def test_a_lapse_ends_only_write_offs():
    with unit():
        for pk, kind in enumerate(("price", "write off")):
            outbox.publish(ApprovalLapsed(pk, kind, "invoice", 2), stream=f"approval:{pk}", seq=1, now=NOW)
    assert Job.objects.filter(reaction="end the write-off nobody approved").count() == 1


def test_every_reaction_that_may_have_nothing_to_do_is_one_of_the_flow():
    tells = {reaction.name for reactions in FLOW.values() for reaction in reactions if reaction.when}
    assert len(tells) == 17
