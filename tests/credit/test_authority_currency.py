"""Authority is counted in the company's currency: what is decided in another one is converted by the dated rate."""

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts import approvals
from accounts.approvals import AuthorityExceeded, AuthorityUsedUp, has_authority
from accounts.models import AuthorityLimit, AuthorityUse
from accounts.states import Role
from core.actors import Actor
from core.overrides import Reason
from core.rates import RateMissing
from core.refs import DocumentRef
from core.testing import unit
from credit.authority import authority_in
from credit.models import CreditAccount
from credit.services.change_limit import LimitAuthorityExceeded, change_limit
from orders.models import Order
from orders.services.change_terms import require_authority
from tests.factories.accounts import StaffFactory
from tests.factories.credit import CreditAccountFactory
from tests.factories.orders import NOW, TODAY
from tests.factories.pricing import RateFactory

pytestmark = pytest.mark.django_db
D = Decimal
WHY = Reason("review", "The yearly review of the file")


def acting(*roles):
    user = StaffFactory(roles=list(roles))
    return Actor(str(user), user_id=user.pk, roles=frozenset(roles), channel="console")


def euro(rate="1.1"):
    return RateFactory(base="EUR", quote="USD", valid_from=TODAY, rate=D(rate))


def credit(actor, amount, currency="EUR"):
    return has_authority(actor, kind="credit", amount=D(amount), currency=currency, on=TODAY)


def test_25_000_dollars_of_authority_are_22_727_27_euros_at_1_1():
    euro()
    finance = acting(Role.FINANCE)
    assert credit(finance, "22727.27")  # 25,000.00 USD
    assert not credit(finance, "22727.28")  # 25,000.01
    assert credit(finance, "25000", "USD")
    assert not credit(finance, "25000.01", "USD")


def test_without_a_rate_nobody_guesses_but_who_may_any_amount_or_none_need_not_know_it():
    finance = acting(Role.FINANCE)
    with pytest.raises(RateMissing) as refused:
        credit(finance, "1")
    assert str(refused.value) == (
        f"There is no exchange rate from EUR to USD for {TODAY}: what {finance.label} may decide is counted in USD."
    )
    assert refused.value.remedy == "Enter the rate under Exchange rates, then try again."
    assert credit(acting(Role.FINANCE_APPROVER), "1e9")
    assert not credit(acting(Role.WAREHOUSE), "1")
    RateFactory(base="EUR", quote="USD", valid_from=TODAY - timedelta(days=40), rate=1)  # too old to be one
    with pytest.raises(RateMissing):
        credit(finance, "1")


def test_terms_of_an_order_in_another_currency_are_changed_within_the_converted_authority():
    euro()
    finance = acting(Role.FINANCE)
    require_authority(Order(total_amount=D("22727.27"), currency="EUR"), finance, on=TODAY)
    with pytest.raises(AuthorityExceeded):
        require_authority(Order(total_amount=D("22727.28"), currency="EUR"), finance, on=TODAY)


def test_a_limit_in_another_currency_is_set_within_the_converted_authority():
    row, finance = CreditAccountFactory(currency="EUR", limit_amount=100), acting(Role.FINANCE)

    def put(amount):
        change_limit(account_id=row.account_id, limit_amount=D(amount), reason=WHY, actor=finance, now=NOW)

    with pytest.raises(RateMissing):
        put("200")
    put("50")  # to let a customer owe less nobody's authority is counted
    assert CreditAccount.objects.get().limit_amount == 50
    euro()
    assert authority_in("EUR", finance, on=TODAY) == D("22727.27")
    put("22727.27")
    with pytest.raises(LimitAuthorityExceeded):
        put("22727.28")
    assert CreditAccount.objects.get().limit_amount == D("22727.27")


def asked(amount, number=1):
    with unit():
        return approvals.request(
            kind="credit", subject=DocumentRef("account", number, f"A-{number}"), content_hash=f"x{number}",
            amount=D(amount), currency="EUR", actor=acting(Role.CS), now=NOW, expires_at=NOW + timedelta(days=1),
        )  # fmt: skip


def decide(approval_id, actor):
    approvals.decide(approval_id=approval_id, approve=True, actor=actor, now=NOW)


def test_an_approval_is_decided_and_counted_in_the_company_s_currency():
    AuthorityLimit.objects.create(kind="credit", role=Role.FINANCE, max_amount=1100, day_amount=2000)
    finance = acting(Role.FINANCE)
    first = asked("1000")
    with pytest.raises(RateMissing):
        decide(first, finance)
    euro()
    decide(first, finance)
    assert AuthorityUse.objects.get().used_amount == 1100
    with pytest.raises(AuthorityExceeded):
        decide(asked("1000.01", 2), finance)
    with pytest.raises(AuthorityUsedUp) as refused:
        decide(asked("900", 3), finance)
    assert "has approved 1,100.00: 990.00 more" in str(refused.value)
    decide(asked("818.18", 4), finance)  # 900.00
    assert AuthorityUse.objects.get().used_amount == 2000
