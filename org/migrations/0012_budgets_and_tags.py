from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("org", "0011_rule_changes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="rulechange",
            name="section",
            field=models.CharField(
                choices=[
                    ("transactions", "Kind of transaction"),
                    ("credits", "Credit rule"),
                    ("pay_groups", "Pay rule"),
                    ("budgets", "Budget"),
                    ("metrics", "Metric"),
                    ("job_types", "Job type"),
                ],
                max_length=20,
            ),
        ),
    ]
