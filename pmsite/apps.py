"""pmsite as an installed app, so that its management commands are found."""

from django.apps import AppConfig


class PmsiteConfig(AppConfig):
    name = "pmsite"
    verbose_name = "pmsite"
