"""Every table of this room: a new installation starts here (docs/adr/0014-one-start.md)."""

import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.contrib.postgres.operations import BtreeGistExtension, TrigramExtension
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        BtreeGistExtension(),
        TrigramExtension(),
        migrations.CreateModel(
            name="Calendar",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=120)),
                ("time_zone", models.CharField(default="UTC", max_length=64)),
                ("week", models.JSONField(default=dict)),
            ],
        ),
        migrations.CreateModel(
            name="CalendarHoliday",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "calendar",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="holidays", to="core.calendar"
                    ),
                ),
                ("date", models.DateField()),
                ("name", models.CharField(blank=True, max_length=120)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("calendar", "date"), name="one_holiday_per_calendar_day")
                ],
            },
        ),
        migrations.CreateModel(
            name="DemoInstallation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("scale", models.CharField(max_length=10)),
                ("seed", models.BigIntegerField()),
                ("as_of", models.DateTimeField()),
                ("started_at", models.DateTimeField()),
                ("company", models.JSONField(default=dict)),
                ("history_orders", models.PositiveBigIntegerField(default=0)),
                ("finished_at", models.DateTimeField(null=True)),
                ("only_one", models.BooleanField(default=True, editable=False)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("only_one",), name="at_most_one_demo_per_database"),
                    models.CheckConstraint(condition=models.Q(("only_one", True)), name="a_demo_is_the_only_one"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ExchangeRate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("base", models.CharField(max_length=3)),
                ("quote", models.CharField(max_length=3)),
                ("valid_from", models.DateField()),
                ("rate", models.DecimalField(decimal_places=8, max_digits=18)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("base", "quote", "valid_from"), name="one_exchange_rate_per_pair_and_day"
                    ),
                    models.CheckConstraint(condition=models.Q(("rate__gt", 0)), name="an_exchange_rate_is_positive"),
                    models.CheckConstraint(
                        condition=models.Q(("base", models.F("quote")), _negated=True),
                        name="an_exchange_rate_is_between_two_currencies",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="IdempotencyKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("scope", models.CharField(max_length=100)),
                ("owner", models.CharField(max_length=100)),
                ("key", models.CharField(max_length=200)),
                ("body_hash", models.CharField(max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "running"), ("done", "done"), ("refused", "refused")], max_length=10
                    ),
                ),
                ("result", models.JSONField(null=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("scope", "owner", "key"), name="one_answer_per_idempotency_key")
                ],
            },
        ),
        migrations.CreateModel(
            name="OutboxFact",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=100)),
                ("stream", models.CharField(max_length=80)),
                ("seq", models.BigIntegerField()),
                ("payload", models.JSONField()),
                ("at", models.DateTimeField()),
                ("request_id", models.CharField(blank=True, max_length=64)),
            ],
            options={
                "indexes": [models.Index(fields=["stream", "seq"], name="fact_by_stream")],
            },
        ),
        migrations.CreateModel(
            name="Job",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "fact",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="jobs",
                        to="core.outboxfact",
                    ),
                ),
                ("reaction", models.CharField(max_length=120)),
                ("stream", models.CharField(max_length=80)),
                ("seq", models.BigIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[("ready", "Ready"), ("done", "Done"), ("dead", "Dead")], default="ready", max_length=10
                    ),
                ),
                ("deliveries", models.PositiveIntegerField(default=0)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("next_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
                ("outcome", models.CharField(blank=True, max_length=20)),
                ("last_error", models.TextField(blank=True)),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("state", "ready")), fields=["next_at", "id"], name="jobs_due"),
                    models.Index(
                        condition=models.Q(("state", "done")),
                        fields=["reaction", "stream", "seq"],
                        name="jobs_done_by_stream",
                    ),
                    models.Index(condition=models.Q(("state", "dead")), fields=["id"], name="jobs_dead"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("fact", "reaction"), name="one_job_per_fact_and_reaction")
                ],
            },
        ),
        migrations.CreateModel(
            name="JournalEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subject_kind", models.CharField(max_length=40)),
                ("subject_id", models.BigIntegerField()),
                ("verb", models.CharField(max_length=60)),
                ("summary", models.CharField(max_length=300)),
                ("at", models.DateTimeField()),
                ("actor_id", models.BigIntegerField(null=True)),
                ("actor_label", models.CharField(max_length=150)),
                ("actor_roles", models.CharField(blank=True, max_length=200)),
                ("on_behalf_of", models.BigIntegerField(null=True)),
                ("ip", models.CharField(blank=True, max_length=45)),
                ("request_id", models.CharField(blank=True, max_length=64)),
                ("data", models.JSONField(default=dict)),
            ],
            options={
                "verbose_name_plural": "journal entries",
                "indexes": [models.Index(fields=["subject_kind", "subject_id", "id"], name="journal_by_subject")],
            },
        ),
        migrations.CreateModel(
            name="NumberSeries",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=40, unique=True)),
                ("prefix", models.CharField(blank=True, max_length=20)),
                ("next_value", models.BigIntegerField(default=1)),
            ],
        ),
        migrations.CreateModel(
            name="OverrideEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=40)),
                ("subject_kind", models.CharField(max_length=40)),
                ("subject_id", models.BigIntegerField()),
                ("subject_number", models.CharField(blank=True, max_length=60)),
                ("at", models.DateTimeField()),
                ("actor_id", models.BigIntegerField(null=True)),
                ("actor_label", models.CharField(max_length=150)),
                ("actor_roles", models.CharField(blank=True, max_length=200)),
                ("on_behalf_of", models.BigIntegerField(null=True)),
                ("ip", models.CharField(blank=True, max_length=45)),
                ("request_id", models.CharField(blank=True, max_length=64)),
                ("reason_code", models.CharField(max_length=40)),
                ("reason", models.TextField()),
                ("before", models.JSONField(default=dict)),
                ("after", models.JSONField(default=dict)),
                ("money_effect", models.DecimalField(decimal_places=2, max_digits=14, null=True)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("approval_id", models.BigIntegerField(null=True)),
                ("approver_id", models.BigIntegerField(null=True)),
                ("approver_label", models.CharField(blank=True, max_length=150)),
                ("expires_at", models.DateTimeField(null=True)),
                ("account_id", models.BigIntegerField(null=True)),
            ],
            options={
                "verbose_name_plural": "override entries",
                "indexes": [
                    models.Index(fields=["subject_kind", "subject_id"], name="overrides_by_subject"),
                    models.Index(fields=["at"], name="overrides_by_time"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason__length__gte", 10)),
                        name="an_override_has_a_reason_of_ten_characters",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("approver_id__isnull", True),
                            ("actor_id__isnull", True),
                            models.Q(("approver_id", models.F("actor_id")), _negated=True),
                            _connector="OR",
                        ),
                        name="an_override_is_not_approved_by_its_requester",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OverrideReview",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reviews", to="core.overrideentry"
                    ),
                ),
                (
                    "verdict",
                    models.CharField(
                        choices=[("ok", "OK"), ("follow_up", "Follow up"), ("train", "Train")], max_length=10
                    ),
                ),
                ("note", models.TextField(blank=True)),
                ("at", models.DateTimeField()),
                ("reviewer_id", models.BigIntegerField(null=True)),
                ("reviewer_label", models.CharField(max_length=150)),
            ],
        ),
        migrations.CreateModel(
            name="OverrideSeal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.BigIntegerField(unique=True)),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="seal", to="core.overrideentry"
                    ),
                ),
                ("previous_hash", models.CharField(max_length=64)),
                ("hash", models.CharField(max_length=64, unique=True)),
                ("sealed_at", models.DateTimeField()),
            ],
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="journalentry",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="66f467f41c58d0f11ccd66ed34716171455ceded",
                    level="STATEMENT",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_abfb9",
                    table="core_journalentry",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="journalentry",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF current_database() LIKE 'test\\_%' THEN RETURN NULL; END IF; RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="76cdb1641a93eab1b68af73f01129e0c2718c82d",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_0e816",
                    table="core_journalentry",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="overrideentry",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="b79aee8b8ae509e569da0aaeb7c2cabf9ff88d43",
                    level="STATEMENT",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_98f2e",
                    table="core_overrideentry",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="overrideentry",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF current_database() LIKE 'test\\_%' THEN RETURN NULL; END IF; RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="0ac61c19f4ceecfa7ea1e87148dc21c90b339617",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_63ba9",
                    table="core_overrideentry",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="overridereview",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="dc0c1e2ccd549040c122cc4469d381de857383e0",
                    level="STATEMENT",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_a8bea",
                    table="core_overridereview",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="overridereview",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF current_database() LIKE 'test\\_%' THEN RETURN NULL; END IF; RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="78f302a49ba4ea8f78fef0781f4f4ac65e320a31",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_dc8ac",
                    table="core_overridereview",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="overrideseal",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="c368da08fcc3489d95aad0de64502e36889c3859",
                    level="STATEMENT",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_4914d",
                    table="core_overrideseal",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="overrideseal",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF current_database() LIKE 'test\\_%' THEN RETURN NULL; END IF; RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="b9bcb0bd3bc57c842ca82b09bac7b1a5ecf5bcd7",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_1675c",
                    table="core_overrideseal",
                    when="BEFORE",
                ),
            ),
        ),
    ]
