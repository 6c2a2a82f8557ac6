"""The addresses of the site."""

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path

from pmsite import gallery, health, search, views

urlpatterns = [
    path("", views.overview, name="overview"),
    path("", include("scorecards.team.urls")),
    path("", include("scorecards.urls")),
    path("", include("payroll.urls")),
    path("", include("incentives.urls")),
    path("", include("org.urls")),
    path("login/", LoginView.as_view(), name="login"),
    path("logout/", LogoutView.as_view(next_page="login"), name="logout"),
    path("search/", search.search, name="search"),
    path("gallery/", gallery.gallery, name="gallery"),
    path("organisation/", views.tenant, name="tenant"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("admin/", admin.site.urls),
]
