"""Keep a what-if under a name, to be looked at beside what would happen later."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound, Refused
from core.quantity import plain
from core.uow import door_verb
from inventory.models import AllocationScenario
from inventory.policy_queries import policy_called
from inventory.rules.difference import Change, Part, Summary
from inventory.services.what_if import WhatIf, what_if

ZERO = Decimal(0)
LONGEST_NAME = 80


class ScenarioIsStale(Refused):
    template = "Demand or stock of the product changed since the what-if was shown."
    remedy_template = "Run it again, look at what is different, and save that."


class ScenarioNameTaken(Refused):
    template = "There is a scenario named {name} already."
    remedy_template = "Give this one another name: saved scenarios are never overwritten."


@dataclass(frozen=True)
class Tried:
    """What to try on a product: policy codes ("" is the product's own, `beside` "" is nothing), base units held back."""

    product_id: int
    policy: str = ""
    beside: str = ""
    hold_back: Decimal = ZERO


def try_it(tried: Tried, *, now: datetime) -> tuple[WhatIf, WhatIf | None]:
    """The what-if and the one beside it. Writes nothing. Raises NotFound for a policy that is not there."""
    main = what_if([tried.product_id], now=now, policy=_policy(tried.policy), hold_back=tried.hold_back)
    if not tried.beside:
        return main, None
    return main, what_if([tried.product_id], now=now, policy=_policy(tried.beside), hold_back=tried.hold_back)


def _policy(code: str) -> Any:
    found = policy_called(code) if code else None
    if code and found is None:
        raise NotFound(kind="allocation policy", ident=code)
    return found


@door_verb(refuse_on={"inventory_allocationscenario_name_key": ScenarioNameTaken})
def save_scenario(
    *, name: str, tried: Tried, versions: Mapping[int, str], note: str = "", actor: Actor, now: datetime
) -> int:
    """The scenario's id. What is kept is what was shown: `versions` are those of the what-if on the screen.

    Raises InvalidInput (no name), NotFound, ScenarioIsStale, ScenarioNameTaken.
    """
    name = name.strip()
    if not 0 < len(name) <= LONGEST_NAME:
        raise InvalidInput([FieldError("/name", "length", f"A scenario has a name of 1 to {LONGEST_NAME} characters.")])
    if AllocationScenario.objects.filter(name=name).exists():
        raise ScenarioNameTaken(name=name)
    main, _ = try_it(tried, now=now)
    if dict(main.versions) != dict(versions):
        raise ScenarioIsStale
    return AllocationScenario.objects.create(
        name=name, product_id=tried.product_id, policy_code=tried.policy, beside_code=tried.beside,
        hold_back_qty=tried.hold_back, versions={str(i): v for i, v in main.versions.items()}, figures=figures(main.summary),
        lines=[line(c) for c in main.changes], note=note.strip()[:300], saved_at=now, saved_label=actor.label,
    ).pk  # fmt: skip


def is_stale(scenario: AllocationScenario, found: WhatIf) -> bool:
    """Whether demand or stock moved since it was saved: what it says is history then, and it is not applied."""
    return {str(i): v for i, v in found.versions.items()} != scenario.versions


def line(change: Change) -> dict[str, Any]:
    return {
        "demand": change.demand_id, "document": change.document, "line_no": change.line_no, "tier": change.tier_rank,
        "region": change.region, "segment": change.segment, "open": plain(change.open_qty), "before": plain(change.before),
        "after": plain(change.after), "was": _day(change.was), "now": _day(change.now), "margin": f"{change.margin:f}",
        "at_risk": f"{change.at_risk:f}", "currency": change.currency, "why": change.why,
    }  # fmt: skip


def figures(summed: Summary) -> dict[str, Any]:
    """The sums as plain values: of all, by tier, region and segment."""
    return {
        "moved": summed.moved, "slips": summed.slips, "all": _part(summed.whole),
        "tiers": {str(k): _part(p) for k, p in summed.tiers.items()},
        "regions": {k: _part(p) for k, p in summed.regions.items()},
        "segments": {k: _part(p) for k, p in summed.segments.items()},
    }  # fmt: skip


def _part(part: Part) -> dict[str, Any]:
    return {
        "gained": plain(part.gained), "lost": plain(part.lost), "slips": part.slips, "late": part.late,
        "lines": part.demands, "margin": _amounts(part.margin), "at_risk": _amounts(part.at_risk),
        "late_under_contract": part.late_under_contract,
    }  # fmt: skip


def _amounts(by_currency: Mapping[str, Decimal]) -> dict[str, str]:
    return {currency: f"{amount:f}" for currency, amount in by_currency.items()}


def _day(day: Any) -> str:
    return day.isoformat() if day else ""
