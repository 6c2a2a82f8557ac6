from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("org", "0012_budgets_and_tags"),
    ]

    operations = [
        migrations.AddField(
            model_name="tenant",
            name="waive_below_in",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="The same by currency, as exact text, where the tenant pays in several.",
            ),
        ),
        migrations.AlterField(
            model_name="tenant",
            name="waive_below",
            field=models.DecimalField(
                blank=True,
                decimal_places=6,
                help_text="What is to be taken back in the tenant's currency below this is waived.",
                max_digits=24,
                null=True,
            ),
        ),
    ]
