"""Addresses of the plan editor."""

from django.urls import path

from incentives.editor import check_views, forward_views, rule_panel, rule_views, tag_views, views

PART = "versions/<int:pk>/<str:section>/parts/<str:name>/"

urlpatterns = [
    path("plans/new/", views.begin, name="begin-plan"),
    path("outside/", rule_views.outside, name="outside-plans"),
    path("kinds/new/", rule_views.kind, name="kind-new"),
    path("kinds/<str:code>/", rule_views.kind, name="kind"),
    path("kinds/<str:code>/check/<str:page>/", rule_panel.check_rule, name="check-rule"),
    path("kinds/<str:code>/credits/", rule_views.credit_list, name="credit-rules"),
    path("kinds/<str:code>/credits/new/", rule_views.credit, name="credit-rule-new"),
    path("kinds/<str:code>/credits/<int:pk>/", rule_views.credit, name="credit-rule"),
    path("pay-rules/<path:code>/", rule_views.pay_rule, name="pay-rule"),
    path("budgets/new/", tag_views.budget, name="budget-new"),
    path("budgets/<int:pk>/", tag_views.budget, name="budget"),
    path("tags/", tag_views.tags, name="compliance-tags"),
    path("tags/metrics/<str:code>/", tag_views.metric_tags, name="metric-tags"),
    path("tags/kinds/<str:code>/", tag_views.kind_tags, name="kind-tags"),
    path("tags/job-types/<path:code>/", tag_views.job_licences, name="job-licences"),
    path("changes/<int:pk>/", rule_views.change, name="rule-change"),
    path("changes/<int:pk>/decide/", rule_views.decide, name="rule-change-decide"),
    path("forward/", forward_views.forward, name="plan-forward"),
    path("versions/<int:pk>/", views.version, name="edit-version"),
    path("versions/<int:pk>/whole/", views.whole, name="edit-whole"),
    path("versions/<int:pk>/whom/", views.whom, name="edit-whom"),
    path("versions/<int:pk>/schedules/new/", views.schedule, name="edit-new-schedule"),
    path("versions/<int:pk>/schedules/parts/<str:name>/", views.schedule, name="edit-schedule"),
    path("versions/<int:pk>/try/", check_views.attempt, name="edit-try"),
    path("versions/<int:pk>/<str:section>/new/", views.part, name="edit-new"),
    path("versions/<int:pk>/<str:section>/check/", check_views.check, name="edit-check"),
    path(PART, views.part, name="edit-part"),
    path(f"{PART}remove/", views.remove, name="edit-remove"),
    path("versions/<int:pk>/components/parts/<str:name>/move/", views.move, name="edit-move"),
]
