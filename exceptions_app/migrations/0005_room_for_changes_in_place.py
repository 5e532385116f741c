"""A case changes at each step of its clocks, mostly no column that an index carries."""

from django.db import migrations

from core.storage import leave_room


class Migration(migrations.Migration):
    dependencies = [("exceptions_app", "0004_clocks_and_owners_as_data")]

    operations = [leave_room("exceptions_app_case", 70)]
