"""The page "explain a price": for whom, what, how many, when; the way down from the list, and who lost why."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminDecimalFieldWidget, UnfoldAdminTextInputWidget

from accounts import queries as accounts
from catalog import queries as catalog
from core import clock
from core.console import ServiceAdmin
from pricing import queries
from pricing.rules.asks import PriceAsk, PriceResult
from pricing.rules.numbers import plain


@dataclass(frozen=True)
class Question:
    account_id: int
    product_id: int
    qty: Decimal
    on: date
    currency: str
    unit: str = ""
    ship_date: date | None = None


class ExplainForm(forms.Form):
    """Codes as people know them; each that is not known is an error on its own field."""

    account = forms.CharField(label="Account code", widget=UnfoldAdminTextInputWidget)
    product = forms.CharField(label="SKU", widget=UnfoldAdminTextInputWidget)
    qty = forms.DecimalField(
        label="Quantity (base units)", min_value=Decimal("0.0001"), initial=1, widget=UnfoldAdminDecimalFieldWidget
    )
    unit = forms.CharField(
        label="Ordered in (unit)", required=False, help_text="Empty: the base unit.", widget=UnfoldAdminTextInputWidget
    )
    on = forms.DateField(label="Day of the order", widget=UnfoldAdminDateWidget)
    ship_date = forms.DateField(
        label="Asked to ship on",
        required=False,
        help_text="Where a contract looks at it.",
        widget=UnfoldAdminDateWidget,
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        code, sku = str(given.get("account", "")).strip(), str(given.get("product", "")).strip()
        account_id = accounts.accounts_by_code([code]).get(code.upper()) if code else None
        product_id = catalog.products_by_sku([sku]).get(sku.upper()) if sku else None
        if code and account_id is None:
            self.add_error("account", f"There is no account {code}.")
        if sku and product_id is None:
            near = ", ".join(found for found, _ in catalog.suggest_skus(sku))
            self.add_error("product", f"There is no product {sku}." + (f" Close: {near}." if near else ""))
        if account_id and product_id and "qty" in given and "on" in given:
            account = accounts.account_snapshots([account_id], on=given["on"])[account_id]
            given["question"] = Question(
                account_id,
                product_id,
                given["qty"],
                given["on"],
                account.currency,
                str(given.get("unit", "")).strip(),
                given.get("ship_date"),
            )
        return given


def explain_price(request: HttpRequest, model_admin: ServiceAdmin) -> HttpResponse:
    """GET only: the question is in the address, so that an answer can be sent to somebody."""
    asked = "account" in request.GET
    form = ExplainForm(request.GET if asked else None, initial={"on": clock.now().date()})
    question: Question | None = form.cleaned_data.get("question") if asked and form.is_valid() else None
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "Explain a price",
        "form": form,
        "answer": None if question is None else _answer(question),
    }
    return TemplateResponse(request, "admin/pricing/explain.html", context)


def _answer(question: Question) -> dict[str, Any]:
    (result,) = queries.price(
        [PriceAsk("1", question.product_id, question.qty, unit=question.unit, ship_date=question.ship_date)],
        account_id=question.account_id,
        currency=question.currency,
        on=question.on,
        with_ended=True,
    )
    return {"result": result, "summary": _summary(result), "steps": _steps(result), "losers": _losers(result)}


def _summary(result: PriceResult) -> dict[str, Any]:
    rows: list[list[Any]] = [["Unit price", _price(result.unit_price), result.currency]]
    rows += [["Amount", f"{result.amount:,}", result.currency]]
    rows += [["From", result.source_code or "nothing prices this product", result.basis]]
    rows += [["Floor", _price(result.floor), "lowest price without approval"]]
    rows += [["Unit margin", _price(result.unit_margin), "over standard cost"]]
    return {"headers": ["", "Value", ""], "rows": rows}


def _steps(result: PriceResult) -> dict[str, Any]:
    return {"headers": ["Step", "Unit price"], "rows": [[s.label, _price(s.unit_price)] for s in result.waterfall]}


def _losers(result: PriceResult) -> dict[str, Any]:
    return {"headers": ["Price", "Why it does not apply"], "rows": [[x.what, x.why] for x in result.losers]}


def _price(value: Decimal | None) -> str:
    return "–" if value is None else plain(value)
