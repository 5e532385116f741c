"""StrEnums as Django choices: one place that turns a state into words."""

from enum import StrEnum


def choices(enum: type[StrEnum]) -> list[tuple[str, str]]:
    """[(value, "Value in words"), …] in the enum's order."""
    return [(e.value, words(e)) for e in enum]


def words(value: str) -> str:
    return str(value).replace("_", " ").capitalize()
