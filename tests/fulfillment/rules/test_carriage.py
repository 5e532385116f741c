"""Which service takes a shipment: the precedence as it is stated, and words for every loser."""

from dataclasses import replace
from decimal import Decimal

from core.explain import Explanation
from fulfillment.rules.carriage import Load, Rule, choose, in_words, misfit

D = Decimal
LOAD = Load(account_id=7, site_id=1, country="US", region="NV", weight_kg=D(30), cube_m3=D("0.2"), pallets=0, days=3)


def rule(ident: int, service: str, priority: int = 100, **more) -> Rule:
    return Rule(ident, priority, ident, service, **more)


def taken(*rules: Rule, load: Load = LOAD) -> str:
    return choose(rules, load).why.outcome


def test_the_lowest_priority_that_fits_is_taken_whatever_is_narrower():
    assert taken(rule(1, "GROUND", 10), rule(2, "AIR", 5), rule(3, "OWN", 20, account_id=7)) == "AIR"


def test_at_the_same_priority_the_account_goes_before_the_site_before_the_region_before_the_country_before_limits():
    narrow = [
        rule(6, "ALL"),
        rule(5, "LIGHT", weight=(None, D(50))),
        rule(4, "COUNTRY", country="US"),
        rule(3, "REGION", country="US", region="NV"),
        rule(2, "SITE", site_id=1),
        rule(1, "ACCOUNT", account_id=7),
    ]
    found = []
    while narrow:
        found.append(taken(*narrow))
        narrow.pop()
    assert found == ["ACCOUNT", "SITE", "REGION", "COUNTRY", "LIGHT", "ALL"]


def test_limits_include_their_ends():
    assert misfit(rule(1, "X", weight=(D(30), D(30))), LOAD) == ""
    assert misfit(rule(1, "X", weight=(None, D("29.999"))), LOAD) == "the weight in kg is 30, above 29.999"
    assert misfit(rule(1, "X", cube=(D("0.3"), None)), LOAD) == "the cube in m³ is 0.2, below 0.3"
    assert misfit(rule(1, "X", pallets=(1, None)), LOAD) == "the number of pallets is 0, below 1"
    assert misfit(rule(1, "X", days=(None, 2)), LOAD) == "the number of days to the promise is 3, above 2"


def test_what_is_not_known_fits_no_limit_and_every_rule_without_one():
    unknown = replace(LOAD, weight_kg=None, days=None)
    assert taken(rule(1, "LIGHT", weight=(None, D(50))), rule(2, "ANY"), load=unknown) == "ANY"
    why = choose([rule(1, "LIGHT", weight=(None, D(50)))], unknown)
    assert why.service_id is None
    assert [(x.what, x.why) for x in why.why.losers] == [("LIGHT (rule 1)", "the weight in kg is not known")]


def test_the_choice_explains_itself_with_its_inputs_and_its_losers():
    found = choose([rule(1, "OTHER", 1, account_id=8), rule(2, "GROUND", 2), rule(3, "AIR", 3)], LOAD)
    assert found.service_id == 2
    assert found.why.rule == "rule 2 (priority 2), the first that fits"
    assert found.why.inputs == {"weight_kg": "30", "cube_m3": "0.2", "region": "US NV", "days_to_promise": 3}
    assert [(x.what, x.why) for x in found.why.losers] == [
        ("OTHER (rule 1)", "it is another customer's"),
        ("AIR (rule 3)", "comes after it"),
    ]


def test_the_choice_is_told_in_sentences():
    chosen = choose([rule(1, "OTHER", 1, account_id=8), rule(2, "GROUND", 2)], LOAD)
    assert in_words(chosen.why).splitlines() == [
        "GROUND by rule 2 (priority 2), the first that fits: 30 kg, 0.2 m³, to US NV, 3 days to the promise.",
        "OTHER (rule 1) was not taken: it is another customer's.",
    ]
    none = choose(
        [rule(1, "OTHER", 1, account_id=8)], replace(LOAD, weight_kg=None, cube_m3=None, region="", days=None)
    )
    assert in_words(none.why).splitlines()[0] == "No shipping rule fits: to US."
    by_hand = Explanation("Cora Service: the customer asked for it.", "AIR")
    assert in_words(by_hand) == "AIR by Cora Service: the customer asked for it."


def test_without_rules_nothing_is_chosen_and_that_is_said():
    assert choose([], LOAD).why.rule == "there are no shipping rules"
