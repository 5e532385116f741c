"""What each rule of credit looks at. A look says what it found in words and figures, whether it fires or not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from credit.rules.asks import ACCOUNT, NO_RATE, ExposureParts, RuleResult
from credit.rules.standing import ACTIVE, PLANNING, Case, Family, Limits
from credit.rules.terms import is_worse, upfront_amount
from credit.states import AdditionKind, Judgement, RuleKind

ZERO = Decimal(0)
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Finding:
    fires: bool
    message: str
    data: Mapping[str, Any] = field(default_factory=dict)


Look = Callable[[Case, Decimal | None], Finding | None]


def figure(amount: Decimal) -> str:
    """ "31,000" or "31,000.50": whole amounts without their cents."""
    text = f"{amount:,.2f}"
    return text.removesuffix(".00")


def sum_in_words(case: Case) -> str:
    """ "open receivables 31,000 + shipped 4,200 + this order 4,000 against 40,000 USD"."""
    return _sum(case, case.standing.parts, case.taken, case.standing.limits, "")


def _sum(case: Case, parts: ExposureParts, taken: Decimal, limits: Limits, whose: str) -> str:
    terms = [
        ("open receivables", parts.receivable),
        ("shipped", parts.shipped),
        ("released", parts.released),
        (
            "other open orders" if case.ask.doc.kind != ACCOUNT else "open orders",
            parts.open_orders + taken - case.counted,
        ),
    ]
    told = [f"{name} {figure(amount)}" for name, amount in terms if amount]
    if case.ask.doc.kind != ACCOUNT:
        told.append(f"this order {figure(case.asked)}{_with_charges(case)}{_at_rate(case)}")
    text = " + ".join(told) or "nothing owed"
    if parts.unapplied:
        text += f" - cash on account {figure(parts.unapplied)}"
    return f"{text} against {figure(limits.total(case.today))} {case.standing.currency}{whose}{_made_of(case, limits)}"


def _at_rate(case: Case) -> str:
    """ " (8,700 EUR at 1.0920)" of an order in another currency."""
    if case.ask.stated is None or case.ask.rate is None or not case.asked:
        return ""
    amount, currency = case.ask.stated
    return f" ({figure(amount)} {currency} at {case.ask.rate.normalize():f})"


def _with_charges(case: Case) -> str:
    """ " (330 of it tax and freight)" of an order in the account's own currency."""
    if not case.ask.charges or case.ask.stated is not None:
        return ""
    return f" ({figure(case.ask.charges)} of it tax and freight)"


def _made_of(case: Case, limits: Limits) -> str:
    added = [(kind, limits.added(kind, case.today)) for kind in AdditionKind]
    more = "".join(f" + {kind} {figure(amount)}" for kind, amount in added if amount)
    return f" (limit {figure(limits.limit)}{more})" if more else ""


def account_status(case: Case, figure_: Decimal | None) -> Finding:
    status = case.standing.account_status
    return Finding(status != ACTIVE, f"The account is {status}.", {"status": status})


def credit_limit(case: Case, figure_: Decimal | None) -> Finding | None:
    if not case.is_comparable:
        return None
    limit = case.standing.limits.total(case.today)
    over = case.exposure + case.asked - limit
    data = {"limit": limit, "exposure": case.exposure, "asked": case.asked, "over": over}
    words = sum_in_words(case)
    return Finding(over > 0, f"Over by {over:,.2f}: {words}." if over > 0 else f"{words[:1].upper()}{words[1:]}.", data)


def group_limit(case: Case, figure_: Decimal | None) -> Finding | None:
    """Each head above, and all below it together, beside that head's limit; the nearest first. All that are passed are
    told; the figures are those of the one passed by most, or nearest to it."""
    if not case.standing.families or not case.is_comparable:
        return None
    found = [_together(case, family) for family in case.standing.families]
    over = [words for words, data in found if data["over"] > 0]
    worst = max((data for _, data in found), key=lambda data: data["over"])
    return Finding(bool(over), " ".join(over) or " ".join(words for words, _ in found), worst)


def _together(case: Case, family: Family) -> tuple[str, dict[str, Decimal]]:
    taken = case.families_taken.get(family.head_id, ZERO)
    limit = family.limits.total(case.today)
    exposure = family.parts.total + taken - case.counted
    over = exposure + case.asked - limit
    words = _sum(case, family.parts, taken, family.limits, f" of {family.name} and its companies")
    message = f"Over by {over:,.2f} together: {words}." if over > 0 else f"Together: {words}."
    return message, {"limit": limit, "exposure": exposure, "asked": case.asked, "over": over}


def limit_expired(case: Case, grace: Decimal | None) -> Finding:
    limits, days = case.standing.limits, int(grace or 0)
    data = {"valid_to": limits.limit_valid_to, "grace_days": days}
    if limits.limit_valid_to is None:
        return Finding(False, "The credit limit has no end.", data)
    fires = limits.has_expired(case.today, days)
    grace_words = f"; {days} days of grace are given" if days else ""
    told = f"The credit limit {'ended' if fires else 'holds until'}{' on' if fires else ''} {limits.limit_valid_to}"
    return Finding(fires, f"{told}{grace_words}.", data)


def oldest_open_item(case: Case, allowed: Decimal | None) -> Finding | None:
    if allowed is None:
        return None
    days = case.standing.overdue.oldest_days
    words = f"The oldest open item is {days} days overdue; {int(allowed)} are allowed."
    return Finding(days > allowed, words, {"days": days, "allowed": int(allowed)})


def overdue_amount(case: Case, allowed: Decimal | None) -> Finding | None:
    if allowed is None:
        return None
    overdue = case.standing.overdue.amount
    words = f"{overdue:,} {case.standing.currency} is overdue; {allowed:,} is allowed."
    return Finding(overdue > allowed, words, {"amount": overdue, "allowed": allowed})


def overdue_percent(case: Case, allowed: Decimal | None) -> Finding | None:
    if allowed is None:
        return None
    overdue, open_items = case.standing.overdue.amount, case.standing.parts.receivable
    share = overdue / open_items * HUNDRED if open_items > 0 else ZERO
    words = f"{share:.1f} % of what is open is overdue; {figure(allowed)} % is allowed."
    return Finding(share > allowed, words, {"percent": share.quantize(Decimal("0.01")), "allowed": allowed})


def order_value_max(case: Case, allowed: Decimal | None) -> Finding | None:
    if allowed is None or not case.is_comparable:
        return None
    amount = case.ask.amount
    words = f"The order is worth {amount:,} {case.standing.currency}; one order may be {allowed:,}."
    return Finding(amount > allowed, words, {"amount": amount, "allowed": allowed})


def terms_worse(case: Case, figure_: Decimal | None) -> Finding | None:
    agreed = case.agreed_terms
    whose = "contract" if case.agreed else "account"
    if not case.ask.terms_code or case.ask.terms_code == agreed.code:
        return Finding(False, f"The terms are the {whose}'s: {agreed.name}.", {"agreed": agreed.code})
    if case.terms is None:
        return None  # terms_are_known says so
    words = f"The order asks for {case.terms.name}; the {whose} has {agreed.name}."
    if case.ask.terms_are_agreed:
        return Finding(False, f"{case.terms.name} were agreed for this order.", {"agreed": case.terms.code})
    return Finding(is_worse(case.terms, agreed, case.today), words, {"asked": case.terms.code, "agreed": agreed.code})


def prepayment_due(case: Case, figure_: Decimal | None) -> Finding | None:
    """Cash on account pays it, once: what went before has its part of it until that is applied to its invoices. At entry
    it is not due yet: the order may be taken, not released."""
    due = upfront_amount(case.effective_terms, case.ask.amount, case.standing.currency)
    if due == 0:
        return None
    spoken_for = case.standing.spoken_for + case.prepaid
    there = max(case.standing.parts.unapplied - spoken_for, ZERO)
    where = "of the cash on account is left for it" if spoken_for else "is on account"
    words = f"{case.effective_terms.name}: {due:,} is due before release, {there:,} {where}."
    return Finding(case.point not in PLANNING and due > there, words, {"due": due, "on_account": there})


LOOKS: Mapping[RuleKind, Look] = {
    RuleKind.ACCOUNT_STATUS: account_status,
    RuleKind.CREDIT_LIMIT: credit_limit,
    RuleKind.GROUP_LIMIT: group_limit,
    RuleKind.LIMIT_EXPIRED: limit_expired,
    RuleKind.OLDEST_OPEN_ITEM: oldest_open_item,
    RuleKind.OVERDUE_AMOUNT: overdue_amount,
    RuleKind.OVERDUE_PERCENT: overdue_percent,
    RuleKind.ORDER_VALUE_MAX: order_value_max,
    RuleKind.TERMS_WORSE: terms_worse,
    RuleKind.PREPAYMENT_DUE: prepayment_due,
}


# Facts are no rules: no row switches them off, and they hold at every check point.
def currencies_differ(case: Case) -> RuleResult | None:
    if case.is_comparable:
        return None
    asked, ours = case.ask.currency, case.standing.currency
    words = (
        f"The order is in {asked}, what the account owes is counted in {ours}, and there is no exchange rate of the day: "
        "enter it under Exchange rates, and credit looks again."
    )
    data = {"asked": asked, "account": ours}
    return RuleResult(NO_RATE, Judgement.HOLDS, words, data=data)


def terms_are_unknown(case: Case) -> RuleResult | None:
    agreed, code = case.standing.terms, case.ask.terms_code
    if not code or code == agreed.code or case.terms is not None:
        return None
    words = (
        f"The payment terms {code} are not known here; the account has {agreed.name}."
        " Say once which terms they are, or give the order others."
    )
    return RuleResult("terms_unknown", Judgement.HOLDS, words, data={"asked": code, "agreed": agreed.code})


FACTS: tuple[Callable[[Case], RuleResult | None], ...] = (currencies_differ, terms_are_unknown)
TOLD = [
    "account_status",
    NO_RATE,
    *[str(k) for k in RuleKind if k != RuleKind.ACCOUNT_STATUS],
    "terms_unknown",
]
