from django.db import migrations

from core.storage import leave_room


class Migration(migrations.Migration):
    dependencies = [("credit", "0001_initial")]

    operations = [leave_room("credit_creditaccount", 50), leave_room("credit_openorderday", 50)]
