"""The rules for signing in, in the admin: one row for the organisation, changed by its verb."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from org.admin_base import TenantAdmin, TenantForm
from org.models import ProviderSecret, SignInRules
from org.permissions import Permission, Role
from org.sign_in import Rules, set_rules
from org.tenancy import current_tenant_id


class SignInRulesForm(TenantForm):
    """The rules; the client secret goes in and never comes out."""

    second_factor = forms.MultipleChoiceField(
        label="Second factor for",
        choices=[(role.value, role.label) for role in Role],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="Who has one of these roles opens nothing without a second factor.",
    )
    domains = forms.CharField(
        label="E-mail domains",
        required=False,
        help_text="With commas, such as bank.example. The provider signs in only addresses of "
        "these. Empty: all that it has verified.",
    )
    secret = forms.CharField(
        label="Client secret",
        required=False,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Kept encrypted and never shown. Empty: it stays as it is.",
    )

    class Meta:
        model = SignInRules
        fields = ("passwords", "second_factor", "issuer", "client_id", "domains")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.tenant_id = current_tenant_id()
        self.initial["domains"] = ", ".join(self.initial.get("domains", []))
        if "secret" in self.fields and ProviderSecret.objects.exists():
            self.fields["secret"].widget.attrs["placeholder"] = "There is one"

    def clean(self) -> dict[str, Any] | None:
        """Leave a way in."""
        cleaned = super().clean()
        if not self.cleaned_data.get("passwords") and not self.cleaned_data.get("issuer"):
            self.add_error("passwords", "Without a provider, nobody could sign in any more.")
        return cleaned

    def clean_domains(self) -> list[str]:
        """The domains as a list, in small letters."""
        parts = self.cleaned_data["domains"].lower().split(",")
        return [part.strip() for part in parts if part.strip()]


class SignInRulesAdmin(TenantAdmin):
    """Global rows: the organisation's own is picked here, row-level security does not."""

    form = SignInRulesForm
    see = Permission.SEE_AUDIT
    write = Permission.MANAGE_USERS
    list_display = ("__str__", "passwords", "issuer", "second_factor")
    readonly_fields = ("secret_variable",)
    fields = (
        "passwords",
        "second_factor",
        "issuer",
        "client_id",
        "secret",
        "secret_variable",
        "domains",
    )
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[SignInRules]:
        return super().get_queryset(request).filter(tenant=current_tenant_id())

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """One row is all there is."""
        return super().has_add_permission(request, obj) and not self.get_queryset(request).exists()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: SignInRules, form: Any, change: bool) -> None:
        wanted = Rules(
            passwords=obj.passwords,
            second_factor=tuple(Role(role) for role in obj.second_factor),
            issuer=obj.issuer,
            client_id=obj.client_id,
            secret_variable=obj.secret_variable,
            domains=tuple(obj.domains),
        )
        set_rules(
            wanted,
            by=request.user,  # type: ignore[arg-type]
            at=timezone.now(),
            secret=form.cleaned_data["secret"],
        )
        obj.pk = SignInRules.objects.get(tenant=current_tenant_id()).pk
