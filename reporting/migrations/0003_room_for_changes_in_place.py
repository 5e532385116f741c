from django.db import migrations

from core.storage import leave_room


class Migration(migrations.Migration):
    dependencies = [("reporting", "0002_what_lines_add_up_to")]

    operations = [leave_room("reporting_linemeasure", 50), leave_room("reporting_ordermeasure", 50)]
