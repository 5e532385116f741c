"""What follows from what: every fact and its reactions, on one screen. Reactions are in config/*reactions.py.

A fact is written in the transaction in which it became true; each reaction is a job of its own, run once, after the
commit. Money and stock never wait for one inside submit and release. docs/flow.md tells one order's path.
"""

from accounts.events import ApprovalDecided, ApprovalEscalated, ApprovalLapsed
from billing.events import (
    CreditMemoPosted,
    InvoiceDisputed,
    InvoicePaid,
    InvoicePosted,
    InvoiceWrittenOff,
    PaymentStarted,
    ReceiptPosted,
)
from config import case_reactions as cases
from config import money_reactions as money
from config import reactions as do
from config import worth_a_job as worth
from core.outbox import Fact, JobDied, Reaction
from credit.events import CreditImproved, CreditOpened, CreditRulesChanged
from exceptions_app.events import CaseNoticed
from fulfillment.events import (
    DeliveryRefused,
    PickShort,
    RecallAnswered,
    RecallAsked,
    ReleaseAsked,
    RestWithinTolerance,
    ReturnAuthorized,
    ReturnDispositioned,
    ReturnRejected,
    ReturnRequested,
    ShipmentDelivered,
    ShipmentReleased,
    ShipmentShipped,
    ShippedOverCredit,
    VendorAsked,
    VendorConfirmed,
    VendorShort,
)
from integrations.events import ColumnsNamed, ImportConfirmed, UndoConfirmed
from inventory.events import (
    DemandsAllocated,
    DemandsKeptSoft,
    PromiseMoved,
    ShardPlanned,
    SiteLimited,
    SupplyIncreased,
    WinsFailed,
)
from orders.events import (
    CancelDatePassed,
    CompanyAsked,
    HoldCleared,
    HoldPlaced,
    LinesCancelled,
    LineSplitInTwo,
    LinesReleased,
    LinesRepriced,
    OrderAmended,
    OrderCaptured,
    OrderClosed,
    OrderSubmitted,
    OrderUnresolved,
    PromiseKept,
)

HALF_AN_HOUR = 30 * 60  # seconds: a million rows

FLOW: dict[type[Fact], tuple[Reaction, ...]] = {
    # capture → submit
    OrderCaptured: (),
    OrderUnresolved: (Reaction("open a case for unknown parts", cases.open_unresolved_case),),
    OrderSubmitted: (
        Reaction("allocate what was ordered", do.allocate_products, run_many=do.allocate_products_of_many),
        Reaction("close the case of unknown parts", cases.close_unresolved_case, run_many=cases.close_unresolved_cases),
        Reaction("count what is called off", do.count_call_offs, run_many=do.count_call_offs_of_many),
        Reaction("measure the submitted order", do.measure_submitted, run_many=do.measure_many_submitted),
    ),
    # holds
    HoldPlaced: (Reaction("open a case for the hold", cases.open_hold_case, run_many=cases.open_hold_cases),),
    HoldCleared: (
        Reaction("close the hold's case", cases.close_hold_case, run_many=cases.close_hold_cases),
        Reaction(
            "allocate what the hold kept back",
            do.allocate_what_was_held,
            run_many=do.allocate_what_was_held_of_many,
            when=worth.it_kept_stock_back,
        ),
        Reaction("bill what the hold kept", do.bill_what_was_held, run_many=do.bill_what_was_held_of_many),
        Reaction("close the order the hold kept open", do.record_progress, run_many=do.record_progress_of_many),
    ),
    CreditOpened: (
        Reaction("count what was ordered before", do.count_open_orders, run_many=do.count_open_orders_of_many),
        Reaction("bill what was used before", do.bill_waiting_usages, run_many=do.bill_waiting_usages_of_many),
    ),
    CreditImproved: (Reaction("look again at credit holds", do.reevaluate_credit_holds, run_many=do.reevaluate_many),),
    CreditRulesChanged: (
        Reaction("look at credit holds by the new rule", do.reevaluate_by_rule, run_many=do.reevaluate_by_rules),
    ),
    # allocate → release
    SupplyIncreased: (Reaction("allocate what came in", do.allocate_products, run_many=do.allocate_products_of_many),),
    SiteLimited: (Reaction("count what went to it today", do.count_site_day, run_many=do.count_days_of),),
    LinesCancelled: (
        Reaction("allocate what was freed", do.allocate_products, run_many=do.allocate_products_of_many),
        Reaction("give back what was called off", do.count_call_offs, run_many=do.count_call_offs_of_many),
    ),
    CancelDatePassed: (
        Reaction("write to buyer and rep of the date", do.tell_date_passed, run_many=do.tell_dates_passed),
    ),
    ShardPlanned: (Reaction("allocate a shard of a run", do.allocate_shard_of_run, seconds=HALF_AN_HOUR),),
    OrderAmended: (
        Reaction("allocate after the amendment", do.allocate_products, run_many=do.allocate_products_of_many),
        Reaction("count the call-offs again", do.count_call_offs, run_many=do.count_call_offs_of_many),
        Reaction("measure the amended order", do.measure_amended, run_many=do.measure_many_amended),
        Reaction("write to buyer and rep about it", do.tell_amended, run_many=do.tell_many_amended),
    ),
    DemandsAllocated: (),
    WinsFailed: (
        Reaction("open the planner's case for a failed win", cases.open_win_case, run_many=cases.open_win_cases),
    ),
    DemandsKeptSoft: (
        Reaction("hold what credit does not pass", do.hold_at_allocation, run_many=do.hold_at_allocation_of_many),
    ),
    LinesRepriced: (),
    PromiseMoved: (
        Reaction("open a case for the moved promise", cases.open_promise_case, run_many=cases.open_promise_cases),
        Reaction("tell buyer and rep", cases.tell_moved_promise, run_many=cases.tell_moved_promises),
        Reaction("write to buyer and rep", cases.write_moved_promise, run_many=cases.write_moved_promises),
    ),
    LineSplitInTwo: (),
    PromiseKept: (
        Reaction("close the case of the kept promise", cases.close_promise_case, run_many=cases.close_promise_cases),
    ),
    LinesReleased: (Reaction("measure the release", do.measure_released, run_many=do.measure_many_released),),
    ReleaseAsked: (Reaction("release the next orders of the run", do.continue_release),),
    RecallAsked: (),
    RecallAnswered: (),
    ShipmentReleased: (Reaction("choose how it travels", do.plan_carriage, run_many=do.plan_many_carriages),),
    # what a vendor sends
    VendorAsked: (),
    VendorConfirmed: (
        Reaction(
            "open a case for the late vendor",
            cases.open_vendor_late_case,
            run_many=cases.open_vendor_late_cases,
            when=worth.comes_late,
        ),
    ),
    VendorShort: (
        Reaction(
            "open a case for the short vendor", cases.open_vendor_short_case, run_many=cases.open_vendor_short_cases
        ),
    ),
    # pick → ship → invoice → paid
    PickShort: (
        Reaction("open a case for the short pick", cases.open_short_pick_case, run_many=cases.open_short_pick_cases),
        Reaction("allocate the short product again", do.allocate_short_product, run_many=do.allocate_short_products),
    ),
    RestWithinTolerance: (Reaction("close what is not worth sending", do.close_rest_of_line),),
    ShipmentShipped: (
        Reaction("invoice the shipment", do.invoice_shipment, run_many=do.invoice_shipments),
        Reaction("close the order when it is done", do.record_progress, run_many=do.record_progress_of_many),
        Reaction("measure the shipment", do.measure_shipped, run_many=do.measure_many_shipped),
    ),
    ShippedOverCredit: (
        Reaction(
            "open a case for what left over credit",
            cases.open_shipped_over_credit_case,
            run_many=cases.open_shipped_over_credit_cases,
        ),
    ),
    ShipmentDelivered: (
        Reaction(
            "open a case for the damage",
            cases.open_damage_case,
            run_many=cases.open_damage_cases,
            when=worth.something_was_damaged,
        ),
        Reaction(
            "measure the damage", do.measure_damaged, run_many=do.measure_many_damaged, when=worth.something_was_damaged
        ),
    ),
    DeliveryRefused: (Reaction("open a case for the refusal", cases.open_refusal_case),),
    InvoicePosted: (
        Reaction("measure the invoice", do.measure_invoiced, run_many=do.measure_many_invoiced),
        Reaction("commission of the invoice", money.settle_invoice, run_many=money.settle_invoices),
        Reaction("revenue and rebates of the invoice", money.follow_invoice, run_many=money.follow_many),
    ),
    InvoicePaid: (Reaction("earn the commission", money.settle_invoice, run_many=money.settle_invoices),),
    InvoiceDisputed: (Reaction("measure the dispute", money.measure_disputed, run_many=money.measure_many_disputed),),
    InvoiceWrittenOff: (Reaction("claw back for a write-off", money.settle_invoice, run_many=money.settle_invoices),),
    CreditMemoPosted: (
        Reaction("claw back for a credit", money.settle_credited, run_many=money.settle_credited_many),
        Reaction("reverse revenue and rebates", money.follow_credited, run_many=money.follow_credited_many),
    ),
    PaymentStarted: (Reaction("hand the payment to its provider", money.hand_over_payment),),
    ReceiptPosted: (),
    OrderClosed: (
        Reaction("post the draft invoice of the order", money.post_order_draft, run_many=money.post_order_drafts),
    ),
    # back again
    ReturnRequested: (),
    ReturnRejected: (),
    ReturnAuthorized: (
        Reaction("order the replacement in advance", do.order_advance_replacement, when=worth.is_replaced_in_advance),
    ),
    ReturnDispositioned: (
        Reaction("credit what came back", do.credit_returned),
        Reaction("order the replacement", do.order_replacement, when=worth.is_replaced),
        Reaction("measure the damage that came back", do.measure_damaged_return, when=worth.damage_came_back),
    ),
    # people
    CompanyAsked: (Reaction("write to the company's approvers", do.mail_approvers),),
    ApprovalDecided: (
        Reaction("put approved prices on their lines", do.apply_approved_price, when=worth.prices_were_approved),
        Reaction("promise the approved day", do.apply_approved_promise, when=worth.a_promise_was_approved),
        Reaction("allow the approved product", do.apply_approved_allowance, when=worth.an_allowance_was_approved),
        Reaction("do what was approved about an order", do.apply_approved_request, when=worth.a_request_was_approved),
        Reaction("set the approved limit", do.set_approved_limit, when=worth.a_limit_was_approved),
        Reaction(
            "hand approved repricing to finance",
            cases.open_reprice_case,
            run_many=cases.open_reprice_cases,
            when=worth.repricing_was_approved,
        ),
        Reaction("close the case of the late approval", cases.close_approval_case, run_many=cases.close_approval_cases),
        Reaction("do what the company decided about its order", do.settle_purchase, when=worth.is_about_a_purchase),
        Reaction("write off what was approved", money.write_off_approved, when=worth.is_about_a_write_off),
        Reaction(
            "let the invoice stand that was approved", money.keep_approved_invoice, when=worth.an_invoice_was_approved
        ),
    ),
    ApprovalEscalated: (Reaction("open a case for the late approval", cases.open_approval_case),),
    ApprovalLapsed: (
        Reaction(
            "close the case of the lapsed approval", cases.close_approval_case, run_many=cases.close_approval_cases
        ),
        Reaction("end the write-off nobody approved", money.end_write_off, when=worth.is_about_a_write_off),
    ),
    CaseNoticed: (Reaction("mail a word about a case", cases.mail_case_notice, run_many=cases.mail_case_notices),),
    # reference data from files
    ColumnsNamed: (Reaction("preview the import", do.preview_import, seconds=HALF_AN_HOUR),),
    ImportConfirmed: (Reaction("apply the import", do.apply_import, seconds=HALF_AN_HOUR),),
    UndoConfirmed: (Reaction("undo the import", do.undo_import, seconds=HALF_AN_HOUR),),
    # the machine itself
    JobDied: (
        Reaction("open a case for the dead job", cases.open_dead_job_case),
        Reaction("give up the import of a dead job", do.give_up_import),
    ),
}
