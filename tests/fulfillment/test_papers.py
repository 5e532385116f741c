"""Packing slip and labels: what they say, word by word, and that the bars on the paper are those of the number."""

import re
import zlib
from base64 import a85decode
from dataclasses import replace
from decimal import Decimal

import pytest
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth

from core.errors import NotFound
from fulfillment.models import LabelNumbering
from fulfillment.papers.label import Label, labels_pdf
from fulfillment.papers.shipment import NothingToLabel, package_labels_pdf, packing_slip_pdf
from fulfillment.rules.code128 import element, gs1_symbols, modules
from fulfillment.services.find_package import PackageSpec
from fulfillment.services.pack_shipment import pack_shipment
from orders.models import Order
from tests.factories.flow import NOW, PICKER, line_ids, picked, released, stocked_world

D = Decimal
WHO = {"actor": PICKER, "now": NOW}


def drawn(pdf: bytes) -> str:
    """The page streams of a PDF of ours, unpacked."""
    parts = re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL)
    return "".join(
        zlib.decompress(a85decode(p.strip().removesuffix(b"~>"))).decode("latin-1") for p in parts if b"~>" in p
    )


def words(pdf: bytes) -> list[str]:
    return [w.replace("\\(", "(").replace("\\)", ")") for w in re.findall(r"\((.*?[^\\])\) Tj", drawn(pdf))]


def bars(pdf: bytes) -> list[tuple[float, float, float]]:
    """(x, y, width) of every filled rectangle."""
    return [tuple(map(float, m[:3])) for m in re.findall(r"([\d.]+) ([\d.]+) ([\d.]+) [\d.]+ re f", drawn(pdf))]


LABEL = Label(
    sscc="095060000000000015", sender=("Holdfast Supply",), receiver=("Harbor Clinic", "1 Pier", "Reno NV 89501", "US"),
    carrier="UPS 1Z", shipment="SH-1", po_number="PO-7", place="1 of 2", lines=("12 EA GLOVE-M Gloves",), weight="4.2 kg",
    gtin="9506000134352", count="12", lot="LOT-7a",
)  # fmt: skip


def test_a_label_says_from_to_carrier_content_and_both_bar_codes():
    assert words(labels_pdf([LABEL])) == [
        "From", "Holdfast Supply", "To", "Harbor Clinic", "1 Pier", "Reno NV 89501", "US", "Carrier", "UPS 1Z",
        "Shipment", "SH-1", "PO", "PO-7", "Package", "1 of 2, 4.2 kg", "12 EA GLOVE-M Gloves",
        "(02)09506000134352(37)12(10)LOT-7a", "(00)095060000000000015",
    ]  # fmt: skip
    assert labels_pdf([LABEL]) == labels_pdf([LABEL])


def test_a_long_carrier_or_po_ends_before_what_stands_beside_it():
    long = replace(LABEL, carrier="Consolidated Freightways Economy, liftgate", po_number="PO-" + "7" * 40)
    said = words(labels_pdf([long]))
    for title, whole in (("Carrier", long.carrier), ("PO", long.po_number)):
        shown = said[said.index(title) + 1]
        assert len(shown) > 12 and whole.startswith(shown)
        assert stringWidth(shown, "Helvetica-Bold", 8) <= (4 * 25.4 * mm - 10 * mm) / 2 - 14 * mm


def test_the_bars_of_the_sscc_are_drawn_module_by_module_at_the_size_gs1_asks():
    lowest = min(y for _, y, _ in bars(labels_pdf([LABEL])))
    sscc = sorted((x, width) for x, y, width in bars(labels_pdf([LABEL])) if y == lowest)
    wanted = modules(gs1_symbols([element("00", LABEL.sscc)]))
    module = 0.495 * mm
    start = sscc[0][0]
    seen = ["0"] * len(wanted)
    for x, width in sscc:
        for n in range(round((x - start) / module), round((x + width - start) / module)):
            seen[n] = "1"
    assert "".join(seen) == wanted


@pytest.mark.django_db
def test_the_packing_slip_lists_lines_and_packages_and_no_price():
    LabelNumbering.objects.create(extension_digit="0", company_prefix="9506000")
    world = stocked_world(products=2)
    sent = released(world, 5, 4)
    with pytest.raises(NothingToLabel):
        package_labels_pdf(sent.shipment_id)
    a, b = line_ids(sent.shipment_id)
    picked(sent, {a: D(5), b: D(3)})
    one, two = pack_shipment(
        shipment_id=sent.shipment_id,
        packages=[PackageSpec({a: D(5)}, weight_kg=D("2.5")), PackageSpec({b: D(3)}, weight_kg=D(3))], **WHO,
    )  # fmt: skip
    order = Order.objects.get()
    said = words(packing_slip_pdf(sent.shipment_id))
    first, second = (p.sku for p in world.products)
    for word in (order.number, order.po_number, first, "5 EA", "4 EA", "3 EA", "(00) 0950 6000 0000 0000 15", "2.5 kg"):
        assert word in said, word
    assert not any("10.00" in w or "50.00" in w for w in said)
    labels = words(package_labels_pdf(sent.shipment_id))
    assert [w for w in labels if w.startswith("(00)")] == [f"(00){one}", f"(00){two}"]
    assert "2 of 2, 3 kg" in labels
    assert f"(00){two}" in words(package_labels_pdf(sent.shipment_id, only=two))
    assert f"(00){one}" not in words(package_labels_pdf(sent.shipment_id, only=two))
    with pytest.raises(NotFound):
        package_labels_pdf(sent.shipment_id, only="095060000000009995")
    assert second in said
