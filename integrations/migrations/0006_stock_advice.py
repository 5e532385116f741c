"""Every table of this room: a new installation starts here (docs/adr/0014-one-start.md)."""

import django.db.models.deletion
import django.db.models.functions.text
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import integrations.states
from core.numbering import CreateSequence


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0009_days_a_delivery_may_be_early"),
        ("catalog", "0003_guard_asks_first"),
        ("orders", "0013_allowed_products"),
    ]

    operations = [
        CreateSequence("edi_control", start=1),
        migrations.CreateModel(
            name="InboxFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=255)),
                ("sha256", models.CharField(max_length=64)),
                ("size", models.BigIntegerField()),
                ("raw", models.BinaryField()),
                ("notes", models.JSONField(default=list)),
                ("received_at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["sha256"], name="inbox_files_by_hash")],
            },
        ),
        migrations.CreateModel(
            name="PartnerProfile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=40)),
                ("name", models.CharField(max_length=200)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("unconfirmed", "Unconfirmed"), ("confirmed", "Confirmed")],
                        default=integrations.states.PartnerStatus["UNCONFIRMED"],
                        max_length=12,
                    ),
                ),
                ("isa_qualifier", models.CharField(blank=True, max_length=4, verbose_name="ISA qualifier")),
                ("isa_id", models.CharField(max_length=60, verbose_name="ISA id")),
                ("gs_id", models.CharField(blank=True, max_length=60, verbose_name="GS id")),
                ("our_isa_qualifier", models.CharField(blank=True, max_length=4, verbose_name="our ISA qualifier")),
                ("our_isa_id", models.CharField(blank=True, max_length=60, verbose_name="our ISA id")),
                (
                    "wrong_counts",
                    models.CharField(
                        choices=[("accept", "Accept"), ("reject", "Reject")],
                        default=integrations.states.Strictness["ACCEPT"],
                        max_length=6,
                    ),
                ),
                ("unit_map", models.JSONField(blank=True, default=dict)),
                (
                    "auto_submit",
                    models.BooleanField(default=False, help_text="Submit complete orders without a person looking."),
                ),
                (
                    "default_ship_to",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.shipto",
                    ),
                ),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "trading partner",
                "constraints": [
                    models.UniqueConstraint(django.db.models.functions.text.Upper("code"), name="one_partner_per_code"),
                    models.UniqueConstraint(fields=("isa_qualifier", "isa_id"), name="one_partner_per_interchange_id"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Interchange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="interchanges",
                        to="integrations.inboxfile",
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="interchanges",
                        to="integrations.partnerprofile",
                    ),
                ),
                (
                    "direction",
                    models.CharField(
                        choices=[("in", "In"), ("out", "Out")],
                        default=integrations.states.Direction["IN"],
                        max_length=3,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("done", "Done"),
                            ("duplicate", "Duplicate"),
                            ("reused", "Reused"),
                        ],
                        default=integrations.states.InterchangeState["RECEIVED"],
                        max_length=10,
                    ),
                ),
                ("control", models.CharField(max_length=60)),
                ("sent_date", models.CharField(blank=True, max_length=60)),
                ("sent_time", models.CharField(blank=True, max_length=60)),
                ("is_test", models.BooleanField(default=False)),
                ("problems", models.JSONField(default=list)),
                ("received_at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["-received_at"], name="interchanges_by_arrival")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["received", "done"])),
                        fields=("partner", "direction", "control", "sent_date", "sent_time"),
                        name="one_interchange_per_partner_and_control_number",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="EdiTransaction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transactions",
                        to="integrations.inboxfile",
                    ),
                ),
                (
                    "interchange",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transactions",
                        to="integrations.interchange",
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="integrations.partnerprofile",
                    ),
                ),
                ("group_control", models.CharField(blank=True, max_length=60)),
                ("control", models.CharField(blank=True, max_length=60)),
                ("set_id", models.CharField(blank=True, max_length=12)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("accepted", "Accepted"),
                            ("accepted_with_errors", "Accepted with errors"),
                            ("rejected", "Rejected"),
                            ("quarantined", "Quarantined"),
                            ("duplicate", "Duplicate"),
                            ("ignored", "Ignored"),
                        ],
                        default=integrations.states.TransactionState["RECEIVED"],
                        max_length=20,
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orders.order",
                    ),
                ),
                ("po_number", models.CharField(blank=True, max_length=60)),
                ("release_number", models.CharField(blank=True, max_length=30)),
                ("content_hash", models.CharField(blank=True, max_length=64)),
                ("segment", models.CharField(blank=True, help_text="Where the gravest problem stands.", max_length=60)),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("problems", models.JSONField(default=list)),
                ("text", models.TextField(blank=True)),
                ("element_separator", models.CharField(default="*", max_length=1)),
                ("received_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "EDI transaction",
                "indexes": [
                    models.Index(fields=["partner", "po_number"], name="edi_transactions_by_po"),
                    models.Index(fields=["state", "-id"], name="edi_transactions_by_state"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ImportedLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.product"
                    ),
                ),
                ("kind", models.CharField(choices=[("sale", "Sale"), ("reversal", "Reversal")], max_length=8)),
                ("invoice", models.CharField(max_length=60)),
                ("ref", models.CharField(max_length=80)),
                (
                    "order",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="orders.order"
                    ),
                ),
                ("happened_at", models.DateTimeField(null=True)),
                ("qty", models.DecimalField(decimal_places=4, max_digits=14)),
                ("reversed_qty", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("kind", "sale")),
                        fields=["account", "product"],
                        name="imported_sales_by_account",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "invoice", "ref"), name="one_imported_line_per_identity"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reversed_qty__gte", 0), ("reversed_qty__lte", models.F("qty"))),
                        name="no_more_reversed_than_imported",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OutboundDocument",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("997", "997"), ("TA1", "Ta1"), ("846", "846")], max_length=3)),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="outbound",
                        to="integrations.partnerprofile",
                    ),
                ),
                (
                    "in_reply_to",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replies",
                        to="integrations.interchange",
                    ),
                ),
                ("control", models.CharField(max_length=9)),
                ("text", models.TextField()),
                ("codes", models.JSONField(default=list)),
                ("created_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["sent_at", "id"], name="outbound_by_sent")],
            },
        ),
        migrations.CreateModel(
            name="PromiseLetter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="orders.order"),
                ),
                ("order_number", models.CharField(max_length=40)),
                ("po_number", models.CharField(blank=True, max_length=80)),
                ("account_id", models.BigIntegerField()),
                ("is_rep", models.BooleanField(default=False)),
                (
                    "mail",
                    models.CharField(
                        choices=[("at_once", "At once"), ("daily", "Daily"), ("none", "None")], max_length=8
                    ),
                ),
                ("moves", models.JSONField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("sending", "Sending"),
                            ("sent", "Sent"),
                            ("moot", "Moot"),
                            ("unsure", "Unsure"),
                            ("refused", "Refused"),
                        ],
                        default=integrations.states.LetterState["WAITING"],
                        max_length=8,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("began_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("problem", models.CharField(blank=True, max_length=300)),
            ],
            options={
                "verbose_name": "letter about promises",
                "verbose_name_plural": "letters about promises",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")), fields=["due_at", "id"], name="letters_that_are_due"
                    ),
                    models.Index(
                        condition=models.Q(("state", "sending")), fields=["began_at"], name="letters_being_sent"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "waiting")),
                        fields=("order", "user"),
                        name="one_letter_waits_per_person_and_order",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Upload",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sheet", models.CharField(max_length=60)),
                ("name", models.CharField(max_length=200, verbose_name="file")),
                ("file", models.FileField(max_length=300, upload_to="imports/%Y/%m/")),
                ("size", models.BigIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("header", models.JSONField(default=list)),
                ("columns", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("uploaded", "Uploaded"),
                            ("previewing", "Previewing"),
                            ("previewed", "Previewed"),
                            ("applying", "Applying"),
                            ("applied", "Applied"),
                            ("undoing", "Undoing"),
                            ("undone", "Undone"),
                            ("refused", "Refused"),
                        ],
                        default=integrations.states.UploadState["UPLOADED"],
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=0)),
                (
                    "mode",
                    models.CharField(
                        blank=True, choices=[("all-or-none", "All-or-none"), ("valid", "Valid")], max_length=11
                    ),
                ),
                ("counts", models.JSONField(default=dict)),
                ("notes", models.JSONField(default=list)),
                ("problem", models.TextField(blank=True)),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("uploaded_label", models.CharField(max_length=150, verbose_name="by")),
                ("uploaded_at", models.DateTimeField()),
                ("previewed_at", models.DateTimeField(null=True)),
                ("applied_label", models.CharField(blank=True, max_length=150, verbose_name="applied by")),
                ("applied_at", models.DateTimeField(null=True)),
                ("undo_reason", models.CharField(blank=True, max_length=200)),
                ("undone_label", models.CharField(blank=True, max_length=150, verbose_name="undone by")),
                ("undone_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "import",
                "indexes": [models.Index(fields=["sheet", "sha256", "-id"], name="uploads_of_the_same_file")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["applying", "undoing"])),
                        fields=("sheet",),
                        name="one_import_of_a_sheet_is_applied_at_a_time",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="UploadRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "upload",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rows",
                        to="integrations.upload",
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("key", models.CharField(blank=True, max_length=400)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("new", "New"),
                            ("changed", "Changed"),
                            ("unchanged", "Unchanged"),
                            ("error", "Error"),
                            ("created", "Created"),
                            ("updated", "Updated"),
                            ("moved", "Moved"),
                            ("undone", "Undone"),
                            ("kept", "Kept"),
                        ],
                        max_length=9,
                    ),
                ),
                ("record_id", models.BigIntegerField(null=True)),
                ("version", models.CharField(blank=True, max_length=40)),
                ("cells", models.JSONField()),
                ("after", models.JSONField()),
                ("before", models.JSONField(null=True)),
                ("problems", models.JSONField()),
            ],
            options={
                "indexes": [models.Index(fields=["upload", "outcome", "number"], name="upload_rows_by_outcome")],
                "constraints": [
                    models.UniqueConstraint(fields=("upload", "number"), name="one_row_per_upload_and_number")
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="partnerprofile",
            trigger=pgtrigger.compiler.Trigger(
                name="partner_status_guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{confirmed:unconfirmed,unconfirmed:confirmed}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="b0511778bf765b5725ead521cf83c8356527b9ee",
                    operation="UPDATE",
                    pgid="pgtrigger_partner_status_guard_98c9f",
                    table="integrations_partnerprofile",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="editransaction",
            trigger=pgtrigger.compiler.Trigger(
                name="edi_transaction_state_guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."state" IS DISTINCT FROM (NEW."state"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{duplicate:accepted,duplicate:accepted_with_errors,quarantined:accepted,quarantined:accepted_with_errors,quarantined:duplicate,quarantined:ignored,quarantined:rejected,received:accepted,received:accepted_with_errors,received:duplicate,received:ignored,received:quarantined,received:rejected,rejected:accepted,rejected:accepted_with_errors,rejected:duplicate}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="9dbee5d0ef9c9d9867edd83ae5e4c22571d90b19",
                    operation="UPDATE",
                    pgid="pgtrigger_edi_transaction_state_guard_a465f",
                    table="integrations_editransaction",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="promiseletter",
            trigger=pgtrigger.compiler.Trigger(
                name="letters_are_kept",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="b233b8941f3dc4b4638675779e41da9a6e955dd4",
                    operation="DELETE",
                    pgid="pgtrigger_letters_are_kept_ddd3e",
                    table="integrations_promiseletter",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="upload",
            trigger=pgtrigger.compiler.Trigger(
                name="import_state_guard",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."state" IS DISTINCT FROM (NEW."state"))',
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{applied:undoing,applying:applied,applying:previewed,applying:refused,previewed:applying,previewed:previewing,previewing:previewed,previewing:previewing,previewing:refused,refused:previewing,undoing:applied,undoing:undone,uploaded:previewing}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="8f89e457bf1c6c05046d63a09829583cbb388071",
                    operation="UPDATE",
                    pgid="pgtrigger_import_state_guard_79031",
                    table="integrations_upload",
                    when="BEFORE",
                ),
            ),
        ),
    ]
