"""How one signs in to a tenant: the rules, and the secret of its identity provider."""

from __future__ import annotations

from django.db import models

from org.base import TenantModel
from org.history import tracked


@tracked(key="tenant__code")
class SignInRules(models.Model):
    """What a tenant demands of a sign-in. A tenant without a row takes passwords and passkeys.

    Global: it is read before the tenant is entered, and with each request's membership.
    """

    tenant = models.OneToOneField("org.Tenant", models.PROTECT, related_name="sign_in_rules")
    passwords = models.BooleanField(
        "passwords and passkeys",
        default=True,
        help_text="Whether one may sign in with a password or passkey of this site. Without, only "
        "through the organisation's own provider.",
    )
    second_factor = models.JSONField(
        "second factor for",
        default=list,
        blank=True,
        help_text="Roles that open nothing without a second factor.",
    )
    issuer = models.CharField(
        "issuer of the provider",
        max_length=200,
        blank=True,
        help_text="Address of the OpenID Connect provider, such as https://login.bank.example. "
        "Empty: none.",
    )
    client_id = models.CharField(
        "client ID", max_length=191, blank=True, help_text="What the provider calls this site."
    )
    secret_variable = models.CharField(
        "variable of the client secret",
        max_length=100,
        blank=True,
        help_text="Environment variable that holds the client secret. Empty: it was typed in here.",
    )
    domains = models.JSONField(
        "e-mail domains",
        default=list,
        blank=True,
        help_text="The provider signs in only addresses of these domains.",
    )

    class Meta:
        verbose_name = "sign-in rules"
        verbose_name_plural = "sign-in rules"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(passwords=True) | ~models.Q(issuer=""),
                name="org_signinrules_some_way",
            ),
        ]

    def __str__(self) -> str:
        return "Sign-in"


class ProviderSecret(TenantModel):
    """The client secret that was typed in, encrypted; apart from the rules, whose past is read."""

    encrypted = models.TextField(editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant"], name="org_providersecret_once")]

    def __str__(self) -> str:
        return "Client secret"
