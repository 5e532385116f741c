"""Which sites are candidates for a line, and which constraint keeps one out or only behind the others."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest

from inventory.rules.network import Destination, Network
from inventory.rules.promise import SiteTimes
from inventory.rules.sourcing import Supply
from inventory.rules.sourcing_order import Place, Surroundings, Want, plan_orders
from inventory.rules.sourcing_rules import Rule

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)  # a Monday
SKU, RENO, CMH, TRUNK, CONS = 7, 1, 2, 3, 4
PLACES = {
    RENO: Place(RENO, "RENO", "dc", rank=1),
    CMH: Place(CMH, "CMH", "dc", rank=2),
    TRUNK: Place(TRUNK, "TRUNK", "trunk"),
    CONS: Place(CONS, "CONS", "consignment"),
}


def surroundings(*rules, **times):
    """Ten units at every site; `times` are those of RENO."""
    sites = {i: SiteTimes(i, transit_days=2) for i in PLACES} | {RENO: SiteTimes(RENO, transit_days=2, **times)}
    free = [Supply(10 + i, SKU, i, Decimal(10), site_code=place.code) for i, place in PLACES.items()]
    return Surroundings(rules, PLACES, Network(sites), free)


def full(around):
    """RENO has as many lines to ship as it ships in a day."""
    return replace(around, places=PLACES | {RENO: replace(PLACES[RENO], lines_per_day=5, lines_waiting=5)})


def want(qty, **more):
    due = NOW.date() + timedelta(days=7)
    return Want(1, ("order", 1), SKU, Decimal(qty), Decimal(qty), due, **more)


def routed(around, qty, **more):
    return plan_orders([want(qty, **more)], around, now=NOW)[1]


@pytest.mark.parametrize("constraint", ["cutoff", "capacity"])
def test_a_site_past_its_cut_off_or_full_is_out_by_a_hard_rule_and_behind_the_others_by_a_soft_one(constraint):
    def around(how):
        rule = Rule(1, "West", **{constraint: how})
        return surroundings(rule, cutoff_time=time(9)) if constraint == "cutoff" else full(surroundings(rule))

    why = {"cutoff": "missed today's cut-off", "capacity": "has 5 lines waiting and ships 5 a day"}[constraint]
    assert dict(routed(around("off"), 8).takes) == {RENO: 8}
    assert dict(routed(around("soft"), 8).takes) == {CMH: 8}
    needed = routed(around("soft"), 15)  # what is soft gives way to quantity, and is told
    assert (sum(qty for _, qty in needed.takes), {site for site, _ in needed.takes}) == (15, {RENO, CMH})
    assert needed.explanation.inputs["although"] == f"RENO {why}"
    barred = routed(around("hard"), 15)
    assert (dict(barred.takes), RENO in barred.route) == ({CMH: 10}, False)
    assert ("RENO", why) in [(x.what, x.why) for x in barred.explanation.losers]


def test_before_the_cut_off_and_below_the_day_s_lines_nothing_is_barred():
    rule = Rule(1, "West", cutoff="hard", capacity="hard")
    around = surroundings(rule, cutoff_time=time(11))
    assert dict(routed(around, 8).takes) == {RENO: 8}
    roomy = replace(around, places=PLACES | {RENO: replace(PLACES[RENO], lines_per_day=5, lines_waiting=4)})
    assert dict(routed(roomy, 8).takes) == {RENO: 8}


@pytest.mark.parametrize("special", [TRUNK, CONS])
def test_trunk_and_consignment_stock_is_a_candidate_where_a_rule_names_it_only(special):
    code = PLACES[special].code
    general = routed(surroundings(Rule(1, "general")), 40)
    assert dict(general.takes) == {RENO: 10, CMH: 10}
    named = routed(surroundings(Rule(1, "named", sites=("RENO", code))), 40)
    assert dict(named.takes) == {RENO: 10, special: 10}
    assert named.explanation.outcome == f"10 from RENO, 10 from {code}, 20 not there yet"


def test_a_rule_for_fill_ups_is_for_them_alone_and_a_region_is_nearer_than_what_it_is_for():
    rules = (
        Rule(1, "all", sites=("RENO",)),
        Rule(2, "fill-ups", fulfilment="fill_up", sites=("CMH",)),
        Rule(3, "West", region="West", sites=("RENO", "CMH")),
    )
    around = surroundings(*rules)
    assert routed(around, 5).rule_id == 1
    assert routed(around, 5, fulfilment="fill_up").rule_id == 2
    assert routed(around, 5, fulfilment="fill_up", place=Destination("West")).rule_id == 3


def test_of_equal_rules_the_first_made_decides_and_without_one_that_matches_nothing_is_planned():
    around = surroundings(Rule(5, "later", sites=("CMH",)), Rule(4, "first", sites=("RENO",)))
    assert routed(around, 5).rule_id == 4
    assert plan_orders([want(5)], surroundings(Rule(1, "theirs", account_id=9)), now=NOW) == {}
