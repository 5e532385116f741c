"""Python and PostgreSQL round to the same cent."""

from decimal import Decimal

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from core.money import line_amount

cases = st.lists(
    st.tuples(
        st.decimals(min_value=-(10**6), max_value=10**6, places=4),
        st.decimals(min_value=-(10**6), max_value=10**6, places=6)
        | st.sampled_from([Decimal("0.005"), Decimal("0.015"), Decimal("1.025"), Decimal("-2.675")]),
    ),
    min_size=1,
    max_size=200,
)


@pytest.mark.django_db
@settings(max_examples=50, deadline=None)
@given(cases)
def test_a_line_amount_is_the_cent_postgresql_rounds_to(pairs):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT round(q * p, 2) FROM unnest(%s::numeric[], %s::numeric[]) WITH ORDINALITY AS t(q, p, n) ORDER BY n",
            [[q for q, _ in pairs], [p for _, p in pairs]],
        )
        in_sql = [amount for (amount,) in cursor.fetchall()]
    assert in_sql == [line_amount(q, p, "USD") for q, p in pairs]
