"""What every declared sheet keeps to, and the page that lists their columns."""

import os
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

from core.sheet_table import SheetTable
from core.sheets import Sheet, folded, guess_columns, register, sheets

PAGE = Path(settings.BASE_DIR) / "docs" / "how-to" / "import-reference-data.md"
MARKS = ("<!-- sheets -->\n", "<!-- end of sheets -->")
ALL = pytest.mark.parametrize("of", sheets(), ids=lambda s: s.code)


def test_the_sheets_of_moving_in_are_declared():
    wanted = {
        "accounts",
        "ship_tos",
        "groups",
        "memberships",
        "customer_parts",
        "products",
        "product_units",
        "categories",
    }
    assert wanted | {"substitutions", "authorizations", "licenses", "territories"} <= {s.code for s in sheets()}


def test_two_sheets_of_one_name_are_refused():
    first = sheets()[0]
    with pytest.raises(ValueError, match="two sheets are called"):
        register(Sheet(first.code, "Other", first.columns, first.key, first.source, first.write, first.access))


@ALL
def test_a_sheet_is_found_again_by_its_own_headings(of):
    for names in ([c.label for c in of.columns], [c.name for c in of.columns]):
        assert guess_columns(of, names) == {c.name: i for i, c in enumerate(of.columns)}


@ALL
def test_no_word_means_two_columns_of_a_sheet(of):
    words = [folded(w) for c in of.columns for w in {folded(c.label), *map(folded, c.aliases)} - {folded(c.name)}]
    names = {folded(c.name) for c in of.columns}
    assert len(words) == len(set(words)) and not names.intersection(words)


@ALL
def test_a_sheet_may_be_looked_at_and_imported_by_somebody(of):
    assert of.access.act and of.access.act <= of.access.view | of.access.act and not of.access.anonymous


@pytest.mark.parametrize("of", [s for s in sheets() if isinstance(s.source, SheetTable)], ids=lambda s: s.code)
def test_columns_are_fields_that_hold_what_the_sheet_lets_in(of):
    model = apps.get_model(of.source.model)
    for column in of.columns:
        field = model._meta.get_field(column.name)
        assert field.is_relation == bool(column.refers), column.name
        longest = getattr(column.kind, "longest", 0)
        if longest and not field.is_relation:
            assert longest == field.max_length, column.name
        if column.clears and not column.required and column.kind.sql_type != "text":
            assert field.null, f"{column.name} cannot be emptied"


def _written() -> str:
    parts = []
    for of in sheets():
        lines = [f"### {of.label} (`{of.code}`)", of.help, "", "| column | holds | |", "|---|---|---|"]
        for c in of.columns:
            holds = f"code of a {c.refers}" if c.refers else c.kind.described()
            marks = ["key"] * (c.name in of.key) + ["\\*"] * c.required
            empty = f"empty: {c.default} for a new record" if c.default else c.help
            lines.append(f"| {c.label} (`{c.name}`) | {holds}{'. ' + empty if empty else ''} | {' '.join(marks)} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def test_the_how_to_lists_every_column_as_it_is():
    text = PAGE.read_text()
    before, rest = text.split(MARKS[0])
    listed, after = rest.split(MARKS[1])
    if os.environ.get("OMS_WRITE_DOCS"):
        PAGE.write_text(before + MARKS[0] + _written() + MARKS[1] + after)
        listed = _written()
    assert re.sub(r"\s+", " ", listed) == re.sub(r"\s+", " ", _written())
