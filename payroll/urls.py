"""Addresses of the desk of payroll."""

from django.urls import path

from payroll import views

urlpatterns = [
    path("pay/", views.desk, name="pay"),
    path("pay/prepare/", views.prepare, name="pay-prepare"),
    path("pay/batches/<int:pk>/", views.show, name="pay-batch"),
    path("pay/batches/<int:pk>/approve/", views.approve, name="pay-approve"),
    path("pay/batches/<int:pk>/discard/", views.discard, name="pay-discard"),
    path("pay/batches/<int:pk>/write/", views.write, name="pay-write"),
    path("pay/files/<int:pk>/", views.file, name="pay-file"),
]
