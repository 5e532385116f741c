"""Every table of this room: a new installation starts here (docs/adr/0014-one-start.md)."""

import uuid

import django.contrib.postgres.constraints
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import catalog.states
import core.ranges


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0009_days_a_delivery_may_be_early"),
        ("pghistory", "0007_auto_20250421_0444"),
    ]

    operations = [
        migrations.CreateModel(
            name="Category",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=120)),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="catalog.category",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "categories",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("parent__isnull", True),
                            models.Q(("parent", models.F("id")), _negated=True),
                            _connector="OR",
                        ),
                        name="a_category_is_not_its_own_parent",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Product",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("sku", models.CharField(max_length=60, verbose_name="SKU")),
                ("name", models.CharField(max_length=200)),
                (
                    "category",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="products",
                        to="catalog.category",
                    ),
                ),
                ("gtin", models.CharField(blank=True, max_length=14, verbose_name="GTIN")),
                ("manufacturer_part", models.CharField(blank=True, max_length=60)),
                ("base_unit", models.CharField(default="EA", max_length=10)),
                ("order_multiple", models.DecimalField(decimal_places=4, default=1, max_digits=14)),
                ("min_order_qty", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
                ("max_order_qty", models.DecimalField(blank=True, decimal_places=4, max_digits=14, null=True)),
                (
                    "tracking",
                    models.CharField(
                        choices=[("none", "None"), ("lot", "Lot"), ("serial", "Serial")],
                        default=catalog.states.Tracking["NONE"],
                        max_length=6,
                    ),
                ),
                ("shelf_life_days", models.PositiveIntegerField(blank=True, null=True)),
                ("standard_cost", models.DecimalField(blank=True, decimal_places=6, max_digits=18, null=True)),
                ("weight_kg", models.DecimalField(blank=True, decimal_places=4, max_digits=10, null=True)),
                ("cube_m3", models.DecimalField(blank=True, decimal_places=6, max_digits=10, null=True)),
                ("regulated_class", models.CharField(blank=True, max_length=40)),
                (
                    "status",
                    models.CharField(
                        choices=[("active", "Active"), ("discontinued", "Discontinued"), ("recalled", "Recalled")],
                        default=catalog.states.ProductStatus["ACTIVE"],
                        max_length=12,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("gtin", ""), _negated=True), fields=["gtin"], name="products_by_gtin"
                    ),
                    models.Index(
                        django.db.models.functions.text.Upper("manufacturer_part"),
                        condition=models.Q(("manufacturer_part", ""), _negated=True),
                        name="products_by_maker_part",
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("sku"), "gin_trgm_ops"
                        ),
                        name="products_like_sku",
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("name"), "gin_trgm_ops"
                        ),
                        name="products_like_name",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(django.db.models.functions.text.Upper("sku"), name="one_product_per_sku"),
                    models.CheckConstraint(
                        condition=models.Q(("order_multiple__gte", 0)), name="an_order_multiple_is_not_negative"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("max_order_qty__isnull", True),
                            ("max_order_qty__gte", models.F("min_order_qty")),
                            _connector="OR",
                        ),
                        name="the_largest_order_is_not_below_the_smallest",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("min_order_qty__gte", 0)), name="a_smallest_order_is_not_negative"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("standard_cost__isnull", True), ("standard_cost__gte", 0), _connector="OR"),
                            models.Q(("weight_kg__isnull", True), ("weight_kg__gte", 0), _connector="OR"),
                            models.Q(("cube_m3__isnull", True), ("cube_m3__gte", 0), _connector="OR"),
                        ),
                        name="a_products_cost_weight_and_cube_are_not_negative",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AuthorizationRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120)),
                ("effect", models.CharField(choices=[("allow", "Allow"), ("deny", "Deny")], max_length=5)),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.account",
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.accountgroup",
                    ),
                ),
                (
                    "tier",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.servicetier",
                    ),
                ),
                (
                    "territory",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.territory",
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
                ("regulated_class", models.CharField(blank=True, max_length=40)),
                (
                    "license_kind",
                    models.CharField(blank=True, help_text="An allow rule may ask for a licence.", max_length=40),
                ),
                ("valid_from", models.DateField(blank=True, null=True)),
                ("valid_to", models.DateField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_from__isnull", True),
                            ("valid_to__isnull", True),
                            ("valid_to__gt", models.F("valid_from")),
                            _connector="OR",
                        ),
                        name="an_authorization_ends_after_it_starts",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AuthorizationRuleEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="catalog.authorizationrule",
                    ),
                ),
                (
                    "pgh_context",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pghistory.context",
                    ),
                ),
                ("id", models.BigIntegerField()),
                ("name", models.CharField(max_length=120)),
                ("effect", models.CharField(choices=[("allow", "Allow"), ("deny", "Deny")], max_length=5)),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="accounts.account",
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="accounts.accountgroup",
                    ),
                ),
                (
                    "tier",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="accounts.servicetier",
                    ),
                ),
                (
                    "territory",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="accounts.territory",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="catalog.product",
                    ),
                ),
                (
                    "category",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="catalog.category",
                    ),
                ),
                ("regulated_class", models.CharField(blank=True, max_length=40)),
                (
                    "license_kind",
                    models.CharField(blank=True, help_text="An allow rule may ask for a licence.", max_length=40),
                ),
                ("valid_from", models.DateField(blank=True, null=True)),
                ("valid_to", models.DateField(blank=True, null=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="CategoryEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="catalog.category",
                    ),
                ),
                (
                    "pgh_context",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pghistory.context",
                    ),
                ),
                ("id", models.BigIntegerField()),
                ("code", models.CharField(max_length=40)),
                ("name", models.CharField(max_length=120)),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="catalog.category",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="CustomerPartNumber",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                ("part_number", models.CharField(max_length=80)),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="customer_parts", to="catalog.product"
                    ),
                ),
                ("ended_at", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("account"),
                        django.db.models.functions.text.Upper("part_number"),
                        condition=models.Q(("ended_at__isnull", True)),
                        name="one_product_per_customer_part_number",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CustomerPartNumberEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="catalog.customerpartnumber",
                    ),
                ),
                (
                    "pgh_context",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pghistory.context",
                    ),
                ),
                ("id", models.BigIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="accounts.account",
                    ),
                ),
                ("part_number", models.CharField(max_length=80)),
                (
                    "product",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="catalog.product",
                    ),
                ),
                ("ended_at", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="KitComponent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="components", to="catalog.product"
                    ),
                ),
                (
                    "component",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.product"
                    ),
                ),
                (
                    "qty",
                    models.DecimalField(
                        decimal_places=4,
                        default=1,
                        help_text="Base units for one kit.",
                        max_digits=14,
                        verbose_name="quantity",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("kit", "component"), name="one_quantity_per_kit_and_component"),
                    models.CheckConstraint(
                        condition=models.Q(("kit", models.F("component")), _negated=True),
                        name="a_kit_does_not_contain_itself",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("qty__gt", 0)), name="a_kit_component_quantity_is_positive"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="KitComponentEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="catalog.kitcomponent",
                    ),
                ),
                (
                    "pgh_context",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pghistory.context",
                    ),
                ),
                ("id", models.BigIntegerField()),
                (
                    "kit",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="catalog.product",
                    ),
                ),
                (
                    "component",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="catalog.product",
                    ),
                ),
                (
                    "qty",
                    models.DecimalField(
                        decimal_places=4,
                        default=1,
                        help_text="Base units for one kit.",
                        max_digits=14,
                        verbose_name="quantity",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="License",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                ("kind", models.CharField(max_length=40)),
                ("number", models.CharField(max_length=80)),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(blank=True, help_text="The first day it is no longer valid.", null=True)),
                ("evidence", models.FileField(blank=True, editable=False, upload_to="licences/")),
                ("evidence_name", models.CharField(blank=True, editable=False, max_length=120)),
                ("evidence_type", models.CharField(blank=True, editable=False, max_length=40)),
                ("evidence_sha256", models.CharField(blank=True, editable=False, max_length=64)),
                ("revoked_date", models.DateField(blank=True, editable=False, null=True)),
                ("revoked_reason", models.CharField(blank=True, editable=False, max_length=200)),
            ],
            options={
                "verbose_name": "licence",
                "indexes": [models.Index(fields=["account", "kind"], name="licences_by_account")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to__isnull", True), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                        ),
                        name="a_licence_ends_after_it_starts",
                    ),
                    models.UniqueConstraint(
                        models.F("account"),
                        django.db.models.functions.text.Upper("kind"),
                        django.db.models.functions.text.Upper("number"),
                        models.F("valid_from"),
                        name="one_licence_per_number_and_start",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LicenseEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="catalog.license",
                    ),
                ),
                (
                    "pgh_context",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pghistory.context",
                    ),
                ),
                ("id", models.BigIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="accounts.account",
                    ),
                ),
                ("kind", models.CharField(max_length=40)),
                ("number", models.CharField(max_length=80)),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(blank=True, help_text="The first day it is no longer valid.", null=True)),
                ("evidence", models.FileField(blank=True, editable=False, upload_to="licences/")),
                ("evidence_name", models.CharField(blank=True, editable=False, max_length=120)),
                ("evidence_type", models.CharField(blank=True, editable=False, max_length=40)),
                ("evidence_sha256", models.CharField(blank=True, editable=False, max_length=64)),
                ("revoked_date", models.DateField(blank=True, editable=False, null=True)),
                ("revoked_reason", models.CharField(blank=True, editable=False, max_length=200)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ProductEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="catalog.product",
                    ),
                ),
                (
                    "pgh_context",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pghistory.context",
                    ),
                ),
                ("id", models.BigIntegerField()),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("sku", models.CharField(max_length=60, verbose_name="SKU")),
                ("name", models.CharField(max_length=200)),
                (
                    "category",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="catalog.category",
                    ),
                ),
                ("gtin", models.CharField(blank=True, max_length=14, verbose_name="GTIN")),
                ("manufacturer_part", models.CharField(blank=True, max_length=60)),
                ("base_unit", models.CharField(default="EA", max_length=10)),
                ("order_multiple", models.DecimalField(decimal_places=4, default=1, max_digits=14)),
                ("min_order_qty", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
                ("max_order_qty", models.DecimalField(blank=True, decimal_places=4, max_digits=14, null=True)),
                (
                    "tracking",
                    models.CharField(
                        choices=[("none", "None"), ("lot", "Lot"), ("serial", "Serial")],
                        default=catalog.states.Tracking["NONE"],
                        max_length=6,
                    ),
                ),
                ("shelf_life_days", models.PositiveIntegerField(blank=True, null=True)),
                ("standard_cost", models.DecimalField(blank=True, decimal_places=6, max_digits=18, null=True)),
                ("weight_kg", models.DecimalField(blank=True, decimal_places=4, max_digits=10, null=True)),
                ("cube_m3", models.DecimalField(blank=True, decimal_places=6, max_digits=10, null=True)),
                ("regulated_class", models.CharField(blank=True, max_length=40)),
                (
                    "status",
                    models.CharField(
                        choices=[("active", "Active"), ("discontinued", "Discontinued"), ("recalled", "Recalled")],
                        default=catalog.states.ProductStatus["ACTIVE"],
                        max_length=12,
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ProductUnit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="units", to="catalog.product"
                    ),
                ),
                ("code", models.CharField(max_length=10)),
                ("numerator", models.PositiveIntegerField(default=1)),
                ("denominator", models.PositiveIntegerField(default=1)),
                ("gtin", models.CharField(blank=True, max_length=14, verbose_name="GTIN")),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("gtin", ""), _negated=True), fields=["gtin"], name="units_by_gtin")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("product", "code"), name="one_factor_per_product_and_unit"),
                    models.CheckConstraint(
                        condition=models.Q(("denominator__gt", 0), ("numerator__gt", 0)),
                        name="a_unit_factor_is_positive",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProductUnitEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="catalog.productunit",
                    ),
                ),
                (
                    "pgh_context",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pghistory.context",
                    ),
                ),
                ("id", models.BigIntegerField()),
                (
                    "product",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="catalog.product",
                    ),
                ),
                ("code", models.CharField(max_length=10)),
                ("numerator", models.PositiveIntegerField(default=1)),
                ("denominator", models.PositiveIntegerField(default=1)),
                ("gtin", models.CharField(blank=True, max_length=14, verbose_name="GTIN")),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Substitution",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="substitutions", to="catalog.product"
                    ),
                ),
                (
                    "substitute",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.product"
                    ),
                ),
                (
                    "ratio",
                    models.DecimalField(
                        decimal_places=4,
                        default=1,
                        help_text="Base units of the substitute for one of the product.",
                        max_digits=14,
                    ),
                ),
                ("priority", models.PositiveSmallIntegerField(default=1, help_text="1 is offered first.")),
                ("valid_from", models.DateField(blank=True, null=True)),
                ("valid_to", models.DateField(blank=True, help_text="The first day it no longer applies.", null=True)),
                (
                    "needs_consent",
                    models.BooleanField(default=True, help_text="The customer is asked before it is sent."),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("product", models.F("substitute")), _negated=True),
                        name="a_product_is_not_its_own_substitute",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ratio__gt", 0)), name="a_substitution_ratio_is_positive"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_from__isnull", True),
                            ("valid_to__isnull", True),
                            ("valid_to__gt", models.F("valid_from")),
                            _connector="OR",
                        ),
                        name="a_substitution_ends_after_it_starts",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("product", "="),
                            ("substitute", "="),
                            (core.ranges.DateRange("valid_from", "valid_to"), "&&"),
                        ],
                        name="one_substitution_per_pair_and_day",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SubstitutionEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="catalog.substitution",
                    ),
                ),
                (
                    "pgh_context",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pghistory.context",
                    ),
                ),
                ("id", models.BigIntegerField()),
                (
                    "product",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="catalog.product",
                    ),
                ),
                (
                    "substitute",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="catalog.product",
                    ),
                ),
                (
                    "ratio",
                    models.DecimalField(
                        decimal_places=4,
                        default=1,
                        help_text="Base units of the substitute for one of the product.",
                        max_digits=14,
                    ),
                ),
                ("priority", models.PositiveSmallIntegerField(default=1, help_text="1 is offered first.")),
                ("valid_from", models.DateField(blank=True, null=True)),
                ("valid_to", models.DateField(blank=True, help_text="The first day it no longer applies.", null=True)),
                (
                    "needs_consent",
                    models.BooleanField(default=True, help_text="The customer is asked before it is sent."),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="category",
            trigger=pgtrigger.compiler.Trigger(
                name="changed_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "catalog_categoryevent" ("code", "id", "name", "parent_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (OLD."code", OLD."id", OLD."name", OLD."parent_id", _pgh_attach_context(), NOW(), \'changed\', OLD."id"); RETURN NULL;',
                    hash="055d381b12a961f7fb507bb02bc30172bf5f5146",
                    operation="UPDATE",
                    pgid="pgtrigger_changed_update_cd7f0",
                    table="catalog_category",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="category",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "catalog_categoryevent" ("code", "id", "name", "parent_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (OLD."code", OLD."id", OLD."name", OLD."parent_id", _pgh_attach_context(), NOW(), \'removed\', OLD."id"); RETURN NULL;',
                    hash="7ad2c36bf6cee03f967d1db189c1cf94ae8009dc",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_695c5",
                    table="catalog_category",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="license",
            trigger=pgtrigger.compiler.Trigger(
                name="changed_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "catalog_licenseevent" ("account_id", "evidence", "evidence_name", "evidence_sha256", "evidence_type", "id", "kind", "number", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "revoked_date", "revoked_reason", "valid_from", "valid_to") VALUES (OLD."account_id", OLD."evidence", OLD."evidence_name", OLD."evidence_sha256", OLD."evidence_type", OLD."id", OLD."kind", OLD."number", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."revoked_date", OLD."revoked_reason", OLD."valid_from", OLD."valid_to"); RETURN NULL;',
                    hash="d75ad89ab79085a825fba091a61266541a4e98aa",
                    operation="UPDATE",
                    pgid="pgtrigger_changed_update_f3547",
                    table="catalog_license",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="license",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "catalog_licenseevent" ("account_id", "evidence", "evidence_name", "evidence_sha256", "evidence_type", "id", "kind", "number", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "revoked_date", "revoked_reason", "valid_from", "valid_to") VALUES (OLD."account_id", OLD."evidence", OLD."evidence_name", OLD."evidence_sha256", OLD."evidence_type", OLD."id", OLD."kind", OLD."number", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."revoked_date", OLD."revoked_reason", OLD."valid_from", OLD."valid_to"); RETURN NULL;',
                    hash="4c53a218b3c0430c7cf41d1ecc1f2a54f5a88033",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_89a6f",
                    table="catalog_license",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="product",
            trigger=pgtrigger.compiler.Trigger(
                name="product_status_guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{active:discontinued,active:recalled,discontinued:active,discontinued:recalled,recalled:active,recalled:discontinued}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="e786d2c36e8d583bc18b3f230f0fbbc8dc3c1a68",
                    operation="UPDATE",
                    pgid="pgtrigger_product_status_guard_8ddda",
                    table="catalog_product",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="product",
            trigger=pgtrigger.compiler.Trigger(
                name="changed_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "catalog_productevent" ("base_unit", "category_id", "cube_m3", "gtin", "id", "manufacturer_part", "max_order_qty", "min_order_qty", "name", "order_multiple", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "public_id", "regulated_class", "shelf_life_days", "sku", "standard_cost", "status", "tracking", "weight_kg") VALUES (OLD."base_unit", OLD."category_id", OLD."cube_m3", OLD."gtin", OLD."id", OLD."manufacturer_part", OLD."max_order_qty", OLD."min_order_qty", OLD."name", OLD."order_multiple", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."public_id", OLD."regulated_class", OLD."shelf_life_days", OLD."sku", OLD."standard_cost", OLD."status", OLD."tracking", OLD."weight_kg"); RETURN NULL;',
                    hash="4c89fd6b8ea4146e7dc0f89e0a56d39509951e6a",
                    operation="UPDATE",
                    pgid="pgtrigger_changed_update_9c20f",
                    table="catalog_product",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="product",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "catalog_productevent" ("base_unit", "category_id", "cube_m3", "gtin", "id", "manufacturer_part", "max_order_qty", "min_order_qty", "name", "order_multiple", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "public_id", "regulated_class", "shelf_life_days", "sku", "standard_cost", "status", "tracking", "weight_kg") VALUES (OLD."base_unit", OLD."category_id", OLD."cube_m3", OLD."gtin", OLD."id", OLD."manufacturer_part", OLD."max_order_qty", OLD."min_order_qty", OLD."name", OLD."order_multiple", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."public_id", OLD."regulated_class", OLD."shelf_life_days", OLD."sku", OLD."standard_cost", OLD."status", OLD."tracking", OLD."weight_kg"); RETURN NULL;',
                    hash="bc2d6804a8bf34e516599dcd8e0bd590addd3026",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_5a070",
                    table="catalog_product",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="kitcomponent",
            trigger=pgtrigger.compiler.Trigger(
                name="changed_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "catalog_kitcomponentevent" ("component_id", "id", "kit_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "qty") VALUES (OLD."component_id", OLD."id", OLD."kit_id", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."qty"); RETURN NULL;',
                    hash="583f12ecf8ff7232fc480b80245f1c9fce33fa17",
                    operation="UPDATE",
                    pgid="pgtrigger_changed_update_bdc30",
                    table="catalog_kitcomponent",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="kitcomponent",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "catalog_kitcomponentevent" ("component_id", "id", "kit_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "qty") VALUES (OLD."component_id", OLD."id", OLD."kit_id", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."qty"); RETURN NULL;',
                    hash="30450a896145f5af2ac2f3f0860b096e28ca2c6e",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_b18f1",
                    table="catalog_kitcomponent",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="customerpartnumber",
            trigger=pgtrigger.compiler.Trigger(
                name="changed_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "catalog_customerpartnumberevent" ("account_id", "ended_at", "id", "part_number", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id") VALUES (OLD."account_id", OLD."ended_at", OLD."id", OLD."part_number", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."product_id"); RETURN NULL;',
                    hash="9c53cc312100e14e70a100b2612839fe12ae48b0",
                    operation="UPDATE",
                    pgid="pgtrigger_changed_update_03150",
                    table="catalog_customerpartnumber",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="customerpartnumber",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "catalog_customerpartnumberevent" ("account_id", "ended_at", "id", "part_number", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id") VALUES (OLD."account_id", OLD."ended_at", OLD."id", OLD."part_number", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."product_id"); RETURN NULL;',
                    hash="c08770a660b79a17b4ae2d86332e014a1e9f958d",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_2a68d",
                    table="catalog_customerpartnumber",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="authorizationrule",
            trigger=pgtrigger.compiler.Trigger(
                name="changed_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "catalog_authorizationruleevent" ("account_id", "category_id", "effect", "group_id", "id", "license_kind", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "regulated_class", "territory_id", "tier_id", "valid_from", "valid_to") VALUES (OLD."account_id", OLD."category_id", OLD."effect", OLD."group_id", OLD."id", OLD."license_kind", OLD."name", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."product_id", OLD."regulated_class", OLD."territory_id", OLD."tier_id", OLD."valid_from", OLD."valid_to"); RETURN NULL;',
                    hash="efc3292e3b20147539c85490f6f93c042df7a808",
                    operation="UPDATE",
                    pgid="pgtrigger_changed_update_c9bbe",
                    table="catalog_authorizationrule",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="authorizationrule",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "catalog_authorizationruleevent" ("account_id", "category_id", "effect", "group_id", "id", "license_kind", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "regulated_class", "territory_id", "tier_id", "valid_from", "valid_to") VALUES (OLD."account_id", OLD."category_id", OLD."effect", OLD."group_id", OLD."id", OLD."license_kind", OLD."name", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."product_id", OLD."regulated_class", OLD."territory_id", OLD."tier_id", OLD."valid_from", OLD."valid_to"); RETURN NULL;',
                    hash="e78f3f42d0b5c6a120d6e3758ce3e4121776a65c",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_98831",
                    table="catalog_authorizationrule",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="productunit",
            trigger=pgtrigger.compiler.Trigger(
                name="changed_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "catalog_productunitevent" ("code", "denominator", "gtin", "id", "numerator", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id") VALUES (OLD."code", OLD."denominator", OLD."gtin", OLD."id", OLD."numerator", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."product_id"); RETURN NULL;',
                    hash="a6df13c9472d5d9d60f880f85c5c6eecbbacef19",
                    operation="UPDATE",
                    pgid="pgtrigger_changed_update_be763",
                    table="catalog_productunit",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="productunit",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "catalog_productunitevent" ("code", "denominator", "gtin", "id", "numerator", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id") VALUES (OLD."code", OLD."denominator", OLD."gtin", OLD."id", OLD."numerator", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."product_id"); RETURN NULL;',
                    hash="5abb7ea3d6ee39451bd672f7afbb93430cc70ecb",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_9d69e",
                    table="catalog_productunit",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="substitution",
            trigger=pgtrigger.compiler.Trigger(
                name="changed_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "catalog_substitutionevent" ("id", "needs_consent", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority", "product_id", "ratio", "substitute_id", "valid_from", "valid_to") VALUES (OLD."id", OLD."needs_consent", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."priority", OLD."product_id", OLD."ratio", OLD."substitute_id", OLD."valid_from", OLD."valid_to"); RETURN NULL;',
                    hash="3133a4b49c1d7155e395782175bf9ccc7d0d6475",
                    operation="UPDATE",
                    pgid="pgtrigger_changed_update_5e6e1",
                    table="catalog_substitution",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="substitution",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "catalog_substitutionevent" ("id", "needs_consent", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority", "product_id", "ratio", "substitute_id", "valid_from", "valid_to") VALUES (OLD."id", OLD."needs_consent", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."priority", OLD."product_id", OLD."ratio", OLD."substitute_id", OLD."valid_from", OLD."valid_to"); RETURN NULL;',
                    hash="09e18d6288af2493cb3fcb96305052d2d0bee552",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_3b9a3",
                    table="catalog_substitution",
                    when="AFTER",
                ),
            ),
        ),
    ]
