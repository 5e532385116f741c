"""What an order's history says to its customer: of holds that they were, never the words between colleagues."""

# A hold's own words name floors, margins and judgements; the page of the order says what the customer can do.
PLAIN = {
    "held": "The order is on hold.",
    "hold_placed": "The order is on hold.",
    "hold_cleared": "A hold was cleared.",
}


def told_words(verb: str, summary: str) -> str:
    """The journal's `summary` as somebody outside may read it."""
    return PLAIN.get(verb, summary)
