"""What finds contracts that end and volumes that fall short; a case resolves itself when that is no longer so."""

from datetime import datetime
from decimal import Decimal

from core.clock import company_day
from core.money import round_amount
from core.quantity import plain
from core.refs import DocumentRef
from exceptions_app.detection import Detector, register
from exceptions_app.rules.asks import CaseSpec
from pricing.contract_queries import CommitmentStanding, Ending, commitment_standings, ending_contracts
from pricing.exception_kinds import COMMITMENT_SHORT, CONTRACT_EXPIRING

WHOLE = Decimal(1)
ZERO = Decimal(0)
ENDS, SHORT = "ends", "short"


def contracts_that_end(now: datetime) -> list[CaseSpec]:
    """Inside their days of notice by the company's day, with no later version there."""
    return [_ends(e) for e in ending_contracts(on=company_day(now))]


def volumes_that_fall_short(now: datetime) -> list[CaseSpec]:
    """At the pace so far, or by the count where their time was over lately."""
    return [_falls_short(s) for s in commitment_standings(on=company_day(now)) if s.standing.is_short]


def _ends(e: Ending) -> CaseSpec:
    then = "it renews by itself" if e.renews else "its prices end with it"
    words = f"{e.number} ends on {e.valid_to}: {then}, and no later version is there"
    return CaseSpec(
        CONTRACT_EXPIRING, DocumentRef("contract", e.contract_id, e.number), ENDS, e.account_id, summary=words
    )


def _falls_short(s: CommitmentStanding) -> CaseSpec:
    at = s.standing
    missing = f"{_told(s, at.shortfall)} of {_told(s, at.committed, with_unit=False)}"
    when = f"was over on {s.valid_to}: {missing} were not called off"
    if not at.is_over:
        so_far = _told(s, at.consumed, with_unit=False)
        when = f"will miss {missing} by {s.valid_to} at this pace ({so_far} called off so far)"
    evidence = {
        "committed": at.committed,
        "called_off": at.consumed,
        "forecast": at.forecast,
        "share_of_time": at.elapsed.quantize(Decimal("0.01")),
    }
    ref = DocumentRef("commitment", s.commitment_id, s.about[:60])
    risk, currency = (round_amount(at.shortfall, s.unit), s.unit) if s.is_money else (ZERO, "")
    words = f"{s.about} {when}"
    return CaseSpec(COMMITMENT_SHORT, ref, SHORT, s.account_id, risk, currency, words, evidence)


def _told(s: CommitmentStanding, number: Decimal, *, with_unit: bool = True) -> str:
    """ "799 EA", "12,500 USD": whole units, whole money; nothing is that exact in a forecast."""
    whole = number.quantize(WHOLE)
    text = f"{whole:,}" if s.is_money else plain(whole if with_unit else number)
    return f"{text} {s.unit}" if with_unit else text


register(
    Detector(CONTRACT_EXPIRING, ENDS, contracts_that_end), Detector(COMMITMENT_SHORT, SHORT, volumes_that_fall_short)
)
