"""Whatever is posted in whatever batches: totals equal the ledger, and only reversals and cash lower exposure."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import invariants
from core.refs import DocumentRef
from core.testing import unit
from credit import checks, queries
from credit.rules.asks import PostingSpec
from credit.services.post import post
from tests.factories.credit import CreditAccountFactory

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = NOW.date()
FORWARD = ("open_order", "released", "shipped", "receivable")

movements = st.tuples(st.sampled_from(FORWARD), st.decimals("0.01", 500, places=2), st.integers(0, 40))


@pytest.mark.django_db
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(movements, max_size=5), max_size=5))
def test_totals_equal_the_ledger_and_positive_postings_never_lower_exposure(batches):
    account_id, numbers, before = CreditAccountFactory().account_id, count(), Decimal(0)
    for batch in batches:
        specs = [
            PostingSpec(
                account_id,
                DocumentRef("order", 1),
                bucket,
                amount,
                f"{account_id}:{next(numbers)}",
                ship_date=TODAY + timedelta(days=days),
            )
            for bucket, amount, days in batch
        ]
        with unit():
            assert post(specs, now=NOW) == len(specs)
            assert post(specs, now=NOW) == 0
        after = queries.exposure([account_id], on=TODAY)[account_id].parts.total
        assert after >= before
        before = after
    assert invariants.run([checks.TOTALS, checks.DAYS]) == []
