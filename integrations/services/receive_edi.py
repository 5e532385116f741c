"""Receive X12 files: keep the bytes, read them, give every transaction set its own fate, answer the sender.

Not one transaction but a chain of door verbs, each of which may be repeated: a crash in between leaves undecided sets in
the inbox, and the same file again goes on from there without a second order.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from core.actors import Actor
from core.errors import DomainError
from integrations import exception_kinds as kinds
from integrations import queries
from integrations.queries import KnownSet, Partner
from integrations.rules.fa997 import GroupAnswer, SetAnswer
from integrations.rules.fate import Verdict, judge
from integrations.rules.po850 import content_hash
from integrations.rules.problems import Problem, Severity, fatal, note
from integrations.rules.x12 import MAX_BYTES, parse, too_large
from integrations.rules.x12_tree import Fragment, Group, Interchange, ParsedFile, Transaction
from integrations.services.acknowledge import acknowledge
from integrations.services.decide_transaction import CaseAsk, Decision, decide_transaction
from integrations.services.keep_file import keep_file, read_bounded
from integrations.services.keep_fragment import keep_fragment
from integrations.services.keep_interchange import Kept, keep_interchange, problems_json
from integrations.services.open_partner import find_or_open_partner
from integrations.services.take_order import take_order
from integrations.states import InterchangeState, TransactionState

_REUSED = note("control_reused", "The interchange control number was used before, for other content.", "ISA")


@dataclass(frozen=True)
class Aside:
    """Something that did not become an order, as the command reports it."""

    file: str
    control: str
    segment: str
    reason: str


@dataclass(frozen=True)
class Answered:
    """`code` A, E, R or P for a set's group answer; TA1 duplicates carry 025."""

    file: str
    control: str
    set: str
    code: str


@dataclass
class Report:
    """transactions = orders_created + duplicates + the quarantined that have a control number."""

    files: int = 0
    interchanges: int = 0
    transactions: int = 0
    orders_created: int = 0
    duplicates: int = 0
    quarantined: list[Aside] = field(default_factory=list)
    acknowledgements: list[Answered] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)  # (file name, 997 or TA1)
    notes: list[str] = field(default_factory=list)


def receive_edi(*, name: str, stream: BinaryIO, report: Report, actor: Actor, now: datetime) -> None:
    """Receive one file into `report`. Raises nothing for bad content; only the database may fail."""
    raw, size, sha256 = read_bounded(stream)
    file_id = keep_file(name=name, raw=raw, size=size, sha256=sha256, actor=actor, now=now)
    parsed = _parse(raw, size)
    report.files += 1
    report.notes += [f"{name}: {p.text}" for p in parsed.problems]
    for fragment in parsed.fragments:
        _set_aside(fragment, file_id, name, report, actor, now)
    for interchange in parsed.interchanges:
        _Interchange(interchange, file_id, name, report, actor, now).receive()


def read_only(*, name: str, stream: BinaryIO, report: Report) -> None:
    """The dry run: parse and judge, write nothing. Duplicates and unknown parts are not known without the inbox."""
    raw, size, _ = read_bounded(stream)
    parsed = _parse(raw, size)
    report.files += 1
    for fragment in parsed.fragments:
        report.quarantined.append(Aside(name, "", fragment.problem.where, fragment.problem.text))
    for interchange in parsed.interchanges:
        report.interchanges += 1
        for group in interchange.groups:
            for transaction in group.transactions:
                report.transactions += 1
                verdict = judge(transaction, group, interchange, strict=False)
                if verdict.taken:
                    report.orders_created += 1
                else:
                    report.quarantined.append(Aside(name, transaction.control, verdict.segment, verdict.reason))
                code = SetAnswer(transaction, verdict).code
                report.acknowledgements.append(Answered(name, transaction.control, transaction.set_id, code))


def _parse(raw: bytes, size: int) -> ParsedFile:
    if size > MAX_BYTES:
        return ParsedFile((), (Fragment(raw[:2000].decode("latin-1").replace("\0", ""), too_large(size)),))
    return parse(raw)


def _set_aside(fragment: Fragment, file_id: int, name: str, report: Report, actor: Actor, now: datetime) -> None:
    problem = fragment.problem
    row_id, is_new = keep_fragment(fragment=fragment, file_id=file_id, actor=actor, now=now)
    if is_new:
        case = CaseAsk(kinds.EDI_QUARANTINED, problem.code, f"{name}: {problem.text}", {"file": name})
        decision = Decision(
            TransactionState.QUARANTINED,
            problem.text,
            problem.where,
            problems=tuple(problems_json([problem])),
            cases=(case,),
        )
        decide_transaction(transaction_id=row_id, account_id=None, decision=decision, actor=actor, now=now)
    report.quarantined.append(Aside(name, "", problem.where, problem.text))


@dataclass
class _Interchange:
    parsed: Interchange
    file_id: int
    name: str
    report: Report
    actor: Actor
    now: datetime
    has_news: bool = False

    def receive(self) -> None:
        """All sets of one interchange, then the answer."""
        self.report.interchanges += 1
        partner, _ = find_or_open_partner(
            interchange=self.parsed, name=self._buyer_name(), actor=self.actor, now=self.now
        )
        kept = keep_interchange(
            parsed=self.parsed, file_id=self.file_id, partner_id=partner.id, actor=self.actor, now=self.now
        )
        ids = iter(kept.transaction_ids)
        answers = [
            GroupAnswer(g, tuple(self._one(t, g, next(ids), partner, kept.is_duplicate) for t in g.transactions))
            for g in self.parsed.groups
        ]
        if not any(group.transactions for group in self.parsed.groups):
            _set_aside(_empty(self.parsed), self.file_id, self.name, self.report, self.actor, self.now)
        self._answer(kept, partner, answers)

    def _buyer_name(self) -> str:
        """N1 BY of the first order, for the name of a new partner."""
        for group in self.parsed.groups:
            for transaction in group.transactions:
                verdict = judge(transaction, group, self.parsed, strict=False)
                buyer = verdict.order.party("BY", "BT") if verdict.order else None
                if buyer and buyer.name:
                    return buyer.name
        return ""

    def _one(
        self, transaction: Transaction, group: Group, row_id: int, partner: Partner, is_duplicate: bool
    ) -> SetAnswer:
        self.report.transactions += 1
        verdict = judge(transaction, group, self.parsed, strict=partner.is_strict)
        decision, verdict = decide(transaction, verdict, partner, row_id, is_duplicate, self.actor, self.now)
        decide_transaction(
            transaction_id=row_id, account_id=partner.account_id, decision=decision, actor=self.actor, now=self.now
        )
        self._count(transaction, decision)
        return SetAnswer(transaction, verdict)

    def _count(self, transaction: Transaction, decision: Decision) -> None:
        self.has_news |= decision.state is not TransactionState.DUPLICATE
        if decision.state is TransactionState.DUPLICATE:
            self.report.duplicates += 1
        elif decision.order_id is not None:
            self.report.orders_created += 1
        else:
            aside = Aside(self.name, transaction.control, decision.segment, decision.reason)
            self.report.quarantined.append(aside)

    def _answer(self, kept: Kept, partner: Partner, answers: Sequence[GroupAnswer]) -> None:
        """A TA1 where everything came before; a 997 where a used control number brought something new."""
        is_duplicate = kept.is_duplicate and not self.has_news
        text = acknowledge(
            interchange_id=kept.interchange_id,
            partner_id=partner.id,
            parsed=self.parsed,
            answers=answers,
            state=_state(is_claimed=not kept.is_duplicate, has_news=self.has_news),
            actor=self.actor,
            now=self.now,
        )
        if not text:
            return
        kind = "TA1" if is_duplicate else "997"
        self.report.texts.append((f"{Path(self.name).name}.{kept.interchange_id}.{kind}", text))
        if is_duplicate:
            self.report.acknowledgements.append(Answered(self.name, self.parsed.control, "TA1", "025"))
            return
        for answer in (s for a in answers if a.group.functional_id != "FA" for s in a.sets):
            said = Answered(self.name, answer.transaction.control, answer.transaction.set_id, answer.code)
            self.report.acknowledgements.append(said)


def _empty(interchange: Interchange) -> Fragment:
    """An envelope with nothing to read in it: somebody meant to send something."""
    what = f"Interchange {interchange.control} holds no transaction set."
    return Fragment(interchange.text, Problem("no_transaction_set", Severity.FATAL, what, "ISA", 1))


def _state(*, is_claimed: bool, has_news: bool) -> InterchangeState:
    if is_claimed:
        return InterchangeState.DONE
    return InterchangeState.REUSED if has_news else InterchangeState.DUPLICATE


def decide(
    transaction: Transaction,
    verdict: Verdict,
    partner: Partner,
    row_id: int,
    is_duplicate: bool,
    actor: Actor,
    now: datetime,
) -> tuple[Decision, Verdict]:
    """What becomes of one set, and the verdict its acknowledgement is written from."""
    said = content_hash(transaction)
    same = queries.sets_by_hash(partner.id, [said]).get(said)
    if same is not None and same.id != row_id and (is_duplicate or same.order_id is not None):
        return _duplicate(same, verdict), verdict
    if not verdict.taken or verdict.order is None:
        return _aside(transaction, verdict), verdict
    earlier = queries.sets_by_po(partner.id, [verdict.order.number[:60]]).get(
        (verdict.order.number[:60], verdict.order.release[:30])
    )
    if earlier is not None and earlier.content_hash != said:
        words = f"PO {verdict.order.number} came before with other content; this one was not entered."
        return _refused(verdict, words, "po_changed", kinds.EDI_PO_CHANGED, "BEG")
    if is_duplicate:
        verdict = replace(verdict, problems=(*verdict.problems, _REUSED))
    return _take(verdict, said, partner, actor, now)


def _take(verdict: Verdict, said: str, partner: Partner, actor: Actor, now: datetime) -> tuple[Decision, Verdict]:
    order = verdict.order
    assert order is not None
    try:
        taken = take_order(order=order, content_hash=said, partner=partner, actor=actor, now=now)
    except DomainError as refusal:
        return _refused(verdict, refusal.in_words, refusal.code, kinds.EDI_QUARANTINED, "BEG")
    if taken.order_id is None:
        decision, verdict = _refused(verdict, taken.reason, "po_changed", kinds.EDI_PO_CHANGED, "BEG")
        return decision, verdict
    problems = tuple(problems_json(verdict.problems))
    decision = Decision(
        TransactionState(verdict.fate.value) if taken.is_new else TransactionState.DUPLICATE,
        verdict.reason,
        verdict.segment,
        taken.order_id,
        order.number,
        order.release,
        problems,
        taken.cases,
    )
    return decision, verdict


def _duplicate(same: KnownSet, verdict: Verdict) -> Decision:
    return Decision(
        TransactionState.DUPLICATE,
        "The same set was received before.",
        order_id=same.order_id,
        po_number=same.po_number,
        release_number=same.release_number,
        problems=tuple(problems_json(verdict.problems)),
    )


def _aside(transaction: Transaction, verdict: Verdict) -> Decision:
    where = f"{verdict.segment}: {verdict.reason}"
    said = f"Set {transaction.set_id or '?'} {transaction.control}: {where}"
    code = min((p.code for p in verdict.problems if p.text == verdict.reason), default="unread")
    case = CaseAsk(kinds.EDI_QUARANTINED, code, said)
    return Decision(
        TransactionState(verdict.fate.value),
        verdict.reason,
        verdict.segment,
        problems=tuple(problems_json(verdict.problems)),
        cases=(case,),
    )


def _refused(verdict: Verdict, words: str, code: str, kind: str, segment: str) -> tuple[Decision, Verdict]:
    """Readable, but not to be entered: kept aside with a case. The sender is told his set arrived whole."""
    order = verdict.order
    case = CaseAsk(kind, f"{code}:{order.number if order else ''}"[:80], words)
    problem = fatal(code, words, segment)
    decision = Decision(
        TransactionState.QUARANTINED,
        words.strip(),
        segment,
        None,
        order.number if order else "",
        order.release if order else "",
        tuple(problems_json((problem, *verdict.problems))),
        (case,),
    )
    return decision, verdict
