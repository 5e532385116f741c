from django.db import migrations, models

import credit.states


class Migration(migrations.Migration):
    dependencies = [("credit", "0003_rules_and_additions")]

    operations = [
        migrations.RemoveConstraint(
            model_name="creditaccount",
            name="credit_limits_are_not_negative",
        ),
        migrations.RemoveConstraint(
            model_name="creditaccount",
            name="a_temporary_limit_has_an_end",
        ),
        migrations.RemoveField(
            model_name="creditaccount",
            name="check_at_release",
        ),
        migrations.RemoveField(
            model_name="creditaccount",
            name="insured_amount",
        ),
        migrations.RemoveField(
            model_name="creditaccount",
            name="temporary_amount",
        ),
        migrations.RemoveField(
            model_name="creditaccount",
            name="temporary_valid_to",
        ),
        migrations.AddConstraint(
            model_name="creditaccount",
            constraint=models.CheckConstraint(
                condition=models.Q(("limit_amount__gte", 0)), name="credit_limits_are_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="limitaddition",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", credit.states.AdditionKind["TEMPORARY"]), _negated=True),
                    ("valid_to__isnull", False),
                    _connector="OR",
                ),
                name="a_temporary_limit_has_an_end",
            ),
        ),
    ]
