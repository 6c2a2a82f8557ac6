from django.apps import AppConfig


class ScorecardsConfig(AppConfig):
    name = "scorecards"
    verbose_name = "Scorecards"

    def ready(self) -> None:
        """Rank with every run: the standings are written in its transaction. Write of disputes."""
        from incentives.signals import calculated, dispute_moved, finalised
        from scorecards import ranking  # models cannot be imported before the apps are ready
        from scorecards.disputes import letters

        calculated.connect(ranking.on_calculated, dispatch_uid="scorecards")
        finalised.connect(ranking.on_finalised, dispatch_uid="scorecards")
        dispute_moved.connect(letters.on_dispute, dispatch_uid="scorecards")
