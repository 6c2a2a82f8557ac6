"""The addresses of impacts."""

from django.urls import path

from pmsite.impacts import curve_views, views

urlpatterns = [
    path("", views.impacts, name="impacts"),
    path("try/<str:kind>/<int:number>/", views.try_change, name="impact-try"),
    path("curves/<int:pk>/", curve_views.version_curves, name="version-curves"),
    path("<int:number>/", views.impact, name="impact"),
    path("<int:number>/progress/", views.progress, name="impact-progress"),
    path("<int:number>/again/", views.again, name="impact-again"),
    path("<int:number>/people/", views.people, name="impact-people"),
]
