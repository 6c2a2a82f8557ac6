"""Addresses of scorecards; the period is always in them."""

from django.urls import path

from scorecards import views

urlpatterns = [
    path("people/<str:code>/<str:calendar>/<str:period>/", views.scorecard, name="scorecard"),
    path("team/<str:calendar>/<str:period>/", views.team, name="team"),
]
