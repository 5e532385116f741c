"""Why a line is served from where it is, as sentences for people."""

from datetime import date

from core.choices import counted
from core.explain import Explanation


def in_words(why: Explanation) -> str:
    """ "40 from RENO, 20 from CMH by sourcing rule West: wanted by 3 Dec 2026, 2 shipments, freight and handling 45. ATL
    would arrive on 5 Dec 2026, not by 3 Dec 2026." """
    lost = [f"{loser.what} {loser.why}." for loser in why.losers]
    return " ".join([f"{why.outcome} by {why.rule}{_figures(why)}.", *_remarks(why), *lost])


def day_in_words(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _figures(why: Explanation) -> str:
    inputs, found = why.inputs, []
    if "wanted" in inputs:
        found.append(f"wanted by {day_in_words(date.fromisoformat(inputs['wanted']))}")
    if inputs.get("shipments"):
        found.append(counted(inputs["shipments"], "shipment"))
    if "freight_and_handling" in inputs:
        found.append(f"freight and handling {inputs['freight_and_handling']}")
    return f": {', '.join(found)}" if found else ""


def _remarks(why: Explanation) -> list[str]:
    """What else there is to say of it, a sentence each."""
    inputs, found = why.inputs, []
    if "although" in inputs:
        found.append(f"It is so although {inputs['although']}.")
    if "on_its_way" in inputs:
        found.append(f"{inputs['on_its_way']} of it are on their way there.")
    if "stays_promised" in inputs:
        found.append(f"{inputs['stays_promised']} stay promised there.")
    return found
