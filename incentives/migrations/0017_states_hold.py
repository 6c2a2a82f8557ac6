from django.db import migrations, models
from org.migrating import Together


class Migration(migrations.Migration):
    dependencies = [("incentives", "0016_state_of_disputes")]

    operations = [
        Together(
            [
                migrations.AddConstraint(
                    model_name="dispute",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answered_at", None), ("closed_at", None), ("state", "open")),
                            models.Q(("answered_at__isnull", False), ("state", "accepted")),
                            models.Q(("closed_at__isnull", False), ("state", "rejected")),
                            models.Q(("closed_at__isnull", False), ("state", "withdrawn")),
                            _connector="OR",
                        ),
                        name="incentives_dispute_state",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="dispute",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["open", "withdrawn"]),
                            ("answered_by", None),
                            ("opened_by", None),
                            models.Q(("answered_by", models.F("opened_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="incentives_dispute_two",
                    ),
                ),
            ]
        ),
    ]
