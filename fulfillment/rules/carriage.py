"""Which of the carriers' services takes a shipment, and why: rules as data (domain.md §9).

Precedence: the lowest priority that fits; at the same priority the rule that names the account, then the site, then the
region, then the country, then the more limits it sets; at last the older rule.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.explain import Explanation, Loser
from core.quantity import plain

MOST_LOSERS = 5
NONE = "none"  # the outcome where no service is taken


@dataclass(frozen=True)
class Rule:
    """Nothing where a field is None or empty. Weight in kilograms, cube in cubic metres, days to the promised delivery."""

    id: int
    priority: int
    service_id: int
    service: str
    account_id: int | None = None
    site_id: int | None = None
    country: str = ""
    region: str = ""
    weight: tuple[Decimal | None, Decimal | None] = (None, None)
    cube: tuple[Decimal | None, Decimal | None] = (None, None)
    pallets: tuple[int | None, int | None] = (None, None)
    days: tuple[int | None, int | None] = (None, None)

    @property
    def rank(self) -> tuple[int, bool, bool, bool, bool, int, int]:
        limits = sum(bound is not None for pair in (self.weight, self.cube, self.pallets, self.days) for bound in pair)
        return (
            self.priority, self.account_id is None, self.site_id is None, not self.region, not self.country, -limits,
            self.id,
        )  # fmt: skip


@dataclass(frozen=True)
class Load:
    """What is to travel. Weight and cube are None where a product's own are not known; `days` is None without a promise."""

    account_id: int
    site_id: int
    country: str
    region: str
    weight_kg: Decimal | None
    cube_m3: Decimal | None
    pallets: int
    days: int | None


@dataclass(frozen=True)
class Choice:
    service_id: int | None
    why: Explanation


def choose(rules: Iterable[Rule], load: Load) -> Choice:
    """The service of the first rule that fits; None and the reasons where none does."""
    losers: list[Loser] = []
    ranked = sorted(rules, key=lambda r: r.rank)
    for n, rule in enumerate(ranked):
        if not (why_not := misfit(rule, load)):
            losers += [Loser(_name(r), "comes after it") for r in ranked[n + 1 :]]
            words = f"rule {rule.id} (priority {rule.priority}), the first that fits"
            return Choice(rule.service_id, Explanation(words, rule.service, _inputs(load), tuple(losers[:MOST_LOSERS])))
        losers.append(Loser(_name(rule), why_not))
    words = "no shipping rule fits" if losers else "there are no shipping rules"
    return Choice(None, Explanation(words, NONE, _inputs(load), tuple(losers[:MOST_LOSERS])))


_LOOKED_AT = {
    "weight_kg": "{} kg", "cube_m3": "{} m³", "pallets": "{} on pallets", "region": "to {}",
    "days_to_promise": "{} days to the promise",
}  # fmt: skip


def in_words(why: Explanation) -> str:
    """ "GROUND by rule 2 (priority 2), the first that fits: 30 kg, 0.2 m³, to US NV, 3 days to the promise. OTHER (rule 1)
    was not taken: it is another customer's." What was chosen by hand says what was said of it."""
    looked = ", ".join(words.format(why.inputs[name]) for name, words in _LOOKED_AT.items() if name in why.inputs)
    first = f"{why.outcome} by {why.rule}" if why.outcome != NONE else f"{why.rule[:1].upper()}{why.rule[1:]}"
    lost = [f"{loser.what} was not taken: {loser.why}." for loser in why.losers]
    return "\n".join([f"{first}: {looked}." if looked else f"{first.rstrip('.')}.", *lost])


def misfit(rule: Rule, load: Load) -> str:
    """The first reason why the rule does not fit, in words; empty when it does."""
    if rule.account_id not in (None, load.account_id):
        return "it is another customer's"
    if rule.site_id not in (None, load.site_id):
        return "it is another site's"
    if rule.country and rule.country.upper() != load.country.upper():
        return f"it is for {rule.country}"
    if rule.region and rule.region.upper() != load.region.upper():
        return f"it is for {rule.region}"
    measured: Sequence[tuple[str, Decimal | int | None, tuple[Decimal | int | None, Decimal | int | None]]] = (
        ("weight in kg", load.weight_kg, rule.weight),
        ("cube in m³", load.cube_m3, rule.cube),
        ("number of pallets", load.pallets, rule.pallets),
        ("number of days to the promise", load.days, rule.days),
    )
    return next((words for what, value, limits in measured if (words := _beyond(what, value, limits))), "")


def _beyond(what: str, value: Decimal | int | None, limits: tuple[Decimal | int | None, Decimal | int | None]) -> str:
    least, most = limits
    if least is None and most is None:
        return ""
    if value is None:
        return f"the {what} is not known"
    if least is not None and value < least:
        return f"the {what} is {_text(value)}, below {_text(least)}"
    if most is not None and value > most:
        return f"the {what} is {_text(value)}, above {_text(most)}"
    return ""


def _text(value: Decimal | int) -> str:
    return plain(Decimal(value))


def _name(rule: Rule) -> str:
    return f"{rule.service} (rule {rule.id})"


def _inputs(load: Load) -> dict[str, object]:
    known = {
        "weight_kg": load.weight_kg,
        "cube_m3": load.cube_m3,
        "pallets": load.pallets or None,
        "region": " ".join(filter(None, [load.country, load.region])) or None,
        "days_to_promise": load.days,
    }
    return {name: plain(v) if isinstance(v, Decimal) else v for name, v in known.items() if v is not None}
