from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("metrics", "0010_deal_requests")]

    operations = [
        migrations.AddField(
            model_name="transaction",
            name="delivered_parties",
            field=models.JSONField(
                help_text="Who took part as the delivery said it, where a correction holds.",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="transactioncorrection",
            name="value",
            field=models.JSONField(help_text="As the transaction keeps it.", null=True),
        ),
    ]
