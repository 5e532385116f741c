"""What follows from what: every fact and its reactions, on one screen. Reactions are in config/reactions.py.

A fact is written in the transaction in which it became true; each reaction is a job of its own, run once, after the
commit. Money and stock never wait for one inside submit and release. docs/flow.md tells one order's path.
"""

from accounts.events import ApprovalDecided
from billing.events import InvoicePaid, InvoicePosted, ReceiptPosted
from config import reactions as do
from core.outbox import Fact, JobDied, Reaction
from credit.events import CreditImproved, CreditOpened
from fulfillment.events import PickShort, ReturnRequested, ShipmentReleased, ShipmentShipped
from integrations.events import ColumnsNamed, ImportConfirmed
from inventory.events import DemandsAllocated, PromiseMoved, SupplyIncreased
from orders.events import (
    HoldCleared,
    HoldPlaced,
    LinesCancelled,
    LinesReleased,
    OrderCaptured,
    OrderClosed,
    OrderSubmitted,
    OrderUnresolved,
)

FLOW: dict[type[Fact], tuple[Reaction, ...]] = {
    # capture → submit
    OrderCaptured: (),
    OrderUnresolved: (Reaction("open a case for unknown parts", do.open_unresolved_case),),
    OrderSubmitted: (
        Reaction("allocate what was ordered", do.allocate_products),
        Reaction("close the case of unknown parts", do.close_unresolved_case),
        Reaction("measure the submitted order", do.measure_submitted),
    ),
    # holds
    HoldPlaced: (Reaction("open a case for the hold", do.open_hold_case),),
    HoldCleared: (Reaction("close the hold's case", do.close_hold_case),),
    CreditOpened: (Reaction("count what was ordered before", do.count_open_orders),),
    CreditImproved: (Reaction("look again at credit holds", do.reevaluate_credit_holds),),
    # allocate → release
    SupplyIncreased: (Reaction("allocate what came in", do.allocate_products),),
    LinesCancelled: (Reaction("allocate what was freed", do.allocate_products),),
    DemandsAllocated: (),
    PromiseMoved: (Reaction("open a case for the moved promise", do.open_promise_case),),
    LinesReleased: (Reaction("measure the release", do.measure_released),),
    ShipmentReleased: (),
    # pick → ship → invoice → paid
    PickShort: (
        Reaction("open a case for the short pick", do.open_short_pick_case),
        Reaction("allocate the short product again", do.allocate_short_product),
    ),
    ShipmentShipped: (
        Reaction("invoice the shipment", do.invoice_shipment),
        Reaction("close the order when it is done", do.record_progress),
        Reaction("measure the shipment", do.measure_shipped),
    ),
    InvoicePosted: (Reaction("measure the invoice", do.measure_invoiced),),
    InvoicePaid: (),
    ReceiptPosted: (),
    OrderClosed: (),
    ReturnRequested: (),
    # people
    ApprovalDecided: (),
    # reference data from files
    ColumnsNamed: (Reaction("preview the import", do.preview_import),),
    ImportConfirmed: (Reaction("apply the import", do.apply_import),),
    # the machine itself
    JobDied: (
        Reaction("open a case for the dead job", do.open_dead_job_case),
        Reaction("give up the import of a dead job", do.give_up_import),
    ),
}
