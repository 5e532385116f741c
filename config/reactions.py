"""The reactions named in config/flow.py. Each makes one service call, with the job's key: done twice is done once.

Most have a batch form, which makes one call for the facts of many jobs: how a backlog is worked off.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from accounts.approval_queries import approvals
from accounts.events import ApprovalDecided, ApprovalEscalated, ApprovalLapsed
from billing.events import InvoicePosted
from billing.services.credit_return import credit_return
from billing.services.issue_invoice import bill_order, issue_invoices
from core.choices import counted
from core.errors import DomainError
from core.outbox import JobContext, JobDied
from core.quantity import plain
from core.refs import DocumentRef
from credit.events import CreditImproved, CreditOpened, CreditRulesChanged
from exceptions_app.events import CaseNoticed
from exceptions_app.rules.asks import CaseSpec
from exceptions_app.services.close_causes import Cause, close_many
from exceptions_app.services.mail_notice import mail_notice
from exceptions_app.services.open_case import open_case, open_cases
from fulfillment.events import PickShort, ReturnAuthorized, ReturnDispositioned, ShipmentShipped
from fulfillment.services.find_shipment import OnHold
from fulfillment.services.record_usage import bill_waiting
from fulfillment.services.replace_return import replace_return
from fulfillment.states import ReturnOutcome
from integrations.events import ColumnsNamed, ImportConfirmed, UndoConfirmed
from integrations.services.apply_upload import apply_upload
from integrations.services.give_up_upload import give_up_upload
from integrations.services.mail_approvers import Waiting
from integrations.services.mail_approvers import mail_approvers as write_to_approvers
from integrations.services.preview_upload import preview_upload
from integrations.services.undo_upload import undo_upload
from inventory.events import PromiseMoved, SupplyIncreased
from inventory.services.allocate import allocate
from orders.events import (
    CompanyAsked,
    HoldCleared,
    HoldPlaced,
    LinesCancelled,
    LinesReleased,
    OrderSubmitted,
    OrderUnresolved,
)
from orders.queries import is_hold_open, open_holds_among
from orders.services.apply_approved_price import apply_approved_price as put_approved_price
from orders.services.count_call_offs import count_call_offs as call_off
from orders.services.count_open_orders import count_open_orders as count_orders
from orders.services.count_open_orders import count_open_orders_of as count_orders_of_many
from orders.services.record_progress import record_progress as close_finished
from orders.services.reevaluate_credit_holds import reevaluate_all as look_again_at_all
from orders.services.reevaluate_credit_holds import reevaluate_credit_holds as look_again
from orders.services.reevaluate_credit_holds import reevaluate_many as look_again_at_many
from orders.services.settle_purchase import settle_purchase as settle_company
from orders.services.tell_promises import MovedPromise, tell_promises
from reporting.services.record_invoiced import record_invoiced, record_many_invoiced
from reporting.services.record_released import record_many_released, record_released
from reporting.services.record_shipped import record_many_shipped, record_shipped
from reporting.services.record_submitted import record_many_submitted, record_submitted

ZERO = Decimal(0)
HOLD_KINDS = {"credit": "credit_hold", "price": "price_mismatch"}
RULE_KINDS = {"po_to_follow": "usage_without_po"}  # before the reason's


Jobs = Sequence[JobContext]


def allocate_products(fact: OrderSubmitted | SupplyIncreased | LinesCancelled, job: JobContext) -> None:
    allocate(trigger_key=job.key, product_ids=fact.product_ids, actor=job.actor, now=job.now)


def allocate_products_of_many(facts: Sequence[OrderSubmitted | SupplyIncreased | LinesCancelled], jobs: Jobs) -> None:
    """One run for all of them: its key names the first job and how many there were."""
    _allocate_once({product_id for fact in facts for product_id in fact.product_ids}, jobs)


def allocate_short_product(fact: PickShort, job: JobContext) -> None:
    allocate(trigger_key=job.key, product_ids=(fact.product_id,), actor=job.actor, now=job.now)


def allocate_short_products(facts: Sequence[PickShort], jobs: Jobs) -> None:
    _allocate_once({fact.product_id for fact in facts}, jobs)


def _allocate_once(product_ids: set[int], jobs: Jobs) -> None:
    key = f"{jobs[0].key}+{len(jobs)}"
    allocate(trigger_key=key, product_ids=sorted(product_ids), actor=jobs[0].actor, now=jobs[0].now)


def reevaluate_credit_holds(fact: CreditImproved, job: JobContext) -> None:
    look_again(account_id=fact.account_id, actor=job.actor, now=job.now)


def reevaluate_many(facts: Sequence[CreditImproved], jobs: Jobs) -> None:
    look_again_at_many(account_ids={f.account_id for f in facts}, actor=jobs[0].actor, now=jobs[0].now)


def reevaluate_by_rule(fact: CreditRulesChanged, job: JobContext) -> None:
    reevaluate_by_rules([fact], [job])


def reevaluate_by_rules(facts: Sequence[CreditRulesChanged], jobs: Jobs) -> None:
    """A rule of one account touches nobody else; any other may touch everybody."""
    wanted = {f.account_id for f in facts}
    if None in wanted:
        look_again_at_all(actor=jobs[0].actor, now=jobs[0].now)
    else:
        look_again_at_many(account_ids={i for i in wanted if i}, actor=jobs[0].actor, now=jobs[0].now)


def count_open_orders(fact: CreditOpened, job: JobContext) -> None:
    count_orders(account_id=fact.account_id, actor=job.actor, now=job.now)


def bill_waiting_usages(fact: CreditOpened, job: JobContext) -> None:
    bill_waiting(account_id=fact.account_id, actor=job.actor, now=job.now)


def count_open_orders_of_many(facts: Sequence[CreditOpened], jobs: Jobs) -> None:
    count_orders_of_many(account_ids={f.account_id for f in facts}, actor=jobs[0].actor, now=jobs[0].now)


def invoice_shipment(fact: ShipmentShipped, job: JobContext) -> None:
    """Where a hold blocks invoicing, the invoice leaves when it is cleared."""
    invoice_shipments([fact], [job])


def invoice_shipments(facts: Sequence[ShipmentShipped], jobs: Jobs) -> None:
    """A shipment that is refused fails the batch, so that its own job fails alone when they run one by one."""
    outcomes = issue_invoices([f.shipment_id for f in facts], actor=jobs[0].actor, now=jobs[0].now)
    for outcome in outcomes.values():
        if isinstance(outcome, DomainError) and not isinstance(outcome, OnHold):
            raise outcome


def bill_what_was_held(fact: HoldCleared, job: JobContext) -> None:
    bill_order(fact.order_id, actor=job.actor, now=job.now)


def record_progress(fact: ShipmentShipped | HoldCleared, job: JobContext) -> None:
    close_finished(order_ids=[fact.order_id], actor=job.actor, now=job.now)


def record_progress_of_many(facts: Sequence[ShipmentShipped | HoldCleared], jobs: Jobs) -> None:
    close_finished(order_ids={f.order_id for f in facts}, actor=jobs[0].actor, now=jobs[0].now)


def measure_submitted(fact: OrderSubmitted, job: JobContext) -> None:
    record_submitted(fact, now=job.now)


def measure_many_submitted(facts: Sequence[OrderSubmitted], jobs: Jobs) -> None:
    record_many_submitted(facts, now=jobs[0].now)


def measure_released(fact: LinesReleased, job: JobContext) -> None:
    record_released(fact, now=job.now)


def measure_many_released(facts: Sequence[LinesReleased], jobs: Jobs) -> None:
    record_many_released(facts, now=jobs[0].now)


def measure_shipped(fact: ShipmentShipped, job: JobContext) -> None:
    record_shipped(fact, now=job.now)


def measure_many_shipped(facts: Sequence[ShipmentShipped], jobs: Jobs) -> None:
    record_many_shipped(facts, now=jobs[0].now)


def measure_invoiced(fact: InvoicePosted, job: JobContext) -> None:
    record_invoiced(fact, now=job.now)


def measure_many_invoiced(facts: Sequence[InvoicePosted], jobs: Jobs) -> None:
    record_many_invoiced(facts, now=jobs[0].now)


def open_hold_case(fact: HoldPlaced, job: JobContext) -> None:
    """Tried again late, the hold may be gone already: then nobody would close its case."""
    if is_hold_open(fact.hold_id):
        open_cases([_hold_case(fact)], now=job.now, actor=job.actor)


def open_hold_cases(facts: Sequence[HoldPlaced], jobs: Jobs) -> None:
    still = open_holds_among([f.hold_id for f in facts])
    open_cases([_hold_case(f) for f in facts if f.hold_id in still], now=jobs[0].now, actor=jobs[0].actor)


def _hold_case(fact: HoldPlaced) -> CaseSpec:
    return CaseSpec(
        _hold_kind(fact),
        DocumentRef("order", fact.order_id, fact.order_number),
        f"hold:{fact.hold_id}",
        fact.account_id,
        fact.amount,
        fact.currency,
        fact.message,
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


def open_promise_case(fact: PromiseMoved, job: JobContext) -> None:
    open_promise_cases([fact], [job])


def open_promise_cases(facts: Sequence[PromiseMoved], jobs: Jobs) -> None:
    told = [fact for fact in facts if fact.ref_kind != "fill_up"]  # nobody was promised what we send to ourselves
    open_cases([_promise_case(fact) for fact in told], now=jobs[0].now, actor=jobs[0].actor)


def tell_moved_promise(fact: PromiseMoved, job: JobContext) -> None:
    tell_moved_promises([fact], [job])


def tell_moved_promises(facts: Sequence[PromiseMoved], jobs: Jobs) -> None:
    moved = [MovedPromise(f.demand_id, f.qty, _day(f.was), _day(f.now), f.cause) for f in facts]
    tell_promises(moved, actor=jobs[0].actor, now=jobs[0].now)


def _promise_case(fact: PromiseMoved) -> CaseSpec:
    words = f"{plain(fact.qty)} moved from {_day(fact.was)} to {_day(fact.now)}: {fact.cause}"
    return CaseSpec(
        "promise_moved" if fact.now else "promise_lost",
        DocumentRef(fact.ref_kind, fact.ref_id, fact.ref_number),
        f"demand:{fact.demand_id}",
        fact.account_id,
        summary=words,
    )


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


def apply_approved_price(fact: ApprovalDecided, job: JobContext) -> None:
    if fact.is_approved and fact.approval_kind == "price" and fact.subject_kind == "order":
        put_approved_price(approval_id=fact.approval_id, actor=job.actor, now=job.now)


def count_call_offs(fact: OrderSubmitted | LinesCancelled, job: JobContext) -> None:
    call_off(order_ids=[fact.order_id], actor=job.actor, now=job.now)


def count_call_offs_of_many(facts: Sequence[OrderSubmitted | LinesCancelled], jobs: Jobs) -> None:
    call_off(order_ids={f.order_id for f in facts}, actor=jobs[0].actor, now=jobs[0].now)


def open_reprice_case(fact: ApprovalDecided, job: JobContext) -> None:
    """Approved, and not issued yet: finance has it from here."""
    if not (fact.is_approved and fact.approval_kind == "reprice"):
        return
    given = approvals([fact.approval_id])[fact.approval_id]
    credit, rebill = (given.content.get(name, "0") for name in ("credit", "rebill"))
    open_case(
        "reprice_approved",
        subject=DocumentRef("approval", fact.approval_id),
        account_id=given.account_id,
        money_at_risk=abs(given.amount or ZERO),
        currency=given.currency,
        cause_key="to issue",
        summary=f"{given.subject.number}: credit {credit}, rebill {rebill} {given.currency}: {given.content['what']}",
        evidence={"lines": given.content.get("lines", [])},
        now=job.now,
        actor=job.actor,
    )


def close_approval_case(fact: ApprovalDecided | ApprovalLapsed, job: JobContext) -> None:
    cause = Cause("approval_overdue", DocumentRef("approval", fact.approval_id), "undecided")
    close_many([cause], now=job.now, actor=job.actor)


def settle_purchase(fact: ApprovalDecided, job: JobContext) -> None:
    settle_company(approval_id=fact.approval_id, actor=job.actor, now=job.now)


def mail_approvers(fact: CompanyAsked, job: JobContext) -> None:
    waiting = Waiting(
        fact.order_number, fact.account_id, fact.amount, fact.currency, fact.asked_by, fact.asked_by_id, fact.why
    )
    write_to_approvers(waiting, now=job.now)


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


def preview_import(fact: ColumnsNamed, job: JobContext) -> None:
    preview_upload(upload_id=fact.upload_id, version=fact.version, now=job.now)


def apply_import(fact: ImportConfirmed, job: JobContext) -> None:
    apply_upload(upload_id=fact.upload_id, version=fact.version, actor=job.actor, now=job.now)


def undo_import(fact: UndoConfirmed, job: JobContext) -> None:
    undo_upload(upload_id=fact.upload_id, version=fact.version, actor=job.actor, now=job.now)


def give_up_import(fact: JobDied, job: JobContext) -> None:
    give_up_upload(job_id=fact.job_id, now=job.now)


def order_advance_replacement(fact: ReturnAuthorized, job: JobContext) -> None:
    if fact.outcome == ReturnOutcome.ADVANCE:
        replace_return(return_id=fact.return_id, actor=job.actor, now=job.now)


def credit_returned(fact: ReturnDispositioned, job: JobContext) -> None:
    credit_return(return_id=fact.return_id, actor=job.actor, now=job.now)


def order_replacement(fact: ReturnDispositioned, job: JobContext) -> None:
    if fact.outcome == ReturnOutcome.REPLACEMENT:
        replace_return(return_id=fact.return_id, actor=job.actor, now=job.now)
