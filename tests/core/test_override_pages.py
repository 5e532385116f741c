"""What overrides cost and what auditors ask, on the console."""

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.models import UserAbsence
from accounts.states import Role
from core import clock, journal, override_views, overrides
from core.actors import Actor
from core.chain import digest
from core.models import ExchangeRate, OverrideEntry, OverrideReview
from core.overrides import Reason
from core.refs import DocumentRef
from core.testing import unit
from credit.services.change_limit import LimitAuthorityExceeded
from credit.services.grant_addition import AdditionSpec, grant_addition
from credit.states import AdditionKind
from orders.models import Order
from orders.services.place import place
from tests.factories.accounts import AccountFactory, StaffFactory
from tests.factories.credit import CreditAccountFactory
from tests.factories.orders import CLERK, make_world
from tests.factories.pricing import PriceRowFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LEAKAGE, AUDIT = "admin:core_overrideentry_leakage", "admin:core_overrideentry_audit"


def record(actor, effect, *, kind="price", number=1, at=None, code="match", account=None, approver=None):
    with unit():
        return overrides.record(
            kind=kind,
            subject=DocumentRef("order", number, f"SO-{number}"),
            actor=actor,
            reason=Reason(code, "Matched the other offer"),
            before={"price": 10},
            after={"price": 9},
            now=at or clock.now() - timedelta(days=1),
            money_effect=Decimal(effect),
            currency="USD",
            account_id=account,
            approver=approver,
        )


@pytest.fixture
def people():
    lead = StaffFactory(roles=[Role.CS_LEAD], first_name="Lea", last_name="Lead")
    boss = StaffFactory(roles=[Role.FINANCE_APPROVER, Role.PRICING], first_name="Bo", last_name="Boss")
    return [Actor(str(u), user_id=u.pk, roles=frozenset(u.roles)) for u in (lead, boss)]


@pytest.fixture
def auditor(client):
    client.force_login(StaffFactory(roles=[Role.AUDITOR]))
    return client


def test_leakage_by_every_side_leads_to_its_entries(auditor, people):
    lead, boss = people
    account = AccountFactory(code="ACME")
    record(lead, "-40", account=account.pk)
    record(lead, "-2", account=account.pk)
    record(boss, "15", code="our_mistake")
    record(lead, "-7", account=account.pk, at=clock.now() - timedelta(days=200))  # before the time that is looked at
    page = auditor.get(reverse(LEAKAGE), {"by": "customer"}).content.decode()
    assert "ACME" in page
    assert "-42" in page
    for side in ("user", "reason", "kind", "month"):
        answer = auditor.get(reverse(LEAKAGE), {"by": side})
        assert answer.status_code == 200
        for row in answer.context["rows"]:
            listed = auditor.get(row.url)
            assert listed.status_code == 200
            assert listed.context["cl"].result_count == row.leak.count
    sampled = auditor.get(auditor.get(reverse(LEAKAGE)).context["sample_url"])
    assert sampled.context["cl"].result_count == 3


def test_every_side_adds_up_to_the_cent_and_the_sum_is_of_all_also_where_not_all_are_listed(
    auditor, people, monkeypatch
):
    lead, boss = people
    first, second, third = (AccountFactory(code=code) for code in ("A", "B", "C"))
    at = clock.now() - timedelta(days=1)
    record(lead, "-40.10", account=first.pk, at=at)
    record(lead, "15", account=first.pk, code="our_mistake", at=at)
    record(boss, "-2.05", account=second.pk, at=at)
    record(lead, "-50000", kind="credit_limit", code="growth", account=first.pk, at=at)  # room, no money
    reviewed = record(boss, "-1.15", account=third.pk, code="our_mistake", kind="hold_release", at=at)
    overrides.review(entry_id=reviewed, verdict="ok", note="", actor=lead, now=at)

    def told(side):
        page = auditor.get(reverse(LEAKAGE), {"by": side}).context
        assert page["totals"] == [("USD", Decimal("-43.30"))]
        found = [(x.label, x.leak.given_away, x.leak.gained, x.leak.count, x.leak.unreviewed) for x in page["rows"]]
        return [(label, f"{lost}", f"{won}", n, waits) for label, lost, won, n, waits in found], page

    rows, page = told("user")
    assert rows == [(lead.label, "-40.10", "15.00", 3, 3), (boss.label, "-3.20", "0", 2, 1)]
    assert [x.bar for x in page["bars"]] == [360, 28]  # 360 × 3.20 / 40.10
    assert told("reason")[0] == [
        ("Match", "-42.15", "0", 2, 2),
        ("Our mistake", "-1.15", "15.00", 2, 1),
        ("Growth", "0", "0", 1, 1),
    ]
    assert [(label, lost) for label, lost, *_ in told("kind")[0]] == [
        ("Price", "-42.15"),
        ("Hold release", "-1.15"),
        ("Credit limit", "0"),
    ]
    assert told("month")[0] == [(f"{at:%Y-%m}", "-43.30", "15.00", 5, 4)]
    assert [lost for _, lost, *_ in told("customer")[0]] == ["-40.10", "-2.05", "-1.15"]
    monkeypatch.setattr(override_views, "MOST", 2)
    rows, page = told("customer")
    assert (len(rows), page["most"]) == (2, 2)


def test_what_nobody_reviewed_comes_first_and_a_sample_is_drawn_of_it_without_favour(auditor, people):
    done, *others = [record(people[0], "-1", number=n) for n in range(8)]
    overrides.review(entry_id=others[-1], verdict="follow_up", note="", actor=people[1], now=clock.now())
    listed = auditor.get(reverse("admin:core_overrideentry_changelist")).context["cl"].result_list
    assert [row.pk for row in listed] == [*reversed([done, *others[:-1]]), others[-1]]
    period = {"since": clock.now() - timedelta(days=9), "until": clock.now()}
    drawn = {seed: override_views.sample(**period, seed=seed, size=3) for seed in "abcdef"}
    assert drawn["a"] == override_views.sample(**period, seed="a", size=3)
    assert len({tuple(ids) for ids in drawn.values()}) > 1
    assert others[-1] not in override_views.sample(**period, seed="a", size=99)
    assert len(override_views.sample(**period, seed="a", size=99)) == 7


def test_a_verdict_there_is_none_of_and_who_was_in_it_review_nothing(client, people):
    entry = record(people[0], "-40", approver=people[1])
    where = reverse("admin:core_overrideentry_change", args=[entry])
    client.force_login(StaffFactory(roles=[Role.FINANCE]))
    answer = client.post(f"{where.removesuffix('change/')}review/", {"verdict": "guilty"}, follow=True)
    assert "is no verdict" in answer.content.decode()
    assert client.get(where).context["may_review"]
    client.force_login(type(StaffFactory()).objects.get(pk=people[1].user_id))
    assert not client.get(where).context["may_review"]
    client.post(f"{where.removesuffix('change/')}review/", {"verdict": "ok"})
    assert not OverrideReview.objects.exists()


def test_what_an_auditor_asks_is_answered(auditor, people):
    lead, boss = people
    record(lead, "-950", number=1)  # the limit of a lead is 1,000
    record(lead, "-100", number=2)
    record(lead, "100", number=2)
    record(boss, "-1", number=3, approver=lead)
    record(lead, "-1", number=4, approver=boss)
    sunday = clock.now() - timedelta(days=(clock.now().weekday() + 1) % 7 or 7)
    record(lead, "-3", number=5, at=datetime(sunday.year, sunday.month, sunday.day, 12, tzinfo=UTC))

    def lines(view):
        return auditor.get(reverse(AUDIT), {"view": view, "days": "30"}).context["rows"]

    assert [cells[2] for _, cells in lines("just-below")] == ["SO-1"]
    assert [cells[2] for _, cells in lines("reversed")] == ["SO-2"]
    assert {cells[0] for _, cells in lines("approver")} == {lead.label, boss.label}
    assert len(lines("each-other")) == 1
    assert "SO-5" in {cells[2] for _, cells in lines("after-hours")}
    assert {cells[0] for _, cells in lines("both-sides")} == {boss.label}
    for n, (roles, kind) in enumerate(
        [(["cs", "pricing"], "price"), (["cs", "finance"], "credit_limit"), (["cs", "pricing"], "credit_limit")]
    ):
        someone = StaffFactory(roles=roles)
        record(Actor(f"Two hats {n}", user_id=someone.pk, roles=frozenset(roles)), "-1", kind=kind, number=6 + n)
    assert {cells[0] for _, cells in lines("both-sides")} == {boss.label, "Two hats 0", "Two hats 1"}


def told(actor, kind, before, after, effect="0", number=1, currency="USD", **more):
    with unit():
        return overrides.record(
            kind=kind, subject=DocumentRef("order", number, f"SO-{number}"), actor=actor, before=before, after=after,
            reason=Reason("match", "Matched the other offer"), now=clock.now() - timedelta(hours=1),
            money_effect=Decimal(effect), currency=currency, **more,
        )  # fmt: skip


def test_just_below_a_limit_is_measured_as_the_authority_is(auditor):
    """A limit by its whole, a hold and terms by the order, a promise by the line; lowering and room to spare are nothing."""
    finance = Actor(
        "Fin", user_id=StaffFactory().pk, roles=frozenset(["finance"])
    )  # sets 25,000 and lets go 25,000 alone
    clerk = Actor("Clerk", user_id=StaffFactory().pk, roles=frozenset(["cs"]))  # promises 1,000 alone
    rows = {
        told(finance, "credit_limit", {"limit_amount": 23_000}, {"limit_amount": 24_900}, "-1900"): "24,900",
        told(finance, "credit_limit", {"limit_amount": 20_000}, {"added": 4_000}, "-4000"): "24,000",
        told(finance, "hold_release", {"hold": "credit"}, {"order_amount": "22500.00", "ceiling": None}): "22,500.00",
        told(finance, "payment_terms", {}, {"order_amount": "25000.00"}): "25,000.00",
        told(clerk, "promise", {}, {"worth": "999.00"}, "-40"): "999.00",
    }
    told(
        finance, "credit_limit", {"limit_amount": 2_000}, {"limit_amount": 12_000}, "-24900"
    )  # the step is near, the limit not
    told(finance, "credit_limit", {"limit_amount": 50_000}, {"limit_amount": 24_900}, "25100")  # lowered
    told(finance, "hold_release", {"hold": "data"}, {"order_amount": "22500.00"})
    told(clerk, "promise", {}, {"worth": "899.00"}, "-999")
    ExchangeRate.objects.create(base="JPY", quote="USD", valid_from=clock.now().date() - DAY, rate=Decimal("0.0068"))
    rows[told(clerk, "promise", {}, {"worth": "140000"}, currency="JPY")] = "952.00"  # of the company's currency
    told(clerk, "promise", {}, {"worth": "950"}, currency="JPY")
    told(clerk, "promise", {}, {"worth": "950"}, currency="CHF")  # no rate: no limit decided it
    page = auditor.get(reverse(AUDIT), {"view": "just-below", "days": "30"}).context["rows"]
    found = {int(url.rstrip("/").split("/")[-2]): cells[3] for url, cells in page}
    assert found == rows
    assert {cells[4] for _, cells in page} == {"25,000", "1,000"}


def test_a_limit_raised_in_small_steps_lies_just_below_with_the_step_that_brings_it_there(auditor):
    """10,000, then 5,000, 5,000 and 4,000 more, each far below the 25,000 finance grants alone; one more is above it."""
    row = CreditAccountFactory(limit_amount=10_000)
    person = StaffFactory(roles=["finance"])
    finance = Actor(str(person), user_id=person.pk, roles=frozenset(["finance"]))
    now = clock.now()

    def grant(amount):
        addition = AdditionSpec(AdditionKind.TEMPORARY, Decimal(amount), now.date(), now.date() + 30 * DAY, "")
        reason = Reason("customer_request", "Their season has begun")
        grant_addition(account_id=row.account_id, addition=addition, reason=reason, actor=finance, now=now)

    for amount in (5_000, 5_000, 4_000):
        grant(amount)
    with pytest.raises(LimitAuthorityExceeded):
        grant(1_001)
    last = OverrideEntry.objects.order_by("-pk")[0]
    assert [e.after["whole"] for e in OverrideEntry.objects.order_by("pk")] == ["15000.00", "20000.00", "24000.00"]
    (shown,) = auditor.get(reverse(AUDIT), {"view": "just-below", "days": "30"}).context["rows"]
    assert (int(shown[0].rstrip("/").split("/")[-2]), shown[1][3], shown[1][4]) == (last.pk, "24,000.00", "25,000")


def test_one_person_on_both_sides_is_found_whichever_two_sides(auditor):
    """Changed a list and approved a price on it; created an account and released its hold; entered an order and approved an
    override on it; stood in for who asked. And who did one side alone is not."""
    ann, bob = (Actor(n, user_id=StaffFactory().pk, roles=frozenset(["pricing"])) for n in ("Ann", "Bob"))
    row = PriceRowFactory()
    now, ref = clock.now(), row.source.code
    with unit():
        journal.write([journal.Entry(DocumentRef("price_row", row.pk), "changed", "cheaper")], actor=ann, now=now - DAY)
        journal.write([journal.Entry(DocumentRef("account", 77), "created", "new")], actor=ann, now=now - DAY)
        journal.write([journal.Entry(DocumentRef("account", 77), "changed", "name")], actor=bob, now=now - DAY)
    before = {"from": ref, "sku": row.product.sku}
    listed = told(bob, "price", before, {}, "-5", approver=ann)
    told(bob, "price", {**before, "sku": "OTHER"}, {}, "-5", approver=ann)  # another product of the list
    account = told(ann, "hold_release", {"hold": "credit"}, {}, number=2, account_id=77)
    told(bob, "hold_release", {"hold": "credit"}, {}, number=2, account_id=77)  # changed it, did not make it
    world = make_world()
    order = place(world.draft(1), actor=CLERK, now=now).order_id
    Order.objects.filter(pk=order).update(entered_by_id=bob.user_id)
    entered = told(ann, "price", {}, {}, "-5", number=order, approver=bob)
    told(bob, "price", {}, {}, "-5", number=order, approver=ann)  # who entered it may ask
    away, stands = StaffFactory(), StaffFactory()
    UserAbsence.objects.create(user=away, delegate=stands, away_from=now.date() - DAY)
    for_whom = told(
        Actor("Away", user_id=away.pk), "price", {}, {}, number=3, approver=Actor("Stands", user_id=stands.pk)
    )
    told(Actor("Stands", user_id=stands.pk), "price", {}, {}, number=3, approver=Actor("Away", user_id=away.pk))
    rows = auditor.get(reverse(AUDIT), {"view": "twice", "days": "30"}).context["rows"]
    found = {
        int(url.rstrip("/").split("/")[-2]): (cells[0], cells[1].split(" on ")[0], cells[2]) for url, cells in rows
    }
    assert found == {
        listed: ("Ann", f"changed the price list {ref}", "approved the override"),
        account: ("Ann", "created the account", "made the override"),
        entered: ("Bob", "entered the order", "approved the override"),
        for_whom: ("Stands", "stood in for who asked, who was away", "approved the override"),
    }


def test_the_file_carries_the_proof(auditor, people):
    record(people[0], "-40")
    overrides.seal_pending(now=clock.now())
    answer = auditor.get(reverse("admin:core_overrideentry_proof"))
    rows = b"".join(answer.streaming_content).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(rows))
    assert digest(row["Previous hash"], row["Sealed text"]) == row["Hash"]
    assert row["Position"] == "1"


def test_finance_may_say_train(client, people):
    entry = record(people[0], "-40")
    client.force_login(StaffFactory(roles=[Role.FINANCE]))
    where = reverse("admin:core_overrideentry_review", args=[entry])
    client.post(where, {"verdict": "train", "note": "Show them the floor"})
    listed = client.get(reverse("admin:core_overrideentry_changelist"), {"reviewed": "train"})
    assert listed.context["cl"].result_count == 1
