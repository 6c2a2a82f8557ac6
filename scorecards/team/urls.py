"""Addresses of a team's pages; a month, a day or a period always stands in them."""

from django.urls import path

from scorecards.team import absences, corrections, days, deals, scores, today, views, work

urlpatterns = [
    path("team/today/", today.team_today, name="team-today"),
    path("team/<str:calendar>/<str:period>/", views.team, name="team"),
    path("people/<str:code>/work/", work.work, name="person-work"),
    path("people/<str:code>/absences/add/", absences.add_absence, name="absence-add"),
    path("people/<str:code>/absences/back/", absences.take_back, name="absence-back"),
    path("people/<str:code>/correction/", corrections.new_correction, name="correction-new"),
    path("absences/", absences.absences, name="my-absences"),
    path("absences/<str:month>/", absences.absences_of, name="absences"),
    path("corrections/", corrections.corrections, name="corrections"),
    path("corrections/<int:number>/", corrections.correction, name="correction"),
    path("corrections/<int:number>/decide/", corrections.decide, name="correction-decide"),
    path("corrections/<int:number>/withdraw/", corrections.withdraw, name="correction-withdraw"),
    path("corrections/<int:number>/pay/", corrections.pay_effect, name="correction-pay"),
    path("corrections/deals/<int:number>/", deals.deal_correction, name="deal-correction"),
    path("corrections/deals/<int:number>/decide/", deals.decide, name="deal-correction-decide"),
    path(
        "corrections/deals/<int:number>/withdraw/",
        deals.withdraw,
        name="deal-correction-withdraw",
    ),
    path("scores/", scores.scores, name="scores"),
    path("scores/<str:metric>/<str:day>/", scores.scores_of, name="scores-of"),
    path("team-days/", days.my_days, name="my-team-days"),
    path("team-days/open/", days.unconfirmed, name="unconfirmed"),
    path("team-days/open/<str:month>/", days.unconfirmed_of, name="team-days-open"),
    path("team-days/wrong/<int:number>/", days.objection, name="team-objection"),
    path("team-days/<str:month>/", days.team_days, name="team-days"),
    path("team-days/<str:month>/confirm/", days.confirm_days, name="team-days-confirm"),
    path("team-days/<str:month>/wrong/", days.object_days, name="team-days-object"),
]
