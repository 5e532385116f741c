"""Every table of this room: a new installation starts here (docs/adr/0014-one-start.md)."""

import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.text
from django.db import migrations, models

import core.ranges
import pricing.models.constraints
import pricing.states


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0009_days_a_delivery_may_be_early"),
        ("catalog", "0003_guard_asks_first"),
    ]

    operations = [
        migrations.CreateModel(
            name="ChargebackTerms",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.accountgroup"
                    ),
                ),
                (
                    "claim_days",
                    models.PositiveSmallIntegerField(
                        default=90, help_text="how many days after the sale it may be claimed"
                    ),
                ),
                (
                    "price_tolerance",
                    models.DecimalField(
                        decimal_places=6,
                        default=0,
                        help_text="per base unit: how far the price claimed may be from the contract's",
                        max_digits=18,
                    ),
                ),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(blank=True, null=True)),
            ],
            options={
                "verbose_name_plural": "chargeback terms",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("price_tolerance__gte", 0)), name="a_tolerance_is_not_negative"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to__isnull", True), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                        ),
                        name="chargeback_terms_end_after_they_start",
                    ),
                    pricing.models.constraints.NamingExclusion(
                        expressions=[("group", "="), (core.ranges.DateRange("valid_from", "valid_to"), "&&")],
                        key=("group",),
                        name="one_set_of_chargeback_terms_per_group_and_day",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Contract",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=40)),
                ("version", models.PositiveSmallIntegerField(default=1)),
                ("name", models.CharField(max_length=120)),
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
                ("covers_children", models.BooleanField(default=False)),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField()),
                ("is_active", models.BooleanField(default=True)),
                ("currency", models.CharField(default="USD", max_length=3)),
                (
                    "payment_terms",
                    models.CharField(blank=True, help_text="code of the payment terms agreed", max_length=20),
                ),
                ("margin_floor_percent", models.DecimalField(blank=True, decimal_places=2, max_digits=5, null=True)),
                (
                    "notice_days",
                    models.PositiveSmallIntegerField(default=60, help_text="a case opens so many days before it ends"),
                ),
                ("renews", models.BooleanField(default=False, verbose_name="renews by itself")),
                ("on_time_percent", models.DecimalField(blank=True, decimal_places=2, max_digits=5, null=True)),
                ("fill_percent", models.DecimalField(blank=True, decimal_places=2, max_digits=5, null=True)),
                ("penalty_per_late_line", models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                ("penalty_per_late_day", models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                ("note", models.TextField(blank=True, max_length=2000)),
                (
                    "number",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.text.Concat(
                            "code",
                            models.Value(" v"),
                            django.db.models.functions.comparison.Cast("version", models.CharField()),
                        ),
                        output_field=models.CharField(max_length=50),
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("code", "version"), name="one_contract_per_code_and_version"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("account__isnull", False), ("group__isnull", True)),
                            models.Q(("account__isnull", True), ("group__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_contract_is_with_an_account_or_a_group",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("valid_to__gt", models.F("valid_from"))),
                        name="a_contract_ends_after_it_starts",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("penalty_per_late_day__gte", 0),
                            ("penalty_per_late_line__gte", 0),
                            models.Q(
                                ("on_time_percent__isnull", True),
                                models.Q(("on_time_percent__gte", 0), ("on_time_percent__lte", 100)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("fill_percent__isnull", True),
                                models.Q(("fill_percent__gte", 0), ("fill_percent__lte", 100)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("margin_floor_percent__isnull", True),
                                models.Q(("margin_floor_percent__gte", 0), ("margin_floor_percent__lt", 100)),
                                _connector="OR",
                            ),
                        ),
                        name="a_contracts_terms_are_percents_and_penalties",
                    ),
                    pricing.models.constraints.NamingExclusion(
                        expressions=[("code", "="), (core.ranges.DateRange("valid_from", "valid_to"), "&&")],
                        key=("code",),
                        name="one_version_of_a_contract_at_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PriceSource",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=120)),
                (
                    "level",
                    models.CharField(
                        choices=[
                            ("override", "Override"),
                            ("quote", "Quote"),
                            ("account", "Account"),
                            ("group", "Group"),
                            ("segment", "Segment"),
                            ("list", "List"),
                        ],
                        max_length=10,
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
                    "territory",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.territory",
                    ),
                ),
                ("currency", models.CharField(default="USD", max_length=3)),
                ("priority", models.PositiveSmallIntegerField(default=100)),
                ("margin_floor_percent", models.DecimalField(blank=True, decimal_places=2, max_digits=5, null=True)),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(blank=True, null=True)),
                ("is_active", models.BooleanField(default=True)),
                (
                    "covers_children",
                    models.BooleanField(
                        db_default=False,
                        default=False,
                        help_text="an account's contract is also for the accounts below it",
                    ),
                ),
                (
                    "needs_activation",
                    models.BooleanField(
                        db_default=False,
                        default=False,
                        help_text="a member has these prices only while a tier is activated for it",
                    ),
                ),
                (
                    "date_policy",
                    models.CharField(
                        choices=[("order", "Order"), ("ship", "Ship"), ("earlier", "Earlier")],
                        db_default=pricing.states.DatePolicy["ORDER"],
                        default=pricing.states.DatePolicy["ORDER"],
                        max_length=10,
                        verbose_name="pricing date",
                    ),
                ),
                (
                    "contract",
                    models.ForeignKey(
                        blank=True,
                        help_text="the version these prices belong to: they hold while it does",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lists",
                        to="pricing.contract",
                    ),
                ),
                (
                    "converts",
                    models.BooleanField(
                        db_default=False,
                        default=False,
                        help_text="also prices orders in other currencies, at the rate of the day",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("account__isnull", False)),
                        fields=["account"],
                        name="price_sources_by_account",
                    ),
                    models.Index(
                        condition=models.Q(("group__isnull", False)), fields=["group"], name="price_sources_by_group"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "level__in",
                                [
                                    pricing.states.PriceLevel["ACCOUNT"],
                                    pricing.states.PriceLevel["GROUP"],
                                    pricing.states.PriceLevel["SEGMENT"],
                                    pricing.states.PriceLevel["LIST"],
                                ],
                            )
                        ),
                        name="a_price_source_is_a_list_or_a_contract",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("account__isnull", False),
                                ("group__isnull", True),
                                ("level", "account"),
                                ("territory__isnull", True),
                            ),
                            models.Q(
                                ("account__isnull", True),
                                ("group__isnull", False),
                                ("level", "group"),
                                ("territory__isnull", True),
                            ),
                            models.Q(
                                ("account__isnull", True),
                                ("level", "segment"),
                                models.Q(("group__isnull", False), ("territory__isnull", False), _connector="OR"),
                            ),
                            models.Q(
                                ("account__isnull", True),
                                ("group__isnull", True),
                                ("level", "list"),
                                ("territory__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="a_price_source_names_its_party",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to__isnull", True), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                        ),
                        name="a_price_source_ends_after_it_starts",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("margin_floor_percent__isnull", True),
                            models.Q(("margin_floor_percent__gte", 0), ("margin_floor_percent__lt", 100)),
                            _connector="OR",
                        ),
                        name="a_margin_floor_is_a_percent_below_100",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Commitment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="commitments",
                        to="pricing.pricesource",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        blank=True,
                        help_text="empty, where money is promised: everything at this list's prices",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.product",
                    ),
                ),
                (
                    "measure",
                    models.CharField(
                        choices=[("units", "Units"), ("money", "Money")],
                        db_default=pricing.states.Measure["UNITS"],
                        default=pricing.states.Measure["UNITS"],
                        max_length=6,
                    ),
                ),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField()),
                (
                    "committed_qty",
                    models.DecimalField(blank=True, decimal_places=4, default=0, help_text="base units", max_digits=14),
                ),
                ("consumed_qty", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
                (
                    "committed_amount",
                    models.DecimalField(
                        blank=True,
                        db_default=0,
                        decimal_places=2,
                        default=0,
                        help_text="in the list's currency",
                        max_digits=14,
                    ),
                ),
                ("consumed_amount", models.DecimalField(db_default=0, decimal_places=2, default=0, max_digits=14)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("consumed_amount__gte", 0), ("consumed_qty__gte", 0)),
                        name="a_commitment_is_not_consumed_below_zero",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("valid_to__gt", models.F("valid_from"))),
                        name="a_commitment_ends_after_it_starts",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("committed_amount", 0),
                                ("committed_qty__gt", 0),
                                ("measure", "units"),
                                ("product__isnull", False),
                            ),
                            models.Q(("committed_amount__gt", 0), ("committed_qty", 0), ("measure", "money")),
                            _connector="OR",
                        ),
                        name="a_commitment_is_units_of_a_product_or_money",
                    ),
                    pricing.models.constraints.NamingExclusion(
                        expressions=[
                            ("source", "="),
                            ("product", "="),
                            ("measure", "="),
                            (core.ranges.DateRange("valid_from", "valid_to"), "&&"),
                        ],
                        key=("source", "product", "measure"),
                        name="one_commitment_per_source_product_and_day",
                    ),
                    pricing.models.constraints.NamingExclusion(
                        condition=models.Q(("product__isnull", True)),
                        expressions=[("source", "="), (core.ranges.DateRange("valid_from", "valid_to"), "&&")],
                        key=("source", "product"),
                        name="one_commitment_on_everything_of_a_source_and_day",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CommitmentUse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "commitment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="uses", to="pricing.commitment"
                    ),
                ),
                ("ref_kind", models.CharField(max_length=40)),
                ("ref_id", models.BigIntegerField()),
                ("qty", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
                ("amount", models.DecimalField(db_default=0, decimal_places=2, default=0, max_digits=14)),
                ("on", models.DateField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("commitment", "ref_kind", "ref_id"), name="a_document_is_counted_once_on_a_commitment"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="FreightRate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("region", models.CharField(blank=True, max_length=40)),
                ("percent", models.DecimalField(decimal_places=3, max_digits=6)),
                ("free_from_amount", models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("percent__gte", 0),
                            models.Q(("free_from_amount__isnull", True), ("free_from_amount__gte", 0), _connector="OR"),
                            models.Q(
                                ("valid_to__isnull", True), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                            ),
                        ),
                        name="a_freight_rate_is_a_percent_over_a_period",
                    ),
                    pricing.models.constraints.NamingExclusion(
                        expressions=[("region", "="), (core.ranges.DateRange("valid_from", "valid_to"), "&&")],
                        key=("region",),
                        name="one_freight_rate_per_region_and_day",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PriceAdjustment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=40)),
                ("name", models.CharField(max_length=120)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("contract_discount", "Contract discount"),
                            ("tiered_discount", "Tiered discount"),
                            ("promotion", "Promotion"),
                            ("charge", "Charge"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "method",
                    models.CharField(
                        choices=[("percent", "Percent"), ("amount", "Amount")],
                        default=pricing.states.Method["PERCENT"],
                        max_length=10,
                    ),
                ),
                (
                    "value",
                    models.DecimalField(decimal_places=6, help_text="percent, or money per base unit", max_digits=18),
                ),
                (
                    "combination",
                    models.CharField(
                        choices=[("exclusive", "Exclusive"), ("best", "Best"), ("compounded", "Compounded")],
                        default=pricing.states.Combination["COMPOUNDED"],
                        max_length=12,
                    ),
                ),
                ("sequence", models.PositiveSmallIntegerField(default=100, help_text="lower comes first")),
                (
                    "counts",
                    models.CharField(
                        choices=[("line", "Line"), ("order", "Order")],
                        default=pricing.states.Counts["LINE"],
                        max_length=6,
                    ),
                ),
                ("min_qty", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
                (
                    "currency",
                    models.CharField(blank=True, help_text="only in this currency; an amount names it", max_length=3),
                ),
                (
                    "source",
                    models.ForeignKey(
                        blank=True,
                        help_text="only on prices of this list or contract",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="pricing.pricesource",
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
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(blank=True, null=True)),
                ("is_active", models.BooleanField(default=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("min_qty__gte", 0), ("value__gte", 0)),
                        name="a_price_adjustment_is_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("method", "percent"), _negated=True),
                            ("kind", "charge"),
                            ("value__lte", 100),
                            _connector="OR",
                        ),
                        name="a_discount_is_at_most_100_percent",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("method", "amount"), _negated=True),
                            models.Q(("currency", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="an_amount_off_names_its_currency",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to__isnull", True), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                        ),
                        name="a_price_adjustment_ends_after_it_starts",
                    ),
                    pricing.models.constraints.NamingExclusion(
                        expressions=[
                            ("code", "="),
                            ("min_qty", "="),
                            (core.ranges.DateRange("valid_from", "valid_to"), "&&"),
                        ],
                        key=("code", "min_qty"),
                        name="one_adjustment_per_code_break_and_day",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PriceAgreement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ref_kind", models.CharField(max_length=40)),
                ("ref_id", models.BigIntegerField()),
                ("ref_number", models.CharField(blank=True, max_length=60)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("valid_until", models.DateTimeField()),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("ref_kind", "ref_id"), name="one_agreement_per_document")
                ],
            },
        ),
        migrations.CreateModel(
            name="PriceAgreementRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rows", to="pricing.priceagreement"
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.product"
                    ),
                ),
                ("min_qty", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
                ("unit_price", models.DecimalField(decimal_places=6, max_digits=18)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("agreement", "product", "min_qty"), name="one_agreed_price_per_break"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("unit_price__gte", 0)), name="an_agreed_price_is_not_negative"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PriceRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="rows", to="pricing.pricesource"
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.product"
                    ),
                ),
                ("min_qty", models.DecimalField(decimal_places=4, default=0, max_digits=14)),
                ("unit_price", models.DecimalField(decimal_places=6, max_digits=18)),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(blank=True, null=True)),
                (
                    "tier",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="only for members activated for it",
                        max_length=20,
                    ),
                ),
                (
                    "unit",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="only for lines ordered in this unit; empty: in any",
                        max_length=10,
                    ),
                ),
                (
                    "break_group",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="lines with the same word on this list reach a break together",
                        max_length=20,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["product", "source", "min_qty"], name="price_rows_by_product")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("min_qty__gte", 0), ("unit_price__gte", 0)),
                        name="a_price_row_is_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to__isnull", True), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                        ),
                        name="a_price_row_ends_after_it_starts",
                    ),
                    pricing.models.constraints.NamingExclusion(
                        expressions=[
                            ("source", "="),
                            ("product", "="),
                            ("min_qty", "="),
                            ("tier", "="),
                            ("unit", "="),
                            (core.ranges.DateRange("valid_from", "valid_to"), "&&"),
                        ],
                        key=("source", "product", "min_qty", "tier", "unit"),
                        name="one_price_per_source_product_break_and_day",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RebateProgram",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=120)),
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.accountgroup"
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
                ("percent", models.DecimalField(decimal_places=4, max_digits=7)),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("percent__gt", 0), ("percent__lte", 100)), name="a_rebate_is_a_percent"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to__isnull", True), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                        ),
                        name="a_rebate_ends_after_it_starts",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TaxRate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("region", models.CharField(blank=True, max_length=40)),
                ("percent", models.DecimalField(decimal_places=3, max_digits=6)),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("percent__gte", 0),
                            ("percent__lte", 100),
                            models.Q(
                                ("valid_to__isnull", True), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                            ),
                        ),
                        name="a_tax_rate_is_a_percent_over_a_period",
                    ),
                    pricing.models.constraints.NamingExclusion(
                        expressions=[("region", "="), (core.ranges.DateRange("valid_from", "valid_to"), "&&")],
                        key=("region",),
                        name="one_tax_rate_per_region_and_day",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TierActivation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="activations",
                        to="pricing.pricesource",
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                ("tier", models.CharField(max_length=20)),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to__isnull", True), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                        ),
                        name="a_tier_activation_ends_after_it_starts",
                    ),
                    pricing.models.constraints.NamingExclusion(
                        expressions=[
                            ("source", "="),
                            ("account", "="),
                            (core.ranges.DateRange("valid_from", "valid_to"), "&&"),
                        ],
                        key=("source", "account"),
                        name="one_tier_per_source_account_and_day",
                    ),
                ],
            },
        ),
    ]
