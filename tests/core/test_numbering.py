import pytest

from core.models import NumberSeries
from core.numbering import draw_gapless
from core.testing import race, unit

pytestmark = pytest.mark.django_db


def test_numbers_follow_each_other_and_a_rollback_leaves_no_gap():
    def draw_and_fail() -> None:
        with unit():
            draw_gapless("invoice", prefix="IN-", count=5)
            raise ZeroDivisionError

    with unit():
        assert draw_gapless("invoice", prefix="IN-", count=2) == ["IN-1", "IN-2"]
    with pytest.raises(ZeroDivisionError):
        draw_and_fail()
    with unit():
        assert draw_gapless("invoice", prefix="IN-") == ["IN-3"]
    with unit():
        assert draw_gapless("credit", prefix="CM-") == ["CM-1"]


@pytest.mark.django_db(transaction=True)
def test_threads_draw_a_gapless_series_without_a_double():
    def draw_ten() -> list[str]:
        drawn = []
        for n in range(10):
            with unit():
                drawn += draw_gapless("invoice", prefix="", count=1 + n % 2)
        return drawn

    numbers = [int(n) for drawn in race(draw_ten, draw_ten, draw_ten) for n in drawn]
    assert sorted(numbers) == list(range(1, 46))
    assert NumberSeries.objects.get().next_value == 46
