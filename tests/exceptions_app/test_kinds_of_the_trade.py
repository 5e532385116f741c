"""Every kind of the trade (domain.md §11) and every other one: who owns it, how fast, what finds it, the test in which its
cause is made by the verbs everybody calls, and the clicks that mend it. The tables are walked: a row whose test is gone, or
does not name its kind, fails; so does a kind without a row, and a click that no test makes.
"""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings

from exceptions_app import detection, kinds, suggestions
from exceptions_app.suggestions import Family
from integrations.exception_kinds import TO_COME

# What §11 calls it → kind, owner, business hours to resolve (0: "by policy").
TRADE = {
    "short pick": ("short_pick", "warehouse", 2),
    "late supply": ("late_supply", "cs", 4),
    "promise lost": ("promise_lost", "cs", 4),
    "promise lost, to a later day": ("promise_moved", "cs", 4),
    "allocation conflict": ("allocation_conflict", "planner", 4),
    "aged credit hold": ("aged_credit_hold", "finance", 4),
    "price mismatch": ("price_mismatch", "pricing", 8),
    "price mismatch, on the invoice": ("invoice_differs", "pricing", 8),
    "EDI rejected": ("edi_quarantined", "edi_desk", 1),
    "acknowledgement overdue": ("edi_ack_overdue", "edi_desk", 1),
    "ASN due": ("asn_due", "edi_desk", 1),
    "ASN mismatch": ("asn_mismatch", "edi_desk", 1),
    "lot expiry": ("lot_expired", "quality", 2),
    "recall": ("lot_recalled", "quality", 2),
    "usage without PO": ("usage_without_po", "rep", 48),
    "invoice dispute": ("invoice_dispute", "finance", 40),
    "chargeback denied": ("chargeback_denied", "finance", 40),
    "commission dispute": ("commission_dispute", "finance", 40),
    "order stuck": ("order_stuck", "cs", 0),
    "delivery window at risk": ("delivery_window_at_risk", "warehouse", 0),
    "cancel date at risk": ("cancel_date_at_risk", "cs", 0),
    "aged backorder": ("aged_backorder", "planner", 0),
    "consignment variance": ("consignment_variance", "cs", 0),
    "unmatched return": ("unmatched_return", "cs", 0),
    "ledger drift": ("invariant_broken", "operations", 0),
    "ERP silence": ("erp_silent", "operations", 0),
    "WMS silence": ("wms_silent", "operations", 0),
}

# Kind → where a real cause of it opens a case.
FIRED = {
    "aged_backorder": (
        "exceptions_app/test_detectors.py",
        "test_an_order_that_waits_a_week_beyond_its_day_is_an_aged_backorder_with_its_money_kept_current",
    ),
    "aged_credit_hold": (
        "exceptions_app/test_detectors.py",
        "test_a_credit_hold_two_days_old_is_finances_and_goes_with_the_hold",
    ),
    "allocation_conflict": (
        "exceptions_app/test_detectors.py",
        "test_a_better_tier_that_goes_without_beside_firm_claims_of_a_worse_one_is_a_conflict",
    ),
    "approval_overdue": (
        "accounts/test_authority.py",
        "test_undecided_at_half_time_it_goes_up_once_with_a_case_that_the_decision_closes",
    ),
    "cancel_date_at_risk": (
        "exceptions_app/test_detectors.py",
        "test_a_promise_beyond_the_day_the_customer_cancels_on_puts_that_day_at_risk",
    ),
    "chargeback_denied": (
        "billing/test_revenue.py",
        "test_a_chargeback_is_paid_once_and_a_wrong_one_is_denied_with_every_reason_and_a_case",
    ),
    "claims_gave_way": (
        "inventory/test_status_changes.py",
        "test_damaged_goods_that_were_promised_are_promised_from_elsewhere",
    ),
    "commission_dispute": (
        "billing/test_commissions.py",
        "test_a_statement_is_closed_disputed_answered_and_paid_once_and_a_claw_back_is_on_the_next",
    ),
    "commitment_short": (
        "pricing/test_contracts.py",
        "test_a_volume_that_falls_short_is_told_and_closed_when_it_catches_up",
    ),
    "consignment_variance": (
        "field/test_offers.py",
        "test_a_count_in_the_field_that_finds_another_number_is_a_case_of_its_own",
    ),
    "contract_expiring": (
        "pricing/test_contracts.py",
        "test_a_contract_that_ends_is_told_once_and_not_after_its_successor_is_there",
    ),
    "count_pending": (
        "inventory/test_counts.py",
        "test_counted_below_what_is_being_picked_the_rest_waits_with_a_case_until_a_count_agrees",
    ),
    "credit_hold": (
        "journeys/test_cases.py",
        "test_finance_releases_an_order_with_a_ceiling_and_the_override_is_logged",
    ),
    "delivery_damaged": (
        "fulfillment/test_delivery.py",
        "test_damage_is_noted_by_line_opens_a_case_and_makes_the_order_imperfect",
    ),
    "delivery_late": (
        "fulfillment/test_delivery.py",
        "test_days_late_are_counted_from_the_first_promise_and_what_is_overdue_is_a_case",
    ),
    "delivery_refused": (
        "fulfillment/test_delivery.py",
        "test_a_refused_delivery_comes_back_whole_is_restocked_and_credited_once",
    ),
    "delivery_window_at_risk": (
        "exceptions_app/test_detectors.py",
        "test_a_shipment_the_customer_wants_today_and_still_in_the_warehouse_is_a_window_at_risk",
    ),
    "edi_new_partner": (
        "integrations/test_edi_receive.py",
        "test_an_unknown_sender_gets_a_prospect_account_an_order_and_a_case",
    ),
    "edi_not_submitted": (
        "integrations/test_edi_submit.py",
        "test_an_order_that_may_not_be_submitted_stays_a_draft_with_a_case_that_says_why",
    ),
    "edi_po_changed": (
        "integrations/test_edi_receive.py",
        "test_the_same_po_with_other_content_is_a_case_and_no_second_order",
    ),
    "edi_quarantined": (
        "integrations/test_edi_receive.py",
        "test_good_sets_beside_bad_ones_go_through_and_each_bad_one_names_its_segment",
    ),
    "edi_unknown_part": (
        "integrations/test_edi_receive.py",
        "test_an_unknown_part_stays_on_the_order_unresolved_and_a_case_names_its_segment",
    ),
    "field_expiry": ("field/test_fill_ups.py", "test_a_lot_is_pushed_once_at_90_60_and_30_days"),
    "fill_up_disputed": ("field/test_fill_ups.py", "test_fewer_came_than_were_sent_is_a_case_with_both_numbers"),
    "invariant_broken": (
        "exceptions_app/test_resolutions.py",
        "test_a_broken_invariant_is_one_case_with_what_was_found",
    ),
    "invoice_differs": (
        "billing/test_invoice_differs.py",
        "test_the_confirmed_price_counts_the_difference_is_credited_and_billed",
    ),
    "invoice_dispute": ("billing/test_whole_life.py", "test_a_dispute_is_a_case_and_a_credit_ends_both"),
    "job_died": ("exceptions_app/test_escalation.py", "test_that_mail_cannot_be_sent_is_not_told_by_mail"),
    "late_supply": (
        "exceptions_app/test_detectors.py",
        "test_late_supply_is_a_case_while_somebody_waits_for_it_and_goes_when_it_comes",
    ),
    "letter_not_sent": (
        "integrations/test_promise_letters.py",
        "test_a_letter_that_did_not_go_is_a_case_with_two_ways_out",
    ),
    "lot_expired": ("inventory/test_mending_stock.py", "test_an_expired_lot_is_scrapped_at_every_place_once"),
    "lot_recalled": (
        "inventory/test_status_changes.py",
        "test_a_recall_blocks_the_lot_everywhere_at_once_and_opens_a_case_for_every_claim",
    ),
    "order_hold": ("exceptions_app/test_every_click.py", "test_an_order_held_by_hand_goes_on_or_is_given_up"),
    "order_stuck": (
        "exceptions_app/test_detectors.py",
        "test_an_order_that_is_whole_and_due_and_not_released_is_stuck",
    ),
    "payment_differs": (
        "billing/test_payments.py",
        "test_another_currency_than_asked_is_booked_nowhere_and_finance_is_told",
    ),
    "price_mismatch": (
        "orders/test_override_price.py",
        "test_a_case_whose_action_only_asked_stays_open_until_the_answer",
    ),
    "promise_lost": (
        "exceptions_app/test_detectors.py",
        "test_a_promise_without_another_day_is_lost_until_supply_dates_it_again",
    ),
    "promise_moved": (
        "exceptions_app/test_worth.py",
        "test_a_moved_promise_is_worth_its_line_from_the_first_and_follows_it_without_another_sighting",
    ),
    "recall_unanswered": ("fulfillment/test_recalls.py", "test_silence_is_a_case_and_the_answer_ends_it"),
    "reprice_approved": (
        "orders/test_propose_reprice.py",
        "test_what_shipped_is_proposed_and_only_a_second_person_hands_it_on",
    ),
    "short_payment": (
        "billing/test_whole_life.py",
        "test_a_remittance_pays_exactly_what_it_says_and_a_short_one_is_a_case",
    ),
    "short_pick": (
        "journeys/test_cases.py",
        "test_customer_service_gives_up_what_is_short_and_the_sale_is_counted_as_lost",
    ),
    "transfer_short": (
        "inventory/test_mending_stock.py",
        "test_what_a_short_transfer_missed_is_found_and_received_once",
    ),
    "unapplied_cash": (
        "billing/test_mending_money.py",
        "test_money_nobody_applied_is_a_case_once_an_invoice_is_due_and_pays_the_oldest_first",
    ),
    "unmatched_return": (
        "fulfillment/test_returns_to_their_end.py",
        "test_what_came_beyond_what_was_authorized_is_a_case_and_no_stock",
    ),
    "unresolved_lines": (
        "exceptions_app/test_every_click.py",
        "test_parts_nobody_knows_are_matched_again_once_somebody_says_what_they_are",
    ),
    "usage_unbilled": ("field/test_usage.py", "test_without_a_price_the_usage_is_kept_and_billed_when_there_is_one"),
    "usage_without_po": (
        "field/test_usage.py",
        "test_a_usage_without_a_po_waits_with_a_case_and_is_invoiced_when_the_po_comes",
    ),
    "vendor_late": (
        "fulfillment/test_vendor.py",
        "test_a_late_answer_moves_the_promise_tells_why_and_its_case_waits_or_takes_it_back",
    ),
    "vendor_short": (
        "fulfillment/test_vendor.py",
        "test_a_short_answer_puts_the_rest_back_asks_the_vendor_for_no_more_and_is_a_case",
    ),
    "shipped_over_credit": (
        "orders/test_check_points.py",
        "test_finance_looks_again_or_lends_what_is_missing_and_the_account_ships_on",
    ),
}
# What §11 lists as actions → a click of that sort.
ACTIONS = {
    "reallocate from another site": ("promise_lost", "site"),
    "substitute": ("promise_lost", "substitute"),
    "split": ("promise_lost", "split"),
    "borrow": ("aged_backorder", "borrow"),
    "expedite inbound": ("late_supply", "expedite"),
    "re-promise": ("late_supply", "redate"),
    "take the new date": ("promise_moved", "accept_date"),
    "ship partial": ("promise_lost", "ship_part"),
    "release with ceiling": ("aged_credit_hold", "release_with_ceiling"),
    "temporary limit": ("aged_credit_hold", "lend_limit"),
    "accept contract price": ("price_mismatch", "clear_hold"),
    "accept PO price": ("price_mismatch", "accept_po_price"),
    "resend": ("letter_not_sent", "send_again"),
    "correct and replay": ("edi_quarantined", "replay"),
    "cancel": ("aged_credit_hold", "cancel_order"),
}
TESTS = Path(settings.BASE_DIR, "tests")


def real_kinds() -> list[kinds.KindSpec]:
    return [spec for spec in kinds.kinds() if not spec.code.startswith("test_")]


@cache
def functions(path: str) -> dict[str, str]:
    """{name: its text} of a test file, with what each decorates it with and the helpers of the file that it calls."""
    source = Path(TESTS, path).read_text()
    nodes = [n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef)]
    texts = {n.name: "\n".join(source.splitlines()[_first(n) - 1 : n.end_lineno]) for n in nodes}
    return {name: text + "".join(_called(text, texts, name)) for name, text in texts.items()}


def _first(node: ast.FunctionDef) -> int:
    return min([node.lineno, *(d.lineno for d in node.decorator_list)])


def _called(text: str, texts: dict[str, str], name: str) -> list[str]:
    return [body for other, body in texts.items() if other != name and re.search(rf"\b{other}\(", text)]


def names(text: str, word: str) -> bool:
    return re.search(rf"[\"']{word}[\"':]", text) is not None


@pytest.mark.parametrize("called", TRADE)
def test_what_the_trade_names_is_a_kind_with_its_owner_and_its_hours(called):
    code, owner, hours = TRADE[called]
    spec = kinds.kind(code)
    assert spec.owner_queue == owner
    assert hours in (0, spec.resolve_minutes / 60)
    assert 0 < spec.respond_minutes <= spec.resolve_minutes


def test_every_kind_that_is_not_waiting_for_a_seam_is_found_and_a_test_makes_its_cause():
    built = {spec.code for spec in real_kinds() if not spec.awaits}
    assert built == set(FIRED)
    for code, (path, name) in FIRED.items():
        text = functions(path).get(name, "")
        assert text, f"{path}::{name} is gone: {code} has no cause in a test"
        assert names(text, code), f"{path}::{name} does not name {code}"
        assert detection.finders_of(code)


def test_what_waits_for_a_seam_is_one_list_with_the_reason():
    waiting = {spec.code: spec.awaits for spec in real_kinds() if spec.awaits}
    assert waiting == {code: awaits for code, *_, awaits in TO_COME}
    assert set(waiting) == {"edi_ack_overdue", "asn_due", "asn_mismatch", "erp_silent", "wms_silent"}
    assert not [code for code in waiting if detection.finders_of(code)], "built now: it waits no more"


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_of_the_trade_is_a_click(action):
    kind, code = ACTIONS[action]
    assert code in suggestions._resolutions[kind]


def clicks() -> dict[tuple[str, object], set[str]]:
    """{(code, what does it): the kinds it is offered for}: one click offered for five kinds is one."""
    found: dict[tuple[str, object], set[str]] = {}
    for spec in real_kinds():
        for one in suggestions._resolutions.get(spec.code, {}).values():
            does = (one.members if isinstance(one, Family) else one.apply).__code__
            found.setdefault((one.code, does), set()).add(spec.code)
    return found


def test_every_click_is_made_by_a_test_about_one_of_its_kinds():
    files = [str(p.relative_to(TESTS)) for p in TESTS.rglob("test_*.py") if "apply_resolution" in p.read_text()]
    files.remove(str(Path(__file__).relative_to(TESTS)))
    texts = ["\n".join(functions(path).values()) for path in files]
    unmade = [
        f"{code} of {', '.join(sorted(of))}"
        for (code, _), of in clicks().items()
        if not any(names(text, code) and any(names(text, kind) for kind in of) for text in texts)
    ]
    assert unmade == []
