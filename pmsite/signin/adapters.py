"""What allauth asks of a site: where to go on, how secrets are kept, which providers there are."""

from __future__ import annotations

from smtplib import SMTPException
from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from org.errors import DomainError
from org.models import Tenant, User
from org.secret_text import decrypt, encrypt
from org.sign_in import client_secret, note_in, rules_of, vouched_member
from pmsite.signin import kept
from pmsite.signin.brute_force import client_address

log = structlog.get_logger("pmsite.signin")

OPENID = "openid_connect"
NO_MATCH = "This address or name and this password do not belong together. Mind capital letters."


class AccountAdapter(DefaultAccountAdapter):
    """Passwords, mail, and the way on after signing in."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": NO_MATCH,
        "username_password_mismatch": NO_MATCH,
        "incorrect_password": "This is not your password. Mind capital letters.",
        "too_many_login_attempts": "That was too often. Wait half an hour, then try again.",
        "rate_limited": "That was too often. Wait a few minutes, then try again.",
    }

    def is_safe_url(self, url: str) -> bool:
        """Go on only to pages of this very address."""
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={self.request.get_host()}, require_https=self.request.is_secure()
        )

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """To what was typed before the sign-in ended, else to the front page."""
        return kept.page() if kept.KEY in request.session else reverse("overview")

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account")

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send it if the server takes it; the page must not say whether somebody got mail."""
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException):
            log.exception("mail not sent", mail=template_prefix)


class SecondFactorAdapter(DefaultMFAAdapter):
    """Second factors: their secrets are encrypted."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "This code is not right, or was used before. Take the next one.",
    }

    def encrypt(self, text: str) -> str:
        return encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(encrypted_text)

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        known = Authenticator.objects.filter(user=user, type=type).count()
        return f"Key {known + 1}"


class ProviderAdapter(DefaultSocialAccountAdapter):
    """Identity providers: each tenant has its own, found by the tenant's code."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """The provider of the tenant with this code, if it has one; never a list of all."""
        tenant = Tenant.objects.select_related("sign_in_rules").filter(code=provider or "").first()
        rules = rules_of(tenant) if tenant else None
        if tenant is None or rules is None or not rules.issuer:
            return []
        app = SocialApp(
            provider=OPENID,
            provider_id=tenant.code,
            name=tenant.name[:40],
            client_id=rules.client_id,
            secret=client_secret(tenant),
            settings={"server_url": rules.issuer, "oauth_pkce_enabled": True},
        )
        return [app]

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Let in nobody but a member of the tenant whose provider vouches for them."""
        account = sociallogin.account
        claims, account.extra_data = account.extra_data, {}  # used, and not kept
        if account.pk:
            account.save(update_fields=["extra_data"])
        tenant = Tenant.objects.select_related("sign_in_rules").get(code=account.provider)
        email = ""
        try:
            for address in sociallogin.email_addresses:
                email = address.email
                sociallogin.user = self.vouched(tenant, sociallogin, claims, address)
                sociallogin.save(request, connect=True)
                return
            raise DomainError(f"The provider of {tenant} named no e-mail address.")
        except DomainError as refusal:
            note_in(
                [tenant.pk],
                action="sign-in refused",
                subject=email or "without an address",
                at=timezone.now(),
                address=client_address(request),
                reason=str(refusal),
            )
            raise self.back(request, str(refusal)) from refusal

    def vouched(
        self, tenant: Tenant, sociallogin: SocialLogin, claims: dict[str, Any], address: Any
    ) -> User:
        """The member that the address is of, if the identity is theirs and their only one."""
        member = vouched_member(tenant, email=address.email, verified=address.verified)
        uid, found = sociallogin.account.uid, sociallogin.user
        subjects = {str(part.get("sub")) for part in claims.values()}
        known = SocialAccount.objects.filter(provider=tenant.code, user=member).exclude(uid=uid)
        another = found is not None and found.pk is not None and found.pk != member.pk
        if another or subjects != {uid} or known.exists():
            raise DomainError(
                f"The provider of {tenant} vouches for another identity than before. Ask those who "
                "run this site to let the new one in."
            )
        return member

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: Any = None,
    ) -> None:
        """Say so on the sign-in page; what exactly failed is for the log."""
        log.warning("provider failed", provider=provider.app.provider_id, error=str(exception))
        raise self.back(
            request,
            f"Signing in through {provider.app.name} did not work. Try again; if it happens "
            "again, tell an administrator.",
        )

    def back(self, request: HttpRequest, sentence: str) -> ImmediateHttpResponse:
        """The way back to the sign-in page, with a sentence."""
        messages.error(request, sentence)
        return ImmediateHttpResponse(HttpResponseRedirect(reverse("account_login")))
