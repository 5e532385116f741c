"""The lives that the database watches itself."""

import pgtrigger
import pytest
from django.db import connection

pytestmark = pytest.mark.django_db

GUARDS = [
    (model._meta.db_table, trigger.get_pgid(model))
    for model, trigger in pgtrigger.registered()
    if isinstance(trigger, pgtrigger.FSM)
]


def test_a_row_whose_status_stays_is_let_by_without_a_call():
    """Every guard has its condition in the trigger itself, where asking costs next to nothing."""
    assert len(GUARDS) >= 21
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgqual IS NOT NULL AND tgname = ANY(%s)",
            [[name for _, name in GUARDS]],
        )
        assert sorted(cursor.fetchall()) == sorted(GUARDS)
