"""What becomes of one transaction set: taken, taken with a note, refused, kept aside."""

from dataclasses import dataclass
from enum import StrEnum

from integrations.rules.po850 import read_850
from integrations.rules.problems import Problem, Severity, worst
from integrations.rules.purchase_order import PurchaseOrder
from integrations.rules.x12_tree import Group, Interchange, Transaction


class Fate(StrEnum):
    ACCEPTED = "accepted"
    ACCEPTED_WITH_ERRORS = "accepted_with_errors"
    REJECTED = "rejected"  # readable, refused because the partner profile is strict
    QUARANTINED = "quarantined"  # not readable as an order
    IGNORED = "ignored"  # a set we do not handle


@dataclass(frozen=True)
class Verdict:
    fate: Fate
    problems: tuple[Problem, ...]
    order: PurchaseOrder | None = None

    @property
    def reason(self) -> str:
        problem = worst(self.problems)
        return problem.text if problem else ""

    @property
    def segment(self) -> str:
        problem = worst(self.problems)
        return problem.where if problem else ""

    @property
    def taken(self) -> bool:
        return self.order is not None


def judge(transaction: Transaction, group: Group, interchange: Interchange, *, strict: bool) -> Verdict:
    """`strict`: the partner profile refuses wrong counts and control numbers instead of noting them."""
    if transaction.set_id != "850":
        return _not_an_order(transaction)
    reading = read_850(transaction)
    problems = transaction.problems + reading.problems
    if _looks_cut(problems):
        return Verdict(Fate.QUARANTINED, problems)
    if reading.order is None or any(p.severity is Severity.FATAL for p in problems):
        return Verdict(Fate.QUARANTINED, problems)
    around = _envelope_only(group.problems + interchange.problems)
    if strict and (_envelope_only(problems) or around):
        return Verdict(Fate.REJECTED, problems or around)
    noted = any(p.severity is not Severity.NOTE for p in problems)
    return Verdict(Fate.ACCEPTED_WITH_ERRORS if noted else Fate.ACCEPTED, problems, reading.order)


def _not_an_order(transaction: Transaction) -> Verdict:
    fatal = tuple(p for p in transaction.problems if p.severity is Severity.FATAL)
    if fatal:
        return Verdict(Fate.QUARANTINED, transaction.problems)
    said = f"Set {transaction.set_id} is not handled; only 850 is."
    unsupported = Problem("unsupported_set", Severity.FATAL, said, "ST", 1, 1, transaction.set_id)
    return Verdict(Fate.IGNORED, (*transaction.problems, unsupported))


def _looks_cut(problems: tuple[Problem, ...]) -> bool:
    """No SE and fewer lines than CTT says: part of the order is missing, whatever the profile tolerates."""
    codes = {p.code for p in problems}
    return "missing_se" in codes and "count_ctt" in codes


def _envelope_only(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    return tuple(p for p in problems if p.severity is Severity.ENVELOPE)
