"""The reactions of config/flow.py that open, close and tell of cases; as config/reactions.py."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from accounts.approval_queries import approvals
from accounts.events import ApprovalDecided, ApprovalEscalated, ApprovalLapsed
from accounts.queries import names as account_names
from accounts.rules.asks import Approval
from core.choices import counted
from core.outbox import JobContext, JobDied
from core.quantity import plain
from core.refs import DocumentRef
from exceptions_app.events import CaseNoticed
from exceptions_app.rules.asks import CaseSpec
from exceptions_app.services.close_causes import Cause, close_many
from exceptions_app.services.mail_notice import mail_notice, mail_notices
from exceptions_app.services.open_case import open_case, open_cases
from exceptions_app.severity import DAYS_LATE
from fulfillment.events import (
    DeliveryRefused,
    PickShort,
    ShipmentDelivered,
    ShippedOverCredit,
    VendorConfirmed,
    VendorShort,
)
from integrations.services.gather_letters import Moved, gather_letters
from inventory.events import PromiseMoved, WinsFailed
from inventory.failed_wins import failed_wins
from inventory.states import STOCK_HOLD
from orders.events import (
    HoldCleared,
    HoldPlaced,
    OrderSubmitted,
    OrderUnresolved,
    PromiseKept,
)
from orders.queries import evidence_of_open_holds
from orders.services.tell_promises import MovedPromise, tell_promises

ZERO = Decimal(0)
HOLD_KINDS = {"credit": "credit_hold", "price": "price_mismatch"}
RULE_KINDS = {"po_to_follow": "usage_without_po"}  # before the reason's


Jobs = Sequence[JobContext]


def open_hold_case(fact: HoldPlaced, job: JobContext) -> None:
    open_hold_cases([fact], [job])


def open_hold_cases(facts: Sequence[HoldPlaced], jobs: Jobs) -> None:
    """Tried again late, a hold may be gone already: then nobody would close its case."""
    seen = evidence_of_open_holds(f.hold_id for f in facts)
    cases = [_hold_case(f, seen[f.hold_id]) for f in facts if f.hold_id in seen]
    if cases:
        open_cases(cases, now=jobs[0].now, actor=jobs[0].actor)


def _hold_case(fact: HoldPlaced, evidence: Mapping[str, Any]) -> CaseSpec:
    return CaseSpec(
        _hold_kind(fact),
        DocumentRef("order", fact.order_id, fact.order_number),
        f"hold:{fact.hold_id}",
        fact.account_id,
        fact.amount,
        fact.currency,
        fact.message,
        evidence,
    )


def _hold_kind(fact: HoldPlaced | HoldCleared) -> str:
    return RULE_KINDS.get(fact.rule) or HOLD_KINDS.get(fact.reason, "order_hold")


def close_hold_case(fact: HoldCleared, job: JobContext) -> None:
    close_many([_hold_cause(fact)], now=job.now, actor=job.actor)


def close_hold_cases(facts: Sequence[HoldCleared], jobs: Jobs) -> None:
    close_many([_hold_cause(f) for f in facts], now=jobs[0].now, actor=jobs[0].actor)


def _hold_cause(fact: HoldCleared) -> Cause:
    return Cause(_hold_kind(fact), DocumentRef("order", fact.order_id, fact.order_number), f"hold:{fact.hold_id}")


def open_unresolved_case(fact: OrderUnresolved, job: JobContext) -> None:
    open_case(
        "unresolved_lines",
        subject=DocumentRef("order", fact.order_id, fact.order_number),
        account_id=fact.account_id,
        money_at_risk=ZERO,
        cause_key="unknown parts",
        summary=f"{counted(len(fact.codes), 'line')} with parts we do not know: {', '.join(fact.codes[:10])}",
        now=job.now,
        actor=job.actor,
    )


def close_unresolved_case(fact: OrderSubmitted, job: JobContext) -> None:
    """A submitted order has no unknown part left: whoever asked about them has the answer."""
    close_unresolved_cases([fact], [job])


def close_unresolved_cases(facts: Sequence[OrderSubmitted], jobs: Jobs) -> None:
    kinds = ("unresolved_lines", "edi_unknown_part")
    causes = [Cause(kind, DocumentRef("order", fact.order_id)) for kind in kinds for fact in facts]
    close_many(causes, now=jobs[0].now, actor=jobs[0].actor, why="Every line has its product.")


def open_short_pick_case(fact: PickShort, job: JobContext) -> None:
    open_short_pick_cases([fact], [job])


def open_short_pick_cases(facts: Sequence[PickShort], jobs: Jobs) -> None:
    open_cases([_short_case(fact) for fact in facts], now=jobs[0].now, actor=jobs[0].actor)


def _short_case(fact: PickShort) -> CaseSpec:
    return CaseSpec(
        "short_pick",
        DocumentRef("shipment", fact.shipment_id, fact.shipment_number),
        f"product:{fact.product_id}",
        fact.account_id,
        summary=f"{plain(fact.short_qty)} short on {fact.shipment_number}: {fact.reason}",
    )


def open_shipped_over_credit_case(fact: ShippedOverCredit, job: JobContext) -> None:
    open_shipped_over_credit_cases([fact], [job])


def open_shipped_over_credit_cases(facts: Sequence[ShippedOverCredit], jobs: Jobs) -> None:
    """One case an account: while it is open, what leaves next adds nothing to it."""
    last = {f.account_id: f for f in facts}
    names = account_names(last)
    found = [
        CaseSpec(
            "shipped_over_credit",
            DocumentRef("account", f.account_id, names[f.account_id].split(" ", 1)[0]),
            "shipped",
            f.account_id,
            f.over,
            f.currency,
            f"{f.shipment_number} left, and credit does not pass the account: {f.message}"[:300],
        )
        for f in last.values()
    ]
    open_cases(found, now=jobs[0].now, actor=jobs[0].actor)


def open_vendor_short_case(fact: VendorShort, job: JobContext) -> None:
    open_vendor_short_cases([fact], [job])


def open_vendor_short_cases(facts: Sequence[VendorShort], jobs: Jobs) -> None:
    found = [
        CaseSpec(
            "vendor_short",
            DocumentRef("shipment", f.shipment_id, f.shipment_number),
            f"product:{f.product_id}",
            f.account_id,
            summary=f"The vendor {'sent' if f.is_sent else 'confirmed'} {plain(f.short_qty)} less than it was asked for on "
            f"{f.shipment_number}",
        )
        for f in facts
    ]
    open_cases(found, now=jobs[0].now, actor=jobs[0].actor)


def open_vendor_late_case(fact: VendorConfirmed, job: JobContext) -> None:
    open_vendor_late_cases([fact], [job])


def open_vendor_late_cases(facts: Sequence[VendorConfirmed], jobs: Jobs) -> None:
    found = [
        CaseSpec(
            "vendor_late",
            DocumentRef("shipment", f.shipment_id, f.shipment_number),
            f"vendor order {f.vendor_order_id}",
            f.account_id,
            summary=f"The vendor sends {f.shipment_number} on {_day(f.ship_date)}, {counted(f.days_late, 'day')} late",
            evidence={DAYS_LATE: f.days_late},
        )
        for f in facts
    ]
    open_cases(found, now=jobs[0].now, actor=jobs[0].actor)


def open_damage_case(fact: ShipmentDelivered, job: JobContext) -> None:
    open_damage_cases([fact], [job])


def open_damage_cases(facts: Sequence[ShipmentDelivered], jobs: Jobs) -> None:
    found = [
        CaseSpec(
            "delivery_damaged",
            DocumentRef("shipment", f.shipment_id, f.shipment_number),
            "damage",
            f.account_id,
            summary=f"{f.shipment_number} arrived damaged: {'; '.join(f.damages)}"[:300],
        )
        for f in facts
    ]
    open_cases(found, now=jobs[0].now, actor=jobs[0].actor)


def open_refusal_case(fact: DeliveryRefused, job: JobContext) -> None:
    open_case(
        "delivery_refused",
        subject=DocumentRef("shipment", fact.shipment_id, fact.shipment_number),
        account_id=fact.account_id,
        money_at_risk=ZERO,
        cause_key="refused",
        summary=f"{fact.shipment_number} was refused: {fact.why}"[:300],
        now=job.now,
        actor=job.actor,
    )


def open_promise_case(fact: PromiseMoved, job: JobContext) -> None:
    open_promise_cases([fact], [job])


def open_promise_cases(facts: Sequence[PromiseMoved], jobs: Jobs) -> None:
    # Nobody was promised what we send to ourselves, or what a draft holds.
    told = [fact for fact in facts if fact.ref_kind not in ("fill_up", STOCK_HOLD)]
    open_cases([_promise_case(fact) for fact in told], now=jobs[0].now, actor=jobs[0].actor)


def open_win_case(fact: WinsFailed, job: JobContext) -> None:
    open_win_cases([fact], [job])


def open_win_cases(facts: Sequence[WinsFailed], jobs: Jobs) -> None:
    """Of what is served by now, a case would be nobody's."""
    demands = {i for fact in facts for i in fact.demand_ids}
    open_cases(failed_wins(demands), now=jobs[0].now, actor=jobs[0].actor)


def tell_moved_promise(fact: PromiseMoved, job: JobContext) -> None:
    tell_moved_promises([fact], [job])


def tell_moved_promises(facts: Sequence[PromiseMoved], jobs: Jobs) -> None:
    moved = [MovedPromise(f.demand_id, f.qty, _day(f.was), _day(f.now), f.cause) for f in facts]
    tell_promises(moved, actor=jobs[0].actor, now=jobs[0].now)


def close_promise_case(fact: PromiseKept, job: JobContext) -> None:
    close_promise_cases([fact], [job])


def close_promise_cases(facts: Sequence[PromiseKept], jobs: Jobs) -> None:
    """The customer took the new day: nobody need ask them."""
    causes = [
        Cause(kind, DocumentRef("order", fact.order_id, fact.order_number), f"demand:{demand_id}")
        for fact in facts
        for demand_id in fact.demand_ids
        for kind in ("promise_moved", "promise_lost")
    ]
    close_many(causes, now=jobs[0].now, actor=jobs[0].actor, why="The customer keeps waiting for the new day.")


def write_moved_promise(fact: PromiseMoved, job: JobContext) -> None:
    write_moved_promises([fact], [job])


def write_moved_promises(facts: Sequence[PromiseMoved], jobs: Jobs) -> None:
    """Letters are gathered here and leave by the beat. A run's facts carry its number, so a letter tells a run once."""
    moved = [
        Moved(f.demand_id, f.qty, _date(f.was), _date(f.now), f.cause, job.seq)
        for f, job in zip(facts, jobs, strict=True)
    ]
    gather_letters(moved, now=jobs[0].now)


def _date(stated: str) -> date | None:
    return date.fromisoformat(stated) if stated else None


def _promise_case(fact: PromiseMoved) -> CaseSpec:
    words = f"{plain(fact.qty)} moved from {_day(fact.was)} to {_day(fact.now)}: {fact.cause}"
    return CaseSpec(
        "promise_moved" if fact.now else "promise_lost",
        DocumentRef(fact.ref_kind, fact.ref_id, fact.ref_number),
        f"demand:{fact.demand_id}",
        fact.account_id,
        summary=words,
        evidence=_slip(fact),
    )


def _slip(fact: PromiseMoved) -> dict[str, int]:
    was, then = _date(fact.was), _date(fact.now)
    return {DAYS_LATE: max((then - was).days, 0)} if was and then else {}


def _day(stated: str) -> str:
    """ "11 Dec 2026" of a fact's ISO date."""
    if not stated:
        return "no date yet"
    day = date.fromisoformat(stated)
    return f"{day.day} {day:%b %Y}"


def open_approval_case(fact: ApprovalEscalated, job: JobContext) -> None:
    """Tried late, it may be decided already: then nobody would close its case."""
    waiting = approvals([fact.approval_id]).get(fact.approval_id)
    if waiting is None or waiting.state != "pending":
        return
    worth = f" over {fact.amount:,} {fact.currency}" if fact.amount is not None else ""
    open_case(
        "approval_overdue",
        subject=DocumentRef("approval", fact.approval_id),
        account_id=fact.account_id,
        money_at_risk=abs(fact.amount or ZERO),
        cause_key="undecided",
        currency=fact.currency,
        summary=f"{fact.approval_kind} approval{worth} for {fact.subject_kind} {fact.subject_number or fact.subject_id}, "
        f"asked by {fact.asked_by}, waits for {fact.asked_of}",
        now=job.now,
        actor=job.actor,
    )


def open_reprice_case(fact: ApprovalDecided, job: JobContext) -> None:
    open_reprice_cases([fact], [job])


def open_reprice_cases(facts: Sequence[ApprovalDecided], jobs: Jobs) -> None:
    """Approved, and not issued yet: finance has it from here."""
    given = approvals([f.approval_id for f in facts])
    open_cases([_reprice_case(pk, one) for pk, one in given.items()], now=jobs[0].now, actor=jobs[0].actor)


def _reprice_case(approval_id: int, given: Approval) -> CaseSpec:
    credit, rebill = (given.content.get(name, "0") for name in ("credit", "rebill"))
    return CaseSpec(
        "reprice_approved",
        DocumentRef("approval", approval_id),
        "to issue",
        given.account_id,
        abs(given.amount or ZERO),
        given.currency,
        f"{given.subject.number}: credit {credit}, rebill {rebill} {given.currency}: {given.content['what']}",
        {"lines": given.content.get("lines", [])},
    )


def close_approval_case(fact: ApprovalDecided | ApprovalLapsed, job: JobContext) -> None:
    close_approval_cases([fact], [job])


def close_approval_cases(facts: Sequence[ApprovalDecided | ApprovalLapsed], jobs: Jobs) -> None:
    causes = [Cause("approval_overdue", DocumentRef("approval", f.approval_id), "undecided") for f in facts]
    close_many(causes, now=jobs[0].now, actor=jobs[0].actor)


def open_dead_job_case(fact: JobDied, job: JobContext) -> None:
    open_case(
        "job_died",
        subject=DocumentRef("job", fact.job_id),
        account_id=None,
        money_at_risk=ZERO,
        cause_key=fact.reaction,
        summary=f"{fact.reaction} failed five times: {fact.error}"[:300],
        now=job.now,
        actor=job.actor,
    )


def mail_case_notice(fact: CaseNoticed, job: JobContext) -> None:
    mail_notice(notice_id=fact.notice_id, now=job.now)


def mail_case_notices(facts: Sequence[CaseNoticed], jobs: Jobs) -> None:
    mail_notices(notice_ids={f.notice_id for f in facts}, now=jobs[0].now)
