"""Trading partners and X12 files, made as briefly as a test allows."""

from datetime import UTC, datetime

import factory
from factory.django import DjangoModelFactory

from integrations.models import PartnerProfile
from integrations.states import PartnerStatus
from tests.factories.accounts import AccountFactory


class PartnerFactory(DjangoModelFactory):
    """Confirmed, lenient, never submits by itself; sends as ZZ SENDER like `samples.file`."""

    class Meta:
        model = PartnerProfile

    code = factory.Sequence(lambda n: f"PARTNER{n}")
    name = factory.LazyAttribute(lambda partner: partner.code.title())
    account = factory.SubFactory(AccountFactory)
    status = PartnerStatus.CONFIRMED
    isa_qualifier = "ZZ"
    isa_id = "SENDER"
    created_at = datetime(2026, 7, 1, tzinfo=UTC)
