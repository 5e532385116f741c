"""Every table of this room: a new installation starts here (docs/adr/0014-one-start.md)."""

import uuid
from decimal import Decimal

import django.contrib.auth.models
import django.contrib.auth.validators
import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.functions
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import accounts.models.validators
import accounts.states
import core.ranges


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("core", "0005_overrides_by_customer"),
        ("pghistory", "0007_auto_20250421_0444"),
    ]

    operations = [
        migrations.CreateModel(
            name="ServiceTier",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=20, unique=True)),
                ("name", models.CharField(max_length=80)),
                ("rank", models.PositiveSmallIntegerField(unique=True)),
                ("fair_share_weight", models.DecimalField(decimal_places=4, default=1, max_digits=8)),
                ("order_lock_days", models.PositiveSmallIntegerField(default=0)),
                ("promise_slip_days", models.PositiveSmallIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Territory",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=20, unique=True)),
                ("name", models.CharField(max_length=80)),
            ],
            options={
                "verbose_name_plural": "territories",
            },
        ),
        migrations.CreateModel(
            name="Account",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("code", models.CharField(max_length=40)),
                ("name", models.CharField(max_length=200)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("prospect", "Prospect"),
                            ("active", "Active"),
                            ("suspended", "Suspended"),
                            ("closed", "Closed"),
                        ],
                        default=accounts.states.AccountStatus["PROSPECT"],
                        max_length=12,
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="accounts.account",
                    ),
                ),
                (
                    "tier",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="accounts",
                        to="accounts.servicetier",
                    ),
                ),
                (
                    "territory",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="accounts",
                        to="accounts.territory",
                    ),
                ),
                ("region", models.CharField(blank=True, max_length=40)),
                (
                    "currency",
                    models.CharField(
                        default="USD", max_length=3, validators=[accounts.models.validators.currency_code]
                    ),
                ),
                (
                    "time_zone",
                    models.CharField(
                        default="UTC", max_length=64, validators=[accounts.models.validators.known_time_zone]
                    ),
                ),
                ("is_tax_exempt", models.BooleanField(default=False)),
                ("po_number_required", models.BooleanField(default=True, verbose_name="PO number required")),
                (
                    "ship_complete",
                    models.CharField(
                        choices=[("none", "None"), ("line", "Line"), ("order", "Order")],
                        default=accounts.states.ShipComplete["NONE"],
                        max_length=5,
                    ),
                ),
                ("min_line_percent", models.DecimalField(decimal_places=2, default=0, max_digits=5)),
                ("min_order_percent", models.DecimalField(decimal_places=2, default=0, max_digits=5)),
                ("max_shipments", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("backorders_allowed", models.BooleanField(default=True)),
                (
                    "short_close_percent",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=2,
                        default=0,
                        help_text="A rest of at most this share of a line that has shipped is not sent after it. 0: always sent.",
                        max_digits=5,
                        verbose_name="closed short, %",
                    ),
                ),
                (
                    "early_days_allowed",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="How many days before the requested date a delivery may come. Empty: any; 0: not before it.",
                        null=True,
                        verbose_name="delivered early, days at most",
                    ),
                ),
                (
                    "over_ship_percent",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=2,
                        default=0,
                        help_text="What may be picked, shipped and invoiced above what was ordered of a line. 0: never more.",
                        max_digits=5,
                        verbose_name="taken above the order, %",
                    ),
                ),
                ("substitution_allowed", models.BooleanField(default=False)),
                ("min_shelf_life_days", models.PositiveIntegerField(default=0)),
                ("external_id", models.CharField(blank=True, max_length=80)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["territory", "id"], name="accounts_by_territory"),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("code"), "gin_trgm_ops"
                        ),
                        name="accounts_like_code",
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("name"), "gin_trgm_ops"
                        ),
                        name="accounts_like_name",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(django.db.models.functions.text.Upper("code"), name="one_account_per_code"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("min_line_percent__range", (0, 100)),
                            ("min_order_percent__range", (0, 100)),
                            ("over_ship_percent__range", (0, 100)),
                            ("short_close_percent__range", (0, 100)),
                        ),
                        name="account_minimum_percents_are_percents",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("parent__isnull", True),
                            models.Q(("parent", models.F("id")), _negated=True),
                            _connector="OR",
                        ),
                        name="an_account_is_not_its_own_parent",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AccountEvent",
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
                        to="accounts.account",
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
                ("code", models.CharField(max_length=40)),
                ("name", models.CharField(max_length=200)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("prospect", "Prospect"),
                            ("active", "Active"),
                            ("suspended", "Suspended"),
                            ("closed", "Closed"),
                        ],
                        default=accounts.states.AccountStatus["PROSPECT"],
                        max_length=12,
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
                ("region", models.CharField(blank=True, max_length=40)),
                (
                    "currency",
                    models.CharField(
                        default="USD", max_length=3, validators=[accounts.models.validators.currency_code]
                    ),
                ),
                (
                    "time_zone",
                    models.CharField(
                        default="UTC", max_length=64, validators=[accounts.models.validators.known_time_zone]
                    ),
                ),
                ("is_tax_exempt", models.BooleanField(default=False)),
                ("po_number_required", models.BooleanField(default=True, verbose_name="PO number required")),
                (
                    "ship_complete",
                    models.CharField(
                        choices=[("none", "None"), ("line", "Line"), ("order", "Order")],
                        default=accounts.states.ShipComplete["NONE"],
                        max_length=5,
                    ),
                ),
                ("min_line_percent", models.DecimalField(decimal_places=2, default=0, max_digits=5)),
                ("min_order_percent", models.DecimalField(decimal_places=2, default=0, max_digits=5)),
                ("max_shipments", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("backorders_allowed", models.BooleanField(default=True)),
                (
                    "short_close_percent",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=2,
                        default=0,
                        help_text="A rest of at most this share of a line that has shipped is not sent after it. 0: always sent.",
                        max_digits=5,
                        verbose_name="closed short, %",
                    ),
                ),
                (
                    "early_days_allowed",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="How many days before the requested date a delivery may come. Empty: any; 0: not before it.",
                        null=True,
                        verbose_name="delivered early, days at most",
                    ),
                ),
                (
                    "over_ship_percent",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=2,
                        default=0,
                        help_text="What may be picked, shipped and invoiced above what was ordered of a line. 0: never more.",
                        max_digits=5,
                        verbose_name="taken above the order, %",
                    ),
                ),
                ("substitution_allowed", models.BooleanField(default=False)),
                ("min_shelf_life_days", models.PositiveIntegerField(default=0)),
                ("external_id", models.CharField(blank=True, max_length=80)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="AccountGroup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=120)),
                (
                    "kind",
                    models.CharField(
                        choices=[("buying_group", "Buying group"), ("chain", "Chain"), ("segment", "Segment")],
                        default="buying_group",
                        max_length=12,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                (
                    "username",
                    models.CharField(
                        error_messages={"unique": "A user with that username already exists."},
                        help_text="Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.",
                        max_length=150,
                        unique=True,
                        validators=[django.contrib.auth.validators.UnicodeUsernameValidator()],
                        verbose_name="username",
                    ),
                ),
                ("first_name", models.CharField(blank=True, max_length=150, verbose_name="first name")),
                ("last_name", models.CharField(blank=True, max_length=150, verbose_name="last name")),
                (
                    "is_staff",
                    models.BooleanField(
                        default=False,
                        help_text="Designates whether the user can log into this admin site.",
                        verbose_name="staff status",
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Designates whether this user should be treated as active. Unselect this instead of deleting accounts.",
                        verbose_name="active",
                    ),
                ),
                ("date_joined", models.DateTimeField(default=django.utils.timezone.now, verbose_name="date joined")),
                ("email", models.EmailField(max_length=254)),
                (
                    "roles",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("cs", "CS"),
                                ("cs_lead", "CS lead"),
                                ("pricing", "Pricing"),
                                ("finance", "Finance"),
                                ("finance_approver", "Finance approver"),
                                ("planner", "Planner"),
                                ("warehouse", "Warehouse"),
                                ("rep", "Rep"),
                                ("buyer", "Buyer"),
                                ("buyer_approver", "Buyer approver"),
                                ("auditor", "Auditor"),
                                ("operator", "Operator"),
                                ("service", "Service"),
                            ],
                            max_length=20,
                        ),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                (
                    "reports_to",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="team",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "time_zone",
                    models.CharField(
                        default="UTC", max_length=64, validators=[accounts.models.validators.known_time_zone]
                    ),
                ),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "verbose_name": "user",
                "verbose_name_plural": "users",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(django.db.models.functions.text.Lower("email"), name="one_user_per_email"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reports_to__isnull", True),
                            models.Q(("reports_to", models.F("id")), _negated=True),
                            _connector="OR",
                        ),
                        name="nobody_reports_to_themselves",
                    ),
                ],
            },
            managers=[
                ("objects", django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name="ApprovalRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(), editable=False, unique=True
                    ),
                ),
                ("kind", models.CharField(max_length=40)),
                ("subject_kind", models.CharField(max_length=40)),
                ("subject_id", models.BigIntegerField()),
                ("subject_number", models.CharField(blank=True, max_length=60)),
                ("content_hash", models.CharField(max_length=64)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14, null=True)),
                ("currency", models.CharField(blank=True, max_length=3)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("approved", "Approved"),
                            ("rejected", "Rejected"),
                            ("expired", "Expired"),
                        ],
                        default=accounts.states.ApprovalState["PENDING"],
                        max_length=10,
                    ),
                ),
                ("margin_points", models.DecimalField(decimal_places=2, max_digits=6, null=True)),
                ("content", models.JSONField(default=dict)),
                (
                    "account",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("requested_label", models.CharField(blank=True, max_length=150)),
                ("requested_at", models.DateTimeField()),
                ("reason", models.TextField(blank=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "decided_for",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("decision_note", models.TextField(blank=True)),
                ("expires_at", models.DateTimeField()),
                ("escalate_at", models.DateTimeField(null=True)),
                ("escalated_at", models.DateTimeField(null=True)),
                (
                    "escalated_to",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["subject_kind", "subject_id", "-id"], name="approvals_by_subject"),
                    models.Index(
                        condition=models.Q(("state", "pending")), fields=["escalate_at"], name="approvals_to_escalate"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_by__isnull", True),
                            models.Q(("decided_by", models.F("requested_by")), _negated=True),
                            ("state", "expired"),
                            _connector="OR",
                        ),
                        name="an_approval_is_decided_by_someone_else",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_for__isnull", True),
                            ("requested_by__isnull", True),
                            models.Q(("decided_for", models.F("requested_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="an_approval_is_not_decided_for_who_asked_for_it",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["pending", "expired"]),
                            models.Q(("decided_at__isnull", False), ("decided_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_decided_approval_says_who_and_when",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "pending")),
                        fields=("kind", "subject_kind", "subject_id", "content_hash"),
                        name="one_pending_approval_per_content",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AuthorityLimit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        blank=True, help_text="price, credit, allocation …; empty: every other kind", max_length=40
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("cs", "CS"),
                            ("cs_lead", "CS lead"),
                            ("pricing", "Pricing"),
                            ("finance", "Finance"),
                            ("finance_approver", "Finance approver"),
                            ("planner", "Planner"),
                            ("warehouse", "Warehouse"),
                            ("rep", "Rep"),
                            ("buyer", "Buyer"),
                            ("buyer_approver", "Buyer approver"),
                            ("auditor", "Auditor"),
                            ("operator", "Operator"),
                            ("service", "Service"),
                        ],
                        max_length=20,
                    ),
                ),
                ("max_amount", models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
                (
                    "max_margin_points",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="points of margin given up; empty: any",
                        max_digits=6,
                        null=True,
                    ),
                ),
                (
                    "day_amount",
                    models.DecimalField(
                        blank=True, decimal_places=2, max_digits=14, null=True, verbose_name="amount per day"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "role"),
                        name="one_authority_limit_per_kind_and_role",
                        violation_error_message="This role has a limit for this kind already: change that one.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("max_amount__isnull", True), ("max_amount__gte", 0), _connector="OR"),
                            models.Q(
                                ("max_margin_points__isnull", True), ("max_margin_points__gte", 0), _connector="OR"
                            ),
                            models.Q(("day_amount__isnull", True), ("day_amount__gte", 0), _connector="OR"),
                        ),
                        name="an_authority_limit_is_not_negative",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AuthorityUse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("kind", models.CharField(max_length=40)),
                ("day", models.DateField()),
                ("used_amount", models.DecimalField(decimal_places=2, default=0, max_digits=16)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "kind", "day"), name="one_authority_use_per_person_kind_and_day"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("used_amount__gte", 0)), name="used_authority_is_not_negative"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Buyer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="buyers", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="buyers", to="accounts.account"
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("admin", "Admin"),
                            ("buyer", "Buyer"),
                            ("approver", "Approver"),
                            ("viewer", "Viewer"),
                        ],
                        default=accounts.states.BuyerRole["BUYER"],
                        max_length=10,
                    ),
                ),
                ("order_limit", models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
                ("period_limit", models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
                (
                    "period",
                    models.CharField(
                        choices=[("week", "Week"), ("month", "Month"), ("quarter", "Quarter"), ("year", "Year")],
                        default=accounts.states.SpendingPeriod["MONTH"],
                        max_length=8,
                    ),
                ),
                ("includes_children", models.BooleanField(default=False)),
                (
                    "promise_mail",
                    models.CharField(
                        choices=[("at_once", "At once"), ("daily", "Daily"), ("none", "None")],
                        default=accounts.states.PromiseMail["AT_ONCE"],
                        max_length=8,
                        verbose_name="mail about moved promises",
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("user", "account"), name="one_buyer_per_user_and_account"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("order_limit__isnull", True), ("order_limit__gte", 0), _connector="OR"),
                            models.Q(("period_limit__isnull", True), ("period_limit__gte", 0), _connector="OR"),
                        ),
                        name="a_spending_limit_is_not_negative",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BuyerEvent",
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
                        to="accounts.buyer",
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
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
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
                    "role",
                    models.CharField(
                        choices=[
                            ("admin", "Admin"),
                            ("buyer", "Buyer"),
                            ("approver", "Approver"),
                            ("viewer", "Viewer"),
                        ],
                        default=accounts.states.BuyerRole["BUYER"],
                        max_length=10,
                    ),
                ),
                ("order_limit", models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
                ("period_limit", models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
                (
                    "period",
                    models.CharField(
                        choices=[("week", "Week"), ("month", "Month"), ("quarter", "Quarter"), ("year", "Year")],
                        default=accounts.states.SpendingPeriod["MONTH"],
                        max_length=8,
                    ),
                ),
                ("includes_children", models.BooleanField(default=False)),
                (
                    "promise_mail",
                    models.CharField(
                        choices=[("at_once", "At once"), ("daily", "Daily"), ("none", "None")],
                        default=accounts.states.PromiseMail["AT_ONCE"],
                        max_length=8,
                        verbose_name="mail about moved promises",
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="GroupMembership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="memberships", to="accounts.account"
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to="accounts.accountgroup",
                    ),
                ),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(blank=True, null=True)),
                (
                    "identifier_kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            (accounts.states.IdentifierKind["GLN"], "GLN (location number)"),
                            (accounts.states.IdentifierKind["DEA"], "DEA registration"),
                            (accounts.states.IdentifierKind["HIN"], "HIN (health industry number)"),
                            (accounts.states.IdentifierKind["ID_340B"], "340B ID"),
                            (accounts.states.IdentifierKind["OTHER"], "Other"),
                        ],
                        max_length=10,
                    ),
                ),
                ("identifier", models.CharField(blank=True, max_length=40)),
            ],
            options={
                "indexes": [
                    models.Index(
                        django.db.models.functions.text.Upper("identifier"),
                        models.F("identifier_kind"),
                        name="memberships_by_identifier",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("identifier", ""), ("identifier_kind", "")),
                            models.Q(
                                models.Q(("identifier", ""), _negated=True),
                                models.Q(("identifier_kind", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="an_identifier_says_its_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("identifier_kind__in", ["", "gln", "dea", "hin", "340b", "other"])),
                        name="an_identifier_kind_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to__isnull", True), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                        ),
                        name="a_membership_ends_after_it_starts",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("account", "="),
                            ("group", "="),
                            (core.ranges.DateRange("valid_from", "valid_to"), "&&"),
                        ],
                        name="one_membership_per_group_at_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GroupMembershipEvent",
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
                        to="accounts.groupmembership",
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
                    "group",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="accounts.accountgroup",
                    ),
                ),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(blank=True, null=True)),
                (
                    "identifier_kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            (accounts.states.IdentifierKind["GLN"], "GLN (location number)"),
                            (accounts.states.IdentifierKind["DEA"], "DEA registration"),
                            (accounts.states.IdentifierKind["HIN"], "HIN (health industry number)"),
                            (accounts.states.IdentifierKind["ID_340B"], "340B ID"),
                            (accounts.states.IdentifierKind["OTHER"], "Other"),
                        ],
                        max_length=10,
                    ),
                ),
                ("identifier", models.CharField(blank=True, max_length=40)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Rep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="rep", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("code", models.CharField(max_length=20, unique=True)),
                (
                    "territory",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reps",
                        to="accounts.territory",
                    ),
                ),
                (
                    "promise_mail",
                    models.CharField(
                        choices=[("at_once", "At once"), ("daily", "Daily"), ("none", "None")],
                        default=accounts.states.PromiseMail["AT_ONCE"],
                        max_length=8,
                        verbose_name="mail about moved promises",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RepAssignment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="assignments", to="accounts.account"
                    ),
                ),
                (
                    "rep",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="assignments", to="accounts.rep"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("revenue", "Revenue"), ("overlay", "Overlay")],
                        default=accounts.states.SplitKind["REVENUE"],
                        max_length=10,
                    ),
                ),
                ("split_percent", models.DecimalField(decimal_places=2, default=Decimal("100"), max_digits=5)),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(blank=True, null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["account", "valid_from"], name="assignments_by_account")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("split_percent__gt", 0), ("split_percent__lte", 100)),
                        name="a_rep_split_is_a_percent",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to__isnull", True), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                        ),
                        name="a_rep_assignment_ends_after_it_starts",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("account", "="),
                            ("rep", "="),
                            ("kind", "="),
                            (core.ranges.DateRange("valid_from", "valid_to"), "&&"),
                        ],
                        name="one_assignment_of_a_kind_per_rep_at_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RepAssignmentEvent",
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
                        to="accounts.repassignment",
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
                    "rep",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="accounts.rep",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("revenue", "Revenue"), ("overlay", "Overlay")],
                        default=accounts.states.SplitKind["REVENUE"],
                        max_length=10,
                    ),
                ),
                ("split_percent", models.DecimalField(decimal_places=2, default=Decimal("100"), max_digits=5)),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(blank=True, null=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ShipTo",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="ship_tos", to="accounts.account"
                    ),
                ),
                ("code", models.CharField(max_length=40)),
                ("name", models.CharField(max_length=200)),
                ("line1", models.CharField(blank=True, max_length=200)),
                ("line2", models.CharField(blank=True, max_length=200)),
                ("city", models.CharField(blank=True, max_length=100)),
                ("region", models.CharField(blank=True, max_length=40)),
                ("postal_code", models.CharField(blank=True, max_length=20)),
                (
                    "country",
                    models.CharField(default="US", max_length=2, validators=[accounts.models.validators.country_code]),
                ),
                (
                    "time_zone",
                    models.CharField(
                        default="UTC", max_length=64, validators=[accounts.models.validators.known_time_zone]
                    ),
                ),
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
                (
                    "delivery_days",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(
                            choices=[
                                (0, "Monday"),
                                (1, "Tuesday"),
                                (2, "Wednesday"),
                                (3, "Thursday"),
                                (4, "Friday"),
                                (5, "Saturday"),
                                (6, "Sunday"),
                            ]
                        ),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("delivery_from", models.TimeField(blank=True, null=True, verbose_name="deliver from")),
                ("delivery_to", models.TimeField(blank=True, null=True, verbose_name="deliver until")),
                (
                    "gln",
                    models.CharField(
                        blank=True, max_length=13, validators=[accounts.models.validators.gln], verbose_name="GLN"
                    ),
                ),
                ("edi_code", models.CharField(blank=True, max_length=80, verbose_name="EDI code")),
                ("is_default", models.BooleanField(default=False)),
                ("is_active", models.BooleanField(default=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("account", "code"), name="one_ship_to_per_account_and_code"),
                    models.UniqueConstraint(
                        condition=models.Q(("is_default", True)),
                        fields=("account",),
                        name="one_default_ship_to_per_account",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("is_default", False), ("is_active", True), _connector="OR"),
                        name="the_default_ship_to_is_active",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("delivery_from__isnull", True), ("delivery_to__isnull", True)),
                            models.Q(
                                ("delivery_from__isnull", False),
                                ("delivery_to__gt", models.F("delivery_from")),
                                ("delivery_to__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="a_delivery_window_ends_after_it_starts",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("delivery_days__contained_by", [0, 1, 2, 3, 4, 5, 6])),
                        name="delivery_days_are_days_of_the_week",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ShipToEvent",
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
                        to="accounts.shipto",
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
                ("code", models.CharField(max_length=40)),
                ("name", models.CharField(max_length=200)),
                ("line1", models.CharField(blank=True, max_length=200)),
                ("line2", models.CharField(blank=True, max_length=200)),
                ("city", models.CharField(blank=True, max_length=100)),
                ("region", models.CharField(blank=True, max_length=40)),
                ("postal_code", models.CharField(blank=True, max_length=20)),
                (
                    "country",
                    models.CharField(default="US", max_length=2, validators=[accounts.models.validators.country_code]),
                ),
                (
                    "time_zone",
                    models.CharField(
                        default="UTC", max_length=64, validators=[accounts.models.validators.known_time_zone]
                    ),
                ),
                (
                    "calendar",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="core.calendar",
                    ),
                ),
                (
                    "delivery_days",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(
                            choices=[
                                (0, "Monday"),
                                (1, "Tuesday"),
                                (2, "Wednesday"),
                                (3, "Thursday"),
                                (4, "Friday"),
                                (5, "Saturday"),
                                (6, "Sunday"),
                            ]
                        ),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("delivery_from", models.TimeField(blank=True, null=True, verbose_name="deliver from")),
                ("delivery_to", models.TimeField(blank=True, null=True, verbose_name="deliver until")),
                (
                    "gln",
                    models.CharField(
                        blank=True, max_length=13, validators=[accounts.models.validators.gln], verbose_name="GLN"
                    ),
                ),
                ("edi_code", models.CharField(blank=True, max_length=80, verbose_name="EDI code")),
                ("is_default", models.BooleanField(default=False)),
                ("is_active", models.BooleanField(default=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="SpendingEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "buyer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="spending", to="accounts.buyer"
                    ),
                ),
                ("document_kind", models.CharField(max_length=40)),
                ("document_id", models.BigIntegerField()),
                ("document_number", models.CharField(blank=True, max_length=60)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("currency", models.CharField(max_length=3)),
                ("spent_date", models.DateField()),
                (
                    "is_approver",
                    models.BooleanField(db_default=False, default=False, help_text="Approved it, did not order it."),
                ),
                ("at", models.DateTimeField()),
                ("actor_label", models.CharField(max_length=150)),
            ],
            options={
                "verbose_name_plural": "spending",
                "indexes": [
                    models.Index(fields=["buyer", "spent_date"], name="spending_by_buyer_and_day"),
                    models.Index(fields=["document_kind", "document_id"], name="spending_by_document"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount", 0), _negated=True), name="a_spending_entry_changes_something"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="UserAbsence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="absences",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("away_from", models.DateField()),
                ("back_on", models.DateField(blank=True, null=True)),
                (
                    "delegate",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="standing_in",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "verbose_name": "absence",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("back_on__isnull", True), ("back_on__gt", models.F("away_from")), _connector="OR"
                        ),
                        name="an_absence_ends_after_it_starts",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("delegate__isnull", True),
                            models.Q(("delegate", models.F("user")), _negated=True),
                            _connector="OR",
                        ),
                        name="nobody_stands_in_for_themselves",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[("user", "="), (core.ranges.DateRange("away_from", "back_on"), "&&")],
                        name="one_absence_at_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UserAbsenceEvent",
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
                        to="accounts.userabsence",
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
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("away_from", models.DateField()),
                ("back_on", models.DateField(blank=True, null=True)),
                (
                    "delegate",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "abstract": False,
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="user",
            trigger=pgtrigger.compiler.Trigger(
                name="no_ring_of_managers",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (NEW."reports_to_id" IS NOT NULL AND NEW."reports_to_id" IS DISTINCT FROM OLD."reports_to_id")',
                    func="\nPERFORM pg_advisory_xact_lock(hashtext(TG_TABLE_NAME || '.reports_to_id'));\nIF EXISTS (\n    WITH RECURSIVE above(id) AS (\n        SELECT NEW.reports_to_id\n        UNION\n        SELECT higher.reports_to_id::bigint FROM accounts_user higher JOIN above ON higher.id = above.id\n         WHERE higher.reports_to_id IS NOT NULL\n    ) SELECT 1 FROM above WHERE id = NEW.id\n) THEN\n    RAISE EXCEPTION 'no_ring_of_managers: % % would stand above itself', TG_TABLE_NAME, NEW.id\n        USING ERRCODE = 'check_violation', CONSTRAINT = 'no_ring_of_managers';\nEND IF;\nRETURN NEW;\n",
                    hash="b3118ce31bb54f7d649758f6a48e84bb70e53f51",
                    operation='UPDATE OF "reports_to_id"',
                    pgid="pgtrigger_no_ring_of_managers_56863",
                    table="accounts_user",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="approvalrequest",
            trigger=pgtrigger.compiler.Trigger(
                name="approval_state_guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."state" IS DISTINCT FROM (NEW."state"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{pending:approved,pending:expired,pending:rejected}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="81fcc1364ecf5e9005c565f63bf27bf215aa1ea7",
                    operation="UPDATE",
                    pgid="pgtrigger_approval_state_guard_61985",
                    table="accounts_approvalrequest",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="buyer",
            trigger=pgtrigger.compiler.Trigger(
                name="changed_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "accounts_buyerevent" ("account_id", "id", "includes_children", "is_active", "order_limit", "period", "period_limit", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "promise_mail", "role", "user_id") VALUES (OLD."account_id", OLD."id", OLD."includes_children", OLD."is_active", OLD."order_limit", OLD."period", OLD."period_limit", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."promise_mail", OLD."role", OLD."user_id"); RETURN NULL;',
                    hash="a98e09e2818b2d9e83f335493459ca9800f34089",
                    operation="UPDATE",
                    pgid="pgtrigger_changed_update_0c44f",
                    table="accounts_buyer",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="buyer",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "accounts_buyerevent" ("account_id", "id", "includes_children", "is_active", "order_limit", "period", "period_limit", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "promise_mail", "role", "user_id") VALUES (OLD."account_id", OLD."id", OLD."includes_children", OLD."is_active", OLD."order_limit", OLD."period", OLD."period_limit", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."promise_mail", OLD."role", OLD."user_id"); RETURN NULL;',
                    hash="0f8b2d601e84240e7f9e9c347b8bf044b958d539",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_2a978",
                    table="accounts_buyer",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="groupmembership",
            trigger=pgtrigger.compiler.Trigger(
                name="changed_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "accounts_groupmembershipevent" ("account_id", "group_id", "id", "identifier", "identifier_kind", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "valid_from", "valid_to") VALUES (OLD."account_id", OLD."group_id", OLD."id", OLD."identifier", OLD."identifier_kind", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."valid_from", OLD."valid_to"); RETURN NULL;',
                    hash="f33a0911fb70f28b516e11f3d56b59ec8a77a449",
                    operation="UPDATE",
                    pgid="pgtrigger_changed_update_053fd",
                    table="accounts_groupmembership",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="groupmembership",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "accounts_groupmembershipevent" ("account_id", "group_id", "id", "identifier", "identifier_kind", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "valid_from", "valid_to") VALUES (OLD."account_id", OLD."group_id", OLD."id", OLD."identifier", OLD."identifier_kind", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."valid_from", OLD."valid_to"); RETURN NULL;',
                    hash="b205aa5752be5e97bd4816d8f9e31ecc1d976eba",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_dad8b",
                    table="accounts_groupmembership",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="repassignment",
            trigger=pgtrigger.compiler.Trigger(
                name="revenue_splits_total_100",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    declare="DECLARE wanted bigint; wrong_day date; wrong_total numeric;",
                    func="\nFOR wanted IN SELECT DISTINCT id FROM unnest(ARRAY[NEW.account_id, OLD.account_id]) AS touched(id)\n               WHERE id IS NOT NULL ORDER BY id LOOP\n    PERFORM 1 FROM accounts_account WHERE id = wanted FOR NO KEY UPDATE;\n    WITH split AS (\n        SELECT * FROM accounts_repassignment WHERE account_id = wanted AND kind = 'revenue'\n    ), turn(day) AS (SELECT valid_from FROM split UNION SELECT valid_to FROM split WHERE valid_to IS NOT NULL)\n    SELECT turn.day, SUM(split.split_percent) INTO wrong_day, wrong_total\n      FROM turn JOIN split ON split.valid_from <= turn.day AND (split.valid_to IS NULL OR split.valid_to > turn.day)\n     GROUP BY turn.day HAVING SUM(split.split_percent) <> 100 ORDER BY turn.day LIMIT 1;\n    IF FOUND THEN\n        RAISE EXCEPTION 'revenue_splits_total_100: account % has % on %', wanted, wrong_total, wrong_day\n            USING ERRCODE = 'check_violation', CONSTRAINT = 'revenue_splits_total_100';\n    END IF;\nEND LOOP;\nRETURN NULL;\n",
                    hash="8057283dcda26e000ee2836a9e21addc34fcd480",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_revenue_splits_total_100_c734a",
                    table="accounts_repassignment",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="repassignment",
            trigger=pgtrigger.compiler.Trigger(
                name="changed_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "accounts_repassignmentevent" ("account_id", "id", "kind", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rep_id", "split_percent", "valid_from", "valid_to") VALUES (OLD."account_id", OLD."id", OLD."kind", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."rep_id", OLD."split_percent", OLD."valid_from", OLD."valid_to"); RETURN NULL;',
                    hash="1a5da957cdf311a55f21cda00b5aa8ebb8f4b0a9",
                    operation="UPDATE",
                    pgid="pgtrigger_changed_update_57dcb",
                    table="accounts_repassignment",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="repassignment",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "accounts_repassignmentevent" ("account_id", "id", "kind", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rep_id", "split_percent", "valid_from", "valid_to") VALUES (OLD."account_id", OLD."id", OLD."kind", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."rep_id", OLD."split_percent", OLD."valid_from", OLD."valid_to"); RETURN NULL;',
                    hash="513e4ba6a36ea8736f96ec2cc17f293817166e6b",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_05ab5",
                    table="accounts_repassignment",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="shipto",
            trigger=pgtrigger.compiler.Trigger(
                name="changed_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "accounts_shiptoevent" ("account_id", "calendar_id", "city", "code", "country", "delivery_days", "delivery_from", "delivery_to", "edi_code", "gln", "id", "is_active", "is_default", "line1", "line2", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "postal_code", "region", "time_zone") VALUES (OLD."account_id", OLD."calendar_id", OLD."city", OLD."code", OLD."country", OLD."delivery_days", OLD."delivery_from", OLD."delivery_to", OLD."edi_code", OLD."gln", OLD."id", OLD."is_active", OLD."is_default", OLD."line1", OLD."line2", OLD."name", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."postal_code", OLD."region", OLD."time_zone"); RETURN NULL;',
                    hash="9ef16595567ecb208862acaecbe8a7d491757201",
                    operation="UPDATE",
                    pgid="pgtrigger_changed_update_8178d",
                    table="accounts_shipto",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="shipto",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "accounts_shiptoevent" ("account_id", "calendar_id", "city", "code", "country", "delivery_days", "delivery_from", "delivery_to", "edi_code", "gln", "id", "is_active", "is_default", "line1", "line2", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "postal_code", "region", "time_zone") VALUES (OLD."account_id", OLD."calendar_id", OLD."city", OLD."code", OLD."country", OLD."delivery_days", OLD."delivery_from", OLD."delivery_to", OLD."edi_code", OLD."gln", OLD."id", OLD."is_active", OLD."is_default", OLD."line1", OLD."line2", OLD."name", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."postal_code", OLD."region", OLD."time_zone"); RETURN NULL;',
                    hash="169266ee4dcd7a6019b2d9e42392e08c0063d074",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_41a3f",
                    table="accounts_shipto",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="spendingentry",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="edccc1d1a79a94fa0e5e9664ac315295f1151676",
                    level="STATEMENT",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_30532",
                    table="accounts_spendingentry",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="spendingentry",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF current_database() LIKE 'test\\_%' THEN RETURN NULL; END IF; RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="16eb1225d87d3c6e9868086e729be5c1975f96a5",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_99e75",
                    table="accounts_spendingentry",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="account",
            trigger=pgtrigger.compiler.Trigger(
                name="account_status_guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{active:closed,active:suspended,prospect:active,prospect:closed,suspended:active,suspended:closed}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="ddd3290b7e5ccab3ac2bada4f10d6070d8c1a69e",
                    operation="UPDATE",
                    pgid="pgtrigger_account_status_guard_8b3a1",
                    table="accounts_account",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="account",
            trigger=pgtrigger.compiler.Trigger(
                name="no_ring_of_parents",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (NEW."parent_id" IS NOT NULL AND NEW."parent_id" IS DISTINCT FROM OLD."parent_id")',
                    func="\nPERFORM pg_advisory_xact_lock(hashtext(TG_TABLE_NAME || '.parent_id'));\nIF EXISTS (\n    WITH RECURSIVE above(id) AS (\n        SELECT NEW.parent_id\n        UNION\n        SELECT higher.parent_id::bigint FROM accounts_account higher JOIN above ON higher.id = above.id\n         WHERE higher.parent_id IS NOT NULL\n    ) SELECT 1 FROM above WHERE id = NEW.id\n) THEN\n    RAISE EXCEPTION 'no_ring_of_parents: % % would stand above itself', TG_TABLE_NAME, NEW.id\n        USING ERRCODE = 'check_violation', CONSTRAINT = 'no_ring_of_parents';\nEND IF;\nRETURN NEW;\n",
                    hash="8c350bccf0c644e471cdd0e8f33482279c713b41",
                    operation='UPDATE OF "parent_id"',
                    pgid="pgtrigger_no_ring_of_parents_41bf2",
                    table="accounts_account",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="account",
            trigger=pgtrigger.compiler.Trigger(
                name="changed_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "accounts_accountevent" ("backorders_allowed", "code", "currency", "early_days_allowed", "external_id", "id", "is_tax_exempt", "max_shipments", "min_line_percent", "min_order_percent", "min_shelf_life_days", "name", "over_ship_percent", "parent_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "po_number_required", "public_id", "region", "ship_complete", "short_close_percent", "status", "substitution_allowed", "territory_id", "tier_id", "time_zone") VALUES (OLD."backorders_allowed", OLD."code", OLD."currency", OLD."early_days_allowed", OLD."external_id", OLD."id", OLD."is_tax_exempt", OLD."max_shipments", OLD."min_line_percent", OLD."min_order_percent", OLD."min_shelf_life_days", OLD."name", OLD."over_ship_percent", OLD."parent_id", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."po_number_required", OLD."public_id", OLD."region", OLD."ship_complete", OLD."short_close_percent", OLD."status", OLD."substitution_allowed", OLD."territory_id", OLD."tier_id", OLD."time_zone"); RETURN NULL;',
                    hash="fb27855cc82f3e074226fbbb24a6593be4eb5075",
                    operation="UPDATE",
                    pgid="pgtrigger_changed_update_dfb00",
                    table="accounts_account",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="account",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "accounts_accountevent" ("backorders_allowed", "code", "currency", "early_days_allowed", "external_id", "id", "is_tax_exempt", "max_shipments", "min_line_percent", "min_order_percent", "min_shelf_life_days", "name", "over_ship_percent", "parent_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "po_number_required", "public_id", "region", "ship_complete", "short_close_percent", "status", "substitution_allowed", "territory_id", "tier_id", "time_zone") VALUES (OLD."backorders_allowed", OLD."code", OLD."currency", OLD."early_days_allowed", OLD."external_id", OLD."id", OLD."is_tax_exempt", OLD."max_shipments", OLD."min_line_percent", OLD."min_order_percent", OLD."min_shelf_life_days", OLD."name", OLD."over_ship_percent", OLD."parent_id", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."po_number_required", OLD."public_id", OLD."region", OLD."ship_complete", OLD."short_close_percent", OLD."status", OLD."substitution_allowed", OLD."territory_id", OLD."tier_id", OLD."time_zone"); RETURN NULL;',
                    hash="6b8fa572442823debf3fe68f7d7cd5f60546fcc1",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_797b3",
                    table="accounts_account",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="userabsence",
            trigger=pgtrigger.compiler.Trigger(
                name="changed_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "accounts_userabsenceevent" ("away_from", "back_on", "delegate_id", "id", "note", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "user_id") VALUES (OLD."away_from", OLD."back_on", OLD."delegate_id", OLD."id", OLD."note", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."user_id"); RETURN NULL;',
                    hash="31a6cab3f57a13cd456af53756b69ace3b7bb460",
                    operation="UPDATE",
                    pgid="pgtrigger_changed_update_3a0a4",
                    table="accounts_userabsence",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="userabsence",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "accounts_userabsenceevent" ("away_from", "back_on", "delegate_id", "id", "note", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "user_id") VALUES (OLD."away_from", OLD."back_on", OLD."delegate_id", OLD."id", OLD."note", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."user_id"); RETURN NULL;',
                    hash="fea9cb70120de48437d5fafdd1b76639460b8535",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_35c04",
                    table="accounts_userabsence",
                    when="AFTER",
                ),
            ),
        ),
    ]
