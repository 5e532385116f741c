"""Whom service fell short of the contract's targets comes first where a policy says so, and the reason gives the figures."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import ServiceShortfall
from inventory.queries import demand_states, reasons
from inventory.rules.policy import Policy
from inventory.rules.policy_text import SegmentDraft
from inventory.services.allocate import allocate
from inventory.services.keep_shortfalls import Shortfall, keep_shortfalls
from inventory.services.save_policy import PolicyDraft, save_policy
from tests.factories.accounts import AccountFactory
from tests.factories.inventory import (
    NOW,
    PLANNER,
    TODAY,
    SiteFactory,
    StockedProductFactory,
    demand,
    stock,
)

pytestmark = pytest.mark.django_db
WORDS = "on time 91.0 % of 97 %"


@pytest.fixture
def product():
    found = StockedProductFactory()
    stock(found, SiteFactory(), 10)
    return found


def policy(product, *segments):
    draft = PolicyDraft(Policy(code="shortage", name="Shortage"), segments, skus=(product.sku,))
    save_policy(draft=draft, actor=PLANNER, now=NOW)


def run(product, *demand_ids):
    allocate(trigger_key="run", product_ids=[product.pk], actor=PLANNER, now=NOW)
    states = demand_states(demand_ids)
    return [states[i].allocated for i in demand_ids]


def behind(*pairs):
    found = [Shortfall(account.pk, Decimal(points), words) for account, points, words in pairs]
    return keep_shortfalls(found=found, measured_on=TODAY, now=NOW)


def test_the_furthest_behind_is_dealt_first_whatever_the_tier_and_the_reason_says_how_far(product):
    good, near, far = (AccountFactory() for _ in range(3))
    behind((near, "0.40", "filled 98.6 % of 99 %"), (far, "6.00", WORDS))
    policy(product, SegmentDraft("all", "redistribute", sort="behind target, tier"))
    first, second, third = (demand(product, 6, tier=n, account_id=a.pk) for n, a in enumerate((good, near, far), 1))
    assert run(product, first, second, third) == [0, 4, 6]
    told = reasons([first, second, third])
    assert f"place 1 of 3 by behind target, tier ({WORDS})" in told[third]
    assert "place 2 of 3 by behind target, tier (filled 98.6 % of 99 %)" in told[second]
    assert "place 3 of 3 by behind target, tier;" in told[first]


def test_a_segment_of_those_behind_wins_and_who_caught_up_is_in_it_no_more(product):
    good, far = AccountFactory(), AccountFactory()
    policy(product, SegmentDraft("catch up", "win", "behind target"), SegmentDraft("rest", "redistribute"))
    early, late = demand(product, 8, tier=1, account_id=good.pk), demand(product, 8, tier=2, account_id=far.pk)
    behind((far, "6.00", WORDS))
    assert run(product, early, late) == [2, 8]
    assert WORDS in reasons([late])[late]
    assert WORDS not in reasons([early])[early]
    assert behind() == 0
    assert not ServiceShortfall.objects.exists()
    allocate(trigger_key="again", product_ids=[product.pk], actor=PLANNER, now=NOW)
    assert demand_states([late])[late].allocated == 8  # firm: it keeps what it has


def test_a_policy_that_does_not_ask_for_it_neither_reads_nor_tells_it(product):
    good, far = AccountFactory(), AccountFactory()
    behind((far, "6.00", WORDS))
    policy(product, SegmentDraft("all", "redistribute"))
    early, late = demand(product, 8, tier=1, account_id=good.pk), demand(product, 8, tier=2, account_id=far.pk)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert run(product, early, late) == [8, 2]
    assert not [q for q in seen.captured_queries if "serviceshortfall" in q["sql"]]
    assert WORDS not in reasons([late])[late]


def test_how_far_behind_is_written_in_two_statements_whatever_the_number():
    counts = []
    for n in (1, 20):
        accounts = [AccountFactory() for _ in range(n)]
        with CaptureQueriesContext(connection) as seen:
            assert behind(*((a, "1.00", WORDS) for a in accounts)) == n
        counts.append(len(seen))
    assert counts[0] == counts[1]
    assert ServiceShortfall.objects.count() == 20
