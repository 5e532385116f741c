from orders.rules.telling import told_words


def test_a_hold_s_inner_words_stay_inside_and_other_words_go_out_as_they_are():
    inner = "On hold (price): SKU-1: 10 is below the floor of 12.35."
    assert told_words("held", inner) == "The order is on hold."
    assert told_words("hold_cleared", "price hold cleared: margin is fine") == "A hold was cleared."
    assert told_words("shipped", "Shipment SH-1 left") == "Shipment SH-1 left"
