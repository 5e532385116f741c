"""The reactions named in config/flow.py. Each makes one service call, with the job's key: done twice is done once."""

from decimal import Decimal

from billing.events import InvoicePosted
from billing.services.issue_invoice import issue_invoice
from core.outbox import JobContext, JobDied
from core.quantity import plain
from core.refs import DocumentRef
from credit.events import CreditImproved, CreditOpened
from exceptions_app.services.close_causes import close_causes
from exceptions_app.services.open_case import open_case
from fulfillment.events import PickShort, ShipmentShipped
from integrations.events import ColumnsNamed, ImportConfirmed
from integrations.services.apply_upload import apply_upload
from integrations.services.give_up_upload import give_up_upload
from integrations.services.preview_upload import preview_upload
from inventory.events import PromiseMoved, SupplyIncreased
from inventory.services.allocate import allocate
from orders.events import HoldCleared, HoldPlaced, LinesCancelled, LinesReleased, OrderSubmitted, OrderUnresolved
from orders.queries import is_hold_open
from orders.services.count_open_orders import count_open_orders as count_orders
from orders.services.record_progress import record_progress as close_finished
from orders.services.reevaluate_credit_holds import reevaluate_credit_holds as look_again
from reporting.services.record_invoiced import record_invoiced
from reporting.services.record_released import record_released
from reporting.services.record_shipped import record_shipped
from reporting.services.record_submitted import record_submitted

ZERO = Decimal(0)
HOLD_KINDS = {"credit": "credit_hold", "price": "price_mismatch"}


def allocate_products(fact: OrderSubmitted | SupplyIncreased | LinesCancelled, job: JobContext) -> None:
    allocate(trigger_key=job.key, product_ids=fact.product_ids, actor=job.actor, now=job.now)


def allocate_short_product(fact: PickShort, job: JobContext) -> None:
    allocate(trigger_key=job.key, product_ids=(fact.product_id,), actor=job.actor, now=job.now)


def reevaluate_credit_holds(fact: CreditImproved, job: JobContext) -> None:
    look_again(account_id=fact.account_id, actor=job.actor, now=job.now)


def count_open_orders(fact: CreditOpened, job: JobContext) -> None:
    count_orders(account_id=fact.account_id, actor=job.actor, now=job.now)


def invoice_shipment(fact: ShipmentShipped, job: JobContext) -> None:
    issue_invoice(shipment_id=fact.shipment_id, actor=job.actor, now=job.now)


def record_progress(fact: ShipmentShipped, job: JobContext) -> None:
    close_finished(order_ids=[fact.order_id], actor=job.actor, now=job.now)


def measure_submitted(fact: OrderSubmitted, job: JobContext) -> None:
    record_submitted(fact, now=job.now)


def measure_released(fact: LinesReleased, job: JobContext) -> None:
    record_released(fact, now=job.now)


def measure_shipped(fact: ShipmentShipped, job: JobContext) -> None:
    record_shipped(fact, now=job.now)


def measure_invoiced(fact: InvoicePosted, job: JobContext) -> None:
    record_invoiced(fact, now=job.now)


def open_hold_case(fact: HoldPlaced, job: JobContext) -> None:
    """Tried again late, the hold may be gone already: then nobody would close its case."""
    if not is_hold_open(fact.hold_id):
        return
    open_case(
        HOLD_KINDS.get(fact.reason, "order_hold"),
        subject=DocumentRef("order", fact.order_id, fact.order_number),
        account_id=fact.account_id,
        money_at_risk=fact.amount,
        currency=fact.currency,
        cause_key=f"hold:{fact.hold_id}",
        summary=fact.message,
        now=job.now,
        actor=job.actor,
    )


def close_hold_case(fact: HoldCleared, job: JobContext) -> None:
    kind = HOLD_KINDS.get(fact.reason, "order_hold")
    subject = DocumentRef("order", fact.order_id, fact.order_number)
    close_causes(kind, subject, [f"hold:{fact.hold_id}"], now=job.now, actor=job.actor)


def open_unresolved_case(fact: OrderUnresolved, job: JobContext) -> None:
    open_case(
        "unresolved_lines",
        subject=DocumentRef("order", fact.order_id, fact.order_number),
        account_id=fact.account_id,
        money_at_risk=ZERO,
        cause_key="unknown parts",
        summary=f"{len(fact.codes)} line(s) name parts we do not know: {', '.join(fact.codes[:10])}",
        now=job.now,
        actor=job.actor,
    )


def close_unresolved_case(fact: OrderSubmitted, job: JobContext) -> None:
    """A submitted order has no unknown part left: whoever asked about them has the answer."""
    subject = DocumentRef("order", fact.order_id)
    for kind in ("unresolved_lines", "edi_unknown_part"):
        close_causes(kind, subject, None, now=job.now, actor=job.actor, why="Every line has its product.")


def open_short_pick_case(fact: PickShort, job: JobContext) -> None:
    open_case(
        "short_pick",
        subject=DocumentRef("shipment", fact.shipment_id, fact.shipment_number),
        account_id=fact.account_id,
        money_at_risk=ZERO,
        cause_key=f"product:{fact.product_id}",
        summary=f"{plain(fact.short_qty)} short on {fact.shipment_number}: {fact.reason}",
        now=job.now,
        actor=job.actor,
    )


def open_promise_case(fact: PromiseMoved, job: JobContext) -> None:
    open_case(
        "promise_moved",
        subject=DocumentRef(fact.ref_kind, fact.ref_id, fact.ref_number),
        account_id=fact.account_id,
        money_at_risk=ZERO,
        cause_key=f"demand:{fact.demand_id}",
        summary=f"{plain(fact.qty)} moved from {fact.was or 'no date'} to {fact.now or 'no date yet'}: {fact.cause}",
        now=job.now,
        actor=job.actor,
    )


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


def preview_import(fact: ColumnsNamed, job: JobContext) -> None:
    preview_upload(upload_id=fact.upload_id, version=fact.version, now=job.now)


def apply_import(fact: ImportConfirmed, job: JobContext) -> None:
    apply_upload(upload_id=fact.upload_id, version=fact.version, actor=job.actor, now=job.now)


def give_up_import(fact: JobDied, job: JobContext) -> None:
    give_up_upload(job_id=fact.job_id, now=job.now)
