"""The next SSCCs of a site: without gaps, and never twice."""

from django.conf import settings

from core.errors import Refused
from core.numbering import draw_gapless
from core.uow import require_uow
from fulfillment.models import LabelNumbering
from fulfillment.rules import sscc


class NoCompanyPrefix(Refused):
    template = "Packages cannot be numbered: no GS1 company prefix is known."
    remedy_template = "Enter it under Label numbering in the console, or set OMS_GS1_PREFIX."


class LabelNumbersUsedUp(Refused):
    template = "Every SSCC of extension digit {digit} and prefix {prefix} was given."
    remedy_template = "Enter another extension digit or company prefix under Label numbering in the console."


@require_uow
def draw_ssccs(site_id: int, count: int) -> list[str]:
    """`count` numbers of 18 digits. The series belongs to the digits, not to the site: sites that share them count on in
    one. Rank 90: nothing but the commit may be locked after it. Raises NoCompanyPrefix, LabelNumbersUsedUp."""
    digit, prefix = _digits(site_id)
    serials = draw_gapless(f"sscc {digit} {prefix}", prefix="", count=count)
    try:
        return [sscc.sscc(digit, prefix, int(serial)) for serial in serials]
    except sscc.NumbersUsedUp as error:
        raise LabelNumbersUsedUp(digit=digit, prefix=prefix) from error


def _digits(site_id: int) -> tuple[str, str]:
    rows = LabelNumbering.objects.filter(site_id=site_id) | LabelNumbering.objects.filter(site__isnull=True)
    found = sorted(rows, key=lambda row: row.site_id is None)
    if found:
        return found[0].extension_digit, found[0].company_prefix
    if settings.GS1_COMPANY_PREFIX:
        return "0", settings.GS1_COMPANY_PREFIX
    raise NoCompanyPrefix
