"""What a scan may put into a package: the lot that was picked, no more than was picked."""

from decimal import Decimal

from fulfillment.rules.packages import Packable, Scanned, cube_m3, place

D = Decimal
LINES = [
    Packable(1, 7, "CATH", "L-1", D(5), D(3)),
    Packable(2, 7, "CATH", "L-2", D(5), D(0)),
    Packable(3, 8, "GLOVE", "", D(2), D(0)),
    Packable(4, 8, "GLOVE", "", D(4), D(0)),
]


def why(scanned: Scanned, times: int = 1) -> str:
    found, wrong = place(scanned, LINES, D(times))
    assert (not found) == (wrong is not None)
    return wrong.code if wrong else ""


def test_a_code_with_its_lot_goes_to_the_line_of_that_lot():
    assert place(Scanned("x", 7, "CATH", D(1), "l-2"), LINES, D(4)) == ({2: D(4)}, None)


def test_another_lot_than_was_picked_is_refused_and_the_picked_ones_are_named():
    found, wrong = place(Scanned("x", 7, "CATH", D(1), "L-9"), LINES, D(1))
    assert (found, wrong.code) == ({}, "another_lot")
    assert wrong.message == "CATH L-9 was not picked for this shipment; L-1, L-2 was."


def test_a_code_without_a_lot_is_not_guessed_where_two_were_picked():
    assert why(Scanned("x", 7, "CATH", D(1))) == "which_lot"


def test_what_lies_unpacked_bounds_the_scan_and_a_case_is_so_many_units():
    assert why(Scanned("x", 7, "CATH", D(1), "L-1"), 3) == "more_than_picked"
    assert place(Scanned("x", 8, "GLOVE", D(3)), LINES, D(2)) == ({3: D(2), 4: D(4)}, None)
    assert why(Scanned("x", 8, "GLOVE", D(7))) == "more_than_picked"
    assert why(Scanned("x", 9, "SUTURE", D(1))) == "not_in_shipment"


def test_a_cube_is_known_when_all_three_sides_are():
    assert cube_m3(D(120), D(80), D(100)) == D("0.96")
    assert cube_m3(D(120), None, D(100)) is None
