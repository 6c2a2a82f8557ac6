"""Addresses of scorecards; the period is always in them."""

from django.urls import include, path

from scorecards import person_views, views

OF_A_PERIOD = [
    path("", person_views.scorecard, name="scorecard"),
    path("parts/<str:plan>/<str:component>/", person_views.part_page, name="part"),
    path("plans/<str:plan>/", person_views.plan_page, name="plan-of-person"),
    path("figures/<str:name>/", person_views.figures, name="figures"),
    path("statement/", person_views.statement, name="statement"),
    path("statement/waiting/", person_views.waiting, name="statement-waiting"),
]

urlpatterns = [
    path("me/", views.me, name="me"),
    path("team/", views.my_team, name="my-team"),
    path("people/<str:code>/", views.person, name="person"),
    path("people/<str:code>/history/", person_views.history, name="history"),
    path("people/<str:code>/<str:calendar>/<str:period>/", include(OF_A_PERIOD)),
]
