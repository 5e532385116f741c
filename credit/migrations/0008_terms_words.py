"""Every table of this room: a new installation starts here (docs/adr/0014-one-start.md)."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import credit.models.account
import credit.states
from core.storage import leave_room


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0009_days_a_delivery_may_be_early"),
        ("core", "0005_overrides_by_customer"),
        ("pghistory", "0007_auto_20250421_0444"),
    ]

    operations = [
        migrations.CreateModel(
            name="PaymentTerms",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=20, unique=True)),
                ("name", models.CharField(max_length=80)),
                ("net_days", models.PositiveSmallIntegerField(default=30)),
                ("is_end_of_month", models.BooleanField(default=False)),
                ("discount_days", models.PositiveSmallIntegerField(default=0)),
                ("discount_percent", models.DecimalField(decimal_places=2, default=0, max_digits=5)),
                ("deposit_percent", models.DecimalField(decimal_places=2, default=0, max_digits=5)),
                ("is_prepayment", models.BooleanField(default=False)),
                (
                    "month_cutoff_day",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="With end of month: invoices after this day count as of the next month; 0: the month's last.",
                    ),
                ),
                (
                    "calendar",
                    models.ForeignKey(
                        blank=True,
                        help_text="What falls due on a day it is closed is due on the next it is open.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="core.calendar",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "payment terms",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("month_cutoff_day__lte", 31)), name="a_cutoff_is_a_day_of_a_month"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("deposit_percent__lte", 100), ("discount_percent__lte", 100)),
                        name="terms_percents_are_percents",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CreditAccount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "head",
                    models.ForeignKey(
                        blank=True,
                        help_text="The credit account whose limit also covers what this one owes (its parent company).",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="members",
                        to="credit.creditaccount",
                    ),
                ),
                ("currency", models.CharField(default="USD", max_length=3)),
                ("limit_amount", models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                ("limit_valid_to", models.DateField(blank=True, null=True)),
                (
                    "terms",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="credit.paymentterms"
                    ),
                ),
                ("risk_group", models.CharField(blank=True, max_length=20)),
                ("horizon_days", models.PositiveSmallIntegerField(default=30)),
                ("overdue_days_allowed", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("overdue_amount_max", models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
                ("order_value_max", models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
                (
                    "check_points",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("entry", "Entry"),
                                ("allocation", "Allocation"),
                                ("release", "Release"),
                                ("pick", "Pick"),
                                ("ship", "Ship"),
                            ],
                            max_length=10,
                        ),
                        default=credit.models.account.every_point,
                        help_text="Where credit may hold; elsewhere it only notes.",
                        size=None,
                    ),
                ),
                ("receivable_amount", models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                ("shipped_amount", models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                ("released_amount", models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                ("unapplied_amount", models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                ("version", models.BigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("limit_amount__gte", 0)), name="credit_limits_are_not_negative"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("head", models.F("pk")), _negated=True),
                        name="a_credit_account_is_not_its_own_head",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("released_amount__gte", 0), ("shipped_amount__gte", 0)),
                        name="exposure_parts_are_not_negative",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LimitAddition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "credit_account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="additions", to="credit.creditaccount"
                    ),
                ),
                ("kind", models.CharField(choices=[("temporary", "Temporary"), ("insured", "Insured")], max_length=10)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(blank=True, null=True)),
                ("reference", models.CharField(blank=True, help_text="Policy number, case, letter.", max_length=80)),
                ("note", models.CharField(max_length=300)),
                ("granted_at", models.DateTimeField()),
                ("granted_by", models.CharField(max_length=150)),
                ("approval_id", models.BigIntegerField(null=True)),
            ],
            options={
                "verbose_name": "limit addition",
                "indexes": [models.Index(fields=["credit_account", "valid_from"], name="additions_by_account")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="an_addition_adds_something"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to__isnull", True), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                        ),
                        name="an_addition_ends_after_it_begins",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", credit.states.AdditionKind["TEMPORARY"]), _negated=True),
                            ("valid_to__isnull", False),
                            _connector="OR",
                        ),
                        name="a_temporary_limit_has_an_end",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AdditionEnd",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "addition",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="end", to="credit.limitaddition"
                    ),
                ),
                ("end_date", models.DateField()),
                ("note", models.CharField(max_length=300)),
                ("at", models.DateTimeField()),
                ("ended_by", models.CharField(max_length=150)),
            ],
        ),
        migrations.CreateModel(
            name="CreditRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("account_status", "Account status"),
                            ("credit_limit", "Credit limit"),
                            ("group_limit", "Group limit"),
                            ("limit_expired", "Limit expired"),
                            ("oldest_open_item", "Oldest open item"),
                            ("overdue_amount", "Overdue amount"),
                            ("overdue_percent", "Overdue percent"),
                            ("order_value_max", "Order value max"),
                            ("terms_worse", "Terms worse"),
                            ("prepayment_due", "Prepayment due"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "effect",
                    models.CharField(
                        choices=[("blocking", "Blocking"), ("exclusion", "Exclusion")],
                        default=credit.states.Effect["BLOCKING"],
                        max_length=10,
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        help_text="Only for it.",
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
                        help_text="For its members.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.accountgroup",
                    ),
                ),
                (
                    "risk_group",
                    models.CharField(
                        blank=True, help_text="Only accounts of this risk group; empty: all.", max_length=20
                    ),
                ),
                (
                    "value",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="Days, an amount or a percent, by the rule.",
                        max_digits=14,
                        null=True,
                    ),
                ),
                (
                    "points",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("entry", "Entry"),
                                ("allocation", "Allocation"),
                                ("release", "Release"),
                                ("pick", "Pick"),
                                ("ship", "Ship"),
                            ],
                            max_length=10,
                        ),
                        blank=True,
                        default=list,
                        help_text="Where it holds; none chosen: everywhere.",
                        size=None,
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
                ("note", models.CharField(blank=True, help_text="Why the rule is as it is.", max_length=200)),
            ],
            options={
                "verbose_name": "credit rule",
                "indexes": [
                    models.Index(
                        condition=models.Q(("is_active", True)), fields=["account"], name="credit_rules_by_account"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("account__isnull", True), ("group__isnull", True), _connector="OR"),
                        name="a_credit_rule_is_for_one_party",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("value__isnull", True), ("value__gte", 0), _connector="OR"),
                        name="a_rule_value_is_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("effect", credit.states.Effect["EXCLUSION"]),
                            models.Q(
                                (
                                    "kind__in",
                                    [
                                        credit.states.RuleKind["LIMIT_EXPIRED"],
                                        credit.states.RuleKind["OLDEST_OPEN_ITEM"],
                                        credit.states.RuleKind["OVERDUE_AMOUNT"],
                                        credit.states.RuleKind["OVERDUE_PERCENT"],
                                        credit.states.RuleKind["ORDER_VALUE_MAX"],
                                    ],
                                ),
                                _negated=True,
                            ),
                            ("value__isnull", False),
                            _connector="OR",
                        ),
                        name="a_measuring_rule_has_a_figure",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_active", True)),
                        fields=("kind", "account", "group", "risk_group"),
                        name="one_credit_rule_per_party_and_risk_group",
                        nulls_distinct=False,
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CreditRuleEvent",
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
                        to="credit.creditrule",
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
                    "kind",
                    models.CharField(
                        choices=[
                            ("account_status", "Account status"),
                            ("credit_limit", "Credit limit"),
                            ("group_limit", "Group limit"),
                            ("limit_expired", "Limit expired"),
                            ("oldest_open_item", "Oldest open item"),
                            ("overdue_amount", "Overdue amount"),
                            ("overdue_percent", "Overdue percent"),
                            ("order_value_max", "Order value max"),
                            ("terms_worse", "Terms worse"),
                            ("prepayment_due", "Prepayment due"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "effect",
                    models.CharField(
                        choices=[("blocking", "Blocking"), ("exclusion", "Exclusion")],
                        default=credit.states.Effect["BLOCKING"],
                        max_length=10,
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        help_text="Only for it.",
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
                        help_text="For its members.",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="accounts.accountgroup",
                    ),
                ),
                (
                    "risk_group",
                    models.CharField(
                        blank=True, help_text="Only accounts of this risk group; empty: all.", max_length=20
                    ),
                ),
                (
                    "value",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="Days, an amount or a percent, by the rule.",
                        max_digits=14,
                        null=True,
                    ),
                ),
                (
                    "points",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("entry", "Entry"),
                                ("allocation", "Allocation"),
                                ("release", "Release"),
                                ("pick", "Pick"),
                                ("ship", "Ship"),
                            ],
                            max_length=10,
                        ),
                        blank=True,
                        default=list,
                        help_text="Where it holds; none chosen: everywhere.",
                        size=None,
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
                ("note", models.CharField(blank=True, help_text="Why the rule is as it is.", max_length=200)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="LimitEvidence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "credit_account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="evidence", to="credit.creditaccount"
                    ),
                ),
                ("note", models.CharField(max_length=300)),
                ("file", models.FileField(blank=True, max_length=200, upload_to="")),
                ("file_name", models.CharField(blank=True, max_length=120)),
                ("file_type", models.CharField(blank=True, max_length=60)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("size", models.PositiveIntegerField(default=0)),
                ("attached_at", models.DateTimeField()),
                ("attached_by", models.CharField(max_length=150)),
            ],
            options={
                "verbose_name_plural": "limit evidence",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("file", ""), ("sha256", ""), ("size", 0)),
                            models.Q(
                                models.Q(("file", ""), _negated=True),
                                models.Q(("sha256", ""), _negated=True),
                                ("size__gt", 0),
                            ),
                            _connector="OR",
                        ),
                        name="a_file_of_evidence_has_its_hash",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("sha256", ""), _negated=True),
                        fields=("credit_account", "sha256"),
                        name="one_file_once_per_credit_account",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OpenOrderDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "credit_account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="open_order_days",
                        to="credit.creditaccount",
                    ),
                ),
                ("ship_date", models.DateField()),
                ("amount", models.DecimalField(decimal_places=2, default=0, max_digits=14)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("credit_account", "ship_date"), name="one_open_order_total_per_day"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount__gte", 0)), name="an_open_order_total_is_not_negative"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Posting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "credit_account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="postings", to="credit.creditaccount"
                    ),
                ),
                ("doc_kind", models.CharField(max_length=40)),
                ("doc_id", models.BigIntegerField()),
                ("doc_number", models.CharField(blank=True, max_length=60)),
                (
                    "bucket",
                    models.CharField(
                        choices=[
                            ("open_order", "Open order"),
                            ("released", "Released"),
                            ("shipped", "Shipped"),
                            ("receivable", "Receivable"),
                            ("unapplied", "Unapplied"),
                        ],
                        max_length=10,
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14)),
                (
                    "currency",
                    models.CharField(
                        blank=True, db_default="", default="", help_text="Where not the account's.", max_length=3
                    ),
                ),
                ("document_amount", models.DecimalField(decimal_places=2, max_digits=14, null=True)),
                ("rate", models.DecimalField(decimal_places=10, max_digits=20, null=True)),
                ("rate_date", models.DateField(null=True)),
                ("due_date", models.DateField(null=True)),
                ("ship_date", models.DateField(null=True)),
                ("key", models.CharField(max_length=120)),
                ("at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("bucket", "receivable")),
                        fields=["credit_account", "doc_kind", "doc_id"],
                        include=("amount", "due_date"),
                        name="receivables_by_document",
                    ),
                    models.Index(fields=["doc_kind", "doc_id"], name="postings_by_document"),
                    models.Index(
                        condition=models.Q(("currency", ""), _negated=True),
                        fields=["credit_account", "currency", "rate_date"],
                        name="postings_by_rate",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("key",), name="a_posting_happens_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("bucket", "open_order"), _negated=True),
                            ("ship_date__isnull", False),
                            _connector="OR",
                        ),
                        name="an_open_order_posting_has_a_ship_date",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("currency", ""),
                                ("document_amount__isnull", True),
                                ("rate__isnull", True),
                                ("rate_date__isnull", True),
                            ),
                            models.Q(
                                models.Q(("currency", ""), _negated=True),
                                ("document_amount__isnull", False),
                                ("rate_date__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="a_posting_in_another_currency_keeps_its_own_amount",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TermsWords",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("words", models.CharField(help_text="As it is written on orders and contracts.", max_length=20)),
                (
                    "terms",
                    models.ForeignKey(
                        help_text="What they mean here.",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="credit.paymentterms",
                    ),
                ),
            ],
            options={
                "verbose_name": "wording of payment terms",
                "verbose_name_plural": "wordings of payment terms",
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Upper("words"), name="words_mean_one_set_of_terms"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("words", ""), _negated=True), name="terms_words_are_written"
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="creditrule",
            trigger=pgtrigger.compiler.Trigger(
                name="changed_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "credit_creditruleevent" ("account_id", "effect", "group_id", "id", "is_active", "kind", "note", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "points", "risk_group", "value") VALUES (OLD."account_id", OLD."effect", OLD."group_id", OLD."id", OLD."is_active", OLD."kind", OLD."note", _pgh_attach_context(), NOW(), \'changed\', OLD."id", OLD."points", OLD."risk_group", OLD."value"); RETURN NULL;',
                    hash="b85783029d9453873690e56e612f3f76fe018ab9",
                    operation="UPDATE",
                    pgid="pgtrigger_changed_update_72bfb",
                    table="credit_creditrule",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="creditrule",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "credit_creditruleevent" ("account_id", "effect", "group_id", "id", "is_active", "kind", "note", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "points", "risk_group", "value") VALUES (OLD."account_id", OLD."effect", OLD."group_id", OLD."id", OLD."is_active", OLD."kind", OLD."note", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."points", OLD."risk_group", OLD."value"); RETURN NULL;',
                    hash="5590d3741048ae6d08d21194867fcb333ece0188",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_5dad0",
                    table="credit_creditrule",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="limitaddition",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="d1061ec97cd2d0bc8a231041dd735afa026745cd",
                    level="STATEMENT",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_aa442",
                    table="credit_limitaddition",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="limitaddition",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF current_database() LIKE 'test\\_%' THEN RETURN NULL; END IF; RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="18d4526e20ff4b033985202db81dddc220031d9a",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_b222a",
                    table="credit_limitaddition",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="additionend",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="c9882b1a0e57c03bc1f8b3cc747281fbfd882306",
                    level="STATEMENT",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_04dcd",
                    table="credit_additionend",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="additionend",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF current_database() LIKE 'test\\_%' THEN RETURN NULL; END IF; RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="679962763e13b2c641cbcd6a1db33406f5eb9c73",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_815e3",
                    table="credit_additionend",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="limitevidence",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="ad34253cb3675a21747638bcb681102c3c545764",
                    level="STATEMENT",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_7b562",
                    table="credit_limitevidence",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="limitevidence",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF current_database() LIKE 'test\\_%' THEN RETURN NULL; END IF; RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="6f5dccc463231cc958440143392751729fad88b3",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_95531",
                    table="credit_limitevidence",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="posting",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="a1b66290b8de6408922768f6df97b978393cb592",
                    level="STATEMENT",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_7fff4",
                    table="credit_posting",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="posting",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF current_database() LIKE 'test\\_%' THEN RETURN NULL; END IF; RAISE EXCEPTION 'append_only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';",
                    hash="9990fca00d2d7638db3049d64339ad27c695f91f",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_6d49f",
                    table="credit_posting",
                    when="BEFORE",
                ),
            ),
        ),
        leave_room("credit_creditaccount", 50),
        leave_room("credit_openorderday", 50),
    ]
