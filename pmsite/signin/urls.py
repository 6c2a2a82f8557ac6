"""The addresses of signing in. Self sign-up and codes by mail instead of a password are not there.

allauth's views go by allauth's names, which its own code asks for.
"""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from allauth.socialaccount.providers.openid_connect import views as openid
from allauth.usersessions import views as usersessions
from django.contrib.auth.views import LogoutView
from django.urls import path, re_path
from django.views.decorators.http import require_safe

from pmsite.signin import kept, views

RESET = "account/password/reset/"

urlpatterns = [
    path("login/", account.login, name="account_login"),
    path("login/", account.login, name="login"),
    path("login/inactive/", account.account_inactive, name="account_inactive"),
    path("login/second-factor/", mfa.authenticate, name="mfa_authenticate"),
    path("login/passkey/", passkeys.login_webauthn, name="mfa_login_webauthn"),
    path("logout/", LogoutView.as_view(), name="account_logout"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("kept/", kept.kept, name="kept"),
    # Through the organisation's own provider.
    path("sign-in/", views.organisation, name="sign_in_organisation"),
    path("sign-in/otherwise/", views.otherwise, name="sign_in_otherwise"),
    path("sign-in/<slug:provider_id>/", views.provider, name="sign_in_provider"),
    path("sign-in/<slug:provider_id>/go/", views.go, name="openid_connect_login"),
    path(
        "sign-in/<slug:provider_id>/done/",
        require_safe(openid.callback),
        name="openid_connect_callback",
    ),
    # One's own account.
    path("account/", views.account, name="account"),
    path("account/email/", views.email, name="account_email"),
    path(
        "account/email/sent/",
        account.email_verification_sent,
        name="account_email_verification_sent",
    ),
    path("account/email/<str:key>/", account.confirm_email, name="account_confirm_email"),
    path("account/password/", account.password_change, name="account_change_password"),
    path("account/password/set/", account.password_set, name="account_set_password"),
    path(RESET, account.password_reset, name="account_reset_password"),
    path(f"{RESET}sent/", account.password_reset_done, name="account_reset_password_done"),
    path(
        f"{RESET}done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    re_path(
        rf"^{RESET}(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("account/confirm/", account.reauthenticate, name="account_reauthenticate"),
    path(
        "account/confirm/mail/",
        account.request_reauthentication_code,
        name="account_request_reauthentication_code",
    ),
    path(
        "account/confirm/mail/code/",
        account.confirm_reauthentication_code,
        name="account_confirm_reauthentication_code",
    ),
    path("account/confirm/code/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path(
        "account/confirm/passkey/",
        passkeys.reauthenticate_webauthn,
        name="mfa_reauthenticate_webauthn",
    ),
    path("account/second-factor/", mfa.index, name="mfa_index"),
    path("account/second-factor/app/", totp.activate_totp, name="mfa_activate_totp"),
    path("account/second-factor/app/remove/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("account/second-factor/keys/", passkeys.list_webauthn, name="mfa_list_webauthn"),
    path("account/second-factor/keys/add/", passkeys.add_webauthn, name="mfa_add_webauthn"),
    path(
        "account/second-factor/keys/<int:pk>/",
        passkeys.edit_webauthn,
        name="mfa_edit_webauthn",
    ),
    path(
        "account/second-factor/keys/<int:pk>/remove/",
        passkeys.remove_webauthn,
        name="mfa_remove_webauthn",
    ),
    path(
        "account/second-factor/codes/",
        recovery.view_recovery_codes,
        name="mfa_view_recovery_codes",
    ),
    path(
        "account/second-factor/codes/new/",
        recovery.generate_recovery_codes,
        name="mfa_generate_recovery_codes",
    ),
    path(
        "account/second-factor/codes/file/",
        recovery.download_recovery_codes,
        name="mfa_download_recovery_codes",
    ),
    path("account/sessions/", usersessions.list_usersessions, name="usersessions_list"),
]
