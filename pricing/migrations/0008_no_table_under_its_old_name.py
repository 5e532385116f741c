"""Rebate programs were billing's once: installations from then still answer under that name."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("pricing", "0007_contracts_by_number")]
    operations = [migrations.RunSQL("DROP VIEW IF EXISTS billing_rebateprogram", migrations.RunSQL.noop)]
