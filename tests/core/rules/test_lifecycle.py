from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.lifecycle import IllegalTransition, Lifecycle


class Door(StrEnum):
    OPEN = "open"
    SHUT = "shut"
    LOCKED = "locked"
    GONE = "gone"


DOOR = Lifecycle("door", {Door.OPEN: {Door.SHUT}, Door.SHUT: {Door.OPEN, Door.LOCKED}, Door.LOCKED: {Door.SHUT}})
LAST = Lifecycle("last", {Door.OPEN: {Door.GONE}})


@given(st.sampled_from(Door), st.sampled_from(Door))
def test_only_what_the_table_lists_may_follow(current, target):
    table = {("open", "shut"), ("shut", "open"), ("shut", "locked"), ("locked", "shut")}
    if Door.GONE in (current, target):
        return
    assert DOOR.allows(current, target) == ((current, target) in table)


def test_a_refused_step_names_the_steps_that_are_allowed():
    with pytest.raises(IllegalTransition) as refusal:
        DOOR.require(Door.OPEN, Door.LOCKED)
    assert refusal.value.message == "A door that is open cannot become locked."
    assert refusal.value.remedy == "Allowed from here: shut."
    assert refusal.value.code == "illegal_transition"


def test_a_state_that_is_only_a_target_is_final():
    assert LAST.is_terminal(Door.GONE)
    assert LAST.reachable(Door.OPEN) == {Door.OPEN, Door.GONE}
    assert LAST.pairs() == [("open", "gone")]
