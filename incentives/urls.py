"""Addresses of the desk of plans."""

from django.urls import include, path

from incentives import paper_views, views, views_compliance, views_versions

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
    path("rules/acknowledgements/", paper_views.acknowledgements, name="acknowledgements"),
    path(
        "rules/versions/<int:version>/acknowledgements/",
        paper_views.acknowledgements_of,
        name="acknowledgements-of",
    ),
    path(
        "rules/versions/<int:version>/remind/",
        paper_views.acknowledgements_remind,
        name="acknowledgements-remind",
    ),
    path("rules/versions/<int:version>/document/", paper_views.plan_document, name="plan-document"),
    path("my-plans/", paper_views.my_plans, name="my-plans"),
    path("my-plans/<str:plan>/<int:number>/", paper_views.my_plan, name="my-plan"),
    path("my-plans/<str:plan>/<int:number>/pdf/", paper_views.my_plan_pdf, name="my-plan-pdf"),
    path(
        "my-plans/<str:plan>/acknowledge/",
        paper_views.my_plan_acknowledge,
        name="my-plan-acknowledge",
    ),
]
