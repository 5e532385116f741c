"""Whatever is picked, packed, shipped, delivered, refused, returned and paid in whatever order, every invariant holds.

OMS_CASES sets how many runs (and HOLDFAST_STEPS how many steps each); a few by default.
"""

import os
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from billing.models import CreditMemo, Invoice
from billing.services.post_receipt import post_receipt
from core.errors import DomainError
from core.testing import drain, outer_atomic
from fulfillment.models import LabelNumbering, Package, Return, Shipment
from fulfillment.package_queries import packable
from fulfillment.rules.asks import ReleaseOutcome
from fulfillment.rules.returns import Finding
from fulfillment.services.at_the_door import Proof
from fulfillment.services.confirm_delivery import Damage, confirm_delivery
from fulfillment.services.confirm_pick import confirm_pick
from fulfillment.services.confirm_shipment import confirm_shipment
from fulfillment.services.find_package import PackageSpec
from fulfillment.services.inspect_return import inspect_return
from fulfillment.services.pack_shipment import open_again, pack_shipment, put_in, seal_package, take_out
from fulfillment.services.receive_return import receive_return
from fulfillment.services.refuse_delivery import refuse_delivery
from fulfillment.services.release_orders import release_orders
from fulfillment.services.take_other_lot import take_other_lot
from fulfillment.services.take_up_shipment import take_up_shipment
from fulfillment.states import Disposition
from orders.services.place import place
from pricing.models import PriceRow
from tests.factories.flow import NOW, PICKER, breaches, line_ids, placed, released, stocked_world
from tests.factories.inventory import stock

EXAMPLES = int(os.environ.get("OMS_CASES", "5"))
STEPS = int(os.environ.get("HOLDFAST_STEPS", "10"))
D = Decimal
ACT = {"actor": PICKER, "now": NOW}
any_one = st.integers(0, 10_000)


class Dock(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.outer = outer_atomic()
        self.outer.__enter__()

    def teardown(self) -> None:
        self.outer.__exit__(None, None, None)

    @initialize()
    def world(self) -> None:
        LabelNumbering.objects.create(extension_digit="0", company_prefix="9506000")
        self.it = stocked_world(products=2, stock_qty=60)
        for product in self.it.products:
            for lot in ("L1", "L2"):
                stock(product, self.it.site, 40, lot=lot)
        PriceRow.objects.update(unit_price=D("3.335"))  # parts of a line come to half cents
        type(self.it.account).objects.update(over_ship_percent=40, short_close_percent=20)
        for _ in range(2):
            self.attempt(confirm_pick, shipment_id=released(self.it, 5, 3).shipment_id, picks={}, short_reason="")

    def attempt(self, verb, **arguments) -> None:
        """A clean refusal is an answer."""
        with suppress(DomainError):
            verb(**arguments, **ACT)

    def one(self, rows, pick: int):
        found = list(rows.order_by("pk"))
        return found[pick % len(found)] if found else None

    @rule(found=st.integers(0, 8), other=st.integers(0, 5), code=st.sampled_from(["L1", "L2", "L9"]))
    def release_and_pick(self, found: int, other: int, code: str) -> None:
        """Found fewer, all or more than 5; before that `other` of the line may come from another lot."""
        order_id = placed(self.it, 5, 3)
        outcomes: list[ReleaseOutcome] = []
        with suppress(DomainError):
            outcomes = release_orders(order_ids=[order_id], **ACT)
        for shipment_id in (i for outcome in outcomes for i in outcome.shipment_ids):
            first = line_ids(shipment_id)[0]
            if other:
                self.attempt(take_other_lot, shipment_id=shipment_id, line_id=first, code=code, qty=D(other))
            self.attempt(confirm_pick, shipment_id=shipment_id, picks={first: D(found)}, short_reason="bin empty")

    @rule(pick=any_one, part=st.integers(1, 5), is_weighed=st.booleans())
    def pack(self, pick: int, part: int, is_weighed: bool) -> None:
        if (shipment := self.one(Shipment.objects.filter(status="packed"), pick)) is not None:
            lines = {x.line_id: min(x.left, D(part)) for x in packable(shipment.pk) if x.left}
            spec = PackageSpec(lines, weight_kg=D(2) if is_weighed else None)
            self.attempt(pack_shipment, shipment_id=shipment.pk, packages=[spec])

    @rule(pick=any_one, qty=st.integers(1, 4), what=st.sampled_from(["in", "out", "seal", "open"]))
    def change_a_package(self, pick: int, qty: int, what: str) -> None:
        if (package := self.one(Package.objects.all(), pick)) is None:
            return
        lines = line_ids(package.shipment_id)
        line = lines[pick % len(lines)]
        if what == "in":
            self.attempt(put_in, sscc=package.sscc, quantities={line: D(qty)})
        elif what == "out":
            self.attempt(take_out, sscc=package.sscc, shipment_line_id=line)
        elif what == "seal":
            self.attempt(seal_package, sscc=package.sscc, weight_kg=D(qty))
        else:
            self.attempt(open_again, sscc=package.sscc)

    @rule(pick=any_one)
    def ship(self, pick: int) -> None:
        if (shipment := self.one(Shipment.objects.exclude(status="delivered"), pick)) is not None:
            self.attempt(confirm_shipment, shipment_id=shipment.pk, carrier="UPS", tracking_number="1Z")
            if pick % 2:
                self.attempt(take_up_shipment, shipment_id=shipment.pk, status="in_transit")

    @rule(pick=any_one, damaged=st.integers(0, 6), is_refused=st.booleans())
    def report_the_delivery(self, pick: int, damaged: int, is_refused: bool) -> None:
        if (shipment := self.one(Shipment.objects.all(), pick)) is None:
            return
        if is_refused:
            self.attempt(refuse_delivery, shipment_id=shipment.pk, at=NOW, proof_of=Proof(note="not ordered"))
            return
        broken = {line_ids(shipment.pk)[0]: Damage(D(damaged), "wet")} if damaged else {}
        self.attempt(confirm_delivery, shipment_id=shipment.pk, delivered_at=NOW, damages=broken)

    @rule(pick=any_one, came=st.integers(1, 6), what=st.sampled_from(list(Disposition)))
    def take_back(self, pick: int, came: int, what: Disposition) -> None:
        if (back := self.one(Return.objects.all(), pick)) is None:
            return
        lines = list(back.lines.order_by("pk"))
        self.attempt(receive_return, return_id=back.pk, quantities={x.pk: min(x.qty, D(came)) for x in lines})
        findings = [Finding(x.pk, min(x.qty, D(came)), what) for x in lines]
        self.attempt(inspect_return, return_id=back.pk, findings=findings, is_damaged=came == 1)

    @rule(pick=any_one)
    def pay(self, pick: int) -> None:
        if (invoice := self.one(Invoice.objects.exclude(status="draft"), pick)) is not None and invoice.open_amount > 0:
            self.attempt(
                post_receipt, account_id=self.it.account.pk, amount=invoice.open_amount, currency="USD",
                received_date=NOW.date(), reference=f"R-{pick}",
            )  # fmt: skip

    @rule()
    def react(self) -> None:
        drain(NOW)

    @invariant()
    def every_registered_invariant_holds(self) -> None:
        assert breaches() == []

    @rule(qty=st.integers(1, 30))
    def wait_with_a_reservation(self, qty: int) -> None:
        """Somebody else's order holds what could be exchanged."""
        self.attempt(place, draft=self.it.draft(qty, qty))

    @invariant()
    def nobody_is_credited_more_than_was_invoiced(self) -> None:
        credited = sum(CreditMemo.objects.values_list("total_amount", flat=True), D(0))
        assert credited <= sum(Invoice.objects.values_list("total_amount", flat=True), D(0))


@pytest.mark.django_db(transaction=True)
def test_every_invariant_holds_whatever_happens_at_the_dock_and_at_the_door():
    run_state_machine_as_test(
        Dock,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, database=None, derandomize=True,
            phases=(Phase.generate, Phase.shrink), suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
