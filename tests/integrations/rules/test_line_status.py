"""Every stage has its code of X12 element 668, and says by it what the words say."""

from integrations.rules.line_status import CODES, UNSAID, line_status
from orders.rules.standing import Stage

# Element 668, as published: what our codes mean there.
MEANS = {
    "IA": "accepted", "IB": "backordered", "IH": "on hold", "ID": "deleted", "AR": "released for shipment",
    "AC": "shipped", "BP": "part shipped, balance backordered",
}  # fmt: skip


def test_every_stage_of_a_line_has_a_code_and_a_draft_says_nothing():
    assert {*CODES, *UNSAID} == set(Stage)
    assert set(CODES.values()) == set(MEANS)
    assert line_status(Stage.DRAFT) == ""


def test_the_code_says_what_the_words_say():
    said = {stage: MEANS[line_status(stage)] for stage in CODES}
    assert {s for s, words in said.items() if words == "shipped"} == {Stage.SHIPPED, Stage.DELIVERED, Stage.COMPLETE}
    assert {s for s, words in said.items() if words == "released for shipment"} == {Stage.PICKING, Stage.PACKED}
    assert said[Stage.ON_HOLD] == "on hold"
    assert said[Stage.CANCELLED] == "deleted"
    assert [MEANS[line_status(Stage.BACKORDERED, is_part_there=x)] for x in (False, True)] == [
        "backordered", "part shipped, balance backordered"
    ]  # fmt: skip
