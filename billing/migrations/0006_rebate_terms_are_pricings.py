"""Rebate entries name a program of pricing: the same rows, whose table moved there."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0005_commissions_revenue_rebates_payments"),
        ("pricing", "0005_group_terms"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="rebateentry",
                    name="program",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="pricing.rebateprogram"
                    ),
                ),
                migrations.DeleteModel(name="RebateProgram"),
            ],
        ),
    ]
