"""May this much more be owed? Every rule is evaluated and every result kept (domain.md §4).

Which rules hold for the account, and their figures, is credit.rules.rulebook; what each looks at, credit.rules.looks.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from credit.rules import looks
from credit.rules.asks import CreditAsk, CreditDecision, CreditReason, RuleResult
from credit.rules.rulebook import Ruling, built_in, rulings
from credit.rules.standing import Case, Family, Limits, Overdue, Standing
from credit.rules.terms import Terms, upfront_amount
from credit.states import CheckPoint, Judgement, Outcome

__all__ = ["Case", "Family", "Limits", "Overdue", "Standing", "decide", "decide_one"]

ZERO = Decimal(0)
AFTER_RELEASE = frozenset({CheckPoint.PICK, CheckPoint.SHIP})


def decide(
    asks: Sequence[CreditAsk],
    standings: Mapping[int, Standing],
    terms: Mapping[str, Terms],
    *,
    point: CheckPoint,
    today: date,
) -> list[CreditDecision]:
    """A decision per ask, in order. What an approved ask takes is gone for the next of the same account, or family."""
    taken: dict[int, Decimal] = {}
    family_taken: dict[int, Decimal] = {}
    prepaid: dict[int, Decimal] = {}
    decisions = []
    for ask in asks:
        account_id = ask.account_id
        standing = standings.get(account_id)
        if standing is None:
            decisions.append(_without_account(ask))
            continue
        case = Case(
            ask,
            standing,
            today,
            point,
            taken=taken.get(account_id, ZERO),
            families_taken=dict(family_taken),
            prepaid=prepaid.get(account_id, ZERO),
            terms=terms.get(ask.terms_code),
            agreed=terms.get(ask.agreed_terms_code),
        )
        decision = decide_one(case)
        if decision.is_approved or ask.counts_when_held:
            more = max(case.asked - case.counted, ZERO)
            taken[account_id] = case.taken + more
            for family in standing.families:
                family_taken[family.head_id] = family_taken.get(family.head_id, ZERO) + more
        if decision.is_approved:
            prepaid[account_id] = case.prepaid + upfront_amount(case.effective_terms, ask.amount, standing.currency)
        decisions.append(decision)
    return decisions


def decide_one(case: Case) -> CreditDecision:
    results = _results(case)
    fired = [r for r in results if r.judgement != Judgement.PASSES]
    reasons = tuple(CreditReason(r.rule, r.message, r.judgement == Judgement.HOLDS, r.data) for r in fired)
    limit = case.standing.limits.total(case.today)
    return CreditDecision(
        account_id=case.ask.account_id,
        doc=case.ask.doc,
        outcome=Outcome.HELD if any(reason.is_blocking for reason in reasons) else Outcome.APPROVED,
        exposure=case.exposure,
        limit=limit,
        available=limit - case.exposure,
        asked=case.asked,
        currency=case.standing.currency,
        reasons=reasons,
        results=results,
        words=looks.sum_in_words(case),
        terms_code=case.ask.terms_code or case.standing.terms.code,
        rate=case.ask.rate,
        stated_currency=case.ask.stated[1] if case.ask.stated else "",
    )


def _results(case: Case) -> tuple[RuleResult, ...]:
    rules = (*built_in(grace_days=case.standing.limits.grace_days), *case.standing.settings, *case.standing.rules)
    in_force = rulings(rules, point=case.point)
    found = [_judged(case, in_force[kind], look) for kind, look in looks.LOOKS.items() if kind in in_force]
    results = [result for result in found if result is not None]
    facts = [fact for look in looks.FACTS if (fact := look(case)) is not None]
    return tuple(sorted((*results, *facts), key=lambda r: looks.TOLD.index(r.rule)))


def _judged(case: Case, ruling: Ruling, look: looks.Look) -> RuleResult | None:
    finding = look(case, ruling.value)
    if finding is None:
        return None
    level = ruling.level
    if not finding.fires:
        judgement = Judgement.PASSES
    elif ruling.excluded_at is not None:
        judgement, level = Judgement.EXCLUDED, ruling.excluded_at
    elif _only_notes(case) and not _is_stopped_at_ship(case, ruling, look):
        judgement = Judgement.NOTED
    else:
        judgement = Judgement.HOLDS
    return RuleResult(str(ruling.kind), judgement, finding.message, level, finding.data)


def _only_notes(case: Case) -> bool:
    """Credit never appears after release: there only what is added to a released order is looked at."""
    return case.point not in case.standing.check_points or (case.point in AFTER_RELEASE and case.ask.amount <= 0)


def _is_stopped_at_ship(case: Case, ruling: Ruling, look: looks.Look) -> bool:
    """What is picked leaves whatever credit says. So what credit finds when goods leave stops the account's next release:
    where the account as it stands, without this order, does not pass, also if release is no check point of its own."""
    points = case.standing.check_points
    if case.point != CheckPoint.RELEASE or CheckPoint.RELEASE in points or CheckPoint.SHIP not in points:
        return False
    finding = look(case.as_it_stands, ruling.value)
    return finding is not None and finding.fires


def _without_account(ask: CreditAsk) -> CreditDecision:
    words = "The account has no credit account: finance opens one first."
    result = RuleResult("no_credit_account", Judgement.HOLDS, words)
    reason = CreditReason("no_credit_account", words)
    return CreditDecision(
        ask.account_id, ask.doc, Outcome.HELD, ZERO, ZERO, ZERO, ask.amount, ask.currency, (reason,), (result,)
    )
