from django.apps import AppConfig


class ScorecardsConfig(AppConfig):
    name = "scorecards"
    verbose_name = "Scorecards"

    def ready(self) -> None:
        """Rank with every run: the standings are written in its transaction."""
        from incentives.signals import calculated, finalised
        from scorecards import ranking  # models cannot be imported before the apps are ready

        calculated.connect(ranking.on_calculated, dispatch_uid="scorecards")
        finalised.connect(ranking.on_finalised, dispatch_uid="scorecards")
