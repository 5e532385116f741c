"""StrEnums as Django choices: one place that turns a state into words."""

from enum import StrEnum


def choices(enum: type[StrEnum]) -> list[tuple[str, str]]:
    """[(value, "Value in words"), …] in the enum's order."""
    return [(e.value, words(e)) for e in enum]


ACRONYMS = {"Api": "API", "Crm": "CRM", "Cs": "CS", "Dc": "DC", "Edi": "EDI"}


def counted(count: int, noun: str) -> str:
    """ "1 line", "2 lines"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def words(value: str) -> str:
    """`cs_lead` as "CS lead"."""
    first, *rest = str(value).replace("_", " ").capitalize().split(" ")
    return " ".join([ACRONYMS.get(first, first), *rest])
