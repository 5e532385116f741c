"""Every table of this room: a new installation starts here (docs/adr/0014-one-start.md)."""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models
from django.utils import timezone

import inventory.states
from core.numbering import CreateSequence
from core.storage import leave_room


def seed_default(apps, schema_editor):
    """What runs did before there were policies: what is firm stays, the rest goes by rank."""
    policy = apps.get_model("inventory", "AllocationPolicy").objects.create(
        code="default", name="By priority, tier, contract, margin and date", is_default=True
    )
    apps.get_model("inventory", "AllocationPolicyVersion").objects.create(
        policy=policy, version=1, at=timezone.now(), actor_label="installation"
    )


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0009_days_a_delivery_may_be_early"),
        ("catalog", "0003_guard_asks_first"),
        ("core", "0005_overrides_by_customer"),
        ("pghistory", "0007_auto_20250421_0444"),
    ]

    operations = [
        CreateSequence("transfer", start=100001),
        CreateSequence("stock_count", start=100001),
        CreateSequence("field_usage", start=100001),
        CreateSequence("fill_up", start=100001),
        CreateSequence("transfer_offer", start=100001),
        CreateSequence("transfer_dispute", start=100001),
        migrations.CreateModel(
            name="AllocationRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("trigger_key", models.CharField(max_length=120, unique=True)),
                ("scope", models.JSONField(default=dict)),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "parent",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shards",
                        to="inventory.allocationrun",
                    ),
                ),
                ("result", models.JSONField(default=dict)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("finished_at__isnull", True)),
                        fields=["started_at"],
                        name="allocation_runs_under_way",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Site",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=20, unique=True)),
                ("name", models.CharField(max_length=120)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("dc", "DC"),
                            ("hub", "Hub"),
                            ("third_party", "Third party"),
                            ("trunk", "Trunk"),
                            ("consignment", "Consignment"),
                            ("quarantine", "Quarantine"),
                            ("vendor", "Vendor"),
                        ],
                        default=inventory.states.SiteKind["DC"],
                        max_length=12,
                    ),
                ),
                ("region", models.CharField(blank=True, max_length=40)),
                ("time_zone", models.CharField(default="UTC", max_length=64)),
                (
                    "calendar",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="core.calendar",
                    ),
                ),
                ("cutoff_time", models.TimeField(blank=True, null=True)),
                ("lead_days", models.PositiveSmallIntegerField(default=0)),
                ("transit_days", models.PositiveSmallIntegerField(default=2)),
                ("rank", models.PositiveSmallIntegerField(default=100, help_text="Lower is tried first.")),
                ("lines_per_day", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "rep",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.rep",
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
                    "count_approval_amount",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="Count variances worth more need approval. Empty: the company's amount.",
                        max_digits=14,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(0)],
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
            ],
        ),
        migrations.CreateModel(
            name="Demand",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.product"
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
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
                ("ref_kind", models.CharField(max_length=40)),
                ("ref_id", models.BigIntegerField()),
                ("ref_number", models.CharField(blank=True, max_length=60)),
                ("line_no", models.PositiveIntegerField(default=1)),
                ("ordered_qty", models.DecimalField(decimal_places=4, max_digits=14)),
                ("cancelled_qty", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
                ("backordered_qty", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
                ("reserved_qty", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
                ("allocated_qty", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
                ("released_qty", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
                ("picked_qty", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
                ("shipped_qty", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
                ("requested_date", models.DateField()),
                ("min_shelf_life_days", models.PositiveIntegerField(default=0)),
                ("is_blocked", models.BooleanField(default=False)),
                ("backorder_allowed", models.BooleanField(default=True)),
                ("priority", models.SmallIntegerField(default=0)),
                ("tier_rank", models.PositiveSmallIntegerField(default=9999)),
                ("sla_penalty", models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                ("is_contract", models.BooleanField(default=False)),
                ("margin_band", models.SmallIntegerField(default=0)),
                ("unit_margin", models.DecimalField(decimal_places=6, max_digits=18, null=True)),
                ("ship_complete_group", models.CharField(blank=True, max_length=40)),
                ("ship_complete", models.CharField(blank=True, db_default="", default="", max_length=5)),
                (
                    "ship_to",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.shipto",
                    ),
                ),
                ("region", models.CharField(blank=True, db_default="", max_length=40)),
                (
                    "receiving_calendar",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="core.calendar",
                    ),
                ),
                (
                    "receiving_days",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(), db_default=[], default=list, size=None
                    ),
                ),
                (
                    "route",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), db_default=[], default=list, size=None
                    ),
                ),
                ("opened_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(
                            (
                                "ordered_qty__gt",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("cancelled_qty"), "+", models.F("shipped_qty")
                                ),
                            )
                        ),
                        fields=["product", "id"],
                        name="unshipped_demand_by_product",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ordered_qty__gt", 0)), name="a_demand_asks_for_something"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("allocated_qty__gte", 0),
                            ("backordered_qty__gte", 0),
                            ("cancelled_qty__gte", 0),
                            ("picked_qty__gte", 0),
                            ("released_qty__gte", 0),
                            ("reserved_qty__gte", 0),
                            ("shipped_qty__gte", 0),
                        ),
                        name="demand_buckets_are_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "ordered_qty",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            django.db.models.expressions.CombinedExpression(
                                                django.db.models.expressions.CombinedExpression(
                                                    django.db.models.expressions.CombinedExpression(
                                                        models.F("cancelled_qty"), "+", models.F("backordered_qty")
                                                    ),
                                                    "+",
                                                    models.F("reserved_qty"),
                                                ),
                                                "+",
                                                models.F("allocated_qty"),
                                            ),
                                            "+",
                                            models.F("released_qty"),
                                        ),
                                        "+",
                                        models.F("picked_qty"),
                                    ),
                                    "+",
                                    models.F("shipped_qty"),
                                ),
                            )
                        ),
                        name="every_ordered_unit_is_in_exactly_one_bucket",
                    ),
                    models.UniqueConstraint(
                        fields=("ref_kind", "ref_id", "line_no"), name="one_demand_per_document_line"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AllocationChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="changes",
                        to="inventory.allocationrun",
                    ),
                ),
                (
                    "demand",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="inventory.demand"
                    ),
                ),
                ("before_qty", models.DecimalField(decimal_places=4, max_digits=14)),
                ("after_qty", models.DecimalField(decimal_places=4, max_digits=14)),
                ("was_date", models.DateField(null=True)),
                ("now_date", models.DateField(null=True)),
                ("margin_effect", models.DecimalField(decimal_places=2, max_digits=16, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("run", "demand"), name="one_change_per_run_and_demand")
                ],
            },
        ),
        migrations.CreateModel(
            name="AllocationPolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=120)),
                ("version", models.PositiveIntegerField(default=1)),
                ("definition", models.JSONField(default=dict)),
                ("is_default", models.BooleanField(default=False)),
            ],
            options={
                "verbose_name_plural": "allocation policies",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_default", True)),
                        fields=("is_default",),
                        name="one_default_allocation_policy",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AllocationPolicyUse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="uses",
                        to="inventory.allocationpolicy",
                    ),
                ),
                (
                    "product",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.product"
                    ),
                ),
                (
                    "category",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.category"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("product__isnull", True), ("category__isnull", True), _connector="XOR"),
                        name="a_policy_is_used_for_a_product_or_a_category",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AllocationPolicyVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="inventory.allocationpolicy",
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                ("definition", models.JSONField(default=dict)),
                ("at", models.DateTimeField()),
                ("actor_label", models.CharField(max_length=150)),
                ("note", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("policy", "version"), name="one_row_per_policy_and_version")
                ],
            },
        ),
        migrations.CreateModel(
            name="AllocationScenario",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, unique=True)),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.product"
                    ),
                ),
                ("policy_code", models.CharField(blank=True, max_length=40)),
                ("beside_code", models.CharField(blank=True, max_length=40)),
                ("hold_back_qty", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
                ("versions", models.JSONField()),
                ("figures", models.JSONField()),
                ("lines", models.JSONField()),
                ("note", models.CharField(blank=True, max_length=300)),
                ("saved_at", models.DateTimeField()),
                ("saved_label", models.CharField(max_length=150)),
            ],
        ),
        migrations.CreateModel(
            name="Backorder",
            fields=[],
            options={
                "proxy": True,
            },
            bases=("inventory.demand",),
        ),
        migrations.CreateModel(
            name="Lot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.product"
                    ),
                ),
                ("code", models.CharField(max_length=40)),
                ("expiry_date", models.DateField(blank=True, null=True)),
                ("is_recalled", models.BooleanField(default=False)),
                ("is_serial", models.BooleanField(default=False)),
                ("maker_lot", models.CharField(blank=True, max_length=40)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("product", "code"), name="one_lot_per_product_and_code")
                ],
            },
        ),
        migrations.CreateModel(
            name="StockBalance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.product"
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="inventory.site"
                    ),
                ),
                (
                    "lot",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="inventory.lot",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("available", "Available"),
                            ("quality", "Quality"),
                            ("damaged", "Damaged"),
                            ("expired", "Expired"),
                            ("recalled", "Recalled"),
                        ],
                        default=inventory.states.StockStatus["AVAILABLE"],
                        max_length=10,
                    ),
                ),
                ("owner", models.CharField(blank=True, max_length=40)),
                ("on_hand_qty", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
                ("reserved_qty", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
                ("allocated_qty", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
                ("released_qty", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
                ("picked_qty", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("allocated_qty__gte", 0),
                            ("picked_qty__gte", 0),
                            ("released_qty__gte", 0),
                            ("reserved_qty__gte", 0),
                        ),
                        name="claims_on_a_balance_are_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "on_hand_qty__gte",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("reserved_qty"), "+", models.F("allocated_qty")
                                        ),
                                        "+",
                                        models.F("released_qty"),
                                    ),
                                    "+",
                                    models.F("picked_qty"),
                                ),
                            )
                        ),
                        name="never_claim_more_than_on_hand",
                    ),
                    models.UniqueConstraint(
                        fields=("product", "site", "lot", "status", "owner"),
                        name="one_balance_per_place_lot_status_and_owner",
                        nulls_distinct=False,
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Claim",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "demand",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="claims", to="inventory.demand"
                    ),
                ),
                (
                    "balance",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="claims",
                        to="inventory.stockbalance",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("soft", "Soft"), ("hard", "Hard"), ("released", "Released"), ("picked", "Picked")],
                        max_length=8,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("closed", "Closed")],
                        default=inventory.states.ClaimState["OPEN"],
                        max_length=6,
                    ),
                ),
                ("qty", models.DecimalField(decimal_places=4, max_digits=14)),
                ("expires_at", models.DateTimeField(null=True)),
                ("opened_at", models.DateTimeField()),
                (
                    "ended",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("shipped", "Shipped"),
                            ("freed", "Freed"),
                            ("short", "Short"),
                            ("expired", "Expired"),
                        ],
                        max_length=8,
                    ),
                ),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "open")), fields=["balance"], name="open_claims_by_balance"
                    ),
                    models.Index(
                        condition=models.Q(("expires_at__isnull", False), ("state", "open")),
                        fields=["expires_at"],
                        name="claims_by_expiry",
                    ),
                    models.Index(
                        condition=models.Q(("ended", "shipped")),
                        fields=["balance", "ended_at"],
                        name="shipped_claims_by_balance",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("qty__gt", 0)), name="a_claim_holds_something"),
                    models.UniqueConstraint(
                        condition=models.Q(("kind__in", ["soft", "hard"]), ("state", "open")),
                        fields=("demand", "balance", "kind"),
                        name="one_open_claim_per_demand_and_balance",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended", ""), ("state", "open")),
                            models.Q(("state", "closed"), models.Q(("ended", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="a_closed_claim_says_how_it_ended",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StockCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=20, unique=True)),
                ("request_key", models.CharField(max_length=80, unique=True)),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="inventory.site"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("approval", "Approval"),
                            ("posted", "Posted"),
                            ("cancelled", "Cancelled"),
                        ],
                        default=inventory.states.CountStatus["OPEN"],
                        max_length=10,
                    ),
                ),
                ("is_whole_site", models.BooleanField(default=False)),
                ("opened_at", models.DateTimeField()),
                ("opened_by", models.CharField(max_length=150)),
                (
                    "approval",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.approvalrequest",
                    ),
                ),
                ("posted_at", models.DateTimeField(null=True)),
                ("posted_by", models.CharField(blank=True, max_length=150)),
                ("end_reason", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("status__in", ["open", "approval"])),
                        fields=["site"],
                        name="counts_under_way",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CountLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "count",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="inventory.stockcount"
                    ),
                ),
                (
                    "balance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="inventory.stockbalance"
                    ),
                ),
                ("counted_qty", models.DecimalField(decimal_places=4, max_digits=14, null=True)),
                ("counted_at", models.DateTimeField(null=True)),
                ("counted_by_id", models.BigIntegerField(null=True)),
                ("counted_by", models.CharField(blank=True, max_length=150)),
                ("variance_qty", models.DecimalField(decimal_places=4, max_digits=14, null=True)),
                ("pending_qty", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("count", "balance"), name="one_line_per_count_and_balance"),
                    models.CheckConstraint(
                        condition=models.Q(("counted_qty__isnull", True), ("counted_qty__gte", 0), _connector="OR"),
                        name="nobody_counts_less_than_nothing",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("pending_qty__gte", 0)), name="a_pending_shortage_is_not_negative"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DemandAlternative",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "demand",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="alternatives", to="inventory.demand"
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="inventory.allocationrun"
                    ),
                ),
                (
                    "way",
                    models.CharField(
                        choices=[("substitute", "Substitute"), ("site", "Site"), ("split", "Split")], max_length=10
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.product"
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="inventory.site"
                    ),
                ),
                ("qty", models.DecimalField(decimal_places=4, max_digits=14)),
                ("replaces_qty", models.DecimalField(decimal_places=4, max_digits=14)),
                ("needs_consent", models.BooleanField(default=False)),
                ("found_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("qty__gt", 0), ("replaces_qty__gt", 0)),
                        name="an_alternative_serves_something",
                    ),
                    models.UniqueConstraint(
                        fields=("demand", "way", "product", "site"), name="one_alternative_a_way_product_and_site"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DemandDecision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "demand",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="decision", to="inventory.demand"
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="inventory.allocationrun",
                    ),
                ),
                ("position", models.PositiveIntegerField()),
                ("explanation", models.JSONField(default=dict)),
            ],
        ),
        migrations.CreateModel(
            name="SourcingRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120, unique=True)),
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
                ("region", models.CharField(blank=True, help_text="Of the ship-to. Empty: any.", max_length=40)),
                (
                    "fulfilment",
                    models.CharField(
                        blank=True,
                        choices=[("order", "Order"), ("fill_up", "Fill up")],
                        help_text="Empty: any.",
                        max_length=10,
                    ),
                ),
                (
                    "sites",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20),
                        blank=True,
                        default=list,
                        help_text="Codes of the candidate sites, the preferred first. Trunks and consignments only where named. Empty: every DC, hub and third party.",
                        size=None,
                    ),
                ),
                (
                    "max_shipments",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Sites one order may ship from. The account's own limit counts as well.",
                        null=True,
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="most shipments",
                    ),
                ),
                (
                    "ship_complete",
                    models.CharField(
                        blank=True,
                        choices=[("none", "None"), ("line", "Line"), ("order", "Order")],
                        help_text="Empty: as the account has it.",
                        max_length=5,
                    ),
                ),
                (
                    "joins_inbound",
                    models.BooleanField(
                        default=False,
                        help_text="Wait for supply on its way where it still arrives on time and saves a shipment.",
                        verbose_name="join what is on its way",
                    ),
                ),
                (
                    "min_shelf_life_days",
                    models.PositiveIntegerField(
                        default=0,
                        help_text="The account's own counts where it is longer.",
                        verbose_name="minimum shelf life, days",
                    ),
                ),
                ("max_distance_km", models.PositiveIntegerField(blank=True, null=True, verbose_name="farthest, km")),
                (
                    "distance",
                    models.CharField(
                        choices=[("off", "Off"), ("soft", "Soft"), ("hard", "Hard")],
                        default=inventory.states.Hardness["OFF"],
                        max_length=4,
                    ),
                ),
                (
                    "cutoff",
                    models.CharField(
                        choices=[("off", "Off"), ("soft", "Soft"), ("hard", "Hard")],
                        default=inventory.states.Hardness["OFF"],
                        help_text="Sites that missed today's cut-off.",
                        max_length=4,
                        verbose_name="cut-off",
                    ),
                ),
                (
                    "capacity",
                    models.CharField(
                        choices=[("off", "Off"), ("soft", "Soft"), ("hard", "Hard")],
                        default=inventory.states.Hardness["OFF"],
                        help_text="Sites whose lines waiting to be shipped fill their day.",
                        max_length=4,
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("product__isnull", True), ("category__isnull", True), _connector="OR"),
                        name="a_sourcing_rule_names_a_product_or_a_category",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("distance", "off"), ("max_distance_km__isnull", False), _connector="OR"),
                        name="a_rule_of_distance_says_how_far",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_active", True)),
                        fields=("account", "product", "category", "region", "fulfilment"),
                        name="one_active_sourcing_rule_per_scope",
                        nulls_distinct=False,
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DemandSourcing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "demand",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="inventory.demand"
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="inventory.sourcingrule",
                    ),
                ),
                ("explanation", models.JSONField(default=dict)),
                ("planned_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ExpiryNotice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="inventory.site"
                    ),
                ),
                (
                    "lot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="inventory.lot"
                    ),
                ),
                ("step_days", models.PositiveSmallIntegerField()),
                ("sent_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("site", "lot", "step_days"), name="one_expiry_notice_per_lot_and_step"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="FieldUsage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=20, unique=True)),
                ("request_key", models.CharField(max_length=250, unique=True)),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="inventory.site"
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("recorded", "Recorded"), ("billed", "Billed")],
                        default=inventory.states.UsageStatus["RECORDED"],
                        max_length=10,
                    ),
                ),
                ("used_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                ("recorded_by_id", models.BigIntegerField(null=True)),
                ("recorded_by", models.CharField(max_length=150)),
                ("case_reference", models.CharField(blank=True, max_length=60)),
                ("po_number", models.CharField(blank=True, max_length=60, verbose_name="PO number")),
                ("is_po_awaited", models.BooleanField(default=False)),
                ("note", models.CharField(blank=True, max_length=300)),
                ("problem", models.CharField(blank=True, max_length=300)),
            ],
            options={
                "verbose_name": "usage",
                "indexes": [
                    models.Index(fields=["site", "-id"], name="usages_by_site"),
                    models.Index(fields=["account", "-id"], name="usages_by_account"),
                    models.Index(condition=models.Q(("status", "recorded")), fields=["id"], name="usages_to_be_billed"),
                ],
            },
        ),
        migrations.CreateModel(
            name="FillUp",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=20, unique=True)),
                ("request_key", models.CharField(max_length=120, unique=True)),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="inventory.site"
                    ),
                ),
                ("requested_at", models.DateTimeField()),
                ("requested_by", models.CharField(max_length=150)),
                ("wanted_date", models.DateField()),
            ],
            options={
                "verbose_name": "fill-up",
                "indexes": [models.Index(fields=["site", "-id"], name="fill_ups_by_site")],
            },
        ),
        migrations.CreateModel(
            name="FillUpLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "fill_up",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="inventory.fillup"
                    ),
                ),
                ("line_no", models.PositiveIntegerField()),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.product"
                    ),
                ),
                (
                    "demand",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="inventory.demand"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("fill_up", "line_no"), name="one_fill_up_line_per_number")
                ],
            },
        ),
        migrations.CreateModel(
            name="InboundSupply",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.product"
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="inventory.site"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("purchase", "Purchase"),
                            ("transfer", "Transfer"),
                            ("production", "Production"),
                            ("return", "Return"),
                        ],
                        default=inventory.states.InboundKind["PURCHASE"],
                        max_length=10,
                    ),
                ),
                ("reference", models.CharField(max_length=60)),
                ("ordered_qty", models.DecimalField(decimal_places=4, max_digits=14)),
                ("received_qty", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
                ("eta_date", models.DateField()),
                ("confidence_percent", models.PositiveSmallIntegerField(default=100)),
                ("past_due_cutoff_days", models.PositiveSmallIntegerField(default=7)),
                ("is_closed", models.BooleanField(default=False)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("is_closed", False)),
                        fields=["product", "eta_date"],
                        name="open_inbound_by_product",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ordered_qty__gt", 0), ("received_qty__gte", 0)),
                        name="inbound_supply_is_positive",
                    ),
                    models.UniqueConstraint(
                        fields=("kind", "reference", "product", "site"),
                        name="one_inbound_supply_per_reference_and_product",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Transfer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=20, unique=True)),
                ("request_key", models.CharField(max_length=80, unique=True)),
                (
                    "from_site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="inventory.site"
                    ),
                ),
                (
                    "to_site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="inventory.site"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("requested", "Requested"),
                            ("shipped", "Shipped"),
                            ("short", "Short"),
                            ("closed", "Closed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default=inventory.states.TransferStatus["REQUESTED"],
                        max_length=10,
                    ),
                ),
                ("expected_date", models.DateField()),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("requested_at", models.DateTimeField()),
                ("requested_by", models.CharField(max_length=150)),
                ("shipped_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("close_reason", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("status__in", ["shipped", "short"])),
                        fields=["to_site", "expected_date"],
                        name="transfers_on_their_way",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("from_site", models.F("to_site")), _negated=True),
                        name="a_transfer_goes_somewhere_else",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TransferOffer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=20, unique=True)),
                ("request_key", models.CharField(max_length=250, unique=True)),
                (
                    "from_site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="inventory.site"
                    ),
                ),
                (
                    "to_site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="inventory.site"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("offered", "Offered"),
                            ("accepted", "Accepted"),
                            ("declined", "Declined"),
                            ("withdrawn", "Withdrawn"),
                            ("expired", "Expired"),
                        ],
                        default=inventory.states.OfferStatus["OFFERED"],
                        max_length=10,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=200)),
                ("offered_at", models.DateTimeField()),
                ("offered_by_id", models.BigIntegerField(null=True)),
                ("offered_by", models.CharField(max_length=150)),
                ("expires_at", models.DateTimeField()),
                ("answered_at", models.DateTimeField(null=True)),
                ("answered_by", models.CharField(blank=True, max_length=150)),
                ("answer_note", models.CharField(blank=True, max_length=200)),
                (
                    "transfer",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="inventory.transfer",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "offered")), fields=["expires_at"], name="offers_by_expiry"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("from_site", models.F("to_site")), _negated=True),
                        name="an_offer_goes_to_somebody_else",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "accepted"), ("transfer__isnull", False)),
                            models.Q(models.Q(("status", "accepted"), _negated=True), ("transfer__isnull", True)),
                            _connector="OR",
                        ),
                        name="an_accepted_offer_moved_its_goods",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OfferLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "offer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="inventory.transferoffer"
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.product"
                    ),
                ),
                (
                    "lot",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="inventory.lot"
                    ),
                ),
                ("qty", models.DecimalField(decimal_places=4, max_digits=14)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("qty__gt", 0)), name="an_offer_line_offers_something"),
                    models.UniqueConstraint(
                        fields=("offer", "product", "lot"),
                        name="one_offer_line_per_product_and_lot",
                        nulls_distinct=False,
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OrderCap",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "who",
                    models.CharField(
                        choices=[
                            ("account", "Account"),
                            ("group", "Group"),
                            ("tier", "Tier"),
                            ("region", "Region"),
                            ("below", "Below"),
                            ("everybody", "Everybody"),
                        ],
                        max_length=9,
                        verbose_name="For",
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
                (
                    "max_qty",
                    models.DecimalField(
                        decimal_places=4,
                        max_digits=14,
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="At most",
                    ),
                ),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(blank=True, help_text="The first day it no longer holds.", null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("account__isnull", True),
                                ("group__isnull", True),
                                ("tier__isnull", True),
                                ("who", inventory.states.PoolWho["EVERYBODY"]),
                            ),
                            models.Q(
                                ("account__isnull", False),
                                ("group__isnull", True),
                                ("tier__isnull", True),
                                ("who", inventory.states.PoolWho["ACCOUNT"]),
                            ),
                            models.Q(
                                ("account__isnull", True),
                                ("group__isnull", False),
                                ("tier__isnull", True),
                                ("who", inventory.states.PoolWho["GROUP"]),
                            ),
                            models.Q(
                                ("account__isnull", True),
                                ("group__isnull", True),
                                ("tier__isnull", False),
                                ("who", inventory.states.PoolWho["TIER"]),
                            ),
                            _connector="OR",
                        ),
                        name="a_cap_names_whom_it_is_for",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("category__isnull", False), ("product__isnull", True)),
                            models.Q(("category__isnull", True), ("product__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_cap_is_of_a_product_or_a_category",
                    ),
                    models.CheckConstraint(condition=models.Q(("max_qty__gte", 0)), name="a_cap_is_not_negative"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to__isnull", True), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                        ),
                        name="a_cap_ends_after_it_starts",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OrderCapEvent",
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
                        to="inventory.ordercap",
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
                    "who",
                    models.CharField(
                        choices=[
                            ("account", "Account"),
                            ("group", "Group"),
                            ("tier", "Tier"),
                            ("region", "Region"),
                            ("below", "Below"),
                            ("everybody", "Everybody"),
                        ],
                        max_length=9,
                        verbose_name="For",
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
                (
                    "max_qty",
                    models.DecimalField(
                        decimal_places=4,
                        max_digits=14,
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="At most",
                    ),
                ),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(blank=True, help_text="The first day it no longer holds.", null=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ParLevel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="inventory.site"
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.product"
                    ),
                ),
                (
                    "par_qty",
                    models.DecimalField(
                        decimal_places=4, max_digits=14, validators=[django.core.validators.MinValueValidator(0)]
                    ),
                ),
                (
                    "refill_below_qty",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        help_text="Filled up when less is there or on its way. Empty: as soon as anything is missing.",
                        max_digits=14,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(0)],
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("site", "product"), name="one_par_level_per_site_and_product"),
                    models.CheckConstraint(condition=models.Q(("par_qty__gt", 0)), name="a_par_level_is_above_nothing"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("refill_below_qty__isnull", True),
                            models.Q(("refill_below_qty__gt", 0), ("refill_below_qty__lte", models.F("par_qty"))),
                            _connector="OR",
                        ),
                        name="a_refill_starts_at_or_below_par",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Pool",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=40, unique=True)),
                ("name", models.CharField(help_text="As people know it.", max_length=120)),
                ("kind", models.CharField(choices=[("protection", "Protection"), ("quota", "Quota")], max_length=10)),
                (
                    "state",
                    models.CharField(
                        choices=[("active", "Active"), ("inactive", "Inactive"), ("neutral", "Neutral")],
                        default=inventory.states.PoolState["ACTIVE"],
                        max_length=8,
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="inventory.pool",
                    ),
                ),
                (
                    "who",
                    models.CharField(
                        choices=[
                            ("account", "Account"),
                            ("group", "Group"),
                            ("tier", "Tier"),
                            ("region", "Region"),
                            ("below", "Below"),
                            ("everybody", "Everybody"),
                        ],
                        max_length=9,
                        verbose_name="For",
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
                ("region", models.CharField(blank=True, help_text="Of the customers.", max_length=40)),
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
                        help_text="The amount holds for each product in it and in the categories below it.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.category",
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
                (
                    "site_region",
                    models.CharField(
                        blank=True, help_text="The sites of this region. Empty: everywhere.", max_length=40
                    ),
                ),
                (
                    "amount_kind",
                    models.CharField(
                        choices=[("number", "Number"), ("percent", "Percent"), ("ratio", "Ratio")],
                        default=inventory.states.AmountKind["NUMBER"],
                        max_length=8,
                    ),
                ),
                (
                    "amount",
                    models.DecimalField(
                        decimal_places=4, max_digits=14, validators=[django.core.validators.MinValueValidator(0)]
                    ),
                ),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(blank=True, help_text="The first day it no longer holds.", null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("account__isnull", False),
                                ("group__isnull", True),
                                ("tier__isnull", True),
                                ("who", inventory.states.PoolWho["ACCOUNT"]),
                                ("region", ""),
                            ),
                            models.Q(
                                ("account__isnull", True),
                                ("group__isnull", False),
                                ("tier__isnull", True),
                                ("who", inventory.states.PoolWho["GROUP"]),
                                ("region", ""),
                            ),
                            models.Q(
                                ("account__isnull", True),
                                ("group__isnull", True),
                                ("tier__isnull", False),
                                ("who", inventory.states.PoolWho["TIER"]),
                                ("region", ""),
                            ),
                            models.Q(
                                ("account__isnull", True),
                                ("group__isnull", True),
                                ("tier__isnull", True),
                                ("who", inventory.states.PoolWho["REGION"]),
                                models.Q(("region", ""), _negated=True),
                            ),
                            models.Q(
                                ("account__isnull", True),
                                ("group__isnull", True),
                                ("tier__isnull", True),
                                ("who", inventory.states.PoolWho["BELOW"]),
                                ("region", ""),
                            ),
                            models.Q(
                                ("account__isnull", True),
                                ("group__isnull", True),
                                ("tier__isnull", True),
                                ("who", inventory.states.PoolWho["EVERYBODY"]),
                                ("region", ""),
                            ),
                            _connector="OR",
                        ),
                        name="a_pool_names_whom_it_is_for",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("product__isnull", True), ("category__isnull", True), _connector="OR"),
                        name="a_pool_is_over_a_product_or_a_category",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("parent__isnull", False),
                            ("product__isnull", False),
                            ("category__isnull", False),
                            _connector="OR",
                        ),
                        name="a_pool_says_what_it_is_over",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("site__isnull", True), ("site_region", ""), _connector="OR"),
                        name="a_pool_is_at_a_site_or_in_a_region",
                    ),
                    models.CheckConstraint(condition=models.Q(("amount__gte", 0)), name="a_pool_is_not_negative"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("amount_kind", inventory.states.AmountKind["PERCENT"]), _negated=True),
                            ("amount__lte", 100),
                            _connector="OR",
                        ),
                        name="a_pool_is_at_most_all_there_is",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("amount_kind", inventory.states.AmountKind["RATIO"]), _negated=True),
                            ("parent__isnull", False),
                            _connector="OR",
                        ),
                        name="a_ratio_is_of_a_pool_above",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", inventory.states.PoolState["NEUTRAL"]), _negated=True),
                            ("kind", inventory.states.PoolKind["QUOTA"]),
                            _connector="OR",
                        ),
                        name="only_a_quota_is_neutral",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("who", inventory.states.PoolWho["EVERYBODY"]), _negated=True),
                            ("kind", inventory.states.PoolKind["QUOTA"]),
                            _connector="OR",
                        ),
                        name="nothing_is_protected_for_everybody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to__isnull", True), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                        ),
                        name="a_pool_ends_after_it_starts",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("parent__isnull", True),
                            models.Q(("parent", models.F("id")), _negated=True),
                            _connector="OR",
                        ),
                        name="a_pool_is_not_its_own_parent",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PoolEvent",
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
                        to="inventory.pool",
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
                ("name", models.CharField(help_text="As people know it.", max_length=120)),
                ("kind", models.CharField(choices=[("protection", "Protection"), ("quota", "Quota")], max_length=10)),
                (
                    "state",
                    models.CharField(
                        choices=[("active", "Active"), ("inactive", "Inactive"), ("neutral", "Neutral")],
                        default=inventory.states.PoolState["ACTIVE"],
                        max_length=8,
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="inventory.pool",
                    ),
                ),
                (
                    "who",
                    models.CharField(
                        choices=[
                            ("account", "Account"),
                            ("group", "Group"),
                            ("tier", "Tier"),
                            ("region", "Region"),
                            ("below", "Below"),
                            ("everybody", "Everybody"),
                        ],
                        max_length=9,
                        verbose_name="For",
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
                ("region", models.CharField(blank=True, help_text="Of the customers.", max_length=40)),
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
                        help_text="The amount holds for each product in it and in the categories below it.",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="catalog.category",
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
                (
                    "site_region",
                    models.CharField(
                        blank=True, help_text="The sites of this region. Empty: everywhere.", max_length=40
                    ),
                ),
                (
                    "amount_kind",
                    models.CharField(
                        choices=[("number", "Number"), ("percent", "Percent"), ("ratio", "Ratio")],
                        default=inventory.states.AmountKind["NUMBER"],
                        max_length=8,
                    ),
                ),
                (
                    "amount",
                    models.DecimalField(
                        decimal_places=4, max_digits=14, validators=[django.core.validators.MinValueValidator(0)]
                    ),
                ),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(blank=True, help_text="The first day it no longer holds.", null=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Promise",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "demand",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="promises", to="inventory.demand"
                    ),
                ),
                ("qty", models.DecimalField(decimal_places=4, max_digits=14)),
                (
                    "kind",
                    models.CharField(
                        choices=[("stock", "Stock"), ("inbound", "Inbound"), ("none", "None")], max_length=8
                    ),
                ),
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
                (
                    "inbound",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="inventory.inboundsupply",
                    ),
                ),
                ("ship_date", models.DateField(null=True)),
                ("delivery_date", models.DateField(null=True)),
                ("first_delivery_date", models.DateField(null=True)),
                ("slip_cause", models.CharField(blank=True, max_length=200)),
                ("is_current", models.BooleanField(default=True)),
                ("made_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("inbound__isnull", False), ("is_current", True)),
                        fields=["inbound"],
                        name="current_pegs_by_inbound",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("qty__gt", 0)), name="a_promise_is_for_something")
                ],
            },
        ),
        migrations.CreateModel(
            name="SafetyStock",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.product"
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="inventory.site"
                    ),
                ),
                (
                    "qty",
                    models.DecimalField(
                        decimal_places=4, max_digits=14, validators=[django.core.validators.MinValueValidator(0)]
                    ),
                ),
                (
                    "tier",
                    models.ForeignKey(
                        blank=True,
                        help_text="Customers of this tier and better ones are offered it. Empty: nobody.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.servicetier",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "safety stock",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("qty__gte", 0)), name="safety_stock_is_not_negative"),
                    models.UniqueConstraint(fields=("product", "site"), name="one_safety_stock_per_product_and_site"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SafetyStockEvent",
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
                        to="inventory.safetystock",
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
                    "site",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="inventory.site",
                    ),
                ),
                (
                    "qty",
                    models.DecimalField(
                        decimal_places=4, max_digits=14, validators=[django.core.validators.MinValueValidator(0)]
                    ),
                ),
                (
                    "tier",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        help_text="Customers of this tier and better ones are offered it. Empty: nobody.",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="accounts.servicetier",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Serial",
            fields=[],
            options={
                "proxy": True,
            },
            bases=("inventory.lot",),
        ),
        migrations.CreateModel(
            name="SiteDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "site",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="inventory.site",
                    ),
                ),
                ("day", models.DateField()),
                ("lines", models.IntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("site", "day"), name="one_count_per_site_and_day"),
                    models.CheckConstraint(
                        condition=models.Q(("lines__gte", 0)), name="a_site_day_counts_no_less_than_nothing"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SourcingRuleEvent",
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
                        to="inventory.sourcingrule",
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
                ("region", models.CharField(blank=True, help_text="Of the ship-to. Empty: any.", max_length=40)),
                (
                    "fulfilment",
                    models.CharField(
                        blank=True,
                        choices=[("order", "Order"), ("fill_up", "Fill up")],
                        help_text="Empty: any.",
                        max_length=10,
                    ),
                ),
                (
                    "sites",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20),
                        blank=True,
                        default=list,
                        help_text="Codes of the candidate sites, the preferred first. Trunks and consignments only where named. Empty: every DC, hub and third party.",
                        size=None,
                    ),
                ),
                (
                    "max_shipments",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Sites one order may ship from. The account's own limit counts as well.",
                        null=True,
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="most shipments",
                    ),
                ),
                (
                    "ship_complete",
                    models.CharField(
                        blank=True,
                        choices=[("none", "None"), ("line", "Line"), ("order", "Order")],
                        help_text="Empty: as the account has it.",
                        max_length=5,
                    ),
                ),
                (
                    "joins_inbound",
                    models.BooleanField(
                        default=False,
                        help_text="Wait for supply on its way where it still arrives on time and saves a shipment.",
                        verbose_name="join what is on its way",
                    ),
                ),
                (
                    "min_shelf_life_days",
                    models.PositiveIntegerField(
                        default=0,
                        help_text="The account's own counts where it is longer.",
                        verbose_name="minimum shelf life, days",
                    ),
                ),
                ("max_distance_km", models.PositiveIntegerField(blank=True, null=True, verbose_name="farthest, km")),
                (
                    "distance",
                    models.CharField(
                        choices=[("off", "Off"), ("soft", "Soft"), ("hard", "Hard")],
                        default=inventory.states.Hardness["OFF"],
                        max_length=4,
                    ),
                ),
                (
                    "cutoff",
                    models.CharField(
                        choices=[("off", "Off"), ("soft", "Soft"), ("hard", "Hard")],
                        default=inventory.states.Hardness["OFF"],
                        help_text="Sites that missed today's cut-off.",
                        max_length=4,
                        verbose_name="cut-off",
                    ),
                ),
                (
                    "capacity",
                    models.CharField(
                        choices=[("off", "Off"), ("soft", "Soft"), ("hard", "Hard")],
                        default=inventory.states.Hardness["OFF"],
                        help_text="Sites whose lines waiting to be shipped fill their day.",
                        max_length=4,
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="StockMovement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "balance",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="movements",
                        to="inventory.stockbalance",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("receipt", "Receipt"),
                            ("ship", "Ship"),
                            ("adjust", "Adjust"),
                            ("count", "Count"),
                            ("transfer_out", "Transfer out"),
                            ("transfer_in", "Transfer in"),
                            ("consumption", "Consumption"),
                            ("return", "Return"),
                            ("scrap", "Scrap"),
                            ("status", "Status"),
                        ],
                        max_length=12,
                    ),
                ),
                ("qty", models.DecimalField(decimal_places=4, max_digits=14)),
                ("source_kind", models.CharField(max_length=40)),
                ("source_id", models.BigIntegerField()),
                ("sequence", models.PositiveBigIntegerField(default=0)),
                ("at", models.DateTimeField()),
                ("actor_label", models.CharField(max_length=150)),
                ("reason", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "indexes": [models.Index(fields=["balance", "id"], name="movements_by_balance")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("qty", 0), _negated=True), name="a_movement_moves_something"
                    ),
                    models.UniqueConstraint(
                        fields=("source_kind", "source_id", "kind", "sequence"),
                        name="one_movement_per_source_kind_and_sequence",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TransferLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "transfer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="inventory.transfer"
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.product"
                    ),
                ),
                (
                    "lot",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="inventory.lot",
                    ),
                ),
                ("qty", models.DecimalField(decimal_places=4, max_digits=14)),
                ("shipped_qty", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
                ("received_qty", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
                ("damaged_qty", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
                ("missing_qty", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
                (
                    "claim",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="inventory.claim"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("qty__gt", 0)), name="a_transfer_line_asks_for_something"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("damaged_qty__gte", 0),
                            ("missing_qty__gte", 0),
                            ("received_qty__gte", 0),
                            ("shipped_qty__lte", models.F("qty")),
                        ),
                        name="transfer_quantities_are_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "shipped_qty__gte",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("received_qty"), "+", models.F("damaged_qty")
                                    ),
                                    "+",
                                    models.F("missing_qty"),
                                ),
                            )
                        ),
                        name="no_more_arrives_than_was_sent",
                    ),
                    models.UniqueConstraint(
                        fields=("transfer", "product", "lot", "claim"),
                        name="one_transfer_line_per_product_lot_and_claim",
                        nulls_distinct=False,
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TransferDispute",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=20, unique=True)),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="inventory.transferline",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("open", "Open"), ("settled", "Settled")],
                        default=inventory.states.DisputeStatus["OPEN"],
                        max_length=10,
                    ),
                ),
                ("sent_qty", models.DecimalField(decimal_places=4, max_digits=14)),
                ("stated_qty", models.DecimalField(decimal_places=4, max_digits=14)),
                ("note", models.CharField(blank=True, max_length=200)),
                ("opened_at", models.DateTimeField()),
                ("opened_by", models.CharField(max_length=150)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("sender", "Sender"), ("receiver", "Receiver"), ("count", "Count")],
                        max_length=10,
                    ),
                ),
                ("settled_at", models.DateTimeField(null=True)),
                ("settled_by", models.CharField(blank=True, max_length=150)),
                ("settled_note", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "verbose_name": "dispute",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status", "open")),
                        fields=("line",),
                        name="one_open_dispute_per_transfer_line",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("sent_qty", models.F("stated_qty")), _negated=True), ("stated_qty__gte", 0)
                        ),
                        name="a_dispute_has_two_numbers",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("outcome", ""), ("status", "open")),
                            models.Q(("status", "settled"), models.Q(("outcome", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="a_settled_dispute_says_how",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TransitLane",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="lanes", to="inventory.site"
                    ),
                ),
                (
                    "region",
                    models.CharField(blank=True, help_text="Of the ship-to. Empty: everywhere else.", max_length=40),
                ),
                (
                    "transit_days",
                    models.PositiveSmallIntegerField(
                        help_text="Days of the carrier's calendar; calendar days where it has none."
                    ),
                ),
                (
                    "calendar",
                    models.ForeignKey(
                        blank=True,
                        help_text="Goods are collected and travel on its days.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="core.calendar",
                        verbose_name="carrier's calendar",
                    ),
                ),
                (
                    "cost_per_shipment",
                    models.DecimalField(
                        decimal_places=4,
                        default=0,
                        max_digits=14,
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="cost per shipment",
                    ),
                ),
                (
                    "cost_per_kg",
                    models.DecimalField(
                        decimal_places=4,
                        default=0,
                        max_digits=14,
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="cost per kg",
                    ),
                ),
                (
                    "cost_per_unit",
                    models.DecimalField(
                        decimal_places=4,
                        default=0,
                        help_text="Handling, per base unit.",
                        max_digits=14,
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="cost per unit",
                    ),
                ),
                ("distance_km", models.PositiveIntegerField(blank=True, null=True, verbose_name="distance, km")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("site", "region"), name="one_lane_per_site_and_region")
                ],
            },
        ),
        migrations.CreateModel(
            name="TransitLaneEvent",
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
                        to="inventory.transitlane",
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
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="inventory.site",
                    ),
                ),
                (
                    "region",
                    models.CharField(blank=True, help_text="Of the ship-to. Empty: everywhere else.", max_length=40),
                ),
                (
                    "transit_days",
                    models.PositiveSmallIntegerField(
                        help_text="Days of the carrier's calendar; calendar days where it has none."
                    ),
                ),
                (
                    "calendar",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        help_text="Goods are collected and travel on its days.",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="core.calendar",
                        verbose_name="carrier's calendar",
                    ),
                ),
                (
                    "cost_per_shipment",
                    models.DecimalField(
                        decimal_places=4,
                        default=0,
                        max_digits=14,
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="cost per shipment",
                    ),
                ),
                (
                    "cost_per_kg",
                    models.DecimalField(
                        decimal_places=4,
                        default=0,
                        max_digits=14,
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="cost per kg",
                    ),
                ),
                (
                    "cost_per_unit",
                    models.DecimalField(
                        decimal_places=4,
                        default=0,
                        help_text="Handling, per base unit.",
                        max_digits=14,
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="cost per unit",
                    ),
                ),
                ("distance_km", models.PositiveIntegerField(blank=True, null=True, verbose_name="distance, km")),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="UsageLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "usage",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="inventory.fieldusage"
                    ),
                ),
                ("line_no", models.PositiveIntegerField()),
                ("code", models.CharField(max_length=200)),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.product"
                    ),
                ),
                (
                    "lot",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="inventory.lot"
                    ),
                ),
                ("qty", models.DecimalField(decimal_places=4, max_digits=14)),
                ("unit", models.CharField(max_length=10)),
                ("unit_qty", models.DecimalField(decimal_places=4, max_digits=14)),
                (
                    "demand",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="inventory.demand"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("usage", "line_no"), name="one_usage_line_per_number"),
                    models.CheckConstraint(
                        condition=models.Q(("qty__gt", 0), ("unit_qty__gt", 0)), name="a_usage_line_uses_something"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="VendorOffer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "site",
                    models.ForeignKey(
                        help_text="A site of kind vendor. Its days to pick and pack are the lead time.",
                        limit_choices_to={"kind": "vendor"},
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="vendor_offers",
                        to="inventory.site",
                        verbose_name="vendor",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.product"
                    ),
                ),
                ("vendor_sku", models.CharField(blank=True, max_length=60, verbose_name="vendor's number")),
                (
                    "unit_cost",
                    models.DecimalField(
                        decimal_places=6,
                        help_text="What a base unit costs us. Buyers and reps never see it.",
                        max_digits=18,
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="cost",
                    ),
                ),
                ("currency", models.CharField(default="USD", max_length=3)),
                (
                    "most_qty",
                    models.DecimalField(
                        decimal_places=4,
                        help_text="Base units that may be on order with the vendor at once.",
                        max_digits=14,
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="at most",
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
                ("out_since", models.DateTimeField(editable=False, null=True, verbose_name="out since")),
                (
                    "balance",
                    models.OneToOneField(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="vendor_offer",
                        to="inventory.stockbalance",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("site", "product"), name="one_offer_per_vendor_and_product"),
                    models.CheckConstraint(
                        condition=models.Q(("most_qty__gte", 0), ("unit_cost__gte", 0)),
                        name="a_vendor_s_offer_is_not_negative",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="VendorOfferEvent",
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
                        to="inventory.vendoroffer",
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
                        db_constraint=False,
                        help_text="A site of kind vendor. Its days to pick and pack are the lead time.",
                        limit_choices_to={"kind": "vendor"},
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="inventory.site",
                        verbose_name="vendor",
                    ),
                ),
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
                ("vendor_sku", models.CharField(blank=True, max_length=60, verbose_name="vendor's number")),
                (
                    "unit_cost",
                    models.DecimalField(
                        decimal_places=6,
                        help_text="What a base unit costs us. Buyers and reps never see it.",
                        max_digits=18,
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="cost",
                    ),
                ),
                ("currency", models.CharField(default="USD", max_length=3)),
                (
                    "most_qty",
                    models.DecimalField(
                        decimal_places=4,
                        help_text="Base units that may be on order with the vendor at once.",
                        max_digits=14,
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="at most",
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
                ("out_since", models.DateTimeField(editable=False, null=True, verbose_name="out since")),
                (
                    "balance",
                    models.ForeignKey(
                        db_constraint=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="inventory.stockbalance",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="allocationpolicyversion",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="34df0c19679c4ab2729a15331887527de9f9e3c3",
                    level="STATEMENT",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_b75a9",
                    table="inventory_allocationpolicyversion",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="allocationpolicyversion",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF current_database() LIKE 'test\\_%' THEN RETURN NULL; END IF; RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="22573d8eceea150ad111d51287c4c54db866a7ba",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_38ae0",
                    table="inventory_allocationpolicyversion",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="allocationscenario",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="f4b1dcdec51f1d49a32615a43d006f273ea5fa6d",
                    level="STATEMENT",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_9b6f3",
                    table="inventory_allocationscenario",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="allocationscenario",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF current_database() LIKE 'test\\_%' THEN RETURN NULL; END IF; RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="df748f5c31e8e091cafa20fc7a99d82b34327a58",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_2a01d",
                    table="inventory_allocationscenario",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ordercap",
            trigger=pgtrigger.compiler.Trigger(
                name="changed_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "inventory_ordercapevent" ("account_id", "category_id", "group_id", "id", "max_qty", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "tier_id", "valid_from", "valid_to", "who") VALUES (OLD."account_id", OLD."category_id", OLD."group_id", OLD."id", OLD."max_qty", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."product_id", OLD."tier_id", OLD."valid_from", OLD."valid_to", OLD."who"); RETURN NULL;',
                    hash="9cf544d05d035aa0a6ede464fa29e3a4fa8506ef",
                    operation="UPDATE",
                    pgid="pgtrigger_changed_update_72269",
                    table="inventory_ordercap",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ordercap",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "inventory_ordercapevent" ("account_id", "category_id", "group_id", "id", "max_qty", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "tier_id", "valid_from", "valid_to", "who") VALUES (OLD."account_id", OLD."category_id", OLD."group_id", OLD."id", OLD."max_qty", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."product_id", OLD."tier_id", OLD."valid_from", OLD."valid_to", OLD."who"); RETURN NULL;',
                    hash="27f9c4ab6405c8c6f6d6ac68df94cdebff74788f",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_08615",
                    table="inventory_ordercap",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="safetystock",
            trigger=pgtrigger.compiler.Trigger(
                name="changed_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "inventory_safetystockevent" ("id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "qty", "site_id", "tier_id") VALUES (OLD."id", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."product_id", OLD."qty", OLD."site_id", OLD."tier_id"); RETURN NULL;',
                    hash="3e65be8c3dd30c440f2793b1ecfba5244137a86a",
                    operation="UPDATE",
                    pgid="pgtrigger_changed_update_accdd",
                    table="inventory_safetystock",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="safetystock",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "inventory_safetystockevent" ("id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "qty", "site_id", "tier_id") VALUES (OLD."id", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."product_id", OLD."qty", OLD."site_id", OLD."tier_id"); RETURN NULL;',
                    hash="b2327769ac6e5671d916054bfb624f3d1ed22cdc",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_f7553",
                    table="inventory_safetystock",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="pool",
            trigger=pgtrigger.compiler.Trigger(
                name="no_ring_of_pools",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (NEW."parent_id" IS NOT NULL AND NEW."parent_id" IS DISTINCT FROM OLD."parent_id")',
                    func="\nPERFORM pg_advisory_xact_lock(hashtext(TG_TABLE_NAME || '.parent_id'));\nIF EXISTS (\n    WITH RECURSIVE above(id) AS (\n        SELECT NEW.parent_id\n        UNION\n        SELECT higher.parent_id::bigint FROM inventory_pool higher JOIN above ON higher.id = above.id\n         WHERE higher.parent_id IS NOT NULL\n    ) SELECT 1 FROM above WHERE id = NEW.id\n) THEN\n    RAISE EXCEPTION 'no_ring_of_pools: % % would stand above itself', TG_TABLE_NAME, NEW.id\n        USING ERRCODE = 'check_violation', CONSTRAINT = 'no_ring_of_pools';\nEND IF;\nRETURN NEW;\n",
                    hash="5db455da66070d4ef9125e42cf42f6c3646ac3a8",
                    operation='UPDATE OF "parent_id"',
                    pgid="pgtrigger_no_ring_of_pools_5b936",
                    table="inventory_pool",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="pool",
            trigger=pgtrigger.compiler.Trigger(
                name="changed_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "inventory_poolevent" ("account_id", "amount", "amount_kind", "category_id", "code", "group_id", "id", "kind", "name", "parent_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "region", "site_id", "site_region", "state", "tier_id", "valid_from", "valid_to", "who") VALUES (OLD."account_id", OLD."amount", OLD."amount_kind", OLD."category_id", OLD."code", OLD."group_id", OLD."id", OLD."kind", OLD."name", OLD."parent_id", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."product_id", OLD."region", OLD."site_id", OLD."site_region", OLD."state", OLD."tier_id", OLD."valid_from", OLD."valid_to", OLD."who"); RETURN NULL;',
                    hash="cd3df3a6490d46d698d906868901da3b6c4adc9a",
                    operation="UPDATE",
                    pgid="pgtrigger_changed_update_c93bb",
                    table="inventory_pool",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="pool",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "inventory_poolevent" ("account_id", "amount", "amount_kind", "category_id", "code", "group_id", "id", "kind", "name", "parent_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "region", "site_id", "site_region", "state", "tier_id", "valid_from", "valid_to", "who") VALUES (OLD."account_id", OLD."amount", OLD."amount_kind", OLD."category_id", OLD."code", OLD."group_id", OLD."id", OLD."kind", OLD."name", OLD."parent_id", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."product_id", OLD."region", OLD."site_id", OLD."site_region", OLD."state", OLD."tier_id", OLD."valid_from", OLD."valid_to", OLD."who"); RETURN NULL;',
                    hash="dd898cba41e2618d9c34df4fd5f1265f60ec3d39",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_015ba",
                    table="inventory_pool",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="fieldusage",
            trigger=pgtrigger.compiler.Trigger(
                name="usage_status_guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{recorded:billed}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="d5bec776f5fc0007102c379ebe3fdb3d6c326d22",
                    operation="UPDATE",
                    pgid="pgtrigger_usage_status_guard_c4bdd",
                    table="inventory_fieldusage",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="expirynotice",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="91221eeae23bfcc2621a49902501d4b996112cd7",
                    level="STATEMENT",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_7c9a9",
                    table="inventory_expirynotice",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="expirynotice",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF current_database() LIKE 'test\\_%' THEN RETURN NULL; END IF; RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="61d109b8b214195d9a3dcb9f38e0649d9f9e3789",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_f0d17",
                    table="inventory_expirynotice",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="sourcingrule",
            trigger=pgtrigger.compiler.Trigger(
                name="changed_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "inventory_sourcingruleevent" ("account_id", "capacity", "category_id", "cutoff", "distance", "fulfilment", "id", "is_active", "joins_inbound", "max_distance_km", "max_shipments", "min_shelf_life_days", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "region", "ship_complete", "sites") VALUES (OLD."account_id", OLD."capacity", OLD."category_id", OLD."cutoff", OLD."distance", OLD."fulfilment", OLD."id", OLD."is_active", OLD."joins_inbound", OLD."max_distance_km", OLD."max_shipments", OLD."min_shelf_life_days", OLD."name", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."product_id", OLD."region", OLD."ship_complete", OLD."sites"); RETURN NULL;',
                    hash="9760fc1a3c40241f69b7f9877986f05da2682a9a",
                    operation="UPDATE",
                    pgid="pgtrigger_changed_update_880c3",
                    table="inventory_sourcingrule",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="sourcingrule",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "inventory_sourcingruleevent" ("account_id", "capacity", "category_id", "cutoff", "distance", "fulfilment", "id", "is_active", "joins_inbound", "max_distance_km", "max_shipments", "min_shelf_life_days", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "region", "ship_complete", "sites") VALUES (OLD."account_id", OLD."capacity", OLD."category_id", OLD."cutoff", OLD."distance", OLD."fulfilment", OLD."id", OLD."is_active", OLD."joins_inbound", OLD."max_distance_km", OLD."max_shipments", OLD."min_shelf_life_days", OLD."name", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."product_id", OLD."region", OLD."ship_complete", OLD."sites"); RETURN NULL;',
                    hash="7e0d922679fe5fcd7f8ba4f3b39b05939c24acee",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_70a1f",
                    table="inventory_sourcingrule",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="stockcount",
            trigger=pgtrigger.compiler.Trigger(
                name="count_status_guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{approval:cancelled,approval:open,approval:posted,open:approval,open:cancelled,open:posted}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="4cf338cb25e61e01cd5155cadbea92618dfb9f85",
                    operation="UPDATE",
                    pgid="pgtrigger_count_status_guard_1e282",
                    table="inventory_stockcount",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="stockmovement",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="24622aee2efff407bd1ab562c05125c35a87ce30",
                    level="STATEMENT",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_353f0",
                    table="inventory_stockmovement",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="stockmovement",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF current_database() LIKE 'test\\_%' THEN RETURN NULL; END IF; RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="b6eba8502a6746100bde32ec31e250d15414324a",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_4d8b5",
                    table="inventory_stockmovement",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="transfer",
            trigger=pgtrigger.compiler.Trigger(
                name="transfer_status_guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{requested:cancelled,requested:shipped,shipped:closed,shipped:short,short:closed}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="8a5b11d8a04d5235e8d788f3c9eaeb9dd2c37350",
                    operation="UPDATE",
                    pgid="pgtrigger_transfer_status_guard_f801a",
                    table="inventory_transfer",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="transferdispute",
            trigger=pgtrigger.compiler.Trigger(
                name="dispute_status_guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{open:settled}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="888fb0bba6cc1a10a19c06425cfabd8bc63d3c0a",
                    operation="UPDATE",
                    pgid="pgtrigger_dispute_status_guard_b8dfd",
                    table="inventory_transferdispute",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="transferoffer",
            trigger=pgtrigger.compiler.Trigger(
                name="offer_status_guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{offered:accepted,offered:declined,offered:expired,offered:withdrawn}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="2f688f65b337528fd006994976b8bdb656e488cd",
                    operation="UPDATE",
                    pgid="pgtrigger_offer_status_guard_18e51",
                    table="inventory_transferoffer",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="transitlane",
            trigger=pgtrigger.compiler.Trigger(
                name="changed_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "inventory_transitlaneevent" ("calendar_id", "cost_per_kg", "cost_per_shipment", "cost_per_unit", "distance_km", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "region", "site_id", "transit_days") VALUES (OLD."calendar_id", OLD."cost_per_kg", OLD."cost_per_shipment", OLD."cost_per_unit", OLD."distance_km", OLD."id", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."region", OLD."site_id", OLD."transit_days"); RETURN NULL;',
                    hash="075a3753ec6d80947ed1d026577e072e18ad4a00",
                    operation="UPDATE",
                    pgid="pgtrigger_changed_update_e1946",
                    table="inventory_transitlane",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="transitlane",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "inventory_transitlaneevent" ("calendar_id", "cost_per_kg", "cost_per_shipment", "cost_per_unit", "distance_km", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "region", "site_id", "transit_days") VALUES (OLD."calendar_id", OLD."cost_per_kg", OLD."cost_per_shipment", OLD."cost_per_unit", OLD."distance_km", OLD."id", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."region", OLD."site_id", OLD."transit_days"); RETURN NULL;',
                    hash="7834960d3cf99c631c3a7f67abea5ed0105dfb43",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_645af",
                    table="inventory_transitlane",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="usageline",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="301f4941612af82e3f1687fc473f6de266748ed2",
                    level="STATEMENT",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_4c953",
                    table="inventory_usageline",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="usageline",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF current_database() LIKE 'test\\_%' THEN RETURN NULL; END IF; RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="dcfe4bbab018ef02d22f558eea10c7176ce1c41b",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_d71b1",
                    table="inventory_usageline",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="vendoroffer",
            trigger=pgtrigger.compiler.Trigger(
                name="changed_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "inventory_vendorofferevent" ("balance_id", "currency", "id", "is_active", "most_qty", "out_since", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "site_id", "unit_cost", "vendor_sku") VALUES (OLD."balance_id", OLD."currency", OLD."id", OLD."is_active", OLD."most_qty", OLD."out_since", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."product_id", OLD."site_id", OLD."unit_cost", OLD."vendor_sku"); RETURN NULL;',
                    hash="e2774c69f5f85619f34a42ef8d244941136f1ee8",
                    operation="UPDATE",
                    pgid="pgtrigger_changed_update_7bae4",
                    table="inventory_vendoroffer",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="vendoroffer",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "inventory_vendorofferevent" ("balance_id", "currency", "id", "is_active", "most_qty", "out_since", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "site_id", "unit_cost", "vendor_sku") VALUES (OLD."balance_id", OLD."currency", OLD."id", OLD."is_active", OLD."most_qty", OLD."out_since", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."product_id", OLD."site_id", OLD."unit_cost", OLD."vendor_sku"); RETURN NULL;',
                    hash="80ddb7484dcbc95744f53b38ea8fe856a7e68296",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_588d5",
                    table="inventory_vendoroffer",
                    when="AFTER",
                ),
            ),
        ),
        leave_room("inventory_demand", 50),
        leave_room("inventory_stockbalance", 50),
        migrations.RunPython(seed_default, migrations.RunPython.noop),
    ]
