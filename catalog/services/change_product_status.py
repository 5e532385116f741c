"""Take a product from sale, recall it, lift the recall."""

from datetime import datetime

from catalog.models import Product
from catalog.states import PRODUCT, ProductStatus
from core import journal
from core.actors import Actor
from core.errors import Busy, NotFound, Refused
from core.refs import DocumentRef
from core.uow import door_verb


class StatusReasonMissing(Refused):
    status = 422
    template = "Say why the product becomes {becomes}."
    remedy_template = "A recall and its end are read by quality and by auditors."


@door_verb
def change_product_status(
    *, product_id: int, status: ProductStatus, actor: Actor, now: datetime, reason: str = ""
) -> None:
    """Raises NotFound, IllegalTransition, StatusReasonMissing (a recall and its end need one)."""
    product = Product.objects.filter(pk=product_id).first()
    if product is None:
        raise NotFound(kind="product", ident=product_id)
    before, why = ProductStatus(product.status), reason.strip()
    PRODUCT.require(before, status)
    if ProductStatus.RECALLED in (before, status) and not why:
        raise StatusReasonMissing(becomes=str(status))
    if not Product.objects.filter(pk=product_id, status=before).update(status=status):
        raise Busy  # somebody else changed it between the two statements
    summary = f"{before} → {status}" + (f": {why}" if why else "")
    entry = journal.Entry(DocumentRef("product", product_id, product.sku), f"became_{status}", summary)
    journal.write([entry], actor=actor, now=now)
