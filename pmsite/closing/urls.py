"""Addresses of closing; the period is always in them, and of a checklist the plan."""

from django.urls import path

from pmsite.closing import views

OF_A_PLAN = "<str:calendar>/<str:period>/<str:plan>/"

urlpatterns = [
    path("", views.closings, name="closings"),
    path("<str:calendar>/<str:period>/", views.closing, name="closing"),
    path(OF_A_PLAN, views.plan_closing, name="closing-plan"),
    path(f"{OF_A_PLAN}accept/<str:check>/", views.accept, name="closing-accept"),
    path(f"{OF_A_PLAN}hand/", views.hand, name="closing-hand"),
    path(f"{OF_A_PLAN}back/", views.back, name="closing-back"),
    path(f"{OF_A_PLAN}close/", views.close, name="closing-close"),
    path(f"{OF_A_PLAN}progress/", views.progress, name="closing-progress"),
    path(f"{OF_A_PLAN}goal/<str:code>/", views.goal, name="decide-goal"),
]
