"""The words of fields and rows that name none themselves."""

from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.conf import settings

from core import shown, words


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("is_active", "active"),
        ("min_shelf_life_days", "minimum shelf life, days"),
        ("split_percent", "split, %"),
        ("max_order_qty", "maximum order quantity"),
        ("request_id", "request ID"),
        ("actor_label", "actor"),
        ("label", "label"),
        ("days", "days"),
        ("eta_date", "ETA date"),
        ("placed_at", "placed at"),
    ],
)
def test_a_field_is_called_what_people_call_it(name: str, said: str) -> None:
    assert words.of_field(name) == said


@pytest.mark.parametrize(
    ("one", "many"),
    [("rebate entry", "rebate entries"), ("number series", "number series"), ("survey", "surveys"), ("hold", "holds")],
)
def test_several_are_spelled_right(one: str, many: str) -> None:
    assert words.several(one) == many


def test_no_model_of_ours_misspells_what_it_is_or_has() -> None:
    ours = [m for m in apps.get_models() if m._meta.app_label in settings.ROOMS]
    assert len(ours) > 100
    for model in ours:
        assert not str(model._meta.verbose_name_plural).endswith(("lys", "rys", "seriess")), model
        for field in model._meta.local_fields:
            assert "_" not in str(field.verbose_name), field
            assert not str(field.verbose_name).startswith("is "), field


def test_what_a_model_names_itself_stays() -> None:
    options = apps.get_model("catalog", "License")._meta
    assert str(options.verbose_name_plural) == "licences"


@pytest.mark.parametrize(
    ("value", "places", "name", "said"),
    [
        ("81270.000000", 6, "unit_price", "81,270.00"),
        ("0.004780", 6, "unit_price", "0.00478"),
        ("1234.50", 2, "amount", "1,234.50"),
        ("2000.0000", 4, "qty", "2,000"),
        ("0.5000", 4, "qty", "0.5"),
        ("25.00", 2, "split_percent", "25"),
        ("2.50", 2, "margin_points", "2.5"),
        ("-8653", 2, "amount", "-8,653.00"),
        ("NaN", 2, "amount", "NaN"),
    ],
)
def test_a_number_is_written_as_people_write_it(value: str, places: int, name: str, said: str) -> None:
    assert shown.number(Decimal(value), SimpleNamespace(name=name, decimal_places=places)) == said


def test_lists_and_pages_both_write_numbers_so() -> None:
    from unfold import fields
    from unfold.templatetags import unfold_list

    assert unfold_list.display_for_field is fields.display_for_field is shown.display_for_field


@pytest.mark.parametrize(
    ("model", "field", "value", "said"),
    [
        ("exceptions_app.Queue", "roles", ["rep", "cs_lead"], "Rep, CS lead"),
        ("exceptions_app.Queue", "escalation_role", "finance_approver", "Finance approver"),
        ("exceptions_app.Queue", "code", "edi_desk", "edi_desk"),
        ("core.JournalEntry", "verb", "case_resolved", "Case resolved"),
        ("core.JournalEntry", "verb", "requested", "Requested"),
        ("core.JournalEntry", "actor_label", "operator", "operator"),
        ("core.JournalEntry", "summary", "Short pick: 16 missing", "Short pick: 16 missing"),
    ],
)
def test_programs_codes_are_told_in_words_and_typed_codes_stay(
    model: str, field: str, value: object, said: str
) -> None:
    assert shown.display_for_field(value, apps.get_model(model)._meta.get_field(field), "–") == said


def test_rows_are_called_what_people_call_them_also_where_the_class_is_called_otherwise() -> None:
    called = {name: words.called(apps.get_model(name)) for name in (
        "accounts.ShipTo", "accounts.SpendingEntry", "orders.StockHold", "exceptions_app.Queue", "billing.WriteOff",
    )}  # fmt: skip
    assert called == {
        "accounts.ShipTo": ("ship-to address", "ship-to addresses"),
        "accounts.SpendingEntry": ("spending entry", "spending entries"),
        "orders.StockHold": ("hold of goods", "holds of goods"),
        "exceptions_app.Queue": ("case team", "case teams"),
        "billing.WriteOff": ("write-off", "write-offs"),
    }
