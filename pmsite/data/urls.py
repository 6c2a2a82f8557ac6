"""The addresses of data."""

from django.urls import path

from pmsite.data import deliveries, names, views, waiting

urlpatterns = [
    path("", deliveries.deliveries, name="deliveries"),
    path("deliveries/<int:number>/", deliveries.delivery, name="delivery"),
    path("deliveries/<int:number>/rejected.csv", deliveries.rejected, name="delivery-rejected"),
    path("deliveries/<int:number>/undo/", deliveries.undo, name="delivery-undo"),
    path("deliveries/<int:number>/again/", deliveries.again, name="delivery-again"),
    path("deliveries/<int:number>/handled/", deliveries.handled, name="delivery-handled"),
    path("sources/<str:code>/complete/", deliveries.complete, name="source-complete"),
    path("fresh/", deliveries.fresh, name="data-fresh"),
    path("upload/", views.upload, name="upload"),
    path("upload/<int:number>/", views.trial, name="trial"),
    path("upload/<int:number>/progress/", views.progress, name="trial-progress"),
    path("upload/<int:number>/look/", views.look, name="trial-look"),
    path("upload/<int:number>/take/", views.take, name="trial-take"),
    path("upload/<int:number>/drop/", views.drop, name="trial-drop"),
    path("upload/<int:number>/rejected.csv", views.rejected, name="trial-rejected"),
    path("waiting/", waiting.waiting, name="credits-waiting"),
    path("unknown/", names.unknown, name="unknown"),
    path("unknown/name/", names.name, name="unknown-name"),
]
