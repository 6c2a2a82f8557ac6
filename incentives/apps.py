from django.apps import AppConfig


class IncentivesConfig(AppConfig):
    name = "incentives"
    verbose_name = "Incentives"

    def ready(self) -> None:
        """An accepted dispute goes on when its correction is decided, in the same transaction."""
        from incentives import remedy  # models cannot be imported before the apps are ready
        from metrics.signals import request_decided

        request_decided.connect(remedy.on_request_decided, dispatch_uid="incentives")
