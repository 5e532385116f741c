"""What an order says to its customer: of its history that there were holds, of a hold what is theirs to read; never the
words between colleagues."""

# A hold's own words name floors, margins and judgements; the page of the order says what the customer can do.
PLAIN = {
    "held": "The order is on hold.",
    "hold_placed": "The order is on hold.",
    "hold_cleared": "A hold was cleared.",
}

# A credit message speaks of the customer's own limit; a price message may name our floor.
SPEAKABLE_REASONS = frozenset({"credit", "data", "eligibility", "approval"})
GENERIC = "The order waits for our customer service."


def told_hold(reason: str, message: str) -> str:
    """A hold's `message` as somebody outside may read it."""
    return message if reason in SPEAKABLE_REASONS else GENERIC


def told_words(verb: str, summary: str) -> str:
    """The journal's `summary` as somebody outside may read it."""
    return PLAIN.get(verb, summary)
