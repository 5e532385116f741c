"""Whether a reaction has anything to do about a fact, by the fact's own words: where it has not, no job is written."""

from accounts.events import ApprovalDecided, ApprovalLapsed
from billing.services.settle_price import PRICE as INVOICE_PRICE
from billing.services.write_off import KIND as WRITE_OFF
from fulfillment.events import ReturnAuthorized, ReturnDispositioned, ShipmentDelivered, VendorConfirmed
from fulfillment.states import ReturnOutcome
from orders.allowance_cases import ELIGIBILITY_APPROVAL
from orders.events import HoldCleared
from orders.rules.promising import PROMISE_APPROVAL
from orders.rules.repricing import PRICE_APPROVAL
from orders.rules.requests import CREDIT_APPROVAL, HOLD_APPROVAL
from orders.services.ask_company import KIND as PURCHASE
from orders.states import REPRICE, Blocks

CREDIT_LIMIT = "credit"  # credit.services.request_limit


def prices_were_approved(fact: ApprovalDecided) -> bool:
    return fact.is_approved and (fact.approval_kind, fact.subject_kind) == (PRICE_APPROVAL, "order")


def a_promise_was_approved(fact: ApprovalDecided) -> bool:
    return fact.is_approved and (fact.approval_kind, fact.subject_kind) == (PROMISE_APPROVAL, "order")


def an_allowance_was_approved(fact: ApprovalDecided) -> bool:
    return fact.is_approved and (fact.approval_kind, fact.subject_kind) == (ELIGIBILITY_APPROVAL, "order")


def an_invoice_was_approved(fact: ApprovalDecided) -> bool:
    return fact.is_approved and (fact.approval_kind, fact.subject_kind) == (INVOICE_PRICE, "invoice")


def a_limit_was_approved(fact: ApprovalDecided) -> bool:
    return fact.is_approved and (fact.approval_kind, fact.subject_kind) == (CREDIT_LIMIT, "credit_account")


def a_request_was_approved(fact: ApprovalDecided) -> bool:
    return fact.is_approved and fact.approval_kind in (CREDIT_APPROVAL, HOLD_APPROVAL) and fact.subject_kind == "order"


def repricing_was_approved(fact: ApprovalDecided) -> bool:
    return fact.is_approved and fact.approval_kind == REPRICE


def it_kept_stock_back(fact: HoldCleared) -> bool:
    return Blocks.ALLOCATE in fact.blocks


def is_about_a_purchase(fact: ApprovalDecided) -> bool:
    return fact.approval_kind == PURCHASE


def is_about_a_write_off(fact: ApprovalDecided | ApprovalLapsed) -> bool:
    return fact.approval_kind == WRITE_OFF


def something_was_damaged(fact: ShipmentDelivered) -> bool:
    return bool(fact.damages)


def damage_came_back(fact: ReturnDispositioned) -> bool:
    return fact.is_damaged


def comes_late(fact: VendorConfirmed) -> bool:
    return fact.days_late > 0


def is_replaced_in_advance(fact: ReturnAuthorized) -> bool:
    return fact.outcome == ReturnOutcome.ADVANCE


def is_replaced(fact: ReturnDispositioned) -> bool:
    return fact.outcome == ReturnOutcome.REPLACEMENT
