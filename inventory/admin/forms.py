"""What people type about stock; the admin classes hand it to a service."""

import secrets
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from catalog.queries import products_by_sku, suggest_skus
from inventory.models import InboundSupply, Site, StockBalance, StockMovement
from inventory.states import InboundKind

LARGEST_KEY = 2**53


class SkuField(forms.CharField):
    """A product by its SKU, whatever the case; an unknown one names the nearest that exist. Gives the product id."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label="SKU", max_length=60, widget=UnfoldAdminTextInputWidget, **kwargs)

    def clean(self, value: Any) -> Any:
        sku = super().clean(value)
        found = products_by_sku([sku])
        if not found:
            near = ", ".join(code for code, _ in suggest_skus(sku))
            hint = f" Did you mean {near}?" if near else ""
            raise forms.ValidationError(f"No product has the SKU {sku}.{hint}", code="unknown_sku")
        return next(iter(found.values()))


class ReceiptForm(forms.ModelForm):
    """Goods that arrived. The hidden key makes a form that is sent twice one receipt."""

    sku = SkuField()
    site = forms.ModelChoiceField(Site.objects.filter(is_active=True), widget=UnfoldAdminSelectWidget)
    received_qty = forms.DecimalField(
        max_digits=14, decimal_places=4, label="Quantity", widget=UnfoldAdminDecimalFieldWidget,
        help_text="In the product's base unit.",
    )  # fmt: skip
    lot_code = forms.CharField(
        max_length=40, required=False, label="Lot", widget=UnfoldAdminTextInputWidget,
        help_text="The serial number, where the product is tracked by it: one unit a receipt.",
    )  # fmt: skip
    expiry_date = forms.DateField(required=False, widget=UnfoldAdminDateWidget)
    inbound_reference = forms.CharField(
        max_length=60, required=False, widget=UnfoldAdminTextInputWidget,
        help_text="The purchase order it came with, if it was expected.",
    )  # fmt: skip
    key = forms.IntegerField(widget=forms.HiddenInput, initial=lambda: secrets.randbelow(LARGEST_KEY))

    class Meta:
        model = StockMovement
        fields: tuple[str, ...] = ()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        reference = cleaned.get("inbound_reference")
        if reference and cleaned.get("sku") and cleaned.get("site"):
            cleaned["inbound_id"] = self._inbound(reference, cleaned)
        return cleaned

    def _inbound(self, reference: str, cleaned: dict[str, Any]) -> int | None:
        found = InboundSupply.objects.filter(
            reference=reference, product_id=cleaned["sku"], site=cleaned["site"], is_closed=False
        ).first()
        if found is None:
            self.add_error("inbound_reference", "Nothing open is expected there under this reference.")
        return found.pk if found else None


class AdjustmentForm(forms.ModelForm):
    """What a count found: how much more or less, and why."""

    adjust_by = forms.DecimalField(
        max_digits=14, decimal_places=4, widget=UnfoldAdminDecimalFieldWidget,
        help_text="Base units to add; negative takes away. Below what is promised, claims give way and a case tells whose.",
    )  # fmt: skip
    reason = forms.CharField(max_length=200, widget=UnfoldAdminTextInputWidget)

    class Meta:
        model = StockBalance
        fields: tuple[str, ...] = ()


class InboundForm(forms.ModelForm):
    """A purchase order line or a production order on its way."""

    sku = SkuField()

    class Meta:
        model = InboundSupply
        fields = ("site", "kind", "reference", "ordered_qty", "eta_date", "confidence_percent")

    def clean_kind(self) -> str:
        kind: str = self.cleaned_data["kind"]
        if kind == InboundKind.TRANSFER:
            raise forms.ValidationError("A transfer becomes supply when it is shipped: request it under Transfers.")
        return kind
