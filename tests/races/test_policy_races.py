"""A run by policy while others submit, cancel and ship: nothing is oversold, lost or leaked."""

from decimal import Decimal

import pytest

from core.refs import DocumentRef
from core.testing import race, unit
from core.uow import door_verb
from inventory.models import Claim, StockBalance
from inventory.rules.policy import Policy
from inventory.rules.policy_text import SegmentDraft
from inventory.services.allocate import allocate
from inventory.services.cancel import cancel
from inventory.services.confirm_picked import confirm_picked
from inventory.services.confirm_shipped import confirm_shipped
from inventory.services.open_demands import open_demands
from inventory.services.release_claims import release_claims
from inventory.services.reserve import reserve
from inventory.services.save_policy import PolicyDraft, save_policy
from tests.factories.accounts import AccountFactory
from tests.factories.inventory import (
    NOW,
    PLANNER,
    SiteFactory,
    StockedProductFactory,
    breaches,
    demand,
    spec,
    stock,
)
from tests.factories.pools import protect

pytestmark = pytest.mark.django_db(transaction=True)


@door_verb
def submit(asked):
    ids = open_demands([asked], now=NOW)
    reserve(list(ids.values()), now=NOW)


@door_verb
def withdraw(demand_id):
    cancel([demand_id], now=NOW)


@door_verb
def ship(demand_id):
    claims = release_claims([demand_id], now=NOW)[demand_id]
    confirm_picked({c.claim_id: c.qty for c in claims}, now=NOW, actor=PLANNER)
    confirm_shipped([c.claim_id for c in claims], source=DocumentRef("shipment", demand_id), now=NOW, actor=PLANNER)


def test_runs_by_policy_while_sixteen_submit_cancel_and_ship():
    product = StockedProductFactory()
    stock(product, SiteFactory(), 40)
    member, stranger = AccountFactory(), AccountFactory()
    protect(10, product=product, account=member)
    draft = PolicyDraft(
        Policy(code="again", name="Again", may_take_promises=True, passes=1),
        (SegmentDraft("all", "redistribute", sort="date", fair="demand"),), skus=(product.sku,),
    )  # fmt: skip
    save_policy(draft=draft, actor=PLANNER, now=NOW)
    waiting = [demand(product, 4, account_id=stranger.pk) for _ in range(10)]
    allocate(trigger_key="before", product_ids=[product.pk], actor=PLANNER, now=NOW)
    work = [
        *(
            lambda n=n: allocate(trigger_key=f"run {n}", product_ids=[product.pk], actor=PLANNER, now=NOW)
            for n in range(3)
        ),
        *(lambda: submit(spec(product, 3, account_id=stranger.pk)) for _ in range(6)),
        *(lambda i=i: withdraw(i) for i in waiting[:4]),
        *(lambda i=i: ship(i) for i in waiting[4:7]),
        *(lambda: submit(spec(product, 3, account_id=member.pk)) for _ in range(3)),
    ]
    assert [r for r in race(*work) if isinstance(r, Exception)] == []
    assert breaches() == []
    allocate(trigger_key="after", product_ids=[product.pk], actor=PLANNER, now=NOW)
    assert breaches() == []
    theirs = Claim.objects.filter(state="open", demand__account=stranger).values_list("qty", flat=True)
    ours = Claim.objects.filter(state="open", demand__account=member).values_list("qty", flat=True)
    left = StockBalance.objects.get().on_hand_qty
    assert left - sum(theirs) >= 10  # what strangers hold leaves the members their floor
    assert sum(ours) == Decimal(9)
    with unit():
        assert sum(theirs) + sum(ours) <= left
