"""Addresses of the desks of plans and of closing."""

from django.urls import include, path

from incentives import views

urlpatterns = [
    path("rules/", views.rules, name="rules"),
    path("rules/", include("incentives.editor.urls")),
    path("rules/runs/", views.runs, name="runs"),
    path("rules/waiting/<str:calendar>/<str:period>/", views.waiting, name="waiting"),
    path(
        "rules/without-plan/<str:calendar>/<str:period>/", views.without_plan, name="without-plan"
    ),
    path("closing/", views.closings, name="closings"),
    path("closing/<str:calendar>/<str:period>/", views.closing, name="closing"),
    path("audit/as-known/", views.as_known, name="as-known"),
]
