"""Many ids or codes in one condition are one parameter, and find the rows a plain list finds."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Product
from orders.models import OrderLine
from tests.factories.catalog import ProductFactory

pytestmark = pytest.mark.django_db


def test_twelve_ids_and_codes_are_an_array_and_three_a_list() -> None:
    made = [ProductFactory.create(sku=f"LK-{n}") for n in range(12)]
    ids, skus = [p.pk for p in made], {p.sku for p in made}
    with CaptureQueriesContext(connection) as seen:
        assert set(Product.objects.filter(pk__in=ids).values_list("sku", flat=True)) == skus
        assert set(Product.objects.filter(sku__in=skus).values_list("pk", flat=True)) == set(ids)
        assert Product.objects.filter(pk__in=ids[:3]).count() == 3
    first, second, third = (q["sql"] for q in seen.captured_queries)
    assert "= ANY('{" in first and "bigint[]" in first and " IN (" not in first
    assert "text[]" in second and " IN (" not in second
    assert " IN (" in third and "ANY" not in third


def test_what_is_excluded_by_an_array_stays_out() -> None:
    made = [ProductFactory.create(sku=f"LX-{n}") for n in range(12)]
    kept = Product.objects.exclude(pk__in=[p.pk for p in made[:10]])
    assert set(kept.values_list("sku", flat=True)) == {"LX-10", "LX-11"}


def test_gaps_numbers_as_text_and_objects_are_read_as_ever() -> None:
    made = [ProductFactory.create(sku=f"LM-{n}") for n in range(10)]
    gaps: list[int | None] = [*(p.pk for p in made), None]
    assert Product.objects.filter(pk__in=gaps).count() == 10
    assert Product.objects.filter(pk__in=[str(p.pk) for p in made]).count() == 10
    assert OrderLine.objects.filter(product__in=made).count() == 0
    assert OrderLine.objects.filter(product_id__in={p.pk for p in made}, order__lines__product__in=made).count() == 0
    assert Product.objects.filter(pk__in=dict.fromkeys(p.pk for p in made).keys()).count() == 10


def test_a_number_that_is_none_is_refused_as_ever() -> None:
    with pytest.raises(ValueError, match="expected a number"):
        list(Product.objects.filter(pk__in=["x"] * 9))
