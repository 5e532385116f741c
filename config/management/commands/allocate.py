"""Run the allocator by hand, or try a policy and write nothing."""

import json
from argparse import ArgumentTypeError
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from catalog.queries import names, products_by_sku
from core import clock, codec
from core.actors import system
from core.quantity import BadQuantity, as_quantity, plain
from inventory.policy_queries import policies, policy_called
from inventory.queries import products_worth_a_run
from inventory.rules.policy import Policy
from inventory.services.allocate import allocate
from inventory.services.what_if import WhatIf, what_if


def held_back(text: str) -> Decimal:
    """A quantity of at least nothing."""
    try:
        qty = as_quantity(text)
    except BadQuantity as wrong:
        raise ArgumentTypeError(str(wrong)) from None
    if qty < 0:
        raise ArgumentTypeError(f"{text} is less than nothing")
    return qty


class Command(BaseCommand):
    help = "Allocate products by their policies; with --dry-run show what a policy would change and write nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--products", nargs="+", metavar="SKU", help="only these; else all that have something to deal"
        )
        parser.add_argument(
            "--policy", action="append", default=[], metavar="CODE", help="try this one; twice: side by side"
        )
        parser.add_argument(
            "--hold-back", type=held_back, default=Decimal(0), help="units of each kept for the best tier"
        )
        parser.add_argument("--dry-run", action="store_true", help="show the difference, write nothing")
        parser.add_argument("--json", action="store_true", dest="as_json", help="one JSON object on standard output")

    def handle(
        self, *args: Any, products: list[str] | None, policy: list[str], hold_back: Decimal, dry_run: bool, as_json: bool,
        **options: Any,
    ) -> None:  # fmt: skip
        if policy and not dry_run:
            raise CommandError("A policy is tried with --dry-run; in the console it is applied with a reason.")
        now = clock.db_now()
        chosen = self._products(products)
        if dry_run:
            self._try(chosen, [self._policy(code) for code in policy] or [None], hold_back, now, as_json)
            return
        key = f"command {now.isoformat()}"
        outcome = allocate(trigger_key=key, product_ids=chosen if products else None, actor=system("allocate"), now=now)
        if as_json:
            self.stdout.write(json.dumps(codec.dump(outcome)))
        else:
            self.stdout.write(f"{plain(outcome.allocated)} allocated, {plain(outcome.still_short)} still short.")

    def _products(self, skus: list[str] | None) -> list[int]:
        if skus is None:
            return products_worth_a_run()
        found = products_by_sku(skus)
        if unknown := [sku for sku in skus if sku.upper() not in found]:
            raise CommandError(f"No product has the SKU {unknown[0]}.")
        return sorted(found.values())

    def _policy(self, code: str) -> Policy:
        found = policy_called(code)
        if found is None:
            known = ", ".join(p.code for p in policies())
            raise CommandError(f"There is no allocation policy {code}. There are {known}.")
        return found

    def _try(
        self, products: list[int], tried: list[Policy | None], hold_back: Decimal, now: datetime, as_json: bool
    ) -> None:
        found = [what_if(products, now=now, policy=policy, hold_back=hold_back) for policy in tried]
        if as_json:
            self.stdout.write(json.dumps({"policies": [self._as_json(w) for w in found]}))
            return
        called = names(products)
        for one in found:
            self._tell(one, called)

    def _as_json(self, found: WhatIf) -> dict[str, Any]:
        moved = [codec.dump(c) for c in found.changes if c.is_moved]
        return {
            "policy": found.policy.code, "version": found.policy.version, "is_settled": found.is_settled,
            "takes_promises": found.takes_promises, "summary": codec.dump(found.summary), "changes": moved,
            "versions": codec.dump(found.versions),
        }  # fmt: skip

    def _tell(self, found: WhatIf, called: dict[int, str]) -> None:
        s = found.summary
        margin = ", ".join(f"{amount:+} {currency}" for currency, amount in s.margin.items()) or "0"
        self.stdout.write(
            f"{found.policy.name}: {s.moved} of {s.whole.demands} lines move, {s.slips} promises slip, margin {margin}, "
            f"{s.whole.late} late."
        )
        for c in found.changes:
            if c.is_moved:
                days = f"{c.was or 'no date'} → {c.now or 'no date'}"
                self.stdout.write(
                    f"  {c.document} line {c.line_no} {called.get(c.product_id, '')}: {plain(c.before)} → {plain(c.after)}; "
                    f"{days}; {c.why}"
                )
