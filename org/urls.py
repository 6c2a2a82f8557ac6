"""Addresses of the audit trail."""

from django.urls import path

from org import trail_views

urlpatterns = [
    path("audit/", trail_views.deeds, name="trail"),
    path("audit/rows/", trail_views.rows, name="trail-rows"),
    path("audit/by-hand/", trail_views.by_hand, name="trail-by-hand"),
]
