"""Every table of this room: a new installation starts here (docs/adr/0014-one-start.md)."""

import uuid

import django.contrib.postgres.constraints
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.text
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import billing.states
import core.ranges
from core.numbering import CreateSequence


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0009_days_a_delivery_may_be_early"),
        ("catalog", "0003_guard_asks_first"),
        ("fulfillment", "0012_picked_above"),
        ("orders", "0013_allowed_products"),
        ("pricing", "0007_contracts_by_number"),
    ]

    operations = [
        CreateSequence("receipt", start=100001),
        CreateSequence("invoice_draft", start=1),
        CreateSequence("commission_statement", start=1001),
        CreateSequence("chargeback", start=1001),
        migrations.CreateModel(
            name="CreditMemo",
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
                    "kind",
                    models.CharField(
                        choices=[
                            ("return", "Return"),
                            ("price", "Price"),
                            ("dispute", "Dispute"),
                            ("rebate", "Rebate"),
                            ("chargeback", "Chargeback"),
                            ("goodwill", "Goodwill"),
                            ("discount", "Discount"),
                        ],
                        max_length=12,
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("lines_amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("fee_amount", models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                ("total_amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("applied_amount", models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                ("reason", models.CharField(max_length=200)),
                ("source_kind", models.CharField(blank=True, max_length=40)),
                ("source_id", models.BigIntegerField(null=True)),
                ("source_number", models.CharField(blank=True, max_length=60)),
                ("key", models.CharField(max_length=120)),
                ("issued_date", models.DateField()),
                ("posted_at", models.DateTimeField()),
                ("posted_by", models.CharField(blank=True, max_length=150)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["account", "-id"], name="credit_memos_by_account"),
                    models.Index(fields=["issued_date"], name="credit_memos_by_day"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("key",), name="a_credit_memo_happens_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("fee_amount__gte", 0),
                            (
                                "total_amount",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("lines_amount"), "-", models.F("fee_amount")
                                ),
                            ),
                            ("total_amount__gt", 0),
                        ),
                        name="a_credit_memo_is_its_lines_less_the_fee",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("applied_amount__gte", 0), ("applied_amount__lte", models.F("total_amount"))
                        ),
                        name="never_apply_more_than_credited",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ChargebackClaim",
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
                    "member",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                ("member_text", models.CharField(max_length=80, verbose_name="member as stated")),
                ("contract_code", models.CharField(max_length=40)),
                (
                    "product",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.product"
                    ),
                ),
                ("sku_text", models.CharField(max_length=80, verbose_name="item as stated")),
                ("reference", models.CharField(max_length=80)),
                ("sale_date", models.DateField()),
                ("qty", models.DecimalField(decimal_places=4, max_digits=14)),
                ("cost_price", models.DecimalField(decimal_places=6, max_digits=18)),
                ("contract_price", models.DecimalField(decimal_places=6, max_digits=18)),
                ("currency", models.CharField(max_length=3)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("status", models.CharField(choices=[("approved", "Approved"), ("denied", "Denied")], max_length=10)),
                ("denials", models.JSONField(default=list)),
                (
                    "credit_memo",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.creditmemo",
                    ),
                ),
                ("received_at", models.DateTimeField()),
                ("received_by", models.CharField(max_length=150)),
            ],
            options={
                "indexes": [models.Index(fields=["status", "-id"], name="claims_by_status")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("qty__gt", 0)), name="a_claim_claims_something"),
                    models.UniqueConstraint(
                        condition=models.Q(("status", "approved")),
                        fields=("account", "reference", "product", "member"),
                        name="one_approved_claim_per_sale",
                        nulls_distinct=False,
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Invoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("number", models.CharField(max_length=30, unique=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="orders.order"),
                ),
                (
                    "shipment",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="fulfillment.shipment",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("posted", "Posted"),
                            ("sent", "Sent"),
                            ("partially_paid", "Partially paid"),
                            ("paid", "Paid"),
                            ("disputed", "Disputed"),
                            ("credited", "Credited"),
                            ("written_off", "Written off"),
                        ],
                        default=billing.states.InvoiceStatus["POSTED"],
                        max_length=14,
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("net_amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("tax_amount", models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                ("freight_amount", models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                ("total_amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("paid_amount", models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                ("credited_amount", models.DecimalField(db_default=0, decimal_places=2, default=0, max_digits=14)),
                ("written_off_amount", models.DecimalField(db_default=0, decimal_places=2, default=0, max_digits=14)),
                ("disputed_amount", models.DecimalField(db_default=0, decimal_places=2, default=0, max_digits=14)),
                ("draft_key", models.CharField(blank=True, db_default="", default="", max_length=80)),
                ("terms_code", models.CharField(blank=True, max_length=20)),
                ("issued_date", models.DateField()),
                ("due_date", models.DateField()),
                ("version", models.PositiveIntegerField(default=1)),
                ("posted_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["account", "-id"], name="invoices_by_account"),
                    models.Index(
                        condition=models.Q(("status", "paid"), _negated=True),
                        fields=["due_date"],
                        name="unpaid_invoices_by_due_date",
                    ),
                    models.Index(fields=["due_date"], name="invoices_by_due_date"),
                    models.Index(fields=["status", "-id"], name="invoices_by_status"),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("number"), "gin_trgm_ops"
                        ),
                        name="invoices_like_number",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "total_amount",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("net_amount"), "+", models.F("tax_amount")
                                    ),
                                    "+",
                                    models.F("freight_amount"),
                                ),
                            )
                        ),
                        name="an_invoice_total_is_net_plus_tax_plus_freight",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("credited_amount__gte", 0),
                            ("paid_amount__gte", 0),
                            ("written_off_amount__gte", 0),
                            (
                                "total_amount__gte",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("paid_amount"), "+", models.F("credited_amount")
                                    ),
                                    "+",
                                    models.F("written_off_amount"),
                                ),
                            ),
                        ),
                        name="never_apply_more_than_the_invoice",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status", "draft"), models.Q(("draft_key", ""), _negated=True)),
                        fields=("draft_key",),
                        name="one_draft_per_customer_and_period",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="InvoiceLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="billing.invoice"
                    ),
                ),
                (
                    "shipment_line",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="fulfillment.shipmentline",
                    ),
                ),
                (
                    "rebills",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.invoiceline",
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.product"
                    ),
                ),
                ("qty", models.DecimalField(decimal_places=4, max_digits=14)),
                ("unit_price", models.DecimalField(decimal_places=6, max_digits=18)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("credited_qty", models.DecimalField(db_default=0, decimal_places=4, default=0, max_digits=14)),
                ("credited_amount", models.DecimalField(db_default=0, decimal_places=2, default=0, max_digits=14)),
                ("price_settled_at", models.DateTimeField(editable=False, null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("qty__gt", 0)), name="an_invoice_line_bills_something"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("rebills__isnull", True), ("shipment_line__isnull", False)),
                            models.Q(("rebills__isnull", False), ("shipment_line__isnull", True)),
                            _connector="OR",
                        ),
                        name="an_invoice_line_bills_a_shipment_or_a_difference",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("credited_amount__gte", 0),
                            ("credited_qty__gte", 0),
                            ("credited_amount__lte", models.F("amount")),
                            ("credited_qty__lte", models.F("qty")),
                        ),
                        name="never_credit_more_than_the_line",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CommissionPlan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=120)),
            ],
        ),
        migrations.CreateModel(
            name="PlanVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="billing.commissionplan",
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(blank=True, null=True)),
                ("note", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("plan", "number"), name="one_plan_version_per_number"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to__isnull", True), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                        ),
                        name="a_plan_version_ends_after_it_starts",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[("plan", "="), (core.ranges.DateRange("valid_from", "valid_to"), "&&")],
                        name="one_version_of_a_plan_per_day",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CommissionEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "rep",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.rep"),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.invoice"
                    ),
                ),
                (
                    "invoice_line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.invoiceline"
                    ),
                ),
                ("kind", models.CharField(max_length=10)),
                (
                    "step",
                    models.CharField(
                        choices=[
                            ("accrued", "Accrued"),
                            ("earned", "Earned"),
                            ("clawed_back", "Clawed back"),
                            ("adjusted", "Adjusted"),
                            ("paid", "Paid"),
                        ],
                        max_length=12,
                    ),
                ),
                ("accrued_delta", models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                ("earned_delta", models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                ("paid_delta", models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                ("base_amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("rate_percent", models.DecimalField(decimal_places=4, max_digits=7)),
                ("split_percent", models.DecimalField(decimal_places=2, max_digits=5)),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.planversion"
                    ),
                ),
                ("why", models.CharField(max_length=300)),
                ("key", models.CharField(max_length=120)),
                ("at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["invoice_line", "rep"], name="commissions_by_line"),
                    models.Index(fields=["rep", "-id"], name="commissions_by_rep"),
                ],
                "constraints": [models.UniqueConstraint(fields=("key",), name="a_commission_moves_once")],
            },
        ),
        migrations.CreateModel(
            name="CommissionRate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="rates", to="billing.planversion"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("revenue", "Revenue"), ("overlay", "Overlay")], default="revenue", max_length=10
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
                    "tier",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.servicetier",
                    ),
                ),
                ("min_margin_percent", models.DecimalField(blank=True, decimal_places=2, max_digits=6, null=True)),
                ("percent", models.DecimalField(decimal_places=4, max_digits=7)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("percent__gte", 0), ("percent__lte", 100)), name="a_rate_is_a_percent"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("product__isnull", True), ("category__isnull", True), _connector="OR"),
                        name="a_rate_names_product_or_category",
                    ),
                    models.UniqueConstraint(
                        fields=("version", "kind", "product", "category", "tier", "min_margin_percent"),
                        name="one_rate_per_case",
                        nulls_distinct=False,
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CommissionStatement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=30, unique=True)),
                (
                    "rep",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.rep"),
                ),
                ("currency", models.CharField(max_length=3)),
                ("period_end", models.DateField()),
                (
                    "status",
                    models.CharField(
                        choices=[("closed", "Closed"), ("paid", "Paid")],
                        default=billing.states.StatementStatus["CLOSED"],
                        max_length=10,
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("closed_at", models.DateTimeField()),
                ("paid_at", models.DateTimeField(null=True)),
                ("paid_by", models.CharField(blank=True, max_length=150)),
            ],
            options={
                "indexes": [models.Index(fields=["status", "-id"], name="statements_by_status")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("rep", "currency", "period_end"), name="one_statement_per_rep_and_period"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CommissionStatementLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "statement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="billing.commissionstatement",
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.invoice"
                    ),
                ),
                (
                    "invoice_line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.invoiceline"
                    ),
                ),
                ("kind", models.CharField(max_length=10)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("why", models.CharField(max_length=500)),
                (
                    "state",
                    models.CharField(
                        choices=[("stated", "Stated"), ("disputed", "Disputed"), ("answered", "Answered")],
                        default=billing.states.LineState["STATED"],
                        max_length=10,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=500)),
                ("answer", models.CharField(blank=True, max_length=500)),
                ("was_disputed", models.BooleanField(default=False)),
            ],
            options={
                "indexes": [models.Index(fields=["invoice_line"], name="statement_lines_by_line")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("statement", "invoice_line", "kind"), name="one_statement_line_per_invoice_line"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CreditMemoApplication",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "credit_memo",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="applications",
                        to="billing.creditmemo",
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credit_applications",
                        to="billing.invoice",
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("applied_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0)), name="a_credit_application_applies_something"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CreditMemoLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "credit_memo",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="billing.creditmemo"
                    ),
                ),
                (
                    "invoice_line",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credits",
                        to="billing.invoiceline",
                    ),
                ),
                ("qty", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("words", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount__gte", 0), ("qty__gte", 0)), name="a_credit_line_is_not_negative"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Dispute",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="disputes", to="billing.invoice"
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("price", "Price"),
                            ("quantity", "Quantity"),
                            ("quality", "Quality"),
                            ("not_received", "Not received"),
                            ("duplicate", "Duplicate"),
                            ("other", "Other"),
                        ],
                        max_length=12,
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("note", models.CharField(max_length=500)),
                (
                    "status",
                    models.CharField(
                        choices=[("open", "Open"), ("credited", "Credited"), ("rejected", "Rejected")],
                        default=billing.states.DisputeStatus["OPEN"],
                        max_length=10,
                    ),
                ),
                ("opened_at", models.DateTimeField()),
                ("opened_by", models.CharField(max_length=150)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.CharField(blank=True, max_length=150)),
                ("answer", models.CharField(blank=True, max_length=500)),
                (
                    "credit_memo",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.creditmemo",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["status", "-id"], name="disputes_by_status")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="a_dispute_is_about_something"),
                    models.UniqueConstraint(
                        condition=models.Q(("status", "open")), fields=("invoice",), name="one_open_dispute_per_invoice"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="InvoicingChoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "grouping",
                    models.CharField(
                        choices=[
                            ("shipment", "Shipment"),
                            ("order", "Order"),
                            ("day", "Day"),
                            ("week", "Week"),
                            ("month", "Month"),
                        ],
                        default=billing.states.Grouping["SHIPMENT"],
                        max_length=10,
                    ),
                ),
                (
                    "delivery",
                    models.CharField(
                        choices=[("by_hand", "By hand"), ("portal", "Portal")],
                        default=billing.states.Delivery["BY_HAND"],
                        max_length=10,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Obligation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="obligations", to="billing.invoice"
                    ),
                ),
                (
                    "invoice_line",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.invoiceline"
                    ),
                ),
                (
                    "event",
                    models.CharField(
                        choices=[("ship", "Ship"), ("deliver", "Deliver"), ("use", "Use"), ("over_time", "Over time")],
                        max_length=10,
                    ),
                ),
                ("months", models.PositiveSmallIntegerField(default=1)),
                ("start_date", models.DateField()),
                ("standalone_amount", models.DecimalField(decimal_places=2, max_digits=16)),
                ("allocated_amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("recognized_amount", models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                ("used_qty", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
                ("as_of_date", models.DateField(null=True)),
                ("moves", models.PositiveIntegerField(default=0)),
                ("hold_reason", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("recognized_amount", models.F("allocated_amount")), _negated=True),
                        fields=["event"],
                        name="obligations_not_met",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("recognized_amount__gte", 0)), name="recognized_revenue_is_not_negative"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Receipt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=30, unique=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("applied_amount", models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                ("method", models.CharField(blank=True, max_length=20)),
                ("reference", models.CharField(blank=True, max_length=80)),
                ("received_date", models.DateField()),
                ("posted_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["received_date"], name="receipts_by_day"),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("number"), "gin_trgm_ops"
                        ),
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("reference"), "gin_trgm_ops"
                        ),
                        name="receipts_like_number",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="a_receipt_brings_something"),
                    models.CheckConstraint(
                        condition=models.Q(("applied_amount__gte", 0), ("applied_amount__lte", models.F("amount"))),
                        name="never_apply_more_than_received",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("reference", ""), _negated=True),
                        fields=("account", "reference"),
                        name="one_receipt_per_account_and_reference",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Payment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                ("provider", models.CharField(max_length=40)),
                ("method", models.CharField(max_length=40)),
                ("reference", models.CharField(blank=True, max_length=80)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("currency", models.CharField(max_length=3)),
                ("remittance", models.JSONField(default=dict)),
                (
                    "status",
                    models.CharField(
                        choices=[("started", "Started"), ("succeeded", "Succeeded"), ("failed", "Failed")],
                        default=billing.states.PaymentStatus["STARTED"],
                        max_length=10,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=200)),
                (
                    "receipt",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.receipt"
                    ),
                ),
                ("key", models.CharField(max_length=120)),
                ("started_at", models.DateTimeField()),
                ("started_by", models.CharField(max_length=150)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["account", "-id"], name="payments_by_account"),
                    models.Index(fields=["status", "-id"], name="payments_by_status"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("account", "key"), name="a_payment_is_started_once"),
                    models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="a_payment_pays_something"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "succeeded"), _negated=True),
                            ("receipt__isnull", False),
                            _connector="OR",
                        ),
                        name="a_paid_payment_has_its_receipt",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PaymentMessage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("provider", models.CharField(max_length=40)),
                ("event_id", models.CharField(max_length=120)),
                (
                    "payment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="messages",
                        to="billing.payment",
                    ),
                ),
                ("body", models.TextField()),
                ("received_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("provider", "event_id"), name="a_provider_event_is_taken_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="PlanMember",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "rep",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.rep"),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="members", to="billing.commissionplan"
                    ),
                ),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to__isnull", True), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                        ),
                        name="a_plan_member_ends_later",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[("rep", "="), (core.ranges.DateRange("valid_from", "valid_to"), "&&")],
                        name="one_plan_per_rep_and_day",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RebateEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "program",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="pricing.rebateprogram"
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "invoice_line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.invoiceline"
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14)),
                (
                    "credit_memo",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.creditmemo",
                    ),
                ),
                ("why", models.CharField(max_length=300)),
                ("key", models.CharField(max_length=120)),
                ("at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["program", "account"], name="rebates_by_account"),
                    models.Index(fields=["invoice_line"], name="rebates_by_line"),
                ],
                "constraints": [models.UniqueConstraint(fields=("key",), name="a_rebate_moves_once")],
            },
        ),
        migrations.CreateModel(
            name="ReceiptApplication",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "receipt",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="applications", to="billing.receipt"
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="applications", to="billing.invoice"
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("applied_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0)), name="an_application_applies_something"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RecognitionRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
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
                    "event",
                    models.CharField(
                        choices=[("ship", "Ship"), ("deliver", "Deliver"), ("use", "Use"), ("over_time", "Over time")],
                        max_length=10,
                    ),
                ),
                ("months", models.PositiveSmallIntegerField(default=1, help_text="Over time: how many months.")),
                ("standalone_price", models.DecimalField(blank=True, decimal_places=6, max_digits=18, null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("category__isnull", False), ("product__isnull", True)),
                            models.Q(("category__isnull", True), ("product__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_recognition_rule_names_one_thing",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("months__gt", 0)), name="a_service_takes_a_month_or_more"
                    ),
                    models.UniqueConstraint(
                        fields=("product", "category"), name="one_recognition_rule_per_thing", nulls_distinct=False
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Repricing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("approval_id", models.BigIntegerField(unique=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("credit_amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("rebill_amount", models.DecimalField(decimal_places=2, max_digits=14)),
                (
                    "credit_memo",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.creditmemo",
                    ),
                ),
                ("issued_at", models.DateTimeField()),
                ("issued_by", models.CharField(max_length=150)),
                ("rebills", models.ManyToManyField(related_name="+", to="billing.invoice")),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("credit_amount__gte", 0), ("rebill_amount__gte", 0)),
                        name="a_repricing_credits_and_rebills",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RevenueEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "obligation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="entries", to="billing.obligation"
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("day", models.DateField()),
                ("why", models.CharField(max_length=200)),
                ("key", models.CharField(max_length=120)),
                ("at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["day"], name="revenue_by_day")],
                "constraints": [models.UniqueConstraint(fields=("key",), name="revenue_moves_once")],
            },
        ),
        migrations.CreateModel(
            name="WriteOff",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="write_offs", to="billing.invoice"
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("reason", models.CharField(max_length=200)),
                (
                    "status",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("posted", "Posted"), ("rejected", "Rejected")],
                        default=billing.states.WriteOffStatus["WAITING"],
                        max_length=10,
                    ),
                ),
                (
                    "approval",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.approvalrequest",
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                ("asked_by", models.CharField(max_length=150)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0)), name="a_write_off_writes_something_off"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status", "waiting")),
                        fields=("invoice",),
                        name="one_waiting_write_off_per_invoice",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="commissionstatement",
            trigger=pgtrigger.compiler.Trigger(
                name="commission_statement_status_guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{closed:paid}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="817d8dd30787a187e28d39365b77a6441d8964af",
                    operation="UPDATE",
                    pgid="pgtrigger_commission_statement_status_guard_7df08",
                    table="billing_commissionstatement",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="chargebackclaim",
            trigger=pgtrigger.compiler.Trigger(
                name="chargeback_claim_status_guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{denied:approved}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="b40d1a63b5af5b325f358d6e147f23ae110c92a9",
                    operation="UPDATE",
                    pgid="pgtrigger_chargeback_claim_status_guard_8a0fd",
                    table="billing_chargebackclaim",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="invoice",
            trigger=pgtrigger.compiler.Trigger(
                name="invoice_status_guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{disputed:credited,disputed:paid,disputed:partially_paid,disputed:posted,disputed:sent,disputed:written_off,draft:paid,draft:posted,draft:sent,partially_paid:credited,partially_paid:disputed,partially_paid:paid,partially_paid:written_off,posted:credited,posted:disputed,posted:paid,posted:partially_paid,posted:sent,posted:written_off,sent:credited,sent:disputed,sent:paid,sent:partially_paid,sent:written_off}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="89db43249964100cf7b3d093e895e5cf250974b0",
                    operation="UPDATE",
                    pgid="pgtrigger_invoice_status_guard_b67f6",
                    table="billing_invoice",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dispute",
            trigger=pgtrigger.compiler.Trigger(
                name="dispute_status_guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{open:credited,open:rejected}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="85443866f5817d970e60be92f73e9b02d0b7250a",
                    operation="UPDATE",
                    pgid="pgtrigger_dispute_status_guard_a3fcf",
                    table="billing_dispute",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="paymentmessage",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="f65fb98bca13730af30b54d7c4a5e48f63f39fa0",
                    level="STATEMENT",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_05133",
                    table="billing_paymentmessage",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="paymentmessage",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF current_database() LIKE 'test\\_%' THEN RETURN NULL; END IF; RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="9c60144d89afd2a2488d625402a215f05c420b2a",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_3d9ac",
                    table="billing_paymentmessage",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="commissionentry",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="056edbf333f6bf22a17de395d3380082e4a1ff93",
                    level="STATEMENT",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_4d292",
                    table="billing_commissionentry",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="commissionentry",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF current_database() LIKE 'test\\_%' THEN RETURN NULL; END IF; RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="5549ed1995e0f1aed95e6bfc8a867291d233466a",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_8fcb8",
                    table="billing_commissionentry",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="rebateentry",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="5b911ac0514d738b4fd4cd93d1de3fd7f281b60c",
                    level="STATEMENT",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_e103a",
                    table="billing_rebateentry",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="rebateentry",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF current_database() LIKE 'test\\_%' THEN RETURN NULL; END IF; RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="7912f5e40a0301cfd8d732a1a70d150d6b3c931b",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_6770b",
                    table="billing_rebateentry",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="payment",
            trigger=pgtrigger.compiler.Trigger(
                name="payment_status_guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{failed:succeeded,started:failed,started:succeeded}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="538af7022d6d25b538c150b603b0a7657ec8768c",
                    operation="UPDATE",
                    pgid="pgtrigger_payment_status_guard_25652",
                    table="billing_payment",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="revenueentry",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="2d58d8aed74d0836c03c0f8c6e222fcfeaeb8db9",
                    level="STATEMENT",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_f0b11",
                    table="billing_revenueentry",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="revenueentry",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF current_database() LIKE 'test\\_%' THEN RETURN NULL; END IF; RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="66260575efc8b2e93870aaa8bccd04644c728a90",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_f74c8",
                    table="billing_revenueentry",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="writeoff",
            trigger=pgtrigger.compiler.Trigger(
                name="write_off_status_guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{waiting:posted,waiting:rejected}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="66e3f50362f0524c33492971d838d4d05154e18d",
                    operation="UPDATE",
                    pgid="pgtrigger_write_off_status_guard_d2838",
                    table="billing_writeoff",
                    when="BEFORE",
                ),
            ),
        ),
    ]
