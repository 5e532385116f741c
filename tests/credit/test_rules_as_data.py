"""Rules, additions, settings and families as rows: kept by their verbs, told to whom they may help, decided under locks."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.states import Role
from core.actors import Actor
from core.errors import InvalidInput, NotPermitted
from core.models import OutboxFact, OverrideEntry
from core.overrides import Reason
from core.refs import DocumentRef
from core.testing import race, unit
from credit import queries
from credit.models import AdditionEnd, CreditAccount, CreditRule, LimitAddition
from credit.models.account import usual_points
from credit.rules.asks import CreditAsk, PostingSpec
from credit.services.change_limit import LimitAuthorityExceeded
from credit.services.change_settings import Settings, change_settings
from credit.services.check import check
from credit.services.end_addition import AdditionOver, end_addition
from credit.services.grant_addition import AdditionSpec, grant_addition
from credit.services.keep_rule import keep_rule
from credit.services.post import post
from credit.states import AdditionKind, Bucket, CheckPoint
from portal.standing import headroom
from tests.factories.accounts import AccountFactory, GroupFactory, MembershipFactory, StaffFactory
from tests.factories.credit import CreditAccountFactory, CreditRuleFactory

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = NOW.date()
WHY = Reason("review", "Asked by the customer's treasurer")
FINANCE = Actor("Fin Ance", roles=frozenset({"finance"}), channel="console")
db = pytest.mark.django_db


def asked(account_id, amount, point=CheckPoint.ENTRY):
    with unit():
        ask = CreditAsk(account_id, DocumentRef("order", 1), Decimal(amount), "USD", TODAY)
        return check([ask], point=point, now=NOW)[0]


def owed(account_id, amount, order=1):
    doc = DocumentRef("order", order)
    return PostingSpec(account_id, doc, Bucket.OPEN_ORDER, Decimal(amount), f"o{order}:{account_id}", ship_date=TODAY)


def rules(decision):
    return [reason.rule for reason in decision.reasons if reason.is_blocking]


def temporary(account_id, amount, days=10, start=0, **more):
    spec = AdditionSpec(AdditionKind.TEMPORARY, Decimal(amount), TODAY + timedelta(start), TODAY + timedelta(days))
    return grant_addition(account_id=account_id, addition=spec, reason=WHY, actor=FINANCE, now=NOW, **more)


@db
def test_a_rule_for_all_holds_everybody_but_the_group_that_is_excluded():
    member, other = CreditAccountFactory(), CreditAccountFactory()
    group = GroupFactory()
    MembershipFactory(account=member.account, group=group, valid_from=TODAY)
    CreditRuleFactory(value=100)
    assert [rules(asked(c.account_id, "101")) for c in (member, other)] == [["order_value_max"]] * 2
    CreditRuleFactory(group=group, effect="exclusion", value=None)
    assert [rules(asked(c.account_id, "101")) for c in (member, other)] == [[], ["order_value_max"]]
    told = {r.rule: str(r.judgement) for r in asked(member.account_id, "101").results}
    assert told["order_value_max"] == "excluded"


@db
def test_one_active_rule_per_party_and_risk_group_and_a_figure_where_one_is_measured():
    CreditRuleFactory()
    with pytest.raises(InvalidInput):
        keep_rule(row=CreditRule(kind="order_value_max", value=Decimal(5)), actor=FINANCE, now=NOW)
    with pytest.raises(InvalidInput, match="figure"):
        keep_rule(row=CreditRule(kind="overdue_amount"), actor=FINANCE, now=NOW)
    with pytest.raises(InvalidInput, match="figure"):
        keep_rule(row=CreditRule(kind="terms_worse", value=Decimal(5)), actor=FINANCE, now=NOW)
    assert CreditRule.objects.count() == 1


@db
def test_a_temporary_limit_counts_from_its_first_day_until_it_is_ended_and_all_of_it_is_kept():
    account_id = CreditAccountFactory().account_id
    first, later = temporary(account_id, "500"), temporary(account_id, "70", start=1)
    assert asked(account_id, "1500").is_approved
    assert asked(account_id, "1501").words == "this order 1,501 against 1,500 USD (limit 1,000 + temporary 500)"
    assert OutboxFact.objects.filter(kind__contains="CreditImproved").count() == 1
    assert OverrideEntry.objects.count() == 2
    end_addition(addition_id=first, note="The customer paid in full", actor=FINANCE, now=NOW)
    assert rules(asked(account_id, "1001")) == ["credit_limit"]
    with pytest.raises(AdditionOver):
        end_addition(addition_id=first, note="Once more, by mistake", actor=FINANCE, now=NOW)
    assert [(v.addition_id, v.valid_to) for v in queries.additions_of(account_id)] == [
        (later, TODAY + timedelta(10)),
        (first, TODAY),
    ]
    assert AdditionEnd.objects.count() == 1


@db
def test_a_temporary_limit_has_an_end_and_finance_s_authority_is_over_the_whole():
    account_id = CreditAccountFactory(limit_amount=Decimal(24_000)).account_id
    with pytest.raises(LimitAuthorityExceeded):
        temporary(account_id, "1001")
    endless = AdditionSpec(AdditionKind.TEMPORARY, Decimal(1), TODAY)
    with pytest.raises(InvalidInput):
        grant_addition(account_id=account_id, addition=endless, reason=WHY, actor=FINANCE, now=NOW)
    spec = AdditionSpec(AdditionKind.INSURED, Decimal(1), TODAY)
    clerk = Actor("Cora", roles=frozenset({"cs"}), channel="console")
    with pytest.raises(NotPermitted):
        grant_addition(account_id=account_id, addition=spec, reason=WHY, actor=clerk, now=NOW)
    assert LimitAddition.objects.count() == 0


def settings(**more):
    return Settings(**({"terms_code": "NET30", "horizon_days": 30, "check_points": usual_points()} | more))


@db
def test_settings_change_with_a_reason_and_a_family_has_one_head():
    head, member, third = CreditAccountFactory.create_batch(3)
    changed = change_settings(
        account_id=member.account_id,
        settings=settings(risk_group="B", head_account_id=head.account_id),
        reason=WHY,
        actor=FINANCE,
        now=NOW,
    )
    assert changed == {"risk_group": ("", "B"), "head": (None, head.pk)}
    for account, wanted in ((head, member), (third, third)):
        wrong = settings(head_account_id=wanted.account_id)
        with pytest.raises(InvalidInput, match="head"):
            change_settings(account_id=account.account_id, settings=wrong, reason=WHY, actor=FINANCE, now=NOW)
    family = frozenset({head.account_id, member.account_id})
    found = queries.families_of([member.account_id, head.account_id, third.account_id])
    assert found == dict.fromkeys(family, family) | {third.account_id: {third.account_id}}


@db
def test_a_family_of_three_levels_owes_within_every_head_s_limit():
    top, region, shop, other = [CreditAccountFactory(limit_amount=Decimal(n)) for n in (1000, 800, 5000, 5000)]
    for account, head in ((shop, region), (region, top), (other, top)):
        how = settings(head_account_id=head.account_id)
        change_settings(account_id=account.account_id, settings=how, reason=WHY, actor=FINANCE, now=NOW)
    how = settings(head_account_id=shop.account_id)
    with pytest.raises(InvalidInput) as ring:
        change_settings(account_id=top.account_id, settings=how, reason=WHY, actor=FINANCE, now=NOW)
    assert ring.value.errors[0].code == "ring"
    whole = frozenset(x.account_id for x in (top, region, shop, other))
    assert queries.families_of([shop.account_id, other.account_id]) == dict.fromkeys(
        (shop.account_id, other.account_id), whole
    )

    def owe(account, amount, order):
        with unit():
            post([owed(account.account_id, amount, order)], now=NOW)

    def held(account, amount):
        return [r.message.split(": ")[0] for r in asked(account.account_id, amount).reasons]

    owe(shop, 500, 1)
    assert held(shop, 300) == []
    assert held(shop, 301) == ["Over by 1.00 together"]  # the region's 800
    owe(other, 300, 2)
    assert held(shop, 200) == []
    assert held(shop, 201) == ["Over by 1.00 together"]  # the holding's 1,000
    assert held(other, 200) == []  # the region's limit is not about it
    assert held(other, 201) == ["Over by 1.00 together"]
    assert held(top, 201) == ["Over by 1.00 together"]
    found = queries.exposure([shop.account_id, top.account_id], on=TODAY)
    assert [found[x.account_id].headroom for x in (shop, top)] == [200, 200]  # of 4,500 and 1,000 of their own
    assert asked(shop.account_id, 1).room == 200
    assert (headroom(shop.account_id, on=TODAY).left, headroom(other.account_id, on=TODAY).left) == (200, 200)
    chain = queries.heads_above(shop.account_id, on=TODAY)
    assert [(f.head_id, f.parts.total, f.limits.limit) for f in chain] == [(region.pk, 500, 800), (top.pk, 800, 1000)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.races
def test_eight_members_at_once_fill_the_head_s_limit_and_not_a_cent_more():
    head = CreditAccountFactory(limit_amount=Decimal(1000))
    members = CreditAccountFactory.create_batch(8, head=head)

    def submit(member):
        with unit():
            ask = CreditAsk(member.account_id, DocumentRef("order", member.pk), Decimal(300), "USD", TODAY)
            (decision,) = check([ask], point=CheckPoint.ENTRY, now=NOW)
            if decision.is_approved:
                post([owed(member.account_id, "300", member.pk)], now=NOW)
            return decision.is_approved

    outcomes = race(*[lambda m=m: submit(m) for m in members])
    assert sorted(outcomes) == [False] * 5 + [True] * 3
    assert rules(asked(members[0].account_id, "101")) == ["group_limit"]
    assert asked(AccountFactory().pk, "1").reasons[0].rule == "no_credit_account"


@db
def test_finance_keeps_rules_and_additions_in_the_console(client):
    client.force_login(StaffFactory(roles=[Role.FINANCE]))
    credit = CreditAccountFactory()
    url = reverse("admin:credit_creditrule_add")
    form = {"kind": "order_value_max", "effect": "blocking", "value": "50", "points": ["release"], "is_active": "on"}
    assert client.post(url, form).status_code == 302
    rule = CreditRule.objects.get()
    assert (rule.value, rule.points) == (Decimal(50), ["release"])
    assert "figure" in client.post(url, form | {"value": "", "risk_group": "B"}).content.decode()
    page = client.get(reverse("admin:credit_creditrule_changelist")).content.decode()
    assert "50.00 largest value of one order" in page
    form = {"account_code": credit.account.code, "kind": "temporary", "amount": "40", "note": "Season, as every year"}
    days = {"valid_from": "2026-11-20", "valid_to": "2100-01-01", "reference": ""}
    assert client.post(reverse("admin:credit_limitaddition_add"), form | days).status_code == 302
    row = LimitAddition.objects.get()
    page = client.get(reverse("admin:credit_creditaccount_change", args=[credit.pk])).content.decode()
    assert "Temporary from 2026-11-20 until 2100-01-01" in page
    assert "Over 90 days" in page
    url = reverse("admin:credit_limitaddition_change", args=[row.pk])
    assert client.post(url, {"end_on": "", "why": "The season is over"}).status_code == 302
    assert "on " in client.get(url).content.decode()
    assert AdditionEnd.objects.count() == 1


@db
def test_settings_have_a_form_of_their_own(client):
    client.force_login(StaffFactory(roles=[Role.FINANCE]))
    credit = CreditAccountFactory()
    url = reverse("admin:credit_creditaccount_change", args=[credit.pk]) + "?settings=1"
    form = {
        "reason_code": "review",
        "note": "Yearly review of the file",
        "terms": credit.terms_id,
        "head": "",
        "risk_group": "C",
        "horizon_days": "14",
        "overdue_days_allowed": "",
        "overdue_amount_max": "",
        "order_value_max": "",
        "check_points": ["entry", "release"],
    }
    assert "at least ten" in client.post(url, form | {"note": "short"}).content.decode()
    assert client.post(url, form).status_code == 302
    row = CreditAccount.objects.get()
    assert (row.risk_group, row.horizon_days, row.check_points) == ("C", 14, ["entry", "release"])
    assert (row.limit_amount, OverrideEntry.objects.get().kind) == (Decimal(1000), "credit_settings")
