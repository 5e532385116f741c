"""Where another estimate of tax and freight plugs in: the setting PRICING_ESTIMATOR names a callable like `by_table`.

It is asked inside submit and preview: it must not call over a network, only work out or look up.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from accounts.rules.asks import AccountSnapshot
from pricing.rules.asks import PriceResult
from pricing.rules.estimate import FlatRates, estimated_together


class Estimator(Protocol):
    """The results with `tax` and `freight` set, in the order given. `rates` are the tables' for the account's region."""

    def __call__(
        self, results: Sequence[PriceResult], *, account: AccountSnapshot | None, rates: FlatRates
    ) -> list[PriceResult]: ...


def by_table(results: Sequence[PriceResult], *, account: AccountSnapshot | None, rates: FlatRates) -> list[PriceResult]:
    """The default: percents of the tables, none for who is exempt from tax."""
    if rates.is_free:
        return list(results)
    return estimated_together(results, rates, is_tax_exempt=bool(account and account.is_tax_exempt))


@cache
def _imported(path: str) -> Any:
    return import_string(path)


def estimator() -> Estimator:
    path = getattr(settings, "PRICING_ESTIMATOR", "")
    found: Estimator = _imported(path) if path else by_table
    return found
