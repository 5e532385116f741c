"""The customer renamed a part, or means another product by it."""

from datetime import datetime

from catalog.models import CustomerPartNumber, Product
from catalog.services.add_customer_part import PartNumberTaken
from catalog.services.end_customer_part import PartNumberEnded
from core import journal
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound
from core.refs import DocumentRef
from core.uow import door_verb


@door_verb(refuse_on={"one_product_per_customer_part_number": PartNumberTaken})
def change_customer_part(*, part_id: int, part_number: str, product_id: int, actor: Actor, now: datetime) -> None:
    """Raises NotFound, InvalidInput, PartNumberTaken, PartNumberEnded."""
    theirs = part_number.strip()
    if not theirs or len(theirs) > 80:
        raise InvalidInput([FieldError("/part_number", "length", "A part number has 1 to 80 characters.")])
    part = CustomerPartNumber.objects.select_related("product").filter(pk=part_id).first()
    if part is None:
        raise NotFound(kind="customer part number", ident=part_id)
    product = Product.objects.filter(pk=product_id).first()
    if product is None:
        raise NotFound(kind="product", ident=product_id)
    in_use = CustomerPartNumber.objects.filter(pk=part_id, ended_at__isnull=True)
    if not in_use.update(part_number=theirs, product=product):
        raise PartNumberEnded(part_number=part.part_number)
    summary = f"{part.part_number} for {part.product.sku} is {theirs} for {product.sku} now"
    entries = [
        journal.Entry(DocumentRef("product", pk, sku), "customer_part_changed", summary)
        for pk, sku in {part.product_id: part.product.sku, product.pk: product.sku}.items()
    ]
    journal.write(entries, actor=actor, now=now)
