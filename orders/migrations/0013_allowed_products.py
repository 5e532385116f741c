"""Every table of this room: a new installation starts here (docs/adr/0014-one-start.md)."""

import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import accounts.states
import orders.states
from core.numbering import CreateSequence


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0009_days_a_delivery_may_be_early"),
        ("catalog", "0003_guard_asks_first"),
        ("inventory", "0013_lines_of_a_site_day"),
        ("pghistory", "0007_auto_20250421_0444"),
    ]

    operations = [
        CreateSequence("order", start=100001),
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("number", models.CharField(max_length=30, unique=True)),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.account",
                    ),
                ),
                (
                    "ship_to",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.shipto",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("submitted", "Submitted"),
                            ("closed", "Closed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default=orders.states.OrderStatus["DRAFT"],
                        max_length=10,
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("portal", "Portal"),
                            ("api", "API"),
                            ("console", "Console"),
                            ("edi", "EDI"),
                            ("import", "Import"),
                            ("crm", "CRM"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "entered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "on_behalf_of",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                ("external_id", models.CharField(blank=True, max_length=80)),
                ("po_number", models.CharField(blank=True, max_length=60, verbose_name="PO number")),
                ("release_number", models.CharField(blank=True, max_length=30)),
                ("currency", models.CharField(max_length=3)),
                ("terms_code", models.CharField(blank=True, max_length=20)),
                (
                    "contract_terms_code",
                    models.CharField(blank=True, db_default="", default="", editable=False, max_length=20),
                ),
                ("terms_override_id", models.BigIntegerField(editable=False, null=True)),
                ("requested_date", models.DateField(blank=True, null=True)),
                ("cancel_after_date", models.DateField(blank=True, null=True)),
                (
                    "ship_complete",
                    models.CharField(
                        blank=True,
                        choices=[("none", "None"), ("line", "Line"), ("order", "Order")],
                        db_default="",
                        help_text="Empty: as the account.",
                        max_length=5,
                    ),
                ),
                ("note", models.TextField(blank=True)),
                ("total_amount", models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                ("tax_amount", models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                ("freight_amount", models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                ("version", models.PositiveIntegerField(default=1)),
                ("gate_results", models.JSONField(default=list)),
                ("received_at", models.DateTimeField()),
                ("submitted_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["account", "-id"], name="orders_by_account"),
                    models.Index(fields=["status", "-id"], name="orders_by_status"),
                    models.Index(fields=["-received_at"], name="orders_by_arrival"),
                    models.Index(fields=["channel", "-id"], name="orders_by_channel"),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("number"), "gin_trgm_ops"
                        ),
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("po_number"), "gin_trgm_ops"
                        ),
                        name="orders_like_number_or_po",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(
                            models.Q(("po_number", ""), _negated=True), models.Q(("status", "cancelled"), _negated=True)
                        ),
                        fields=("account", "po_number", "release_number"),
                        name="one_order_per_account_and_po_number",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("external_id", ""), _negated=True),
                        fields=("channel", "account", "external_id"),
                        name="one_order_per_channel_and_external_id",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["draft", "cancelled"]), ("submitted_at__isnull", False), _connector="OR"
                        ),
                        name="a_submitted_order_says_when",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AllowedProduct",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="allowed_products", to="orders.order"
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
                (
                    "rules",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=200), size=None),
                ),
                ("allowed_at", models.DateTimeField()),
                ("override_id", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("order", "product", "rules"), name="a_product_is_allowed_once_by_its_rules"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="holds", to="orders.order"
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("credit", "Credit"),
                            ("eligibility", "Eligibility"),
                            ("data", "Data"),
                            ("price", "Price"),
                            ("approval", "Approval"),
                            ("manual", "Manual"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "blocks",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("allocate", "Allocate"),
                                ("release", "Release"),
                                ("pick", "Pick"),
                                ("ship", "Ship"),
                                ("invoice", "Invoice"),
                            ],
                            max_length=10,
                        ),
                        size=None,
                    ),
                ),
                ("rule", models.CharField(max_length=60)),
                ("explanation", models.JSONField(default=dict)),
                (
                    "clearable_by",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20), default=list, size=None
                    ),
                ),
                (
                    "is_forced",
                    models.BooleanField(default=False, help_text="Never cleared by a rule, only by a person."),
                ),
                ("ceiling_amount", models.DecimalField(decimal_places=2, max_digits=14, null=True)),
                ("valid_until", models.DateTimeField(null=True)),
                ("placed_at", models.DateTimeField()),
                ("placed_by", models.CharField(max_length=150)),
                ("cleared_at", models.DateTimeField(null=True)),
                ("cleared_by", models.CharField(blank=True, max_length=150)),
                (
                    "is_waiver",
                    models.BooleanField(
                        default=False,
                        help_text="Cleared by a person: its rule does not hold the order again within the ceiling.",
                    ),
                ),
                ("clear_reason", models.CharField(blank=True, max_length=300)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("cleared_at__isnull", True)),
                        fields=["reason", "placed_at"],
                        name="open_holds",
                    ),
                    models.Index(fields=["placed_at"], name="holds_by_placing"),
                    models.Index(
                        condition=models.Q(("reason", "credit")), fields=["cleared_at"], name="credit_holds_by_clearing"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("cleared_at__isnull", True)),
                        fields=("order", "reason", "rule"),
                        name="one_open_hold_per_rule",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reason", "credit"), _negated=True),
                            ("blocks__contained_by", ["allocate", "release", "invoice"]),
                            _connector="OR",
                        ),
                        name="a_credit_hold_ends_before_the_warehouse",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HoldType",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=40, unique=True)),
                ("label", models.CharField(max_length=80)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("credit", "Credit"),
                            ("eligibility", "Eligibility"),
                            ("data", "Data"),
                            ("price", "Price"),
                            ("approval", "Approval"),
                            ("manual", "Manual"),
                        ],
                        default=orders.states.HoldReason["MANUAL"],
                        max_length=12,
                    ),
                ),
                (
                    "blocks",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("allocate", "Allocate"),
                                ("release", "Release"),
                                ("pick", "Pick"),
                                ("ship", "Ship"),
                                ("invoice", "Invoice"),
                            ],
                            max_length=10,
                        ),
                        size=None,
                    ),
                ),
                (
                    "clearable_by",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                (accounts.states.Role["AUDITOR"], "Auditor"),
                                (accounts.states.Role["CS"], "CS"),
                                (accounts.states.Role["CS_LEAD"], "CS lead"),
                                (accounts.states.Role["FINANCE"], "Finance"),
                                (accounts.states.Role["FINANCE_APPROVER"], "Finance approver"),
                                (accounts.states.Role["OPERATOR"], "Operator"),
                                (accounts.states.Role["PLANNER"], "Planner"),
                                (accounts.states.Role["PRICING"], "Pricing"),
                                (accounts.states.Role["WAREHOUSE"], "Warehouse"),
                            ],
                            max_length=20,
                        ),
                        size=None,
                    ),
                ),
                ("is_by_hand", models.BooleanField(default=True, help_text="People may place it.")),
                ("is_active", models.BooleanField(default=True)),
                ("description", models.CharField(blank=True, help_text="When to use it.", max_length=200)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("blocks", []), _negated=True), name="a_hold_type_blocks_something"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reason", "credit"), _negated=True),
                            ("blocks__contained_by", ["allocate", "release", "invoice"]),
                            _connector="OR",
                        ),
                        name="credit_types_end_before_the_warehouse",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OrderLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "order",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="orders.order",
                    ),
                ),
                ("line_no", models.PositiveIntegerField()),
                (
                    "product",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.product",
                    ),
                ),
                (
                    "demand",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="inventory.demand"
                    ),
                ),
                ("qty", models.DecimalField(decimal_places=4, max_digits=14)),
                ("unit", models.CharField(blank=True, max_length=10)),
                ("unit_qty", models.DecimalField(decimal_places=4, max_digits=14)),
                ("stated_code", models.CharField(blank=True, max_length=80)),
                ("stated_description", models.CharField(blank=True, max_length=300)),
                ("stated_price", models.DecimalField(decimal_places=6, max_digits=18, null=True)),
                ("external_ref", models.CharField(blank=True, max_length=80)),
                (
                    "ship_to",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.shipto",
                    ),
                ),
                ("requested_date", models.DateField(blank=True, null=True)),
                ("unit_price", models.DecimalField(decimal_places=6, max_digits=18, null=True)),
                ("amount", models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                (
                    "unit_tax",
                    models.DecimalField(db_default=0, decimal_places=12, default=0, editable=False, max_digits=24),
                ),
                (
                    "unit_freight",
                    models.DecimalField(db_default=0, decimal_places=12, default=0, editable=False, max_digits=24),
                ),
                ("unit_margin", models.DecimalField(decimal_places=6, max_digits=18, null=True)),
                ("price_basis", models.CharField(blank=True, max_length=10)),
                ("price_source_id", models.BigIntegerField(null=True)),
                ("price_trace", models.JSONField(default=dict)),
                ("price_locked_at", models.DateTimeField(null=True)),
                (
                    "repriced_amount",
                    models.DecimalField(db_default=0, decimal_places=2, default=0, editable=False, max_digits=14),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["product", "-id"], name="lines_by_product")],
                "constraints": [
                    models.UniqueConstraint(fields=("order", "line_no"), name="one_line_per_number"),
                    models.CheckConstraint(
                        condition=models.Q(("qty__gt", 0), ("unit_qty__gt", 0)), name="a_line_asks_for_something"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("demand__isnull", True),
                            models.Q(
                                ("price_locked_at__isnull", False),
                                ("product__isnull", False),
                                ("unit_price__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="a_line_in_demand_is_resolved_and_priced",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LineSplit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="splits", to="orders.orderline"
                    ),
                ),
                (
                    "rep",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.rep"),
                ),
                ("kind", models.CharField(max_length=10)),
                ("percent", models.DecimalField(decimal_places=2, max_digits=5)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("line", "rep", "kind"), name="one_split_per_line_and_rep"),
                    models.CheckConstraint(
                        condition=models.Q(("percent__gt", 0), ("percent__lte", 100)), name="a_line_split_is_a_percent"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OrderRevision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "order",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="revisions",
                        to="orders.order",
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("version", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
                ("actor_label", models.CharField(max_length=150)),
                ("actor_id", models.BigIntegerField(null=True)),
                ("on_behalf_of", models.BigIntegerField(null=True)),
                ("channel", models.CharField(blank=True, max_length=20)),
                ("reason", models.CharField(max_length=300)),
                ("changes", models.JSONField(default=list)),
                ("before", models.JSONField(default=dict)),
                ("after", models.JSONField(default=dict)),
                ("money_effect", models.DecimalField(decimal_places=2, max_digits=14)),
                ("currency", models.CharField(max_length=3)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("order", "number"), name="one_revision_per_number"),
                    models.CheckConstraint(condition=models.Q(("number__gt", 0)), name="revisions_count_from_one"),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="a_revision_says_why"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PromiseAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="answers", to="orders.orderline"
                    ),
                ),
                ("promised_date", models.DateField(null=True)),
                ("answered_at", models.DateTimeField()),
                ("answered_label", models.CharField(max_length=200)),
                ("word", models.CharField(blank=True, max_length=300)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("line", "promised_date"), name="one_answer_a_line_and_day", nulls_distinct=False
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PurchaseRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("amount", "Amount"),
                            ("new_ship_to", "New ship to"),
                            ("product_class", "Product class"),
                        ],
                        max_length=14,
                    ),
                ),
                (
                    "amount",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="Orders above it wait; in their currency.",
                        max_digits=14,
                        null=True,
                    ),
                ),
                (
                    "product_class",
                    models.CharField(blank=True, help_text="The regulated class of the goods.", max_length=40),
                ),
                ("is_active", models.BooleanField(default=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "amount"), _negated=True),
                            models.Q(("amount__gte", 0), ("amount__isnull", False)),
                            _connector="OR",
                        ),
                        name="an_amount_rule_has_an_amount",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "product_class"), _negated=True),
                            models.Q(("product_class", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="a_class_rule_has_a_class",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_active", True)),
                        fields=("account", "kind", "product_class"),
                        name="one_purchase_rule_per_kind_and_class",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PurchaseRuleEvent",
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
                        to="orders.purchaserule",
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
                    "kind",
                    models.CharField(
                        choices=[
                            ("amount", "Amount"),
                            ("new_ship_to", "New ship to"),
                            ("product_class", "Product class"),
                        ],
                        max_length=14,
                    ),
                ),
                (
                    "amount",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="Orders above it wait; in their currency.",
                        max_digits=14,
                        null=True,
                    ),
                ),
                (
                    "product_class",
                    models.CharField(blank=True, help_text="The regulated class of the goods.", max_length=40),
                ),
                ("is_active", models.BooleanField(default=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="RepricedLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="orders.orderline"
                    ),
                ),
                ("approval_id", models.BigIntegerField()),
                ("qty", models.DecimalField(decimal_places=4, max_digits=14)),
                ("credited_qty", models.DecimalField(decimal_places=4, max_digits=14)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("settled_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("line", "approval_id"), name="a_line_is_repriced_once_by_an_approval"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("credited_qty__gte", 0), ("qty__gt", 0)), name="something_kept_is_repriced"
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="order",
            trigger=pgtrigger.compiler.Trigger(
                name="order_status_guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{draft:cancelled,draft:submitted,submitted:cancelled,submitted:closed}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="318c320c83194187f3dc9026803577ed23a521e7",
                    operation="UPDATE",
                    pgid="pgtrigger_order_status_guard_810be",
                    table="orders_order",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="allowedproduct",
            trigger=pgtrigger.compiler.Trigger(
                name="allowances_are_kept",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="6da3f77b99a0833502af4de1d50b5f1672fe91b1",
                    operation="UPDATE",
                    pgid="pgtrigger_allowances_are_kept_937f5",
                    table="orders_allowedproduct",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="orderrevision",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="fd68ed6ec0ab4c97dde57ede1d68a40eb6720221",
                    level="STATEMENT",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_c9fe8",
                    table="orders_orderrevision",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="orderrevision",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF current_database() LIKE 'test\\_%' THEN RETURN NULL; END IF; RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="afbe530243d88d007950464d787472737c262904",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_21ee6",
                    table="orders_orderrevision",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="promiseanswer",
            trigger=pgtrigger.compiler.Trigger(
                name="answers_are_kept",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="ab7a76d3afd4e63e940cebaa5a2050ab13cdaea1",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_answers_are_kept_90280",
                    table="orders_promiseanswer",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="purchaserule",
            trigger=pgtrigger.compiler.Trigger(
                name="changed_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "orders_purchaseruleevent" ("account_id", "amount", "id", "is_active", "kind", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_class") VALUES (OLD."account_id", OLD."amount", OLD."id", OLD."is_active", OLD."kind", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."product_class"); RETURN NULL;',
                    hash="b4fa55f35859be7e6db9db9a3a95269156533c85",
                    operation="UPDATE",
                    pgid="pgtrigger_changed_update_f6e0e",
                    table="orders_purchaserule",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="purchaserule",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "orders_purchaseruleevent" ("account_id", "amount", "id", "is_active", "kind", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_class") VALUES (OLD."account_id", OLD."amount", OLD."id", OLD."is_active", OLD."kind", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."product_class"); RETURN NULL;',
                    hash="3497358fe4f3078b4dbd4502928af5653a9ecb69",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_85877",
                    table="orders_purchaserule",
                    when="AFTER",
                ),
            ),
        ),
        migrations.RunSQL(
            """
            INSERT INTO orders_holdtype (code, label, reason, blocks, clearable_by, is_by_hand, is_active, description)
            VALUES
              ('credit', 'Credit', 'credit', '{release}', '{finance,finance_approver}', true, true,
               'Finance stops the order whatever the figures say; no rule lets it go'),
              ('price', 'Price', 'price', '{release}', '{pricing}', false, true, ''),
              ('eligibility', 'Eligibility', 'eligibility', '{release}', '{cs_lead}', false, true, ''),
              ('data', 'Data', 'data', '{release}', '{cs,cs_lead}', false, true, ''),
              ('approval', 'Approval', 'approval', '{release}', '{cs_lead}', false, true, ''),
              ('manual', 'By hand', 'manual', '{release}', '{cs,cs_lead}', true, true, 'The customer asked us to wait'),
              ('fraud', 'Suspected fraud', 'manual', '{allocate,release,pick,ship,invoice}',
               '{cs_lead,finance_approver}', true, true, 'Nothing moves until somebody has looked'),
              ('quality', 'Quality', 'manual', '{release,pick,ship}', '{cs_lead,planner}', true, true,
               'The goods may be wrong');
            """,
            "DELETE FROM orders_holdtype",
        ),
    ]
