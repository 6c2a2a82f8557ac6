"""The addresses of looks at the past."""

from django.urls import path

from pmsite.past import views

urlpatterns = [
    path("", views.as_known, name="as-known"),
    path("<int:number>/", views.look, name="as-known-look"),
    path("<int:number>/progress/", views.progress, name="as-known-progress"),
]
