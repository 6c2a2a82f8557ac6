"""The addresses of the site."""

from django.contrib import admin
from django.urls import include, path

from pmsite import gallery, health, job_pages, search, spreadsheet, views

urlpatterns = [
    path("", views.overview, name="overview"),
    path("", include("scorecards.team.urls")),
    path("", include("scorecards.disputes.urls")),
    path("", include("scorecards.urls")),
    path("", include("payroll.urls")),
    path("", include("incentives.urls")),
    path("", include("org.urls")),
    path("", include("pmsite.signin.urls")),
    path("data/", include("pmsite.data.urls")),
    path("closing/", include("pmsite.closing.urls")),
    path("rules/impact/", include("pmsite.impacts.urls")),
    path("rules/versions/<int:pk>/spreadsheet/", spreadsheet.check, name="version-spreadsheet"),
    path("audit/as-known/", include("pmsite.past.urls")),
    path("jobs/", job_pages.jobs, name="jobs"),
    path("jobs/run/", job_pages.run, name="jobs-run"),
    path("search/", search.search, name="search"),
    path("gallery/", gallery.gallery, name="gallery"),
    path("organisation/", views.tenant, name="tenant"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("admin/", admin.site.urls),
]
