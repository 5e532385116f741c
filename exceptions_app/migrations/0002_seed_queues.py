"""The teams that own cases, on office hours until somebody gives them a calendar of their own."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

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
    dependencies = [("exceptions_app", "0001_initial"), ("core", "0001_initial")]
    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
