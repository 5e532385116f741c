"""The reactions named in config/flow.py. Each makes one service call, with the job's key: done twice is done once.

Most have a batch form, which makes one call for the facts of many jobs: how a backlog is worked off.
"""

from collections.abc import Sequence
from decimal import Decimal

from accounts.events import ApprovalDecided
from billing.events import InvoicePosted
from billing.services.credit_return import credit_return
from billing.services.issue_invoice import bill_orders, issue_invoices
from core.errors import DomainError
from core.outbox import JobContext, JobDied
from credit.events import CreditImproved, CreditOpened, CreditRulesChanged
from credit.services.apply_approved_limit import apply_approved_limit as set_limit_of
from fulfillment.events import (
    PickShort,
    ReleaseAsked,
    RestWithinTolerance,
    ReturnAuthorized,
    ReturnDispositioned,
    ShipmentDelivered,
    ShipmentReleased,
    ShipmentShipped,
)
from fulfillment.return_queries import orders_of_return
from fulfillment.services.continue_release import continue_release as release_next
from fulfillment.services.count_site_day import count_site_days
from fulfillment.services.find_shipment import OnHold
from fulfillment.services.plan_carriage import plan_carriage as choose_carriage
from fulfillment.services.record_usage import bill_waiting
from fulfillment.services.replace_return import replace_return
from integrations.events import ColumnsNamed, ImportConfirmed, UndoConfirmed
from integrations.services.apply_upload import apply_upload
from integrations.services.give_up_upload import give_up_upload
from integrations.services.mail_amendments import mail_amendments as write_amendments
from integrations.services.mail_approvers import Waiting
from integrations.services.mail_approvers import mail_approvers as write_to_approvers
from integrations.services.mail_cancel_dates import mail_cancel_dates
from integrations.services.preview_upload import preview_upload
from integrations.services.undo_upload import undo_upload
from inventory.events import DemandsKeptSoft, ShardPlanned, SiteLimited, SupplyIncreased
from inventory.services.allocate import allocate, allocate_shard
from orders.events import (
    CancelDatePassed,
    CompanyAsked,
    HoldCleared,
    LinesCancelled,
    LinesReleased,
    OrderAmended,
    OrderSubmitted,
)
from orders.line_queries import products_of
from orders.services.allow_product import apply_approved_allowance as put_approved_allowance
from orders.services.apply_approved_price import apply_approved_price as put_approved_price
from orders.services.apply_approved_promise import apply_approved_promise as put_approved_promise
from orders.services.apply_approved_request import apply_approved_request as do_approved_request
from orders.services.close_short import close_rest
from orders.services.count_call_offs import count_call_offs as call_off
from orders.services.count_open_orders import count_open_orders as count_orders
from orders.services.count_open_orders import count_open_orders_of as count_orders_of_many
from orders.services.hold_at_allocation import hold_at_allocation as hold_kept_soft
from orders.services.record_progress import record_progress as close_finished
from orders.services.reevaluate_credit_holds import reevaluate_all as look_again_at_all
from orders.services.reevaluate_credit_holds import reevaluate_credit_holds as look_again
from orders.services.reevaluate_credit_holds import reevaluate_many as look_again_at_many
from orders.services.settle_purchase import settle_purchase as settle_company
from reporting.services.record_amended import record_amended
from reporting.services.record_damaged import record_damaged
from reporting.services.record_invoiced import record_invoiced, record_many_invoiced
from reporting.services.record_released import record_many_released, record_released
from reporting.services.record_shipped import record_many_shipped, record_shipped
from reporting.services.record_submitted import record_many_submitted, record_submitted

ZERO = Decimal(0)


Jobs = Sequence[JobContext]


def allocate_products(fact: OrderSubmitted | SupplyIncreased | LinesCancelled | OrderAmended, job: JobContext) -> None:
    allocate(trigger_key=job.key, product_ids=fact.product_ids, actor=job.actor, now=job.now)


def allocate_products_of_many(
    facts: Sequence[OrderSubmitted | SupplyIncreased | LinesCancelled | OrderAmended], jobs: Jobs
) -> None:
    """One run for all of them: its key names the first job and how many there were."""
    _allocate_once({product_id for fact in facts for product_id in fact.product_ids}, jobs)


def allocate_what_was_held(fact: HoldCleared, job: JobContext) -> None:
    allocate(trigger_key=job.key, product_ids=sorted(products_of([fact.order_id])), actor=job.actor, now=job.now)


def allocate_what_was_held_of_many(facts: Sequence[HoldCleared], jobs: Jobs) -> None:
    _allocate_once(products_of({f.order_id for f in facts}), jobs)


def count_site_day(fact: SiteLimited, job: JobContext) -> None:
    count_days_of([fact], [job])


def count_days_of(facts: Sequence[SiteLimited], jobs: Jobs) -> None:
    count_site_days(site_ids={f.site_id for f in facts}, now=jobs[0].now)


def hold_at_allocation(fact: DemandsKeptSoft, job: JobContext) -> None:
    hold_at_allocation_of_many([fact], [job])


def hold_at_allocation_of_many(facts: Sequence[DemandsKeptSoft], jobs: Jobs) -> None:
    hold_kept_soft(demand_ids={i for f in facts for i in f.demand_ids}, actor=jobs[0].actor, now=jobs[0].now)


def allocate_short_product(fact: PickShort, job: JobContext) -> None:
    allocate(trigger_key=job.key, product_ids=(fact.product_id,), actor=job.actor, now=job.now)


def allocate_short_products(facts: Sequence[PickShort], jobs: Jobs) -> None:
    _allocate_once({fact.product_id for fact in facts}, jobs)


def close_rest_of_line(fact: RestWithinTolerance, job: JobContext) -> None:
    close_rest(
        order_id=fact.order_id, order_line_id=fact.order_line_id, rest_qty=fact.rest_qty, actor=job.actor, now=job.now
    )


def allocate_shard_of_run(fact: ShardPlanned, job: JobContext) -> None:
    allocate_shard(run_id=fact.run_id, shard=fact.shard, actor=job.actor, now=job.now)


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
    bill_waiting_usages_of_many([fact], [job])


def bill_waiting_usages_of_many(facts: Sequence[CreditOpened], jobs: Jobs) -> None:
    bill_waiting(account_ids={f.account_id for f in facts}, actor=jobs[0].actor, now=jobs[0].now)


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


def continue_release(fact: ReleaseAsked, job: JobContext) -> None:
    release_next(run_id=fact.run_id, batch=fact.batch, actor=job.actor, now=job.now)


def bill_what_was_held(fact: HoldCleared, job: JobContext) -> None:
    bill_what_was_held_of_many([fact], [job])


def bill_what_was_held_of_many(facts: Sequence[HoldCleared], jobs: Jobs) -> None:
    bill_orders({f.order_id for f in facts}, actor=jobs[0].actor, now=jobs[0].now)


def record_progress(fact: ShipmentShipped | HoldCleared, job: JobContext) -> None:
    close_finished(order_ids=[fact.order_id], actor=job.actor, now=job.now)


def record_progress_of_many(facts: Sequence[ShipmentShipped | HoldCleared], jobs: Jobs) -> None:
    close_finished(order_ids={f.order_id for f in facts}, actor=jobs[0].actor, now=jobs[0].now)


def measure_submitted(fact: OrderSubmitted, job: JobContext) -> None:
    record_submitted(fact, now=job.now)


def measure_many_submitted(facts: Sequence[OrderSubmitted], jobs: Jobs) -> None:
    record_many_submitted(facts, now=jobs[0].now)


def measure_amended(fact: OrderAmended, job: JobContext) -> None:
    record_amended([fact], now=job.now)


def measure_many_amended(facts: Sequence[OrderAmended], jobs: Jobs) -> None:
    record_amended(facts, now=jobs[0].now)


def tell_amended(fact: OrderAmended, job: JobContext) -> None:
    tell_many_amended([fact], [job])


def tell_many_amended(facts: Sequence[OrderAmended], jobs: Jobs) -> None:
    write_amendments(facts, now=jobs[0].now)


def tell_date_passed(fact: CancelDatePassed, job: JobContext) -> None:
    tell_dates_passed([fact], [job])


def tell_dates_passed(facts: Sequence[CancelDatePassed], jobs: Jobs) -> None:
    mail_cancel_dates(facts)


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


def plan_carriage(fact: ShipmentReleased, job: JobContext) -> None:
    choose_carriage(shipment_ids=[fact.shipment_id], actor=job.actor, now=job.now)


def plan_many_carriages(facts: Sequence[ShipmentReleased], jobs: Jobs) -> None:
    choose_carriage(shipment_ids={f.shipment_id for f in facts}, actor=jobs[0].actor, now=jobs[0].now)


def measure_damaged(fact: ShipmentDelivered, job: JobContext) -> None:
    measure_many_damaged([fact], [job])


def measure_many_damaged(facts: Sequence[ShipmentDelivered], jobs: Jobs) -> None:
    record_damaged({f.order_id for f in facts}, now=jobs[0].now)


def measure_damaged_return(fact: ReturnDispositioned, job: JobContext) -> None:
    record_damaged(orders_of_return(fact.return_id), now=job.now)


def apply_approved_price(fact: ApprovalDecided, job: JobContext) -> None:
    put_approved_price(approval_id=fact.approval_id, actor=job.actor, now=job.now)


def apply_approved_promise(fact: ApprovalDecided, job: JobContext) -> None:
    put_approved_promise(approval_id=fact.approval_id, actor=job.actor, now=job.now)


def apply_approved_allowance(fact: ApprovalDecided, job: JobContext) -> None:
    put_approved_allowance(approval_id=fact.approval_id, actor=job.actor, now=job.now)


def apply_approved_request(fact: ApprovalDecided, job: JobContext) -> None:
    do_approved_request(approval_id=fact.approval_id, actor=job.actor, now=job.now)


def set_approved_limit(fact: ApprovalDecided, job: JobContext) -> None:
    set_limit_of(approval_id=fact.approval_id, now=job.now)


def count_call_offs(fact: OrderSubmitted | LinesCancelled | OrderAmended, job: JobContext) -> None:
    call_off(order_ids=[fact.order_id], actor=job.actor, now=job.now)


def count_call_offs_of_many(facts: Sequence[OrderSubmitted | LinesCancelled | OrderAmended], jobs: Jobs) -> None:
    call_off(order_ids={f.order_id for f in facts}, actor=jobs[0].actor, now=jobs[0].now)


def settle_purchase(fact: ApprovalDecided, job: JobContext) -> None:
    settle_company(approval_id=fact.approval_id, actor=job.actor, now=job.now)


def mail_approvers(fact: CompanyAsked, job: JobContext) -> None:
    waiting = Waiting(
        fact.order_number, fact.account_id, fact.amount, fact.currency, fact.asked_by, fact.asked_by_id, fact.why
    )
    write_to_approvers(waiting, now=job.now)


def preview_import(fact: ColumnsNamed, job: JobContext) -> None:
    preview_upload(upload_id=fact.upload_id, version=fact.version, now=job.now)


def apply_import(fact: ImportConfirmed, job: JobContext) -> None:
    apply_upload(upload_id=fact.upload_id, version=fact.version, actor=job.actor, now=job.now)


def undo_import(fact: UndoConfirmed, job: JobContext) -> None:
    undo_upload(upload_id=fact.upload_id, version=fact.version, actor=job.actor, now=job.now)


def give_up_import(fact: JobDied, job: JobContext) -> None:
    give_up_upload(job_id=fact.job_id, now=job.now)


def order_advance_replacement(fact: ReturnAuthorized, job: JobContext) -> None:
    replace_return(return_id=fact.return_id, actor=job.actor, now=job.now)


def credit_returned(fact: ReturnDispositioned, job: JobContext) -> None:
    credit_return(return_id=fact.return_id, actor=job.actor, now=job.now)


def order_replacement(fact: ReturnDispositioned, job: JobContext) -> None:
    replace_return(return_id=fact.return_id, actor=job.actor, now=job.now)
