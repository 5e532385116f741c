"""Python and PostgreSQL round to the same cent."""

from decimal import Decimal

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from core.money import line_amount, places_in_sql, quantum

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


@pytest.mark.django_db
def test_postgresql_rounds_to_the_places_of_the_currency():
    codes = ["USD", "JPY", "KRW", "EUR", "CHF", "ISK", "XOF"]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT round(2.505, {places_in_sql('t.code')}) FROM unnest(%s::text[]) AS t(code)", [codes])
        in_sql = [amount for (amount,) in cursor.fetchall()]
    assert in_sql == [line_amount(Decimal(1), Decimal("2.505"), code) for code in codes]
    assert [quantum(code) for code in codes].count(Decimal(1)) == 4
