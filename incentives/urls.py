"""Addresses of the desks of plans and of closing."""

from django.urls import include, path

from incentives import views, views_compliance, views_versions

urlpatterns = [
    path("rules/", views.rules, name="rules"),
    path("rules/", include("incentives.editor.urls")),
    path("rules/runs/", views.runs, name="runs"),
    path("rules/waiting/<str:calendar>/<str:period>/", views.waiting, name="waiting"),
    path(
        "rules/without-plan/<str:calendar>/<str:period>/", views.without_plan, name="without-plan"
    ),
    path("rules/versions/<int:pk>/life/", views_versions.version, name="version"),
    path("rules/versions/<int:pk>/examples/", views_versions.examples_of, name="version-examples"),
    path(
        "rules/versions/<int:pk>/examples/add/",
        views_versions.example_new,
        name="version-example-new",
    ),
    path(
        "rules/versions/<int:pk>/examples/<int:number>/",
        views_versions.example,
        name="version-example",
    ),
    path("rules/compliance/", views_compliance.packs, name="compliance"),
    path("closing/", views.closings, name="closings"),
    path("closing/<str:calendar>/<str:period>/", views.closing, name="closing"),
    path("audit/as-known/", views.as_known, name="as-known"),
]
