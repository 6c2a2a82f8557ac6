"""Addresses of disputes; a new one stands on a person's period."""

from django.urls import path

from scorecards.disputes import answering, asking, deals, report, views

urlpatterns = [
    path(
        "people/<str:code>/<str:calendar>/<str:period>/dispute/",
        asking.new_dispute,
        name="dispute-new",
    ),
    path("disputes/", views.disputes, name="disputes"),
    path("disputes/report/", report.report, name="dispute-report"),
    path("disputes/<int:number>/", views.dispute, name="dispute"),
    path("disputes/<int:number>/message/", answering.message, name="dispute-message"),
    path("disputes/<int:number>/answer/", answering.answer, name="dispute-answer"),
    path("disputes/<int:number>/deal/", deals.correct_deal, name="dispute-deal"),
    path("disputes/<int:number>/hand/", answering.hand, name="dispute-hand"),
    path("disputes/<int:number>/withdraw/", answering.withdraw, name="dispute-withdraw"),
    path("disputes/<int:number>/decide/", answering.decide, name="dispute-decide"),
    path("disputes/<int:number>/files/<int:file>/", views.file, name="dispute-file"),
]
