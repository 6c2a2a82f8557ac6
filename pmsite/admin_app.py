"""The admin as an installed app, with our site in the place of Django's."""

from django.contrib.admin.apps import AdminConfig


class PmsiteAdminConfig(AdminConfig):
    default_site = "pmsite.admin_site.PmsiteAdminSite"
