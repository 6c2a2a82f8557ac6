"""Addresses of scorecards; the period is always in them."""

from django.urls import include, path

from scorecards import (
    board_views,
    person_views,
    statement_views,
    used_views,
    views,
    wall_views,
    what_if_views,
)

OF_A_PERIOD = [
    path("", person_views.scorecard, name="scorecard"),
    path("parts/<str:plan>/<str:component>/", person_views.part_page, name="part"),
    path("plans/<str:plan>/", person_views.plan_page, name="plan-of-person"),
    path("figures/<str:name>/", person_views.figures, name="figures"),
    path("what-if/", what_if_views.what_if_page, name="what-if"),
    path("statement/", statement_views.statement, name="statement"),
    path("statement/waiting/", statement_views.waiting, name="statement-waiting"),
    path("statement/pdf/", statement_views.statement_pdf, name="statement-pdf"),
    path("statement/workbook/", statement_views.statement_book, name="statement-workbook"),
]

urlpatterns = [
    path("me/", views.me, name="me"),
    path("team/", views.my_team, name="my-team"),
    path("people/<str:code>/", views.person, name="person"),
    path("people/<str:code>/history/", person_views.history, name="history"),
    path("people/<str:code>/<str:calendar>/<str:period>/", include(OF_A_PERIOD)),
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
    path("rules/used/<str:what>/<path:name>/", used_views.where_used, name="where-used"),
    path(
        "rules/versions/<int:pk>/<str:section>/parts/<str:name>/used/",
        used_views.where_used_part,
        name="where-used-part",
    ),
]
