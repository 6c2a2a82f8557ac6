"""pmsite as an installed app, so that its commands are found and connections are guarded."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created

from pmsite.database import refuse_privileged_role


class PmsiteConfig(AppConfig):
    name = "pmsite"
    verbose_name = "pmsite"

    def ready(self) -> None:
        connection_created.connect(refuse_privileged_role, dispatch_uid="privileged role")
        from incentives.signals import handed_in  # these ask for models, which are loaded only now
        from org.signals import recorded
        from pmsite import fresh, spreadsheet
        from pmsite.signin import trail

        trail.connect()
        recorded.connect(fresh.on_recorded, dispatch_uid="pmsite")
        handed_in.connect(spreadsheet.on_handed_in, dispatch_uid="spreadsheet")
