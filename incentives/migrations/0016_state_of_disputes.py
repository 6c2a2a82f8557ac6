"""Disputes that were answered before they had a state: nothing was known of an acceptance."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("incentives", "0015_disputes_and_closing")]

    operations = [
        # What a migration writes is not written by hand.
        migrations.RunSQL(
            "SELECT set_config('pghistory.context_metadata', '{\"through\": \"migration\"}', true);"
            " UPDATE incentives_dispute SET state = 'rejected', answered_at = closed_at,"
            " answered_by_id = closed_by_id WHERE closed_at IS NOT NULL",
            migrations.RunSQL.noop,
        )
    ]
