"""Remember what a customer calls our product."""

from datetime import datetime

from accounts import queries as account_queries
from catalog.models import CustomerPartNumber, Product
from core import journal
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound, Refused
from core.refs import DocumentRef
from core.uow import door_verb


class PartNumberTaken(Refused):
    template = "The customer uses this part number for another product already."
    remedy_template = "Change that entry if the customer renamed it."


@door_verb(refuse_on={"one_product_per_customer_part_number": PartNumberTaken})
def add_customer_part(*, account_id: int, part_number: str, product_id: int, actor: Actor, now: datetime) -> int:
    """The entry's id; the same part number for the same product again gives the same id.

    Raises NotFound, InvalidInput, PartNumberTaken.
    """
    theirs = part_number.strip()
    if not theirs or len(theirs) > 80:
        raise InvalidInput([FieldError("/part_number", "length", "A part number has 1 to 80 characters.")])
    known = CustomerPartNumber.objects.filter(
        account_id=account_id, part_number__iexact=theirs, ended_at__isnull=True
    ).first()
    if known is not None and known.product_id == product_id:
        return known.pk
    product = Product.objects.filter(pk=product_id).first()
    if product is None:
        raise NotFound(kind="product", ident=product_id)
    if account_id not in (names := account_queries.names([account_id])):
        raise NotFound(kind="account", ident=account_id)
    part = CustomerPartNumber.objects.create(account_id=account_id, part_number=theirs, product=product)
    summary = f"{names[account_id]} calls {product.sku} {theirs}"
    ref = DocumentRef("product", product.pk, product.sku)
    journal.write([journal.Entry(ref, "customer_part_added", summary)], actor=actor, now=now)
    return part.pk
