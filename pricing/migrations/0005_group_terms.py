"""The terms of rebates move here from billing with their rows: the table is renamed, nothing is copied.

A view of the old name stays, so that the release before this one runs on while the new one is put in place.
"""

import django.db.models.deletion
from django.db import migrations, models

TAKE = """
ALTER TABLE billing_rebateprogram RENAME TO pricing_rebateprogram;
CREATE VIEW billing_rebateprogram AS SELECT * FROM pricing_rebateprogram;
"""
GIVE_BACK = """
DROP VIEW billing_rebateprogram;
ALTER TABLE pricing_rebateprogram RENAME TO billing_rebateprogram;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_authority_and_escalation"),
        ("billing", "0005_commissions_revenue_rebates_payments"),
        ("catalog", "0002_kits_licences_and_ended_part_numbers"),
        ("pricing", "0004_money_commitments"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(TAKE, GIVE_BACK)],
            state_operations=[
                migrations.CreateModel(
                    name="RebateProgram",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.CharField(max_length=40, unique=True)),
                        ("name", models.CharField(max_length=120)),
                        ("percent", models.DecimalField(decimal_places=4, max_digits=7)),
                        ("valid_from", models.DateField()),
                        ("valid_to", models.DateField(blank=True, null=True)),
                        (
                            "category",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="catalog.category",
                            ),
                        ),
                        (
                            "group",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="accounts.accountgroup",
                            ),
                        ),
                        (
                            "product",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="catalog.product",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("percent__gt", 0), ("percent__lte", 100)),
                                name="a_rebate_is_a_percent",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("valid_to__isnull", True),
                                    ("valid_to__gt", models.F("valid_from")),
                                    _connector="OR",
                                ),
                                name="a_rebate_ends_after_it_starts",
                            ),
                        ],
                    },
                ),
            ],
        ),
    ]
