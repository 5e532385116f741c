"""May this account buy this product on this day? (domain.md §2)

Dated allow and deny rules by account, group, tier, territory × product, category, class. The most specific rule wins;
at the same level deny beats allow, and an allow that asks for a licence the account lacks beats one that asks for none.
Everything that stands in the way is returned at once.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from accounts.states import AccountStatus
from catalog.rules.asks import Violation
from catalog.states import Effect, ProductStatus
from core.explain import Explanation, Loser


@dataclass(frozen=True)
class Party:
    """The account as authorizations see it. `licences` are the kinds valid on the day."""

    account_id: int
    name: str
    status: AccountStatus
    group_ids: frozenset[int] = frozenset()
    tier_id: int | None = None
    territory_id: int | None = None
    licences: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Item:
    """The product as authorizations see it. `category_ids` go from the product's own category up to the root."""

    product_id: int
    sku: str
    status: ProductStatus = ProductStatus.ACTIVE
    category_ids: tuple[int, ...] = ()
    regulated_class: str = ""


@dataclass(frozen=True)
class Rule:
    """None and "" mean any. In force over [valid_from, valid_to)."""

    id: int
    name: str
    effect: Effect
    account_id: int | None = None
    group_id: int | None = None
    tier_id: int | None = None
    territory_id: int | None = None
    product_id: int | None = None
    category_id: int | None = None
    regulated_class: str = ""
    license_kind: str = ""
    valid_from: date | None = None
    valid_to: date | None = None

    def is_in_force(self, on: date) -> bool:
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on < self.valid_to)

    def covers(self, party: Party, item: Item) -> bool:
        return (
            self.account_id in (None, party.account_id)
            and (self.group_id is None or self.group_id in party.group_ids)
            and self.tier_id in (None, party.tier_id)
            and self.territory_id in (None, party.territory_id)
            and self.product_id in (None, item.product_id)
            and (self.category_id is None or self.category_id in item.category_ids)
            and self.regulated_class in ("", item.regulated_class)
        )


LICENCE = "missing_licence"  # among the inputs of a judgement: a licence the customer has not


# How specific a rule is: first by what it names of the product, then by whom it names. A deeper category is closer.
Level = tuple[int, int, int, int, int, int, int]


def level(rule: Rule, item: Item) -> Level:
    depth = 0
    if rule.category_id is not None and rule.category_id in item.category_ids:
        depth = len(item.category_ids) - item.category_ids.index(rule.category_id)
    return (
        int(rule.product_id is not None),
        depth,
        int(bool(rule.regulated_class)),
        int(rule.account_id is not None),
        int(rule.group_id is not None),
        int(rule.tier_id is not None),
        int(rule.territory_id is not None),
    )


def violations(key: str, party: Party, item: Item, rules: Iterable[Rule], *, on: date) -> list[Violation]:
    """Everything that forbids the sale; empty when it is allowed. Without any rule that covers it, it is."""
    found = [check(key, party, item) for check in _STATUS_CHECKS]
    found.append(_judged(key, party, item, rules, on))
    return [v for v in found if v is not None]


def unknown(key: str, what: str) -> Violation:
    """For an account or a product that does not exist."""
    return Violation(
        key,
        f"unknown_{what}",
        f"This {what} does not exist.",
        Explanation(f"unknown_{what}", "not allowed"),
        is_final=True,
    )


def _account_may_buy(key: str, party: Party, item: Item) -> Violation | None:
    if party.status == AccountStatus.ACTIVE:
        return None
    return _status_violation(
        key, "account_status", f"{party.name} is {party.status} and may not buy.", str(party.status)
    )


def _product_may_be_sold(key: str, party: Party, item: Item) -> Violation | None:
    if item.status == ProductStatus.ACTIVE:
        return None
    return _status_violation(key, f"product_{item.status}", f"{item.sku} is {item.status}.", str(item.status))


_STATUS_CHECKS: tuple[Callable[[str, Party, Item], Violation | None], ...] = (_account_may_buy, _product_may_be_sold)


def _status_violation(key: str, rule: str, message: str, status: str) -> Violation:
    return Violation(key, rule, message, Explanation(rule, "not allowed", {"status": status}), is_final=True)


def judgement(party: Party, item: Item, rules: Iterable[Rule], *, on: date) -> tuple[Explanation, str]:
    """Which authorization decides and who lost, also where it allows; and the objection, empty when there is none."""
    covering = [r for r in rules if r.is_in_force(on) and r.covers(party, item)]
    inputs: Mapping[str, str] = {"account": party.name, "product": item.sku}
    if not covering:
        return Explanation("no_rule", "allowed", inputs), ""
    highest = max(level(r, item) for r in covering)
    deciding = sorted((r for r in covering if level(r, item) == highest), key=lambda r: _strictness(r, party))
    winner = deciding[0]
    objection = _objection(winner, party, item)
    if winner.effect != Effect.DENY and objection:
        inputs = {**inputs, LICENCE: winner.license_kind}
    losers = tuple(Loser(r.name, "less specific") for r in covering if r not in deciding)
    losers += tuple(Loser(r.name, "less strict at the same level") for r in deciding[1:])
    return Explanation(winner.name, "not allowed" if objection else "allowed", inputs, losers), objection


def _judged(key: str, party: Party, item: Item, rules: Iterable[Rule], on: date) -> Violation | None:
    explanation, objection = judgement(party, item, rules, on=on)
    if not objection:
        return None
    return Violation(key, explanation.rule, objection, explanation, is_final=LICENCE in explanation.inputs)


def _strictness(rule: Rule, party: Party) -> tuple[int, int]:
    """Denials first, then allows whose licence is missing, then plain allows; the oldest rule of equals."""
    if rule.effect == Effect.DENY:
        return (0, rule.id)
    return (1 if _lacks_licence(rule, party) else 2, rule.id)


def _lacks_licence(rule: Rule, party: Party) -> bool:
    """Kinds are compared whatever their case: "dea" on a certificate is "DEA" in a rule."""
    return bool(rule.license_kind) and rule.license_kind.upper() not in {kind.upper() for kind in party.licences}


def _objection(rule: Rule, party: Party, item: Item) -> str:
    if rule.effect == Effect.DENY:
        return f"{party.name} may not buy {item.sku}: {rule.name}."
    if _lacks_licence(rule, party):
        return f"{party.name} needs a valid {rule.license_kind} licence to buy {item.sku}: {rule.name}."
    return ""
