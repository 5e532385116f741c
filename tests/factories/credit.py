"""Credit accounts and payment terms, made as briefly as a test allows."""

from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from credit.models import CreditAccount, CreditRule, PaymentTerms, TermsWords
from tests.factories.accounts import AccountFactory


class TermsFactory(DjangoModelFactory):
    """Net 30 days."""

    class Meta:
        model = PaymentTerms
        django_get_or_create = ("code",)

    code = "NET30"
    name = "Net 30 days"
    net_days = 30


class TermsWordsFactory(DjangoModelFactory):
    """What a partner writes for net 30 days."""

    class Meta:
        model = TermsWords

    words = "N30"
    terms = factory.SubFactory(TermsFactory)


class CreditAccountFactory(DjangoModelFactory):
    """1,000 USD on net 30, nothing owed."""

    class Meta:
        model = CreditAccount

    account = factory.SubFactory(AccountFactory)
    terms = factory.SubFactory(TermsFactory)
    limit_amount = Decimal(1000)


class CreditRuleFactory(DjangoModelFactory):
    """For all accounts: one order is worth at most 500."""

    class Meta:
        model = CreditRule

    kind = "order_value_max"
    value = Decimal(500)
