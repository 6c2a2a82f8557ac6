"""Addresses of scorecards; the period is always in them."""

from django.urls import path

from scorecards import board_views, views, wall_views

urlpatterns = [
    path("me/", views.me, name="me"),
    path("team/", views.my_team, name="my-team"),
    path("people/<str:code>/", views.person, name="person"),
    path("people/<str:code>/<str:calendar>/<str:period>/", views.scorecard, name="scorecard"),
    path("team/<str:calendar>/<str:period>/", views.team, name="team"),
    path("leaderboards/", board_views.leaderboards, name="leaderboards"),
    path("leaderboards/<str:code>/", board_views.latest_board, name="latest-leaderboard"),
    path("leaderboards/<str:code>/name/", board_views.choose, name="leaderboard-name"),
    path(
        "leaderboards/<str:code>/<str:calendar>/<str:period>/",
        board_views.leaderboard,
        name="leaderboard",
    ),
    path("wallboards/", wall_views.wallboards, name="wallboards"),
    path("wallboards/<str:code>/", wall_views.wallboard, name="wallboard"),
    path("wallboards/<str:code>/messages/", wall_views.message, name="wallboard-message"),
    path(
        "wallboards/<str:code>/messages/<int:message>/end/",
        wall_views.end_message,
        name="wallboard-message-end",
    ),
    path(
        "wallboards/<str:code>/addresses/<int:token>/revoke/",
        wall_views.revoke,
        name="wallboard-revoke",
    ),
    path("wall/<str:secret>/", wall_views.wall, name="wall"),
]
