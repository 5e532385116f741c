"""Locks of the catalog: whole shapes, because two people may each close half of a circle.

Advisory locks to the end of the transaction: these verbs take no other lock before or after.
"""

from enum import IntEnum

from django.db import connection

from core.uow import require_uow


class Shape(IntEnum):
    CATEGORIES = 4_720_101
    KITS = 4_720_102


@require_uow
def hold_still(shape: Shape) -> None:
    """Nobody else changes what stands in what until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int(shape)])
