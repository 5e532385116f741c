"""Every table of this room: a new installation starts here (docs/adr/0014-one-start.md)."""

import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.text
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import fulfillment.models.release
import fulfillment.states
from core.numbering import CreateSequence
from core.storage import leave_room


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0009_days_a_delivery_may_be_early"),
        ("catalog", "0003_guard_asks_first"),
        ("inventory", "0013_lines_of_a_site_day"),
        ("orders", "0013_allowed_products"),
        ("pghistory", "0007_auto_20250421_0444"),
    ]

    operations = [
        CreateSequence("shipment", start=100001),
        CreateSequence("return", start=100001),
        CreateSequence("consignment", start=100001),
        CreateSequence("vendor_order", start=100001),
        migrations.CreateModel(
            name="CarrierService",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=30, unique=True)),
                ("carrier", models.CharField(max_length=40)),
                ("name", models.CharField(max_length=80)),
                (
                    "mode",
                    models.CharField(
                        choices=[
                            ("parcel", "Parcel"),
                            ("freight", "Freight"),
                            ("own_truck", "Own truck"),
                            ("pickup", "Pickup"),
                        ],
                        default=fulfillment.states.CarrierMode["PARCEL"],
                        max_length=10,
                    ),
                ),
                (
                    "tracking_url",
                    models.CharField(
                        blank=True,
                        help_text="Where a shipment is followed: {number} stands for the tracking number.",
                        max_length=200,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^https://[^\\s{}]+(\\{number\\}[^\\s{}]*)?$",
                                "An https:// address; {number} stands for the number.",
                            )
                        ],
                        verbose_name="tracking link",
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
            ],
        ),
        migrations.CreateModel(
            name="CarrierServiceEvent",
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
                        to="fulfillment.carrierservice",
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
                ("code", models.CharField(max_length=30)),
                ("carrier", models.CharField(max_length=40)),
                ("name", models.CharField(max_length=80)),
                (
                    "mode",
                    models.CharField(
                        choices=[
                            ("parcel", "Parcel"),
                            ("freight", "Freight"),
                            ("own_truck", "Own truck"),
                            ("pickup", "Pickup"),
                        ],
                        default=fulfillment.states.CarrierMode["PARCEL"],
                        max_length=10,
                    ),
                ),
                (
                    "tracking_url",
                    models.CharField(
                        blank=True,
                        help_text="Where a shipment is followed: {number} stands for the tracking number.",
                        max_length=200,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^https://[^\\s{}]+(\\{number\\}[^\\s{}]*)?$",
                                "An https:// address; {number} stands for the number.",
                            )
                        ],
                        verbose_name="tracking link",
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Consignment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=30, unique=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="inventory.site",
                    ),
                ),
                (
                    "ship_to",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.shipto",
                    ),
                ),
                ("made_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Shipment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("number", models.CharField(max_length=30, unique=True)),
                (
                    "order",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="orders.order"),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="inventory.site"
                    ),
                ),
                (
                    "ship_to",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.shipto"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("released", "With the warehouse"),
                            ("acknowledged", "Accepted by the warehouse"),
                            ("picking", "Being picked"),
                            ("packed", "Packed"),
                            ("shipped", "On its way"),
                            ("delivered", "Delivered"),
                            ("refused", "Refused"),
                            ("cancelled", "Cancelled"),
                        ],
                        default=fulfillment.states.ShipmentStatus["RELEASED"],
                        max_length=12,
                    ),
                ),
                ("carrier", models.CharField(blank=True, max_length=40)),
                ("tracking_number", models.CharField(blank=True, max_length=80)),
                (
                    "usage",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="inventory.fieldusage",
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="fulfillment.carrierservice",
                    ),
                ),
                ("service_why", models.JSONField(blank=True, db_default={}, default=dict)),
                ("is_service_by_hand", models.BooleanField(db_default=False, default=False)),
                (
                    "consignment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shipments",
                        to="fulfillment.consignment",
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("released_at", models.DateTimeField()),
                ("packed_at", models.DateTimeField(null=True)),
                ("shipped_at", models.DateTimeField(null=True)),
                ("delivered_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["status", "site", "-id"], name="shipments_by_status"),
                    models.Index(
                        condition=models.Q(("tracking_number", ""), _negated=True),
                        fields=["tracking_number"],
                        name="shipments_by_tracking",
                    ),
                    models.Index(fields=["released_at"], name="shipments_by_release"),
                    models.Index(fields=["shipped_at"], name="shipments_by_shipping"),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("number"), "gin_trgm_ops"
                        ),
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("tracking_number"), "gin_trgm_ops"
                        ),
                        name="shipments_like_number",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("shipped_at__isnull", False),
                            models.Q(("status__in", ["shipped", "delivered", "refused"]), _negated=True),
                            _connector="OR",
                        ),
                        name="a_shipped_shipment_says_when",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("usage__isnull", False)), fields=("usage",), name="one_shipment_per_usage"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "shipment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="delivery", to="fulfillment.shipment"
                    ),
                ),
                ("is_refused", models.BooleanField(default=False)),
                ("at", models.DateTimeField(help_text="When the goods were handed over, or not taken.")),
                ("received_by", models.CharField(blank=True, max_length=120)),
                ("note", models.CharField(blank=True, max_length=300)),
                (
                    "days_late",
                    models.IntegerField(help_text="Behind the promised day; empty where none was promised.", null=True),
                ),
                (
                    "image",
                    models.CharField(
                        blank=True, help_text="Where the picture lies under the media folder.", max_length=200
                    ),
                ),
                ("image_type", models.CharField(blank=True, max_length=40)),
                ("reported_at", models.DateTimeField()),
                ("reported_by", models.CharField(max_length=120)),
            ],
            options={
                "verbose_name_plural": "deliveries",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_refused", False), models.Q(("note", ""), _negated=True), _connector="OR"
                        ),
                        name="a_refused_delivery_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("at__lte", models.F("reported_at"))),
                        name="a_delivery_is_reported_after_it_was",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ShipmentLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "shipment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="fulfillment.shipment"
                    ),
                ),
                (
                    "order_line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="orders.orderline"
                    ),
                ),
                (
                    "demand",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="inventory.demand",
                    ),
                ),
                (
                    "claim",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="inventory.claim"
                    ),
                ),
                (
                    "balance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="inventory.stockbalance"
                    ),
                ),
                (
                    "lot",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="inventory.lot"
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.product",
                    ),
                ),
                ("qty", models.DecimalField(decimal_places=4, max_digits=14)),
                ("picked_qty", models.DecimalField(decimal_places=4, max_digits=14, null=True)),
                (
                    "over_qty",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=4,
                        default=0,
                        help_text="Picked above what was released.",
                        max_digits=14,
                    ),
                ),
                ("short_reason", models.CharField(blank=True, max_length=120)),
                ("shipped_qty", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
                ("invoiced_qty", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
                ("returned_qty", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("qty__gt", 0)), name="a_shipment_line_sends_something"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("over_qty__gte", 0),
                            models.Q(
                                ("picked_qty__isnull", True),
                                models.Q(
                                    ("picked_qty__gte", 0),
                                    (
                                        "picked_qty__lte",
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("qty"), "+", models.F("over_qty")
                                        ),
                                    ),
                                ),
                                _connector="OR",
                            ),
                        ),
                        name="never_pick_more_than_released",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("shipped_qty__gte", 0),
                            models.Q(("shipped_qty", 0), ("shipped_qty__lte", models.F("picked_qty")), _connector="OR"),
                        ),
                        name="never_ship_more_than_picked",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("invoiced_qty__gte", 0), ("invoiced_qty__lte", models.F("shipped_qty"))),
                        name="never_invoice_more_than_shipped",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("returned_qty__gte", 0), ("returned_qty__lte", models.F("shipped_qty"))),
                        name="never_return_more_than_shipped",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DamageNote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="damages", to="fulfillment.delivery"
                    ),
                ),
                (
                    "shipment_line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="fulfillment.shipmentline"
                    ),
                ),
                ("qty", models.DecimalField(decimal_places=4, max_digits=14)),
                ("note", models.CharField(max_length=200)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("qty__gt", 0)), name="a_damage_is_of_something"),
                    models.CheckConstraint(
                        condition=models.Q(("note", ""), _negated=True), name="a_damage_says_what_is_wrong"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LabelNumbering",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "site",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="inventory.site",
                    ),
                ),
                (
                    "extension_digit",
                    models.CharField(
                        default="0",
                        max_length=1,
                        validators=[django.core.validators.RegexValidator("^\\d+$", "Digits only.")],
                    ),
                ),
                (
                    "company_prefix",
                    models.CharField(
                        max_length=12,
                        validators=[django.core.validators.RegexValidator("^\\d+$", "Digits only.")],
                        verbose_name="GS1 company prefix",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("site",), name="one_label_numbering_per_site_and_one_for_all", nulls_distinct=False
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("company_prefix__regex", "^\\d{4,12}$"), ("extension_digit__regex", "^\\d$")
                        ),
                        name="an_sscc_is_made_of_digits",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LabelNumberingEvent",
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
                        to="fulfillment.labelnumbering",
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
                    "site",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="inventory.site",
                    ),
                ),
                (
                    "extension_digit",
                    models.CharField(
                        default="0",
                        max_length=1,
                        validators=[django.core.validators.RegexValidator("^\\d+$", "Digits only.")],
                    ),
                ),
                (
                    "company_prefix",
                    models.CharField(
                        max_length=12,
                        validators=[django.core.validators.RegexValidator("^\\d+$", "Digits only.")],
                        verbose_name="GS1 company prefix",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Package",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "shipment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="packages", to="fulfillment.shipment"
                    ),
                ),
                ("sscc", models.CharField(max_length=18, unique=True, verbose_name="SSCC")),
                (
                    "kind",
                    models.CharField(
                        choices=[("carton", "Carton"), ("pallet", "Pallet")],
                        default=fulfillment.states.PackageKind["CARTON"],
                        max_length=6,
                    ),
                ),
                (
                    "pallet",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cartons",
                        to="fulfillment.package",
                    ),
                ),
                ("weight_kg", models.DecimalField(decimal_places=3, max_digits=10, null=True)),
                ("length_cm", models.DecimalField(decimal_places=1, max_digits=7, null=True)),
                ("width_cm", models.DecimalField(decimal_places=1, max_digits=7, null=True)),
                ("height_cm", models.DecimalField(decimal_places=1, max_digits=7, null=True)),
                ("tracking_number", models.CharField(blank=True, max_length=80)),
                ("opened_at", models.DateTimeField()),
                ("sealed_at", models.DateTimeField(null=True)),
                ("packed_by", models.CharField(max_length=120)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("sscc__regex", "^\\d{18}$")), name="an_sscc_has_18_digits"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("pallet__isnull", True), ("kind", "carton"), _connector="OR"),
                        name="a_pallet_stands_on_no_pallet",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sealed_at__isnull", True), ("weight_kg__gt", 0), _connector="OR"),
                        name="a_sealed_package_has_a_weight",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("length_cm__isnull", True), ("length_cm__gt", 0), _connector="OR"),
                            models.Q(("width_cm__isnull", True), ("width_cm__gt", 0), _connector="OR"),
                            models.Q(("height_cm__isnull", True), ("height_cm__gt", 0), _connector="OR"),
                        ),
                        name="a_package_has_sides_or_none_are_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PackageLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "package",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="fulfillment.package",
                    ),
                ),
                (
                    "shipment_line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="packed",
                        to="fulfillment.shipmentline",
                    ),
                ),
                ("qty", models.DecimalField(decimal_places=4, max_digits=14)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("qty__gt", 0)), name="a_package_line_is_something"),
                    models.UniqueConstraint(fields=("package", "shipment_line"), name="a_line_lies_in_a_package_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="RecallRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "shipment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="recalls", to="fulfillment.shipment"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("asked", "Asked"), ("accepted", "Accepted"), ("refused", "Refused")],
                        default=fulfillment.states.RecallState["ASKED"],
                        max_length=8,
                    ),
                ),
                ("note", models.CharField(max_length=300)),
                ("asked_at", models.DateTimeField()),
                ("asked_by", models.CharField(max_length=150)),
                ("respond_by", models.DateTimeField()),
                ("answer", models.CharField(blank=True, max_length=300)),
                ("answered_at", models.DateTimeField(null=True)),
                ("answered_by", models.CharField(blank=True, max_length=150)),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("state", "asked")), fields=["respond_by"], name="open_recalls")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "asked")),
                        fields=("shipment",),
                        name="one_open_recall_per_shipment",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answered_at__isnull", True), ("state", "asked")),
                            models.Q(models.Q(("state", "asked"), _negated=True), ("answered_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="an_answered_recall_says_when",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReleasePolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, unique=True)),
                ("rank", models.PositiveSmallIntegerField(default=100, help_text="The lowest is asked first.")),
                (
                    "effect",
                    models.CharField(
                        choices=[("release", "Release"), ("wait", "Wait")],
                        default=fulfillment.states.PolicyEffect["RELEASE"],
                        max_length=8,
                    ),
                ),
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
                    "site",
                    models.ForeignKey(
                        blank=True,
                        help_text="Only orders whose stock is allocated at this site alone.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="inventory.site",
                    ),
                ),
                ("currency", models.CharField(blank=True, help_text="Of the values below; empty: any.", max_length=3)),
                ("min_value", models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
                ("max_value", models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
                (
                    "weekdays",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(),
                        default=fulfillment.models.release.every_day,
                        help_text="0 is Monday.",
                        size=None,
                    ),
                ),
                ("from_time", models.TimeField(blank=True, help_text="Empty: from midnight.", null=True)),
                ("to_time", models.TimeField(blank=True, help_text="Empty: until midnight.", null=True)),
                (
                    "time_zone",
                    models.CharField(default="UTC", help_text="Where days and times are told.", max_length=40),
                ),
                ("is_active", models.BooleanField(default=True)),
                ("note", models.CharField(blank=True, help_text="Why it is as it is.", max_length=200)),
            ],
            options={
                "verbose_name_plural": "release policies",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("min_value__isnull", True),
                            ("max_value__isnull", True),
                            ("max_value__gte", models.F("min_value")),
                            _connector="OR",
                        ),
                        name="a_release_policy_s_values_are_in_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("from_time__isnull", True),
                            ("to_time__isnull", True),
                            ("to_time__gt", models.F("from_time")),
                            _connector="OR",
                        ),
                        name="a_release_policy_s_hours_end_after_they_begin",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReleasePolicyEvent",
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
                        to="fulfillment.releasepolicy",
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
                ("name", models.CharField(max_length=80)),
                ("rank", models.PositiveSmallIntegerField(default=100, help_text="The lowest is asked first.")),
                (
                    "effect",
                    models.CharField(
                        choices=[("release", "Release"), ("wait", "Wait")],
                        default=fulfillment.states.PolicyEffect["RELEASE"],
                        max_length=8,
                    ),
                ),
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
                    "site",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        help_text="Only orders whose stock is allocated at this site alone.",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="inventory.site",
                    ),
                ),
                ("currency", models.CharField(blank=True, help_text="Of the values below; empty: any.", max_length=3)),
                ("min_value", models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
                ("max_value", models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
                (
                    "weekdays",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(),
                        default=fulfillment.models.release.every_day,
                        help_text="0 is Monday.",
                        size=None,
                    ),
                ),
                ("from_time", models.TimeField(blank=True, help_text="Empty: from midnight.", null=True)),
                ("to_time", models.TimeField(blank=True, help_text="Empty: until midnight.", null=True)),
                (
                    "time_zone",
                    models.CharField(default="UTC", help_text="Where days and times are told.", max_length=40),
                ),
                ("is_active", models.BooleanField(default=True)),
                ("note", models.CharField(blank=True, help_text="Why it is as it is.", max_length=200)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ReleaseRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("policy", "Policy"), ("person", "Person")], max_length=8)),
                ("asked_at", models.DateTimeField()),
                ("asked_by", models.CharField(max_length=150)),
                (
                    "what",
                    models.CharField(blank=True, help_text="The filters the orders were chosen by.", max_length=300),
                ),
                ("asked_count", models.PositiveIntegerField()),
                ("released_count", models.PositiveIntegerField(default=0)),
                ("refused_count", models.PositiveIntegerField(default=0)),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["asked_at"], name="release_runs_by_time")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "asked_count__gte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("released_count"), "+", models.F("refused_count")
                                ),
                            )
                        ),
                        name="a_release_run_answers_what_it_was_asked",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ReleaseResult",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="results", to="fulfillment.releaserun"
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="orders.order"),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="fulfillment.releasepolicy",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("released", "Released"), ("refused", "Refused")],
                        default=fulfillment.states.ResultState["WAITING"],
                        max_length=8,
                    ),
                ),
                ("gate", models.CharField(blank=True, max_length=20)),
                ("rule", models.CharField(blank=True, max_length=60)),
                ("message", models.CharField(blank=True, max_length=600)),
                ("shipments", models.PositiveSmallIntegerField(default=0)),
                ("order_version", models.PositiveIntegerField(default=0)),
                ("allocated_qty", models.DecimalField(decimal_places=4, default=0, max_digits=16)),
                ("at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["order", "-id"], name="release_results_by_order")],
                "constraints": [models.UniqueConstraint(fields=("run", "order"), name="one_result_per_order_and_run")],
            },
        ),
        migrations.CreateModel(
            name="Return",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=30, unique=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("requested", "Asked for"),
                            ("authorized", "To be sent back"),
                            ("rejected", "Not taken back"),
                            ("in_transit", "On its way back"),
                            ("received", "Arrived, to be inspected"),
                            ("inspected", "Arrived, being inspected"),
                            ("dispositioned", "Inspected"),
                            ("credited", "Credited"),
                            ("replaced", "Replaced"),
                            ("closed", "Closed"),
                        ],
                        default=fulfillment.states.ReturnStatus["REQUESTED"],
                        max_length=14,
                    ),
                ),
                ("reason", models.CharField(max_length=200)),
                ("external_id", models.CharField(blank=True, max_length=80)),
                (
                    "outcome",
                    models.CharField(
                        choices=[("credit", "Credit"), ("replacement", "Replacement"), ("advance", "Advance")],
                        default=fulfillment.states.ReturnOutcome["CREDIT"],
                        max_length=12,
                    ),
                ),
                ("fee_percent", models.DecimalField(decimal_places=2, default=0, max_digits=5)),
                (
                    "site",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="inventory.site",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=200)),
                ("carrier", models.CharField(blank=True, max_length=40)),
                ("tracking_number", models.CharField(blank=True, max_length=80)),
                ("is_damaged", models.BooleanField(db_default=False, default=False, verbose_name="arrived damaged")),
                ("version", models.PositiveIntegerField(default=1)),
                ("requested_at", models.DateTimeField()),
                ("authorized_at", models.DateTimeField(null=True)),
                ("received_at", models.DateTimeField(null=True)),
                ("dispositioned_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("external_id", ""), _negated=True),
                        fields=("account", "external_id"),
                        name="one_return_per_external_id",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("fee_percent__gte", 0), ("fee_percent__lte", 100)),
                        name="a_restocking_fee_is_a_share_of_the_price",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("site__isnull", False), ("status__in", ["requested", "rejected"]), _connector="OR"
                        ),
                        name="an_authorized_return_says_where_it_comes_to",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReturnLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "parent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="fulfillment.return"
                    ),
                ),
                (
                    "order_line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="orders.orderline"
                    ),
                ),
                ("qty", models.DecimalField(decimal_places=4, max_digits=14)),
                ("authorized_qty", models.DecimalField(decimal_places=4, max_digits=14, null=True)),
                ("received_qty", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
                ("external_ref", models.CharField(blank=True, max_length=80)),
            ],
            options={
                "indexes": [models.Index(fields=["order_line"], name="return_lines_by_order_line")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("qty__gt", 0)), name="a_return_line_returns_something"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("authorized_qty__isnull", True),
                            models.Q(("authorized_qty__gte", 0), ("authorized_qty__lte", models.F("qty"))),
                            _connector="OR",
                        ),
                        name="never_authorize_more_than_was_asked",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("received_qty", 0),
                            models.Q(("received_qty__gt", 0), ("received_qty__lte", models.F("authorized_qty"))),
                            _connector="OR",
                        ),
                        name="never_receive_more_than_was_authorized",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReturnPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="parts", to="fulfillment.returnline"
                    ),
                ),
                (
                    "shipment_line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="fulfillment.shipmentline"
                    ),
                ),
                ("qty", models.DecimalField(decimal_places=4, max_digits=14)),
                (
                    "disposition",
                    models.CharField(
                        choices=[
                            ("restock", "Restock"),
                            ("quarantine", "Quarantine"),
                            ("scrap", "Scrap"),
                            ("return_to_vendor", "Return to vendor"),
                            ("return_to_customer", "Return to customer"),
                            ("missing", "Missing"),
                        ],
                        max_length=18,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=200)),
                ("at", models.DateTimeField()),
                ("actor_label", models.CharField(max_length=120)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("qty__gt", 0)), name="a_return_part_is_something")
                ],
            },
        ),
        migrations.CreateModel(
            name="ShippingChoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "is_consolidated",
                    models.BooleanField(
                        default=True,
                        help_text="Orders of one site and address leave together.",
                        verbose_name="one consignment for many orders",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ShippingChoiceEvent",
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
                        to="fulfillment.shippingchoice",
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
                (
                    "is_consolidated",
                    models.BooleanField(
                        default=True,
                        help_text="Orders of one site and address leave together.",
                        verbose_name="one consignment for many orders",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ShippingRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("priority", models.PositiveIntegerField(default=100, help_text="The lowest that fits is taken.")),
                (
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rules",
                        to="fulfillment.carrierservice",
                    ),
                ),
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
                    "site",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="inventory.site",
                    ),
                ),
                ("country", models.CharField(blank=True, max_length=2)),
                (
                    "region",
                    models.CharField(
                        blank=True, help_text="State or province, as the address writes it.", max_length=40
                    ),
                ),
                ("min_weight_kg", models.DecimalField(blank=True, decimal_places=3, max_digits=12, null=True)),
                ("max_weight_kg", models.DecimalField(blank=True, decimal_places=3, max_digits=12, null=True)),
                (
                    "min_cube_m3",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=12, null=True, verbose_name="min cube m³"
                    ),
                ),
                (
                    "max_cube_m3",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=12, null=True, verbose_name="max cube m³"
                    ),
                ),
                ("min_pallets", models.PositiveIntegerField(blank=True, null=True)),
                ("max_pallets", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "min_days",
                    models.IntegerField(
                        blank=True,
                        help_text="Between the day of the choice and the promised delivery.",
                        null=True,
                        verbose_name="least days left",
                    ),
                ),
                ("max_days", models.IntegerField(blank=True, null=True, verbose_name="most days left")),
                ("is_active", models.BooleanField(default=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("max_weight_kg__isnull", True),
                                ("min_weight_kg__isnull", True),
                                ("max_weight_kg__gte", models.F("min_weight_kg")),
                                _connector="OR",
                            ),
                            models.Q(
                                ("max_cube_m3__isnull", True),
                                ("min_cube_m3__isnull", True),
                                ("max_cube_m3__gte", models.F("min_cube_m3")),
                                _connector="OR",
                            ),
                            models.Q(
                                ("max_pallets__isnull", True),
                                ("min_pallets__isnull", True),
                                ("max_pallets__gte", models.F("min_pallets")),
                                _connector="OR",
                            ),
                            models.Q(
                                ("max_days__isnull", True),
                                ("min_days__isnull", True),
                                ("max_days__gte", models.F("min_days")),
                                _connector="OR",
                            ),
                        ),
                        name="a_shipping_rules_most_is_not_below_its_least",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ShippingRuleEvent",
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
                        to="fulfillment.shippingrule",
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
                ("priority", models.PositiveIntegerField(default=100, help_text="The lowest that fits is taken.")),
                (
                    "service",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="fulfillment.carrierservice",
                    ),
                ),
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
                    "site",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="inventory.site",
                    ),
                ),
                ("country", models.CharField(blank=True, max_length=2)),
                (
                    "region",
                    models.CharField(
                        blank=True, help_text="State or province, as the address writes it.", max_length=40
                    ),
                ),
                ("min_weight_kg", models.DecimalField(blank=True, decimal_places=3, max_digits=12, null=True)),
                ("max_weight_kg", models.DecimalField(blank=True, decimal_places=3, max_digits=12, null=True)),
                (
                    "min_cube_m3",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=12, null=True, verbose_name="min cube m³"
                    ),
                ),
                (
                    "max_cube_m3",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=12, null=True, verbose_name="max cube m³"
                    ),
                ),
                ("min_pallets", models.PositiveIntegerField(blank=True, null=True)),
                ("max_pallets", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "min_days",
                    models.IntegerField(
                        blank=True,
                        help_text="Between the day of the choice and the promised delivery.",
                        null=True,
                        verbose_name="least days left",
                    ),
                ),
                ("max_days", models.IntegerField(blank=True, null=True, verbose_name="most days left")),
                ("is_active", models.BooleanField(default=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="VendorOrder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=30, unique=True)),
                (
                    "shipment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="vendor_order",
                        to="fulfillment.shipment",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="inventory.site",
                        verbose_name="vendor",
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                (
                    "promised_ship_date",
                    models.DateField(
                        help_text="As we promised when it was asked.", null=True, verbose_name="to leave on"
                    ),
                ),
                ("reference", models.CharField(blank=True, max_length=60, verbose_name="vendor's reference")),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("confirmed_by", models.CharField(blank=True, max_length=150)),
                ("confirmed_ship_date", models.DateField(null=True, verbose_name="confirmed for")),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("withdrawn_why", models.CharField(blank=True, max_length=300, verbose_name="why withdrawn")),
            ],
            options={
                "indexes": [models.Index(fields=["asked_at"], name="vendor_orders_by_asking")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("confirmed_at__isnull", True), ("confirmed_ship_date__isnull", False), _connector="OR"
                        ),
                        name="a_confirmed_vendor_order_says_for_when",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="VendorOrderLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "vendor_order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="fulfillment.vendororder"
                    ),
                ),
                (
                    "shipment_line",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="vendor_line",
                        to="fulfillment.shipmentline",
                    ),
                ),
                (
                    "order_line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="orders.orderline"
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.product",
                    ),
                ),
                ("vendor_sku", models.CharField(blank=True, max_length=60, verbose_name="vendor's number")),
                ("qty", models.DecimalField(decimal_places=4, max_digits=14)),
                ("confirmed_qty", models.DecimalField(decimal_places=4, max_digits=14, null=True)),
                ("unit_cost", models.DecimalField(decimal_places=6, max_digits=18)),
                ("currency", models.CharField(max_length=3)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("qty__gt", 0), ("unit_cost__gte", 0)),
                        name="a_vendor_is_asked_for_something",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("confirmed_qty__isnull", True),
                            models.Q(("confirmed_qty__gte", 0), ("confirmed_qty__lte", models.F("qty"))),
                            _connector="OR",
                        ),
                        name="a_vendor_confirms_at_most_what_was_asked",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="carrierservice",
            trigger=pgtrigger.compiler.Trigger(
                name="changed_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "fulfillment_carrierserviceevent" ("carrier", "code", "id", "is_active", "mode", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "tracking_url") VALUES (OLD."carrier", OLD."code", OLD."id", OLD."is_active", OLD."mode", OLD."name", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."tracking_url"); RETURN NULL;',
                    hash="fe58ff3ce719b4e8f9681225257824e60c61ec9f",
                    operation="UPDATE",
                    pgid="pgtrigger_changed_update_63c64",
                    table="fulfillment_carrierservice",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="carrierservice",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "fulfillment_carrierserviceevent" ("carrier", "code", "id", "is_active", "mode", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "tracking_url") VALUES (OLD."carrier", OLD."code", OLD."id", OLD."is_active", OLD."mode", OLD."name", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."tracking_url"); RETURN NULL;',
                    hash="2e9a1b55ad885b1c202bcfedf737a40810044c51",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_bb65a",
                    table="fulfillment_carrierservice",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="labelnumbering",
            trigger=pgtrigger.compiler.Trigger(
                name="changed_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "fulfillment_labelnumberingevent" ("company_prefix", "extension_digit", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "site_id") VALUES (OLD."company_prefix", OLD."extension_digit", OLD."id", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."site_id"); RETURN NULL;',
                    hash="dc77c287435805f74708438b71d12943c9046eac",
                    operation="UPDATE",
                    pgid="pgtrigger_changed_update_e4ffe",
                    table="fulfillment_labelnumbering",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="labelnumbering",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "fulfillment_labelnumberingevent" ("company_prefix", "extension_digit", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "site_id") VALUES (OLD."company_prefix", OLD."extension_digit", OLD."id", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."site_id"); RETURN NULL;',
                    hash="1f8ce1f6f07a56bf25229479c9a59bcd08bb9113",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_1bf09",
                    table="fulfillment_labelnumbering",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="releasepolicy",
            trigger=pgtrigger.compiler.Trigger(
                name="changed_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "fulfillment_releasepolicyevent" ("account_id", "currency", "effect", "from_time", "id", "is_active", "max_value", "min_value", "name", "note", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rank", "site_id", "tier_id", "time_zone", "to_time", "weekdays") VALUES (OLD."account_id", OLD."currency", OLD."effect", OLD."from_time", OLD."id", OLD."is_active", OLD."max_value", OLD."min_value", OLD."name", OLD."note", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."rank", OLD."site_id", OLD."tier_id", OLD."time_zone", OLD."to_time", OLD."weekdays"); RETURN NULL;',
                    hash="79c8fb3f75b9434115c580d37fd30142753cfc37",
                    operation="UPDATE",
                    pgid="pgtrigger_changed_update_420a8",
                    table="fulfillment_releasepolicy",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="releasepolicy",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "fulfillment_releasepolicyevent" ("account_id", "currency", "effect", "from_time", "id", "is_active", "max_value", "min_value", "name", "note", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rank", "site_id", "tier_id", "time_zone", "to_time", "weekdays") VALUES (OLD."account_id", OLD."currency", OLD."effect", OLD."from_time", OLD."id", OLD."is_active", OLD."max_value", OLD."min_value", OLD."name", OLD."note", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."rank", OLD."site_id", OLD."tier_id", OLD."time_zone", OLD."to_time", OLD."weekdays"); RETURN NULL;',
                    hash="5540096024ffce3f420894e904afce9d8f42985b",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_517ee",
                    table="fulfillment_releasepolicy",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="return",
            trigger=pgtrigger.compiler.Trigger(
                name="return_status_guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{authorized:closed,authorized:in_transit,authorized:received,credited:closed,dispositioned:closed,dispositioned:credited,dispositioned:replaced,in_transit:closed,in_transit:received,inspected:dispositioned,received:dispositioned,received:inspected,replaced:closed,requested:authorized,requested:rejected}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="d97dd45687e645678aff08ed0ce19cf6dcd77573",
                    operation="UPDATE",
                    pgid="pgtrigger_return_status_guard_28da7",
                    table="fulfillment_return",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="shipment",
            trigger=pgtrigger.compiler.Trigger(
                name="shipment_status_guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{acknowledged:cancelled,acknowledged:packed,acknowledged:picking,packed:shipped,picking:cancelled,picking:packed,released:acknowledged,released:cancelled,released:packed,released:picking,shipped:delivered,shipped:refused}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="101f12609b78b7af210a1339231e0cc46c6ae7d9",
                    operation="UPDATE",
                    pgid="pgtrigger_shipment_status_guard_8e47b",
                    table="fulfillment_shipment",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="delivery",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="a3b4082420a38525299930562c3b0252c4706b70",
                    level="STATEMENT",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_4d45d",
                    table="fulfillment_delivery",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="delivery",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF current_database() LIKE 'test\\_%' THEN RETURN NULL; END IF; RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="10e4eae06cbf2a08e438fb352e31e1fd3adad148",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_b1edc",
                    table="fulfillment_delivery",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="returnpart",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="e67b4eb9697823bf6a3ee8ec84a2c01843e2f116",
                    level="STATEMENT",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_4e42a",
                    table="fulfillment_returnpart",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="returnpart",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF current_database() LIKE 'test\\_%' THEN RETURN NULL; END IF; RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="a24c37499e63e28cea54d81170d9e708dc7fa0e6",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_5d8c0",
                    table="fulfillment_returnpart",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="damagenote",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="ebcc58984aa9f4074dd065c6d002ac6a164a6a15",
                    level="STATEMENT",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_a81bb",
                    table="fulfillment_damagenote",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="damagenote",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF current_database() LIKE 'test\\_%' THEN RETURN NULL; END IF; RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="0d937ed11384ea66a96d028b88e86c8c3e002df5",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_98ef7",
                    table="fulfillment_damagenote",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="shippingchoice",
            trigger=pgtrigger.compiler.Trigger(
                name="changed_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "fulfillment_shippingchoiceevent" ("account_id", "id", "is_consolidated", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (OLD."account_id", OLD."id", OLD."is_consolidated", _pgh_attach_context(), NOW(), \'changed\', OLD."id"); RETURN NULL;',
                    hash="a692f720553c8f8d3f53c2ca1ab7615be0a485d1",
                    operation="UPDATE",
                    pgid="pgtrigger_changed_update_7d5f3",
                    table="fulfillment_shippingchoice",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="shippingchoice",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "fulfillment_shippingchoiceevent" ("account_id", "id", "is_consolidated", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (OLD."account_id", OLD."id", OLD."is_consolidated", _pgh_attach_context(), NOW(), \'removed\', OLD."id"); RETURN NULL;',
                    hash="89c9de41e2e091e1a7732526928dadf536a0ea72",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_6349e",
                    table="fulfillment_shippingchoice",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="shippingrule",
            trigger=pgtrigger.compiler.Trigger(
                name="changed_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "fulfillment_shippingruleevent" ("account_id", "country", "id", "is_active", "max_cube_m3", "max_days", "max_pallets", "max_weight_kg", "min_cube_m3", "min_days", "min_pallets", "min_weight_kg", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority", "region", "service_id", "site_id") VALUES (OLD."account_id", OLD."country", OLD."id", OLD."is_active", OLD."max_cube_m3", OLD."max_days", OLD."max_pallets", OLD."max_weight_kg", OLD."min_cube_m3", OLD."min_days", OLD."min_pallets", OLD."min_weight_kg", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."priority", OLD."region", OLD."service_id", OLD."site_id"); RETURN NULL;',
                    hash="5e007a83fdccb143940b4293b6fab1d3b0fc0804",
                    operation="UPDATE",
                    pgid="pgtrigger_changed_update_b5b9e",
                    table="fulfillment_shippingrule",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="shippingrule",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "fulfillment_shippingruleevent" ("account_id", "country", "id", "is_active", "max_cube_m3", "max_days", "max_pallets", "max_weight_kg", "min_cube_m3", "min_days", "min_pallets", "min_weight_kg", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority", "region", "service_id", "site_id") VALUES (OLD."account_id", OLD."country", OLD."id", OLD."is_active", OLD."max_cube_m3", OLD."max_days", OLD."max_pallets", OLD."max_weight_kg", OLD."min_cube_m3", OLD."min_days", OLD."min_pallets", OLD."min_weight_kg", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."priority", OLD."region", OLD."service_id", OLD."site_id"); RETURN NULL;',
                    hash="8f629c647bab2cf75f547df342c5b8c4470e09db",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_35a5d",
                    table="fulfillment_shippingrule",
                    when="AFTER",
                ),
            ),
        ),
        leave_room("fulfillment_shipmentline", 50),
    ]
