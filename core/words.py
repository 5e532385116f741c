"""The words people read for models' fields and rows, where a model names none itself.

Django reads `is_active` as "is active", `min_shelf_life_days` as "min shelf life days" and writes several of an entry
as "entrys". Here they become "active", "minimum shelf life, days" and "entries", in one place, for every screen. Names
that a model gives (`verbose_name`, `verbose_name_plural`) stay, and no migration follows from these. Where a model's class
is called otherwise than people call its rows, it says so as `CALLED = ("ship-to address", "ship-to addresses")`.
"""

from collections.abc import Iterable
from typing import Any

WORDS = {
    "cube": "volume",
    "edi": "EDI",
    "eta": "ETA",
    "id": "ID",
    "ip": "IP address",
    "kpi": "KPI",
    "max": "maximum",
    "min": "minimum",
    "po": "PO",
    "qty": "quantity",
    "sha256": "SHA-256",
    "sla": "SLA",
    "sku": "SKU",
    "url": "URL",
}
UNITS = {
    "cm": "cm",
    "days": "days",
    "hours": "hours",
    "kg": "kg",
    "m3": "m³",
    "minutes": "minutes",
    "percent": "%",
    "seconds": "seconds",
}
VOWELS = "aeiou"


def of_field(name: str) -> str:
    """What a field called `name` is called: "split_percent" is "split, %", "is_blocked" is "blocked"."""
    words = name.split("_")
    if len(words) > 1 and words[0] == "is":
        words = words[1:]
    if len(words) > 1 and words[-1] == "label":  # the name of a person as it was then
        words = words[:-1]
    unit = UNITS[words.pop()] if len(words) > 1 and words[-1] in UNITS else ""
    said = " ".join(WORDS.get(word, word) for word in words)
    return f"{said}, {unit}" if unit else said


def several(one: str) -> str:
    """The plural of a model's name: "rebate entries", "number series"."""
    if one.endswith("series"):
        return one
    if one.endswith("y") and one[-2:-1] not in VOWELS:
        return f"{one[:-1]}ies"
    return f"{one}s"


def called(model: Any) -> tuple[str, str]:
    """What people call a row of it and several: its own `CALLED`, else its names. Its names stay what they are, for the
    journal knows rows by them."""
    options = model._meta
    said: tuple[str, str] = getattr(model, "CALLED", (str(options.verbose_name), str(options.verbose_name_plural)))
    return said


def name_everything(models: Iterable[Any]) -> None:
    """Give `models` these words wherever they name nothing themselves."""
    for model in models:
        options = model._meta
        if "verbose_name" not in options.original_attrs:
            options.verbose_name = " ".join(WORDS.get(word, word) for word in options.verbose_name.split())
        if "verbose_name_plural" not in options.original_attrs:
            options.verbose_name_plural = several(str(options.verbose_name))
        for field in (*options.local_fields, *options.local_many_to_many):
            if field._verbose_name is None and field.name:
                field.verbose_name = of_field(field.name)
