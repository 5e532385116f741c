"""Lanes and active sourcing rules that differ only in the capitals of their region are one: which of two holds is a
person's decision, so where there are such, nothing is changed and they are named."""

from django.core.management.base import CommandError
from django.db import migrations, models
from django.db.models.functions import Lower

TWINS = """
    SELECT format('transit lanes from %s: %s', s.code, string_agg(format('to "%s" in %s days', l.region, l.transit_days),
                                                                  ', ' ORDER BY l.id))
    FROM inventory_transitlane l JOIN inventory_site s ON s.id = l.site_id
    GROUP BY s.code, lower(l.region) HAVING count(*) > 1
    UNION ALL
    SELECT format('sourcing rules: %s', string_agg(format('%s (region "%s")', name, region), ', ' ORDER BY id))
    FROM inventory_sourcingrule WHERE is_active
    GROUP BY account_id, product_id, category_id, lower(region), fulfilment HAVING count(*) > 1
    ORDER BY 1"""


def refuse_twins(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(TWINS)
        twins = [words for (words,) in cursor.fetchall()]
    if twins:
        raise CommandError(
            "These are for the same region but for its capitals: " + "; ".join(twins) + ". Keep one of each in the "
            "console (delete the other lane, make the other rule inactive), then migrate again. Nothing was changed."
        )


class Migration(migrations.Migration):
    dependencies = [("inventory", "0013_lines_of_a_site_day")]

    operations = [
        migrations.RunPython(refuse_twins, migrations.RunPython.noop),
        migrations.RemoveConstraint(model_name="sourcingrule", name="one_active_sourcing_rule_per_scope"),
        migrations.RemoveConstraint(model_name="transitlane", name="one_lane_per_site_and_region"),
        migrations.AddConstraint(
            model_name="sourcingrule",
            constraint=models.UniqueConstraint(
                "account",
                "product",
                "category",
                Lower("region"),
                "fulfilment",
                condition=models.Q(is_active=True),
                name="one_active_sourcing_rule_per_scope",
                nulls_distinct=False,
                violation_error_message="Another active rule is for the same demand already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="transitlane",
            constraint=models.UniqueConstraint(
                "site",
                Lower("region"),
                name="one_lane_per_site_and_region",
                violation_error_message="The site has a lane to this region already; capitals tell no two regions apart.",
            ),
        ),
    ]
