"""The page "who may buy it": account, products and day; allowed, or each violation with its rule and the losers."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminTextInputWidget

from accounts import queries as accounts
from catalog import queries
from catalog.rules.asks import EligibilityItem
from core import clock
from core.console import ServiceAdmin

MOST_PRODUCTS = 20


@dataclass(frozen=True)
class Question:
    account_id: int
    products: dict[str, int]
    on: date


class ExplainForm(forms.Form):
    """Codes as people know them; each that is not known is an error on its own field."""

    account = forms.CharField(label="Account code", widget=UnfoldAdminTextInputWidget)
    products = forms.CharField(label="SKUs, with commas between them", widget=UnfoldAdminTextInputWidget)
    on = forms.DateField(label="On the day", widget=UnfoldAdminDateWidget)

    def clean_account(self) -> int:
        code = self.cleaned_data["account"].strip()
        found = accounts.accounts_by_code([code]).get(code.upper())
        if found is None:
            raise forms.ValidationError(f"There is no account {code}.")
        return found

    def clean_products(self) -> dict[str, int]:
        skus = [sku for sku in re.split(r"\s*[,;]\s*", self.cleaned_data["products"].strip()) if sku]
        if len(skus) > MOST_PRODUCTS:
            raise forms.ValidationError(f"At most {MOST_PRODUCTS} products at once.")
        found = queries.products_by_sku(skus)
        unknown = [sku for sku in skus if sku.upper() not in found]
        if unknown:
            near = ", ".join(sku for sku, _ in queries.suggest_skus(unknown[0]))
            said = f"There is no product {', '.join(unknown)}."
            raise forms.ValidationError(said + (f" Close: {near}." if near else ""))
        return {sku.upper(): found[sku.upper()] for sku in skus}


def explain_eligibility(request: HttpRequest, model_admin: ServiceAdmin) -> HttpResponse:
    """GET only: the question is in the address, so that an answer can be sent to somebody."""
    asked = "account" in request.GET
    form = ExplainForm(request.GET if asked else None, initial={"on": clock.now().date()})
    given = form.cleaned_data if asked and form.is_valid() else None
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.model._meta,
        "title": "Explain who may buy",
        "form": form,
        "answers": _answers(Question(given["account"], given["products"], given["on"])) if given else [],
    }
    return TemplateResponse(request, "catalog/explain.html", context)


def _answers(question: Question) -> list[dict[str, Any]]:
    items = [EligibilityItem(sku, question.account_id, pk) for sku, pk in question.products.items()]
    found = queries.explain_eligibility(items, on=question.on)
    names = queries.names(question.products.values())
    who = accounts.names([question.account_id])[question.account_id]
    return [
        {
            "title": f"{who} · {names[item.product_id]}",
            "found": found[item.key],
            "rule": "No rule reaches this sale" if found[item.key].judgement.rule == "no_rule" else "",
        }
        for item in items
    ]
