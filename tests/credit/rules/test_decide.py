"""May this much more be owed: every rule with exact numbers, all kept, and never the last dollar twice."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.periods import Period
from core.refs import DocumentRef
from credit.rules.asks import CreditAsk, ExposureParts
from credit.rules.decide import Limits, Overdue, Standing, decide
from credit.rules.standing import Addition
from credit.rules.terms import Terms
from credit.states import AdditionKind, CheckPoint, Outcome

TODAY = date(2026, 11, 22)
NET30 = Terms("NET30", "Net 30 days", 30)
NET60 = Terms("NET60", "Net 60 days", 60)
PREPAID = Terms("PREPAID", "Prepayment", 0, is_prepayment=True)
DEPOSIT = Terms("DEP30", "30 % deposit", 30, deposit_percent=Decimal(30))
TERMS = {t.code: t for t in (NET30, NET60, PREPAID, DEPOSIT)}
NOTHING = ExposureParts(Decimal(0), Decimal(0), Decimal(0), Decimal(0), Decimal(0))


def account(limit="1000", parts=NOTHING, **changes):
    base = Standing(1, "USD", Limits(Decimal(limit)), parts, NET30, TODAY + timedelta(days=30))
    return replace(base, **changes)


def owing(receivable="0", open_orders="0", unapplied="0", released="0", shipped="0"):
    return ExposureParts(
        Decimal(receivable), Decimal(shipped), Decimal(released), Decimal(open_orders), Decimal(unapplied)
    )


def ask(amount, order=1, **changes):
    base = CreditAsk(1, DocumentRef("order", order), Decimal(amount), "USD", TODAY + timedelta(days=3))
    return replace(base, **changes)


def decided(standing, *asks, point=CheckPoint.ENTRY):
    return decide(asks, {1: standing} if standing else {}, TERMS, point=point, today=TODAY)


def rules(decision):
    return [reason.rule for reason in decision.reasons]


@pytest.mark.parametrize(
    ("asked", "outcome"), [("400", "approved"), ("400.01", "held"), ("0", "approved"), ("399.99", "approved")]
)
def test_600_owed_under_a_limit_of_1000_leaves_400_and_not_a_cent_more(asked, outcome):
    (decision,) = decided(account(parts=owing("600")), ask(asked))
    assert decision.outcome == Outcome(outcome)
    assert (decision.exposure, decision.limit, decision.available, decision.asked) == (
        Decimal(600),
        Decimal(1000),
        Decimal(400),
        Decimal(asked),
    )


def test_exposure_is_receivable_shipped_released_and_open_orders_less_cash_on_account():
    (decision,) = decided(account(parts=owing("100", "20", "7", "300", "4000")), ask("1"))
    assert decision.exposure == Decimal("4413")
    assert rules(decision) == ["credit_limit"]
    assert decision.reasons[0].data == {
        "limit": Decimal(1000),
        "exposure": Decimal(4413),
        "asked": Decimal(1),
        "over": Decimal(3414),
    }
    assert decision.reasons[0].message == (
        "Over by 3,414.00: open receivables 100 + shipped 4,000 + released 300 + other open orders 20 + this order 1"
        " - cash on account 7 against 1,000 USD."
    )


def test_the_decision_is_told_in_words_and_numbers():
    (decision,) = decided(account("40000", owing("31000", shipped="4200", released="2040")), ask("4000"))
    sum_ = "open receivables 31,000 + shipped 4,200 + released 2,040 + this order 4,000 against 40,000 USD"
    assert decision.reasons[0].message == f"Over by 1,240.00: {sum_}."
    assert (decision.words, decision.over) == (sum_, Decimal(1240))


def test_a_temporary_limit_counts_until_the_day_before_it_ends_and_insurance_always():
    insured = Addition(AdditionKind.INSURED, Decimal(50), Period())
    until = Addition(AdditionKind.TEMPORARY, Decimal(500), Period(None, TODAY + timedelta(days=1)))
    last_day = Limits(Decimal(1000), additions=(insured, until))
    assert decided(account(limits=last_day), ask("1550"))[0].is_approved
    over = replace(last_day, additions=(insured, replace(until, period=Period(None, TODAY))))
    (decision,) = decided(account(limits=over), ask("1550"))
    assert (decision.limit, rules(decision)) == (Decimal(1050), ["credit_limit"])


@pytest.mark.parametrize(("grace", "fires"), [(0, True), (1, False)])
def test_a_limit_that_ends_today_holds_unless_a_day_of_grace_is_given(grace, fires):
    limits = Limits(Decimal(1000), limit_valid_to=TODAY, grace_days=grace)
    assert (rules(decided(account(limits=limits), ask("1"))[0]) == ["limit_expired"]) is fires


@pytest.mark.parametrize(("days", "fires"), [(0, False), (30, False), (31, True)])
def test_an_item_31_days_overdue_holds_where_30_are_allowed(days, fires):
    standing = account(overdue=Overdue(Decimal(5), days), overdue_days_allowed=30)
    assert (rules(decided(standing, ask("1"))[0]) == ["oldest_open_item"]) is fires


def test_an_overdue_amount_holds_only_above_what_is_allowed():
    standing = account(overdue=Overdue(Decimal(200), 3), overdue_amount_max=Decimal(200))
    assert decided(standing, ask("1"))[0].is_approved
    assert rules(decided(replace(standing, overdue_amount_max=Decimal("199.99")), ask("1"))[0]) == ["overdue_amount"]


def test_one_order_may_not_be_larger_than_the_account_allows_even_with_room_left():
    standing = account(order_value_max=Decimal(100))
    assert decided(standing, ask("100"))[0].is_approved
    assert rules(decided(standing, ask("100.01"))[0]) == ["order_value_max"]


def test_a_suspended_account_is_held():
    (decision,) = decided(account(account_status="suspended"), ask("1"))
    assert (decision.outcome, decision.reasons[0].message) == (Outcome.HELD, "The account is suspended.")


def test_another_currency_is_held_and_not_compared_with_the_limit():
    (decision,) = decided(account(limit="1", order_value_max=Decimal(1)), ask("500", currency="EUR"))
    assert rules(decision) == ["no_exchange_rate"]


def test_an_account_without_credit_is_held_with_one_reason():
    (decision,) = decided(None, ask("1"))
    assert (decision.outcome, rules(decision), decision.available) == (Outcome.HELD, ["no_credit_account"], Decimal(0))


@pytest.mark.parametrize(
    ("code", "fired"), [("", []), ("NET30", []), ("PREPAID", []), ("NET60", ["terms_worse"]), ("X", ["terms_unknown"])]
)
def test_later_payment_than_agreed_holds_and_earlier_does_not(code, fired):
    assert rules(decided(account(), ask("1", terms_code=code))[0]) == fired


def test_prepayment_holds_at_release_until_the_cash_is_there_but_not_at_entry():
    standing = account(terms=PREPAID, parts=owing(unapplied="99.99"))
    assert decided(standing, ask("100"))[0].is_approved
    (held,) = decided(standing, ask("100"), point=CheckPoint.RELEASE)
    assert (rules(held), held.reasons[0].data) == (
        ["prepayment_due"],
        {"due": Decimal("100.00"), "on_account": Decimal("99.99")},
    )
    paid = replace(standing, parts=owing(unapplied="100"))
    assert decided(paid, ask("100"), point=CheckPoint.RELEASE)[0].is_approved


def test_one_prepayment_of_100_does_not_release_two_orders_of_100():
    standing = account(terms=PREPAID, parts=owing(unapplied="100"))
    first, second = decided(standing, ask("100"), ask("100", 2), point=CheckPoint.RELEASE)
    assert (first.is_approved, rules(second)) == (True, ["prepayment_due"])


def test_cash_that_paid_what_went_before_does_not_release_the_next_order_in_a_later_call():
    gone = owing(unapplied="210", released="60", shipped="40", receivable="10")
    standing = account(terms=PREPAID, parts=gone)  # 100 is left
    assert decided(standing, ask("100"), point=CheckPoint.RELEASE)[0].is_approved
    (held,) = decided(standing, ask("100.01"), point=CheckPoint.RELEASE)
    assert held.reasons[0].message == (
        "Prepayment: 100.01 is due before release, 100.00 of the cash on account is left for it."
    )
    part = account(terms=DEPOSIT, parts=owing(unapplied="100", released="150", shipped="50", receivable="900"))
    first, second = (decided(part, ask(x), point=CheckPoint.RELEASE)[0] for x in ("133.33", "133.34"))
    assert "prepayment_due" not in rules(first)  # 30 % of 200 went before: 40 is left, which is 30 % of 133.33
    assert [r.data for r in second.reasons if r.rule == "prepayment_due"] == [
        {"due": Decimal("40.01"), "on_account": Decimal("40.00")}
    ]


def test_a_deposit_of_30_percent_of_200_is_60_before_release():
    standing = account(terms=DEPOSIT, parts=owing(unapplied="59"))
    (held,) = decided(standing, ask("200"), point=CheckPoint.RELEASE)
    assert held.reasons[0].data["due"] == Decimal("60.00")


def test_all_reasons_are_kept_not_only_the_first():
    standing = account(
        limits=Limits(Decimal(10), limit_valid_to=TODAY - timedelta(days=9)),
        overdue=Overdue(Decimal(200), 45),
        overdue_amount_max=Decimal(100),
        order_value_max=Decimal(20),
        account_status="closed",
    )
    (decision,) = decided(standing, ask("50", terms_code="NET60"))
    assert rules(decision) == [
        "account_status",
        "credit_limit",
        "limit_expired",
        "oldest_open_item",
        "overdue_amount",
        "order_value_max",
        "terms_worse",
    ]


def test_a_submitted_order_is_not_counted_twice_at_release():
    standing = account(parts=owing("600", open_orders="400"))
    (decision,) = decided(standing, ask("400", already_counted=Decimal(400)), point=CheckPoint.RELEASE)
    assert (decision.is_approved, decision.exposure, decision.asked) == (True, Decimal(600), Decimal(400))


def test_what_waits_behind_an_order_does_not_hold_it():
    standing = account(parts=owing(open_orders="1200"))
    first = ask("600", already_counted=Decimal(1200))
    second = ask("600", 2, already_counted=Decimal(600))
    decisions = decided(standing, first, second)
    assert [d.is_approved for d in decisions] == [True, False]
    assert [(d.exposure, d.asked) for d in decisions] == [(Decimal(0), Decimal(600)), (Decimal(600), Decimal(600))]


def test_beyond_the_horizon_an_order_owes_nothing_at_entry_and_everything_at_release():
    late = ask("400", already_counted=Decimal(400), ship_date=TODAY + timedelta(days=31))
    standing = account(limit="100")
    (entry,) = decided(standing, replace(late, already_counted=Decimal(0)))
    (release,) = decided(standing, late, point=CheckPoint.RELEASE)
    assert (entry.is_approved, entry.asked) == (True, Decimal(0))
    assert (rules(release), release.asked) == (["credit_limit"], Decimal(400))


def test_where_release_is_not_checked_the_reasons_are_kept_and_do_not_hold():
    standing = account(limit="1", check_points=frozenset(CheckPoint) - {CheckPoint.RELEASE})
    (release,) = decided(standing, ask("100"), point=CheckPoint.RELEASE)
    assert (release.is_approved, rules(release)) == (True, ["credit_limit"])
    assert not decided(standing, ask("100"))[0].is_approved


def test_two_asks_of_600_on_one_limit_of_1000_get_one_yes_and_a_third_small_one_still_fits():
    first, second, third = decided(account(), ask("600"), ask("600", 2), ask("400", 3))
    assert [d.is_approved for d in (first, second, third)] == [True, False, True]
    assert (second.exposure, third.exposure, third.available) == (Decimal(600), Decimal(600), Decimal(400))


amounts = st.decimals(0, 2000, places=2)


@given(st.lists(amounts, max_size=8), amounts, amounts)
def test_the_approved_asks_of_one_call_never_pass_the_limit_together(asked, owed, limit):
    standing = account(str(limit), owing(str(owed)))
    decisions = decided(standing, *(ask(str(a), i) for i, a in enumerate(asked)))
    granted = sum((d.asked for d in decisions if d.is_approved), Decimal(0))
    assert granted == 0 or owed + granted <= limit


@given(st.lists(amounts, max_size=6), amounts)
def test_more_exposure_never_turns_a_no_into_a_yes_for_a_single_ask(asked, owed):
    for amount in asked:
        (before,) = decided(account(), ask(str(amount)))
        (after,) = decided(account(parts=owing(str(owed))), ask(str(amount)))
        assert before.is_approved or not after.is_approved
