"""A page for one step of the stock rooms: what will happen, what is asked, one service call. Shared by its screens."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from catalog.queries import products_by_sku, suggest_skus
from core.console import ServiceAdmin
from core.errors import DomainError
from core.quantity import BadQuantity, as_quantity, plain
from inventory.admin.forms import LARGEST_KEY


@dataclass(frozen=True)
class Field:
    """`kind` is an input's type, or select, textarea, hidden."""

    name: str
    label: str = ""
    value: str = ""
    kind: str = "text"
    help: str = ""
    options: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Head:
    label: str
    is_number: bool = False


@dataclass(frozen=True)
class Cell:
    """Text, a link where `url` is given, an input where `name` is."""

    text: str = ""
    is_number: bool = False
    url: str = ""
    name: str = ""
    label: str = ""


@dataclass(frozen=True)
class Table:
    heads: Sequence[Head]
    rows: Sequence[Sequence[Cell]]
    title: str = ""
    empty: str = "Nothing."

    @property
    def named(self) -> list[list[tuple[Head, Cell]]]:
        """The rows, each cell with its head: on a phone it stands before it."""
        return [list(zip(self.heads, row, strict=False)) for row in self.rows]


@dataclass(frozen=True)
class Step:
    """Without `submit` it is to be read alone."""

    title: str
    submit: str
    back: str
    intro: Sequence[str] = ()
    tables: Sequence[Table] = ()
    fields: Sequence[Field] = ()
    asks_first: bool = False  # the fields before the tables


def to_read(step: Step) -> Step:
    """The same for who may only look: nothing to type into, what the fields hold in a table."""
    tables = [replace(t, rows=[[replace(cell, name="") for cell in row] for row in t.rows]) for t in step.tables]
    held = [
        [Cell(field.label), Cell(dict(field.options).get(field.value, field.value))]
        for field in step.fields
        if field.kind != "hidden"
    ]
    settings = [Table((Head("Setting"), Head("Value")), held, "Settings")] if held else []
    return replace(step, tables=[*tables, *settings], fields=())


def show(screen: ServiceAdmin, request: HttpRequest, step: Step, errors: Sequence[str] = ()) -> HttpResponse:
    step = step if step.submit else to_read(step)
    context = {
        **screen.admin_site.each_context(request),
        "title": step.title,
        "opts": screen.opts,
        "step": step,
        "errors": errors,
    }
    return TemplateResponse(request, "admin/inventory/step.html", context, status=422 if errors else 200)


def run(
    screen: ServiceAdmin, request: HttpRequest, step: Step, act: Callable[[], str], *, wrong: Sequence[str] = ()
) -> HttpResponse:
    """Show the step, or on POST make its one service call (`act` gives the words of success) and go back."""
    if request.method != "POST":
        return show(screen, request, step)
    errors = list(wrong)
    if not errors:
        try:
            messages.success(request, act())
        except DomainError as refusal:
            errors = list(refusal.each_in_words)
    return show(screen, request, step, errors) if errors else HttpResponseRedirect(step.back)


def key_of(request: HttpRequest) -> int:
    """The hidden key that makes a form sent twice one deed."""
    given = request.POST.get("key", "")
    return int(given) if given.isdecimal() and int(given) < LARGEST_KEY else secrets.randbelow(LARGEST_KEY)


def key_field(request: HttpRequest) -> Field:
    return Field("key", value=str(key_of(request)), kind="hidden")


def quantity(request: HttpRequest, name: str, label: str, errors: list[str]) -> Decimal | None:
    """What was typed, None where nothing was; a wrong one is told in `errors`."""
    raw = request.POST.get(name, "").strip()
    if not raw:
        return None
    try:
        return as_quantity(raw)
    except BadQuantity as wrong:
        errors.append(f"{label}: {wrong}.")
        return None


def day(request: HttpRequest, name: str, label: str, errors: list[str]) -> date:
    raw = request.POST.get(name, "").strip()
    try:
        return date.fromisoformat(raw)
    except ValueError:
        errors.append(f"{label}: {raw or 'an empty field'} is not a date. Write it as 2026-11-28.")
        return date.max


def products_called(skus: Sequence[str], errors: list[str]) -> dict[str, int]:
    """{SKU in capitals: product}; unknown ones are told with the nearest that exist."""
    wanted = [s for s in skus if s]
    found: dict[str, int] = products_by_sku(wanted) if wanted else {}
    for sku in wanted:
        if sku.upper() not in found:
            near = ", ".join(code for code, _ in suggest_skus(sku))
            errors.append(f"No product has the SKU {sku}.{f' Did you mean {near}?' if near else ''}")
    return found


def words(qty: Any) -> str:
    return plain(qty) if qty is not None else ""


def number(qty: Any, *, name: str = "", label: str = "") -> Cell:
    return Cell(words(qty), is_number=True, name=name, label=label)
