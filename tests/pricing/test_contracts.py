"""Contracts: prices while they hold, lateness that counts in allocation, volumes called off, and what is told in time."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.states import Role
from core.actors import Actor
from core.errors import NotPermitted
from core.refs import DocumentRef
from core.testing import drain, race, unit
from exceptions_app.models import Case
from exceptions_app.queries import case_snapshots
from exceptions_app.services.apply_resolution import apply_resolution
from exceptions_app.services.detect import detect_all
from exceptions_app.suggestions import of_kind
from inventory.models import Demand
from orders.models import Order
from orders.services.cancel import cancel_lines
from orders.services.count_call_offs import count_call_offs
from orders.services.place import place
from pricing.contract_queries import contract_terms
from pricing.group_queries import chargeback_basis
from pricing.models import Commitment, CommitmentUse, Contract, PriceAdjustment, PriceRow
from pricing.queries import price
from pricing.rules.asks import PriceAsk
from pricing.rules.commitments import standing
from pricing.services.call_off import CallOff, NoRateToCount, call_off
from pricing.services.renew_contract import NotToBeRenewed, renew_contract, renew_due_contracts
from tests.factories.accounts import AccountFactory, GroupFactory, MembershipFactory, StaffFactory
from tests.factories.orders import CLERK, NOW, make_world
from tests.factories.pricing import (
    AdjustmentFactory,
    CommitmentFactory,
    ContractFactory,
    MoneyCommitmentFactory,
    PriceRowFactory,
    RateFactory,
    SourceFactory,
    TermsFactory,
)

pytestmark = pytest.mark.django_db
ON = date(2026, 6, 1)


def at(day):
    return datetime(day.year, day.month, day.day, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("consumed", "on", "forecast", "is_short"),
    [
        ("0", date(2026, 1, 5), "0.0000", False),  # too early to tell
        ("250", date(2026, 7, 1), "501.3736", True),
        ("480", date(2026, 7, 1), "962.6374", False),  # within what a forecast may be off
        ("950", date(2026, 12, 31), "950.0000", False),
        ("999", date(2027, 1, 1), "999.0000", True),  # over: now it is counted
        ("1000", date(2027, 1, 1), "1000.0000", False),
        ("1200", date(2026, 2, 1), "13687.5000", False),
    ],
)
def test_where_a_volume_ends_at_its_pace(consumed, on, forecast, is_short):
    found = standing(Decimal(1000), Decimal(consumed), start=date(2026, 1, 1), end=date(2027, 1, 1), on=on)
    assert (f"{found.forecast}", found.is_short) == (forecast, is_short)


def test_prices_of_a_contract_hold_while_its_version_does():
    terms = TermsFactory(valid_to=date(2026, 7, 1), margin_floor_percent=20)
    source = ContractFactory(account=terms.account, contract=terms)
    row = PriceRowFactory(source=source, product__standard_cost=Decimal(8))

    def found(on):
        ask = PriceAsk("1", row.product_id, Decimal(1))
        return price([ask], account_id=terms.account_id, currency="USD", on=on)[0]

    assert (found(date(2026, 6, 30)).unit_price, found(date(2026, 6, 30)).floor) == (10, 10)
    assert not found(date(2026, 7, 1)).is_priced
    assert not found(date(2025, 12, 31)).is_priced
    Contract.objects.update(is_active=False)
    assert not found(date(2026, 6, 30)).is_priced


def test_versions_of_a_contract_do_not_overlap_and_the_refusal_names_both():
    first = TermsFactory(code="K-1")
    later = Contract(
        code="K-1", version=2, name="x", account=first.account, valid_from=date(2026, 12, 31), valid_to=date(2028, 1, 1)
    )
    with pytest.raises(ValidationError) as refused:
        later.full_clean()
    assert "K-1 v2" in str(refused.value)
    assert "K-1 v1" in str(refused.value)
    later.valid_from = date(2027, 1, 1)
    later.full_clean()


def test_the_nearest_contracts_terms_hold_and_of_several_groups_the_dearest():
    top, group = AccountFactory(), GroupFactory()
    child = AccountFactory(parent=top)
    MembershipFactory(account=child, group=group)
    for dear, amount in ((group, 50), (GroupFactory(), 90)):
        TermsFactory(account=None, group=dear, penalty_per_late_line=amount)
    assert contract_terms([child.pk], on=ON)[child.pk].sla_penalty == 55
    parents = TermsFactory(account=top, covers_children=True)
    assert contract_terms([child.pk], on=ON)[child.pk].contract_id == parents.pk
    own = TermsFactory(account=child, penalty_per_late_line=1)
    assert contract_terms([child.pk, top.pk, AccountFactory().pk], on=ON) == {
        child.pk: contract_terms([child.pk], on=ON)[child.pk],
        top.pk: contract_terms([top.pk], on=ON)[top.pk],
    }
    assert contract_terms([child.pk], on=ON)[child.pk].contract_id == own.pk
    assert contract_terms([child.pk], on=date(2027, 1, 1)) == {}


def test_a_penalty_of_the_contract_reaches_what_allocation_ranks_by():
    world = make_world()
    TermsFactory(account=world.account)
    place(world.draft(4), actor=CLERK, now=NOW)
    assert Demand.objects.get().sla_penalty == 30
    other = make_world()
    place(other.draft(4), actor=CLERK, now=NOW)
    assert Demand.objects.order_by("-pk")[0].sla_penalty == 0


def test_a_penalty_in_another_currency_ranks_by_its_worth_in_the_orders():
    terms = TermsFactory(currency="EUR")  # 25 and 5
    row = PriceRowFactory()

    def late(on):
        ask = PriceAsk("1", row.product_id, Decimal(1))
        return price([ask], account_id=terms.account_id, currency="USD", on=on)[0].sla_penalty

    assert late(ON) == 0
    RateFactory(valid_from=ON, rate=Decimal("1.1"))
    assert (late(ON), late(ON - timedelta(days=1)), late(ON + timedelta(days=31))) == (33, 0, 0)
    RateFactory(base="USD", quote="EUR", valid_from=ON - timedelta(days=9), rate=Decimal("0.8"))
    assert (late(ON - timedelta(days=1)), late(ON)) == (Decimal("37.50"), 33)


def test_orders_call_off_and_give_back_and_telling_twice_counts_once():
    world = make_world(stock=500)
    commitment = CommitmentFactory(source=world.source, product=world.products[0])
    order_id = place(world.draft(40), actor=CLERK, now=NOW).order_id
    drain(NOW)
    commitment.refresh_from_db()
    assert commitment.consumed_qty == 40
    assert count_call_offs(order_ids=[order_id], actor=CLERK, now=NOW) == 0
    cancel_lines(order_id=order_id, quantities={1: Decimal(15)}, reason="less", actor=CLERK, now=NOW)
    drain(NOW)
    commitment.refresh_from_db()
    assert (commitment.consumed_qty, CommitmentUse.objects.get().qty) == (25, 25)


def test_money_is_called_off_by_every_product_of_the_list_beside_the_units_of_one():
    world = make_world(stock=500, products=2)
    everything = MoneyCommitmentFactory(source=world.source)
    of_one = MoneyCommitmentFactory(source=world.source, product=world.products[1], committed_amount=500)
    units = CommitmentFactory(source=world.source, product=world.products[0])
    order_id = place(world.draft(40, 5), actor=CLERK, now=NOW).order_id
    drain(NOW)
    lines = {x.line_no: x.amount for x in Order.objects.get(pk=order_id).lines.all()}
    for row, consumed in ((everything, lines[1] + lines[2]), (of_one, lines[2]), (units, 40)):
        row.refresh_from_db()
        assert row.consumed == consumed > 0
    assert (units.consumed_amount, everything.consumed_qty) == (0, 0)
    cancel_lines(order_id=order_id, quantities={1: Decimal(40)}, reason="less", actor=CLERK, now=NOW)
    drain(NOW)
    everything.refresh_from_db()
    assert everything.consumed_amount == lines[2]
    assert count_call_offs(order_ids=[order_id], actor=CLERK, now=NOW) == 0


def test_money_in_another_currency_counts_by_the_rate_of_the_day_and_is_refused_without_one():
    commitment = MoneyCommitmentFactory(source__currency="EUR")
    row = PriceRowFactory(source=commitment.source)
    use = CallOff(
        DocumentRef("order_line", 1), commitment.source_id, row.product_id, Decimal(3), ON, Decimal("110.00"), "USD"
    )
    with pytest.raises(NoRateToCount), unit():
        call_off([use])
    RateFactory(valid_from=ON, rate=Decimal("1.1"))
    with unit():
        assert call_off([use]) == {commitment.pk: Decimal("9900.00")}
    with unit():
        assert call_off([replace(use, amount=Decimal("55.00"))]) == {commitment.pk: Decimal("9950.00")}


def test_the_database_and_the_form_refuse_units_of_everything_and_money_beside_units():
    units = CommitmentFactory()
    for wrong in ({"product": None}, {"committed_amount": 5}, {"measure": "money"}, {"committed_qty": 0}):
        row = Commitment(**{**Commitment.objects.filter(pk=units.pk).values().get(), "id": None, "product_id": 1})
        for name, value in wrong.items():
            setattr(row, name, value)
        with pytest.raises(ValidationError):
            row.clean()
        with pytest.raises(IntegrityError), transaction.atomic():
            Commitment.objects.filter(pk=units.pk).update(**wrong)


def test_money_that_falls_short_is_at_risk():
    MoneyCommitmentFactory(consumed_amount=Decimal(2_000))
    (case,) = looked_for(date(2026, 7, 1))
    assert "as a whole will miss 5,989 USD of 10,000 by 2027-01-01 at this pace (2,000 called off" in case.summary
    assert case.money_at_risk == Decimal("5989.01")


def looked_for(day):
    """Live cases of the two kinds after a look on that day."""
    for kind in ("contract_expiring", "commitment_short"):
        detect_all(now=at(day), only=kind)
    return list(Case.objects.filter(status__in=["open", "assigned", "in_progress", "waiting"]))


def test_a_contract_that_ends_is_told_once_and_not_after_its_successor_is_there():
    terms = TermsFactory(code="K-1", notice_days=60)
    assert looked_for(date(2026, 11, 1)) == []
    for _ in range(2):
        (case,) = looked_for(date(2026, 11, 2))
    assert (case.kind, case.account_id) == ("contract_expiring", terms.account_id)
    assert "K-1 v1 ends on 2027-01-01" in case.summary
    TermsFactory(code="K-1", version=2, account=terms.account, valid_from=date(2027, 1, 1), valid_to=date(2028, 1, 1))
    assert looked_for(date(2026, 11, 3)) == []
    assert Case.objects.count() == 1


def test_a_contract_ends_by_the_day_of_the_company(settings):
    settings.COMPANY_TIME_ZONE = "America/Los_Angeles"
    TermsFactory(code="K-1", notice_days=60)
    early = datetime(2026, 11, 2, 6, tzinfo=UTC)  # the second in London, still the first at the company
    assert [d.opened for d in detect_all(now=early, only="contract_expiring")] == [0]
    assert [d.opened for d in detect_all(now=early + timedelta(hours=3), only="contract_expiring")] == [1]


PRICER = Actor("Pat", user_id=None, roles=frozenset({Role.PRICING}))


def prices_on(terms, product, day, qty=1):
    ask = PriceAsk("1", product.pk, Decimal(qty))
    return price([ask], account_id=terms.account_id, currency="USD", on=day)[0].unit_price


def test_a_contract_that_renews_by_itself_has_its_next_version_in_time_with_its_prices_and_no_case():
    terms = TermsFactory(code="K-1", notice_days=60, renews=True, payment_terms="NET45", on_time_percent=95)
    source = ContractFactory(account=terms.account, contract=terms, code="C-1")
    row = PriceRowFactory(source=source)
    PriceRowFactory(source=source, product=row.product, min_qty=10, unit_price=9)
    PriceRowFactory(source=source, valid_to=date(2027, 1, 1))  # its price ends with the year
    ContractFactory(account=terms.account, contract=terms, code="OVER", valid_to=date(2026, 6, 1))
    assert renew_due_contracts(actor=PRICER, now=at(date(2026, 11, 1))) == []
    for is_new in (True, False):
        done = renew_due_contracts(actor=PRICER, now=at(date(2026, 11, 2)))
        assert [(d.number, d.lists, d.prices) for d in done] == ([("K-1 v2", 1, 2)] if is_new else [])
    new = Contract.objects.get(version=2)
    assert (new.valid_from, new.valid_to, new.is_active) == (date(2027, 1, 1), date(2028, 1, 1), True)
    assert (new.payment_terms, new.on_time_percent, new.renews) == ("NET45", 95, True)
    assert [prices_on(terms, row.product, day, qty) for day in (date(2026, 12, 31), date(2027, 1, 1), date(2027, 12, 31))
            for qty in (1, 10)] == [10, 9] * 3  # fmt: skip
    assert prices_on(terms, row.product, date(2028, 1, 1)) is None
    assert looked_for(date(2026, 11, 3)) == []
    assert [d.number for d in renew_due_contracts(actor=PRICER, now=at(date(2027, 11, 3)))] == ["K-1 v3"]
    assert new.lists.get().code == "C-1 v2"
    assert Contract.objects.get(version=3).lists.get().code == "C-1 v3"


def test_what_comes_off_a_contracts_list_comes_off_its_next_version_too():
    terms = TermsFactory(code="K-1", renews=True)
    source = ContractFactory(account=terms.account, contract=terms, code="C-1")
    row = PriceRowFactory(source=source)
    AdjustmentFactory(source=source, code="LOYAL", kind="contract_discount", value=10, valid_from=date(2026, 1, 1))
    AdjustmentFactory(
        source=source, code="LOYAL", kind="contract_discount", value=20, min_qty=10, valid_from=date(2026, 1, 1)
    )
    AdjustmentFactory(source=source, code="SPRING", valid_from=date(2026, 3, 1), valid_to=date(2026, 6, 1))
    renew_contract(contract_id=terms.pk, actor=PRICER, now=at(date(2026, 12, 1)))
    days = (date(2026, 12, 31), date(2027, 1, 1), date(2027, 12, 31))
    assert [prices_on(terms, row.product, day, qty) for day in days for qty in (1, 10)] == [9, 8] * 3
    assert set(PriceAdjustment.objects.values_list("code", flat=True)) == {"LOYAL", "SPRING", "LOYAL v2"}


def test_a_contract_whose_next_list_has_no_code_left_keeps_no_other_from_being_renewed():
    for n, code in enumerate(("K-1", "K-2")):
        terms = TermsFactory(code=code, renews=True)
        ContractFactory(account=terms.account, contract=terms, code=f"C-{n}")
    SourceFactory(code="C-0 v2")
    done = renew_due_contracts(actor=PRICER, now=at(date(2026, 12, 1)))
    assert [d.number for d in done] == ["K-2 v2"]
    with pytest.raises(NotToBeRenewed, match="C-0 v2 is there already"):
        renew_contract(contract_id=Contract.objects.get(code="K-1").pk, actor=PRICER, now=at(date(2026, 12, 1)))
    assert Contract.objects.filter(code="K-1").count() == 1


def test_a_distributor_claims_by_the_code_they_know_in_every_version_of_a_groups_contract():
    group = GroupFactory()
    terms = TermsFactory(account=None, group=group, code="K-1", renews=True)
    source = SourceFactory(level="group", group=group, contract=terms, code="GPO-1")
    row = PriceRowFactory(source=source, unit_price=7)
    SourceFactory(level="group", group=group, code="GPO-1 vision")
    renew_contract(contract_id=terms.pk, actor=PRICER, now=at(date(2026, 12, 1)))
    PriceRow.objects.filter(source__code="GPO-1 v2").update(unit_price=6)

    def price_of(code, on):
        asked = {"product_id": row.product_id, "member_id": None, "qty": Decimal(1), "currency": "USD"}
        found = chargeback_basis(code, **asked, on=on)
        return found and found.unit_price

    for code in ("gpo-1", "GPO-1 v2"):
        assert [price_of(code, date(year, 12, 31)) for year in (2025, 2026, 2027, 2028)] == [None, 7, 6, None]
    assert price_of("GPO", date(2026, 12, 31)) is None


def test_the_case_of_a_contract_that_ends_is_ended_by_its_renewal_and_only_pricing_may():
    terms = TermsFactory(code="K-1", notice_days=60, valid_from=date(2026, 7, 1))
    ContractFactory(account=terms.account, contract=terms)
    (case,) = looked_for(date(2026, 11, 2))
    now = at(date(2026, 11, 3))
    (found,) = of_kind("contract_expiring")
    snapshot = case_snapshots([case.pk])[case.pk]
    assert "from 2027-01-01 to 2027-07-04" in found.preview(snapshot, now).text
    with pytest.raises(NotPermitted):
        renew_contract(contract_id=terms.pk, actor=Actor("Cy", user_id=1, roles=frozenset({Role.CS})), now=now)
    user = StaffFactory(roles=[Role.PRICING])
    pricer = Actor(str(user), user_id=user.pk, roles=frozenset(user.roles))
    apply_resolution(case_id=case.pk, code="renew", actor=pricer, now=now, key="k1")
    case.refresh_from_db()
    assert case.status == "resolved"
    assert [c.version for c in Contract.objects.order_by("version")] == [1, 2]
    again = renew_contract(contract_id=terms.pk, actor=PRICER, now=now)
    assert (again.number, again.is_new) == ("K-1 v2", False)
    assert not found.preview(snapshot, now).is_possible
    Contract.objects.filter(version=2).update(is_active=False)
    with pytest.raises(NotToBeRenewed):
        renew_contract(contract_id=Contract.objects.get(version=2).pk, actor=PRICER, now=now)


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_two_who_renew_at_once_make_one_version():
    terms = TermsFactory(code="K-1")
    outcomes = race(
        *(lambda: renew_contract(contract_id=terms.pk, actor=PRICER, now=at(date(2026, 12, 1))) for _ in "12")
    )
    assert sorted(o.is_new for o in outcomes) == [False, True]
    assert Contract.objects.count() == 2


def test_a_volume_that_falls_short_is_told_and_closed_when_it_catches_up():
    commitment = CommitmentFactory(consumed_qty=100)
    (case,) = looked_for(date(2026, 7, 1))
    assert case.kind == "commitment_short"
    assert "will miss 799 EA of 1000 by 2027-01-01" in case.summary
    Commitment.objects.filter(pk=commitment.pk).update(consumed_qty=600)
    assert looked_for(date(2026, 7, 2)) == []


def test_the_screens_open_and_say_where_a_volume_ends(client):
    client.force_login(StaffFactory(roles=[Role.PRICING]))
    terms, commitment = TermsFactory(), CommitmentFactory(consumed_qty=100)
    money = MoneyCommitmentFactory(consumed_amount=100)
    for name, pk in (("contract", terms.pk), ("commitment", commitment.pk), ("commitment", money.pk)):
        assert client.get(reverse(f"admin:pricing_{name}_changelist")).status_code == 200
        assert client.get(reverse(f"admin:pricing_{name}_change", args=[pk])).status_code == 200
    assert client.get(reverse("admin:pricing_contract_add")).status_code == 200


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_orders_that_call_off_at_once_are_all_counted():
    world = make_world(stock=500)
    commitment = CommitmentFactory(source=world.source, product=world.products[0])
    ids = [place(world.draft(10), actor=CLERK, now=NOW + timedelta(seconds=n)).order_id for n in range(4)]
    outcomes = race(*(lambda i=i: count_call_offs(order_ids=[i], actor=CLERK, now=NOW) for i in ids * 2))
    assert not [o for o in outcomes if isinstance(o, Exception)], outcomes
    commitment.refresh_from_db()
    assert commitment.consumed_qty == 40
