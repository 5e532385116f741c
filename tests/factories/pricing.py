"""Price sources, their rows, commitments, made as briefly as a test allows."""

from datetime import date
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from core.models import ExchangeRate
from pricing.models import (
    Commitment,
    Contract,
    FreightRate,
    PriceAdjustment,
    PriceRow,
    PriceSource,
    TaxRate,
    TierActivation,
)
from pricing.states import PriceLevel
from tests.factories.accounts import AccountFactory
from tests.factories.catalog import ProductFactory


class SourceFactory(DjangoModelFactory):
    """A base list in USD since 2020. `SourceFactory(level="account", account=…)` is a contract."""

    class Meta:
        model = PriceSource

    code = factory.Sequence(lambda n: f"LIST{n}")
    name = factory.LazyAttribute(lambda source: f"Prices {source.code}")
    level = PriceLevel.LIST
    valid_from = date(2020, 1, 1)


class ContractFactory(SourceFactory):
    code = factory.Sequence(lambda n: f"CONTRACT{n}")
    level = PriceLevel.ACCOUNT
    account = factory.SubFactory(AccountFactory)


class PriceRowFactory(DjangoModelFactory):
    """10.00 per base unit from the first unit on."""

    class Meta:
        model = PriceRow

    source = factory.SubFactory(SourceFactory)
    product = factory.SubFactory(ProductFactory)
    unit_price = Decimal(10)
    valid_from = date(2020, 1, 1)


class CommitmentFactory(DjangoModelFactory):
    """1,000 base units over 2026."""

    class Meta:
        model = Commitment

    source = factory.SubFactory(ContractFactory)
    product = factory.SubFactory(ProductFactory)
    valid_from = date(2026, 1, 1)
    valid_to = date(2027, 1, 1)
    committed_qty = Decimal(1000)


class MoneyCommitmentFactory(DjangoModelFactory):
    """10,000 of the list's currency over 2026, whatever is bought at its prices."""

    class Meta:
        model = Commitment

    source = factory.SubFactory(ContractFactory)
    valid_from = date(2026, 1, 1)
    valid_to = date(2027, 1, 1)
    measure = "money"
    committed_amount = Decimal(10_000)


class AdjustmentFactory(DjangoModelFactory):
    """A promotion of 10 % for everybody."""

    class Meta:
        model = PriceAdjustment

    code = factory.Sequence(lambda n: f"PROMO{n}")
    name = "Spring"
    kind = "promotion"
    value = Decimal(10)
    valid_from = date(2020, 1, 1)


class ActivationFactory(DjangoModelFactory):
    class Meta:
        model = TierActivation

    source = factory.SubFactory(SourceFactory)
    account = factory.SubFactory(AccountFactory)
    tier = "GOLD"
    valid_from = date(2020, 1, 1)


class TaxFactory(DjangoModelFactory):
    class Meta:
        model = TaxRate

    percent = Decimal(8)
    valid_from = date(2020, 1, 1)


class FreightFactory(DjangoModelFactory):
    class Meta:
        model = FreightRate

    percent = Decimal(2)
    valid_from = date(2020, 1, 1)


class RateFactory(DjangoModelFactory):
    class Meta:
        model = ExchangeRate

    base = "EUR"
    quote = "USD"
    rate = Decimal("1.1")
    valid_from = date(2026, 11, 1)


class TermsFactory(DjangoModelFactory):
    """A contract over 2026 with a penalty of 25 a late line and 5 a day."""

    class Meta:
        model = Contract

    code = factory.Sequence(lambda n: f"K{n}")
    name = factory.LazyAttribute(lambda contract: f"Contract {contract.code}")
    account = factory.SubFactory(AccountFactory)
    valid_from = date(2026, 1, 1)
    valid_to = date(2027, 1, 1)
    penalty_per_late_line = Decimal(25)
    penalty_per_late_day = Decimal(5)
