"""The 997 functional acknowledgement and the TA1, in the partner's own separators.

Source: ASC X12 997, TA1 (X12.5). AK501 and AK901: A accepted, E accepted but errors were noted, R rejected; AK901
also P, some sets rejected.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from integrations.rules.fate import Fate, Verdict
from integrations.rules.problems import Problem, Severity
from integrations.rules.x12_tree import Group, Interchange, Transaction
from integrations.rules.x12_writer import Control, Writer

SET_CODES = {
    "unsupported_set": "1",
    "missing_se": "2",
    "truncated": "2",
    "control_se": "3",
    "count_se": "4",
    "missing_set_id": "6",
    "missing_set_control": "7",
}
GROUP_CODES = {"missing_ge": "3", "control_ge": "4", "count_ge": "5"}
SEGMENT_CODES = {"odd_segment": "1", "stray_address": "2", "missing_beg": "3", "missing_po1": "3"}
ELEMENT_CODES = {
    "no_quantity": "1",
    "no_po_number": "1",
    "bad_number": "6",
    "bad_date": "8",
}  # else 7, invalid code
TA1_DUPLICATE = "025"
_MAX_AK3 = 50


@dataclass(frozen=True)
class SetAnswer:
    transaction: Transaction
    verdict: Verdict

    @property
    def code(self) -> str:
        if self.verdict.fate is Fate.ACCEPTED:
            return "A"
        return "E" if self.verdict.fate is Fate.ACCEPTED_WITH_ERRORS else "R"


@dataclass(frozen=True)
class GroupAnswer:
    """`sets` in the order received, one for every set of the group."""

    group: Group
    sets: tuple[SetAnswer, ...]

    @property
    def code(self) -> str:
        codes = {s.code for s in self.sets}
        if codes == {"R"}:
            return "R"
        if "R" in codes:
            return "P"
        return "E" if "E" in codes or _codes(self.group.problems, GROUP_CODES) else "A"


def write_997(interchange: Interchange, answers: Sequence[GroupAnswer], control: Control) -> str:
    """One interchange with one FA group: a 997 for each functional group of `interchange` given in `answers`."""
    out = Writer(interchange.separators)
    out.isa(interchange, control)
    first = answers[0].group
    version = "".join(c for c in first.version if c.isdigit())[:6] or "004010"
    when = (control.at.strftime("%Y%m%d"), control.at.strftime("%H%M"))
    out.add("GS", "FA", first.receiver or interchange.receiver, first.sender or interchange.sender, *when,
            str(control.group), "X", version)  # fmt: skip
    for number, answer in enumerate(answers, start=1):
        _write_set(out, answer, f"{number:04}")
    out.add("GE", str(len(answers)), str(control.group))
    out.add("IEA", "1", f"{control.interchange % 10**9:09}")
    return out.text()


def write_ta1(interchange: Interchange, control: Control, *, code: str = TA1_DUPLICATE) -> str:
    """Refuse the whole interchange: `code` is TA105 (025 = duplicate interchange control number)."""
    out = Writer(interchange.separators)
    out.isa(interchange, control)
    out.add("TA1", _digits(interchange.control, 9), interchange.date, interchange.time, "R", code)
    out.add("IEA", "0", f"{control.interchange % 10**9:09}")
    return out.text()


def _write_set(out: Writer, answer: GroupAnswer, control: str) -> None:
    start = out.count
    out.add("ST", "997", control)
    out.add("AK1", answer.group.functional_id or "PO", answer.group.control or "0")
    for one in answer.sets:
        if one.transaction.set_id:
            _write_answer(out, one)
    taken = sum(one.code != "R" for one in answer.sets)
    counts = (str(answer.group.counted), str(len(answer.sets)), str(taken))
    out.add("AK9", answer.code, *counts, *_codes(answer.group.problems, GROUP_CODES))
    out.add("SE", str(out.count - start + 1), control)


def _write_answer(out: Writer, answer: SetAnswer) -> None:
    out.add("AK2", answer.transaction.set_id, answer.transaction.control or "0")
    said = [p for p in answer.verdict.problems if p.severity is not Severity.NOTE]
    for problem in [p for p in said if p.code not in SET_CODES][:_MAX_AK3]:
        _write_problem(out, problem)
    codes = _codes(said, SET_CODES)
    if any(p.code not in SET_CODES for p in said):
        codes.append("5")
    out.add("AK5", answer.code, *sorted(codes)[:5])


def _write_problem(out: Writer, problem: Problem) -> None:
    code = SEGMENT_CODES.get(problem.code, "8")
    out.add("AK3", problem.segment[:3], str(problem.position), "", code)
    if code == "8" and problem.element:
        value = problem.value[:99]
        out.add("AK4", str(problem.element), "", ELEMENT_CODES.get(problem.code, "7"), value)


def _codes(problems: Sequence[Problem], table: dict[str, str]) -> list[str]:
    return sorted({table[p.code] for p in problems if p.code in table})


def _digits(text: str, width: int) -> str:
    return text.rjust(width, "0")[:width]
