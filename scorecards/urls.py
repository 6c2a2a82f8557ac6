"""Addresses of scorecards; the period is always in them."""

from django.urls import path

from scorecards import views

urlpatterns = [
    path("me/", views.me, name="me"),
    path("team/", views.my_team, name="my-team"),
    path("people/<str:code>/", views.person, name="person"),
    path("people/<str:code>/<str:calendar>/<str:period>/", views.scorecard, name="scorecard"),
]
