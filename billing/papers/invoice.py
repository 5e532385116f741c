"""An invoice and a credit memo on paper."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from accounts.queries import account_snapshots, ship_tos_of
from billing.models import CreditMemo, CreditMemoLine
from billing.queries import billed_shipments
from billing.rules.asks import InvoiceView
from catalog.queries import product_snapshots
from catalog.rules.asks import ProductSnapshot
from core.errors import NotFound
from core.money import round_amount
from core.paper import Column, Paper
from core.quantity import plain
from credit.queries import printed_terms
from fulfillment.papers.letterhead import letterhead
from fulfillment.queries import shipment_numbers
from orders.filters import order_summaries
from orders.queries import line_prices
from orders.rules.picture import price_text

COLUMNS = (
    Column("Order", 62),
    Column("Item", 73),
    Column("Description", 180),
    Column("Quantity", 60, is_number=True),
    Column("Unit price", 60, is_number=True),
    Column("Amount", 60, is_number=True),
)
DUE_AT_ONCE = "due at once"
WITHOUT_ORDER = (Column("Invoice", 90), *COLUMNS[1:4], Column("Amount", 75, is_number=True))


def invoice_pdf(invoice: InvoiceView) -> bytes:
    """A posted invoice with its lines. A constant number of statements; the same invoice gives the same bytes."""
    prices = line_prices([x.order_line_id for x in invoice.lines])
    orders = order_summaries({p.order_id for p in prices.values()})
    products = product_snapshots([x.product_id for x in invoice.lines])
    terms, early = invoice_terms(invoice)
    paper = Paper(f"Invoice {invoice.number}", letterhead())
    paper.pairs(
        [("Bill to", bill_to(invoice.account_id, invoice.issued_date))],
        right=[
            ("Date", day(invoice.issued_date)),
            ("Due", day(invoice.due_date)),
            ("Terms", terms),
            *early,
            ("Your PO", ", ".join(dict.fromkeys(o.po_number for o in orders if o.po_number)) or "none"),
            ("Shipment", _shipment(invoice)),
        ],
    )
    paper.table(
        COLUMNS,
        [
            (
                prices[x.order_line_id].order_number,
                products[x.product_id].sku,
                products[x.product_id].name,
                f"{plain(x.qty)} {products[x.product_id].base_unit}",
                price_text(x.unit_price),
                money(x.amount, invoice.currency),
            )
            for x in invoice.lines
        ],
    )
    paper.totals(_totals(invoice))
    return paper.finish()


def _totals(i: InvoiceView) -> list[tuple[str, str]]:
    parts = [("Net", i.net_amount), ("Tax", i.tax_amount), ("Freight", i.freight_amount)]
    shown = [(label, money(amount, i.currency)) for label, amount in parts if amount or label == "Net"]
    return [*shown, (f"Total {i.currency}", money(i.total_amount, i.currency))]


def credit_memo_pdf(credit_memo_id: int) -> bytes:
    """Raises NotFound. A constant number of statements."""
    memo = CreditMemo.objects.filter(pk=credit_memo_id).first()
    if memo is None:
        raise NotFound(kind="credit memo", ident=credit_memo_id)
    lines = list(memo.lines.select_related("invoice_line__invoice").order_by("pk"))
    products = product_snapshots([x.invoice_line.product_id for x in lines if x.invoice_line])
    paper = Paper(f"Credit memo {memo.number}", letterhead())
    paper.pairs(
        [("Credit to", bill_to(memo.account_id, memo.issued_date))],
        right=[("Date", day(memo.issued_date)), ("Reason", memo.reason), ("Refers to", memo.source_number or "–")],
    )
    paper.table(WITHOUT_ORDER, [_credited(x, products, memo.currency) for x in lines])
    fee = [("Restocking fee", money(-memo.fee_amount, memo.currency))] if memo.fee_amount else []
    parts = [("Goods", memo.lines_amount), ("Tax", memo.tax_amount), ("Freight", memo.freight_amount)]
    has_charges = bool(memo.tax_amount or memo.freight_amount)
    shown = [(label, money(amount, memo.currency)) for label, amount in parts if amount and has_charges]
    paper.totals([*shown, *fee, (f"Credited {memo.currency}", money(memo.total_amount, memo.currency))])
    return paper.finish()


def _credited(line: CreditMemoLine, products: Mapping[int, ProductSnapshot], currency: str) -> tuple[str, ...]:
    billed, amount = line.invoice_line, money(line.amount, currency)
    if billed is None:
        return ("–", "–", line.words, "", amount)
    product = products[billed.product_id]
    qty = f"{plain(line.qty)} {product.base_unit}" if line.qty else "price"
    return (billed.invoice.number, product.sku, product.name, qty, amount)


def bill_to(account_id: int, on: date) -> str:
    account = account_snapshots([account_id], on=on)[account_id]
    address = next(iter(ship_tos_of(account_id)), None)
    return "\n".join([f"{account.name} ({account.code})", *(address.address_lines if address else ())])


def invoice_terms(invoice: InvoiceView) -> tuple[str, list[tuple[str, str]]]:
    """How the terms are called, and the line that says what an early payer may keep, where they give a discount."""
    name, kept = printed_terms(
        invoice.terms_code,
        issued=invoice.issued_date,
        amount=invoice.total_amount,
        goods=invoice.net_amount,
        currency=invoice.currency,
    )
    if kept is None:
        return name or DUE_AT_ONCE, []
    return name, [("Discount", f"{money(kept.amount, invoice.currency)} if paid by {day(kept.until)}")]


def money(amount: Decimal, currency: str) -> str:
    return f"{round_amount(amount, currency):,}"


def day(value: date) -> str:
    return f"{value.day} {value:%b %Y}"


def _shipment(invoice: InvoiceView) -> str:
    if invoice.shipment_id is None:
        return "several" if billed_shipments(invoice.id) else "a price difference"
    return shipment_numbers([invoice.shipment_id])[invoice.shipment_id]
