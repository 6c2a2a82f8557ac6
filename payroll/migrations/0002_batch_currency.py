from django.db import migrations, models

import incentives.constraints


class Migration(migrations.Migration):
    dependencies = [("payroll", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="paybatch",
            name="currency",
            field=models.CharField(
                max_length=3, help_text="A batch pays in one currency.", default=""
            ),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="paybatch",
            constraint=incentives.constraints.FinalRow(
                name="payroll_batch_final", column="approved_at"
            ),
        ),
    ]
