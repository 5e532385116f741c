"""Every table of this room: a new installation starts here (docs/adr/0014-one-start.md)."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from core.storage import leave_room


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="KpiDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("code", models.CharField(max_length=40)),
                ("numerator", models.DecimalField(decimal_places=4, max_digits=20)),
                ("denominator", models.DecimalField(decimal_places=4, max_digits=20)),
                ("counted", models.PositiveIntegerField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("day", "code"), name="one_kpi_row_per_day")],
            },
        ),
        migrations.CreateModel(
            name="OrderMeasure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("order_id", models.BigIntegerField(unique=True)),
                ("order_number", models.CharField(blank=True, max_length=30)),
                ("account_id", models.BigIntegerField()),
                ("channel", models.CharField(max_length=10)),
                ("is_rep_order", models.BooleanField(default=False)),
                ("received_at", models.DateTimeField()),
                ("submitted_at", models.DateTimeField(null=True)),
                ("first_released_at", models.DateTimeField(null=True)),
                ("release_lines", models.PositiveIntegerField(null=True)),
                ("short_lines", models.PositiveIntegerField(null=True)),
                ("last_shipped_at", models.DateTimeField(null=True)),
                (
                    "invoice_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                (
                    "shipment_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                (
                    "billed_shipment_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), null=True, size=None
                    ),
                ),
                ("is_damaged", models.BooleanField(default=False)),
                ("is_disputed", models.BooleanField(db_default=False, default=False)),
                ("held_seconds", models.BigIntegerField(db_default=0, default=0)),
                ("is_complete", models.BooleanField(db_default=False, default=False)),
                ("is_on_time", models.BooleanField(db_default=True, default=True)),
                ("is_in_full", models.BooleanField(db_default=False, default=False)),
                ("ordered_qty", models.DecimalField(db_default=0, decimal_places=4, default=0, max_digits=18)),
                ("first_shipped_qty", models.DecimalField(db_default=0, decimal_places=4, default=0, max_digits=18)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["last_shipped_at"], name="measures_by_shipping"),
                    models.Index(fields=["first_released_at"], name="measures_by_release"),
                    models.Index(fields=["submitted_at"], name="measures_by_submission"),
                    models.Index(fields=["received_at"], name="measures_by_arrival"),
                    models.Index(
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("order_number"), "text_pattern_ops"
                        ),
                        name="measures_by_order_number",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LineMeasure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("order_line_id", models.BigIntegerField(unique=True)),
                (
                    "measure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="reporting.ordermeasure"
                    ),
                ),
                ("product_id", models.BigIntegerField(null=True)),
                ("ordered_qty", models.DecimalField(decimal_places=4, max_digits=14)),
                ("cancelled_qty", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
                ("first_shipped_qty", models.DecimalField(decimal_places=4, max_digits=14, null=True)),
                ("shipped_qty", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
                ("promised_date", models.DateField(null=True)),
                ("last_shipped_date", models.DateField(null=True)),
                ("unit_price", models.DecimalField(decimal_places=6, max_digits=18, null=True)),
            ],
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="linemeasure",
            trigger=pgtrigger.compiler.Trigger(
                name="add_up_new_lines",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n    UPDATE reporting_ordermeasure m\n       SET is_complete = s.is_complete, is_on_time = s.is_on_time, is_in_full = s.is_in_full,\n           ordered_qty = s.ordered_qty, first_shipped_qty = s.first_shipped_qty\n      FROM (SELECT l.measure_id, bool_and(l.shipped_qty + l.cancelled_qty >= l.ordered_qty) AS is_complete,\n                   coalesce(bool_and(l.last_shipped_date <= l.promised_date), true) AS is_on_time,\n                   bool_and(l.shipped_qty >= l.ordered_qty) AS is_in_full, sum(l.ordered_qty) AS ordered_qty,\n                   sum(coalesce(l.first_shipped_qty, 0)) AS first_shipped_qty\n              FROM reporting_linemeasure l WHERE l.measure_id IN (SELECT measure_id FROM touched) GROUP BY l.measure_id) s\n     WHERE m.id = s.measure_id;\n RETURN NULL;",
                    hash="deaa0b59c6b212329a5c3a2b8e3419f83530e02a",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_add_up_new_lines_d72cb",
                    referencing="REFERENCING NEW TABLE AS touched ",
                    table="reporting_linemeasure",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="linemeasure",
            trigger=pgtrigger.compiler.Trigger(
                name="add_up_changed_lines",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n    UPDATE reporting_ordermeasure m\n       SET is_complete = s.is_complete, is_on_time = s.is_on_time, is_in_full = s.is_in_full,\n           ordered_qty = s.ordered_qty, first_shipped_qty = s.first_shipped_qty\n      FROM (SELECT l.measure_id, bool_and(l.shipped_qty + l.cancelled_qty >= l.ordered_qty) AS is_complete,\n                   coalesce(bool_and(l.last_shipped_date <= l.promised_date), true) AS is_on_time,\n                   bool_and(l.shipped_qty >= l.ordered_qty) AS is_in_full, sum(l.ordered_qty) AS ordered_qty,\n                   sum(coalesce(l.first_shipped_qty, 0)) AS first_shipped_qty\n              FROM reporting_linemeasure l WHERE l.measure_id IN (SELECT measure_id FROM touched) GROUP BY l.measure_id) s\n     WHERE m.id = s.measure_id;\n RETURN NULL;",
                    hash="96c85238bde02272c9398b4263f7fdbc3a2b6862",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_add_up_changed_lines_12115",
                    referencing="REFERENCING NEW TABLE AS touched ",
                    table="reporting_linemeasure",
                    when="AFTER",
                ),
            ),
        ),
        leave_room("reporting_linemeasure", 50),
        leave_room("reporting_ordermeasure", 50),
    ]
