from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("incentives", "0020_past_looks"),
    ]

    operations = [
        migrations.AddField(
            model_name="planperiod",
            name="outdated",
            field=models.BooleanField(
                default=False,
                help_text="Something that it may read was added up since, and it was not worked out anew.",
            ),
        ),
    ]
