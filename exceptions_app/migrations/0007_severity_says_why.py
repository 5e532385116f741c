"""Every table of this room: a new installation starts here (docs/adr/0014-one-start.md)."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
import pgtrigger.compiler
import pgtrigger.migrations
from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

import exceptions_app.states
from core.numbering import CreateSequence
from core.storage import leave_room

WEEK = {str(day): [["09:00", "17:00"]] for day in range(5)}
QUEUES = [
    ("warehouse", "Warehouse", ["warehouse"], "planner"),
    ("cs", "Customer service", ["cs", "cs_lead"], "cs_lead"),
    ("planner", "Planning", ["planner"], "cs_lead"),
    ("finance", "Finance", ["finance", "finance_approver"], "finance_approver"),
    ("pricing", "Pricing", ["pricing"], "finance_approver"),
    ("edi_desk", "EDI desk", ["cs", "cs_lead", "operator"], "operator"),
    ("quality", "Quality", ["warehouse", "planner"], "planner"),
    ("operations", "Operations", ["operator"], "operator"),
    ("rep", "Field reps", ["rep", "cs"], "cs_lead"),
]


def seed(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    office, _ = apps.get_model("core", "Calendar").objects.get_or_create(
        code="office", defaults={"name": "Office hours, Monday to Friday", "time_zone": "UTC", "week": WEEK}
    )
    queues = apps.get_model("exceptions_app", "Queue")
    for code, name, roles, escalation_role in QUEUES:
        queues.objects.get_or_create(
            code=code,
            defaults={"name": name, "roles": roles, "escalation_role": escalation_role, "calendar": office},
        )


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0009_days_a_delivery_may_be_early"),
        ("core", "0005_overrides_by_customer"),
        ("pghistory", "0007_auto_20250421_0444"),
    ]

    operations = [
        CreateSequence("case", start=100001),
        migrations.CreateModel(
            name="Queue",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=80)),
                (
                    "roles",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20), default=list, size=None
                    ),
                ),
                ("escalation_role", models.CharField(blank=True, max_length=20)),
                (
                    "lead",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
            ],
        ),
        migrations.CreateModel(
            name="SlaPolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(blank=True, help_text="The kind's code; empty: every kind.", max_length=40)),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.account",
                    ),
                ),
                (
                    "tier",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.servicetier",
                    ),
                ),
                (
                    "min_amount",
                    models.DecimalField(
                        blank=True, decimal_places=2, max_digits=14, null=True, verbose_name="money at risk from"
                    ),
                ),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("is_active", models.BooleanField(default=True)),
                ("respond_minutes", models.PositiveIntegerField()),
                ("resolve_minutes", models.PositiveIntegerField()),
                (
                    "severity",
                    models.CharField(
                        blank=True,
                        choices=[("low", "Low"), ("medium", "Medium"), ("high", "High"), ("critical", "Critical")],
                        max_length=10,
                    ),
                ),
            ],
            options={
                "verbose_name": "SLA policy",
                "verbose_name_plural": "SLA policies",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("resolve_minutes__gte", models.F("respond_minutes")), ("respond_minutes__gt", 0)
                        ),
                        name="a_policy_answers_before_it_resolves",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Case",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=30, unique=True)),
                ("kind", models.CharField(max_length=40)),
                ("subject_kind", models.CharField(max_length=40)),
                ("subject_id", models.BigIntegerField()),
                ("subject_number", models.CharField(blank=True, max_length=60)),
                ("cause_key", models.CharField(blank=True, max_length=120)),
                (
                    "account",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                ("money_at_risk", models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                ("currency", models.CharField(blank=True, max_length=3)),
                (
                    "severity",
                    models.CharField(
                        choices=[("low", "Low"), ("medium", "Medium"), ("high", "High"), ("critical", "Critical")],
                        max_length=10,
                    ),
                ),
                ("severity_why", models.CharField(blank=True, db_default="", default="", max_length=300)),
                ("raised_by_hand", models.PositiveSmallIntegerField(db_default=0, default=0)),
                (
                    "queue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="cases", to="exceptions_app.queue"
                    ),
                ),
                (
                    "assignee",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("assigned", "Assigned"),
                            ("in_progress", "In progress"),
                            ("waiting", "Waiting"),
                            ("resolved", "Resolved"),
                            ("closed", "Closed"),
                            ("reopened", "Reopened"),
                            ("auto_resolved", "Auto resolved"),
                        ],
                        default=exceptions_app.states.CaseStatus["OPEN"],
                        max_length=15,
                    ),
                ),
                ("summary", models.CharField(blank=True, max_length=300)),
                ("evidence", models.JSONField(default=dict)),
                ("opened_at", models.DateTimeField()),
                ("last_seen_at", models.DateTimeField()),
                ("times_seen", models.PositiveIntegerField(default=1)),
                ("respond_by", models.DateTimeField()),
                ("resolve_by", models.DateTimeField()),
                ("responded_at", models.DateTimeField(null=True)),
                ("resolved_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("waiting_since", models.DateTimeField(null=True)),
                ("waiting_for", models.CharField(blank=True, max_length=200)),
                ("snoozed_until", models.DateTimeField(null=True)),
                ("paused_seconds", models.BigIntegerField(default=0)),
                ("breached_at", models.DateTimeField(null=True)),
                ("breach_at", models.DateTimeField(null=True)),
                ("clock_cancelled_at", models.DateTimeField(null=True)),
                (
                    "sla_policy",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="exceptions_app.slapolicy",
                    ),
                ),
                ("respond_minutes", models.PositiveIntegerField(db_default=0, default=0)),
                ("resolve_minutes", models.PositiveIntegerField(db_default=0, default=0)),
                ("escalation", models.PositiveSmallIntegerField(db_default=0, default=0)),
                ("reopened_times", models.PositiveSmallIntegerField(db_default=0, default=0)),
                ("money_effect", models.DecimalField(decimal_places=2, max_digits=14, null=True)),
                ("resolution_code", models.CharField(blank=True, max_length=40)),
                ("version", models.PositiveIntegerField(default=1)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("status__in", ["open", "assigned", "in_progress", "waiting", "reopened"])),
                        fields=["queue", "resolve_by"],
                        name="live_cases_by_due_time",
                    ),
                    models.Index(fields=["subject_kind", "subject_id"], name="cases_by_subject"),
                    models.Index(
                        condition=models.Q(("breached_at__isnull", False)),
                        fields=["breached_at"],
                        name="cases_by_breach",
                    ),
                    models.Index(fields=["account", "-id"], name="cases_by_account"),
                    models.Index(fields=["resolve_by", "id"], name="cases_by_due_time"),
                    models.Index(
                        condition=models.Q(("breach_at__isnull", False)),
                        fields=["breach_at"],
                        name="cases_by_next_breach",
                    ),
                    models.Index(
                        condition=models.Q(("status__in", ["open", "assigned", "in_progress", "waiting", "reopened"])),
                        fields=["assignee", "breach_at"],
                        name="live_cases_by_person",
                    ),
                    models.Index(fields=["opened_at"], name="cases_by_opening"),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("number"), "gin_trgm_ops"
                        ),
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("subject_number"), "gin_trgm_ops"
                        ),
                        name="cases_like_number",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ["open", "assigned", "in_progress", "waiting", "reopened"])),
                        fields=("kind", "subject_kind", "subject_id", "cause_key"),
                        name="one_open_case_per_kind_subject_and_cause",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "waiting"), ("waiting_since__isnull", False)),
                            models.Q(models.Q(("status", "waiting"), _negated=True), ("waiting_since__isnull", True)),
                            _connector="OR",
                        ),
                        name="a_case_waits_since_some_moment_or_not_at_all",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("resolved_at__isnull", False), ("status__in", ["resolved", "auto_resolved", "closed"])
                            ),
                            models.Q(
                                models.Q(("status__in", ["resolved", "auto_resolved", "closed"]), _negated=True),
                                ("resolved_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="a_resolved_case_says_when",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CaseEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="events", to="exceptions_app.case"
                    ),
                ),
                ("verb", models.CharField(max_length=30)),
                ("at", models.DateTimeField()),
                ("actor_id", models.BigIntegerField(null=True)),
                ("actor_label", models.CharField(max_length=150)),
                ("note", models.TextField(blank=True)),
                ("data", models.JSONField(default=dict)),
            ],
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="notices", to="exceptions_app.case"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("assigned", "Assigned"),
                            ("mentioned", "Mentioned"),
                            ("warning", "Warning"),
                            ("breach", "Breach"),
                        ],
                        max_length=10,
                    ),
                ),
                ("text", models.CharField(max_length=300)),
                ("at", models.DateTimeField()),
                ("is_late", models.BooleanField(default=False)),
                ("mailed_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["user", "-id"], name="notices_by_person")],
            },
        ),
        migrations.CreateModel(
            name="RoutingRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(blank=True, help_text="The kind's code; empty: every kind.", max_length=40)),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.account",
                    ),
                ),
                (
                    "tier",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.servicetier",
                    ),
                ),
                (
                    "min_amount",
                    models.DecimalField(
                        blank=True, decimal_places=2, max_digits=14, null=True, verbose_name="money at risk from"
                    ),
                ),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("is_active", models.BooleanField(default=True)),
                (
                    "territory",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.territory",
                    ),
                ),
                (
                    "queue",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="exceptions_app.queue",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("spreads", models.BooleanField(default=False, verbose_name="share out by workload")),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("queue__isnull", False), ("person__isnull", False), ("spreads", True), _connector="OR"
                        ),
                        name="a_routing_rule_says_who",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RoutingRuleEvent",
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
                        to="exceptions_app.routingrule",
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
                ("kind", models.CharField(blank=True, help_text="The kind's code; empty: every kind.", max_length=40)),
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
                    "min_amount",
                    models.DecimalField(
                        blank=True, decimal_places=2, max_digits=14, null=True, verbose_name="money at risk from"
                    ),
                ),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("is_active", models.BooleanField(default=True)),
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
                    "queue",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="exceptions_app.queue",
                    ),
                ),
                (
                    "person",
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
                ("spreads", models.BooleanField(default=False, verbose_name="share out by workload")),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="SlaPolicyEvent",
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
                        to="exceptions_app.slapolicy",
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
                ("kind", models.CharField(blank=True, help_text="The kind's code; empty: every kind.", max_length=40)),
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
                    "min_amount",
                    models.DecimalField(
                        blank=True, decimal_places=2, max_digits=14, null=True, verbose_name="money at risk from"
                    ),
                ),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("is_active", models.BooleanField(default=True)),
                ("respond_minutes", models.PositiveIntegerField()),
                ("resolve_minutes", models.PositiveIntegerField()),
                (
                    "severity",
                    models.CharField(
                        blank=True,
                        choices=[("low", "Low"), ("medium", "Medium"), ("high", "High"), ("critical", "Critical")],
                        max_length=10,
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="SlaStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="exceptions_app.case"
                    ),
                ),
                ("clock", models.CharField(choices=[("respond", "Respond"), ("resolve", "Resolve")], max_length=8)),
                ("round", models.PositiveSmallIntegerField(default=1)),
                ("threshold", models.PositiveSmallIntegerField()),
                ("due_at", models.DateTimeField()),
                ("is_running", models.BooleanField(default=True)),
                ("fired_at", models.DateTimeField(null=True)),
                ("late", models.BooleanField(default=False)),
                (
                    "told",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("fired_at__isnull", True), ("is_running", True)),
                        fields=["due_at"],
                        name="steps_due_and_not_fired",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("case", "clock", "round", "threshold"),
                        name="one_step_per_case_clock_round_and_threshold",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("threshold__in", [50, 75, 100])), name="a_step_is_at_50_75_or_100_percent"
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="caseevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="e50fd09c60fb16572ad18e8116ad02db450a4871",
                    level="STATEMENT",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_868c6",
                    table="exceptions_app_caseevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="caseevent",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF current_database() LIKE 'test\\_%' THEN RETURN NULL; END IF; RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="6b3b99975b08e1262bebc9ad21a639ba01e35381",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_f6884",
                    table="exceptions_app_caseevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="routingrule",
            trigger=pgtrigger.compiler.Trigger(
                name="changed_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "exceptions_app_routingruleevent" ("account_id", "currency", "id", "is_active", "kind", "min_amount", "person_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "queue_id", "spreads", "territory_id", "tier_id") VALUES (OLD."account_id", OLD."currency", OLD."id", OLD."is_active", OLD."kind", OLD."min_amount", OLD."person_id", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."queue_id", OLD."spreads", OLD."territory_id", OLD."tier_id"); RETURN NULL;',
                    hash="637a0356407de274bae262d32b118b88690e0427",
                    operation="UPDATE",
                    pgid="pgtrigger_changed_update_11a11",
                    table="exceptions_app_routingrule",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="routingrule",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "exceptions_app_routingruleevent" ("account_id", "currency", "id", "is_active", "kind", "min_amount", "person_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "queue_id", "spreads", "territory_id", "tier_id") VALUES (OLD."account_id", OLD."currency", OLD."id", OLD."is_active", OLD."kind", OLD."min_amount", OLD."person_id", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."queue_id", OLD."spreads", OLD."territory_id", OLD."tier_id"); RETURN NULL;',
                    hash="eb58ef47d56af59af660eaeba8a75a2a902e3aa1",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_0f997",
                    table="exceptions_app_routingrule",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="slapolicy",
            trigger=pgtrigger.compiler.Trigger(
                name="changed_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "exceptions_app_slapolicyevent" ("account_id", "currency", "id", "is_active", "kind", "min_amount", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "resolve_minutes", "respond_minutes", "severity", "tier_id") VALUES (OLD."account_id", OLD."currency", OLD."id", OLD."is_active", OLD."kind", OLD."min_amount", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."resolve_minutes", OLD."respond_minutes", OLD."severity", OLD."tier_id"); RETURN NULL;',
                    hash="99a7780780f8ac5de4270db58115a022cca8e9a2",
                    operation="UPDATE",
                    pgid="pgtrigger_changed_update_e62e1",
                    table="exceptions_app_slapolicy",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="slapolicy",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "exceptions_app_slapolicyevent" ("account_id", "currency", "id", "is_active", "kind", "min_amount", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "resolve_minutes", "respond_minutes", "severity", "tier_id") VALUES (OLD."account_id", OLD."currency", OLD."id", OLD."is_active", OLD."kind", OLD."min_amount", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."resolve_minutes", OLD."respond_minutes", OLD."severity", OLD."tier_id"); RETURN NULL;',
                    hash="18758b1e25fa9813fa85c3c24f69755d3d49dfb6",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_5bb28",
                    table="exceptions_app_slapolicy",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="case",
            trigger=pgtrigger.compiler.Trigger(
                name="case_status_guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{assigned:auto_resolved,assigned:in_progress,assigned:open,assigned:resolved,assigned:waiting,auto_resolved:closed,auto_resolved:reopened,closed:reopened,in_progress:assigned,in_progress:auto_resolved,in_progress:resolved,in_progress:waiting,open:assigned,open:auto_resolved,open:in_progress,open:resolved,open:waiting,reopened:assigned,reopened:auto_resolved,reopened:in_progress,reopened:resolved,reopened:waiting,resolved:closed,resolved:reopened,waiting:assigned,waiting:auto_resolved,waiting:in_progress,waiting:open,waiting:resolved}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="1f36002462d1dbc6ffb9034a95e63c4d9544b974",
                    operation="UPDATE",
                    pgid="pgtrigger_case_status_guard_259cb",
                    table="exceptions_app_case",
                    when="BEFORE",
                ),
            ),
        ),
        leave_room("exceptions_app_case", 70),
        migrations.RunPython(seed, migrations.RunPython.noop),
    ]
