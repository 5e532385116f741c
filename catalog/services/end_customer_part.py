"""The customer no longer uses a part number: it names nothing from now on, and may be given to another product."""

from datetime import datetime

from catalog.models import CustomerPartNumber
from core import journal
from core.actors import Actor
from core.errors import NotFound, Refused
from core.refs import DocumentRef
from core.uow import door_verb


class PartNumberEnded(Refused):
    template = "The part number {part_number} has ended."
    remedy_template = "Add it anew if the customer uses it again."


@door_verb
def end_customer_part(*, part_id: int, actor: Actor, now: datetime) -> None:
    """Raises NotFound, PartNumberEnded."""
    part = CustomerPartNumber.objects.select_related("product").filter(pk=part_id).first()
    if part is None:
        raise NotFound(kind="customer part number", ident=part_id)
    if not CustomerPartNumber.objects.filter(pk=part_id, ended_at__isnull=True).update(ended_at=now):
        raise PartNumberEnded(part_number=part.part_number)
    ref = DocumentRef("product", part.product_id, part.product.sku)
    entry = journal.Entry(ref, "customer_part_ended", f"{part.part_number} for {part.product.sku} ended")
    journal.write([entry], actor=actor, now=now)
