"""The tenant's rules for signing in: read, changed, and asked of a session.

Who may sign in at all is global (a user has one password); what a session must show before it
opens a tenant is said by that tenant (docs/adr/0141).
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import transaction

from org import audit
from org.errors import DomainError
from org.models import Membership, ProviderSecret, SignInRules, Tenant, User
from org.permissions import Role
from org.secret_text import decrypt, encrypt
from org.tenancy import current_tenant_id, enter

HERE = "here"
"""A sign-in with what the user has on this site: a password or a passkey."""

SECRET_PREFIX = "SSO_SECRET_"
DOMAIN = re.compile(r"(?!-)[a-z0-9-]+(\.[a-z0-9-]+)+")


@dataclass(frozen=True)
class Rules:
    """The rules of one tenant, as its file says them. ``domains`` empty: any."""

    passwords: bool = True
    second_factor: tuple[Role, ...] = ()
    issuer: str = ""
    client_id: str = ""
    secret_variable: str = ""
    domains: tuple[str, ...] = ()

    def accepts(self, ways: Collection[str], *, tenant_code: str) -> bool:
        """Whether a session that was opened in these ways (HERE, or a tenant's code) may enter."""
        return (self.passwords and HERE in ways) or (bool(self.issuer) and tenant_code in ways)

    def wants_second_factor(self, roles: Collection[Role]) -> bool:
        """Whether somebody with these roles needs a second factor."""
        return not set(self.second_factor).isdisjoint(roles)


def rules_of(tenant: Tenant) -> Rules:
    """The rules of a tenant; it need not be entered."""
    row = getattr(tenant, "sign_in_rules", None)
    if row is None:
        return Rules()
    return Rules(
        passwords=row.passwords,
        second_factor=tuple(Role(role) for role in row.second_factor),
        issuer=row.issuer,
        client_id=row.client_id,
        secret_variable=row.secret_variable,
        domains=tuple(row.domains),
    )


def client_secret(tenant: Tenant) -> str:
    """The client secret at the tenant's provider; empty where none is set."""
    variable = rules_of(tenant).secret_variable
    if variable:
        return os.environ.get(variable, "")
    with enter(tenant.pk):
        row = ProviderSecret.objects.first()
    return decrypt(row.encrypted) if row else ""


@transaction.atomic
def set_rules(
    wanted: Rules, *, by: User | None, at: datetime, secret: str = ""
) -> tuple[list[str], bool]:
    """Give the entered tenant these rules; answer the names of what changed, and whether new.

    ``secret`` is a client secret typed in; empty leaves the one that is there. The audit trail
    says that it changed, never what it is.
    """
    if problems := tuple(_problems(wanted)):
        raise DomainError("The rules for signing in cannot be saved.", problems)
    tenant_id = current_tenant_id()
    row = SignInRules.objects.filter(tenant=tenant_id).first()
    made = row is None
    row = row or SignInRules(tenant_id=tenant_id)
    before = {name: getattr(row, name) for name in FIELDS}
    values = {name: _plain(getattr(wanted, name)) for name in FIELDS}
    changed = [name for name in FIELDS if before[name] != values[name]]
    for name in changed:
        setattr(row, name, values[name])
    if changed:
        row.save()
    if not made and "issuer" in changed:  # whom another provider means by the same name is open
        SocialAccount.objects.filter(provider=row.tenant.code).delete()
    if secret:
        ProviderSecret.objects.update_or_create(defaults={"encrypted": encrypt(secret)})
    noted = [*changed, *(["client secret"] if secret else [])]
    if noted:
        detail = {name: [before[name], values[name]] for name in changed}
        audit.record(action="sign-in rules", subject=", ".join(noted), by=by, at=at, detail=detail)
    return noted, made


FIELDS = ("passwords", "second_factor", "issuer", "client_id", "secret_variable", "domains")


def _plain(value: Any) -> Any:
    return [str(item) for item in value] if isinstance(value, tuple) else value


def _problems(wanted: Rules) -> Iterable[str]:
    if wanted.issuer:
        yield from _provider_problems(wanted)
    elif not wanted.passwords:
        yield "passwords: without them and without a provider nobody could sign in."
    if wanted.secret_variable and not wanted.secret_variable.startswith(SECRET_PREFIX):
        yield (
            f"secret_variable: “{wanted.secret_variable}” must begin with {SECRET_PREFIX}, so that "
            "no other setting can be sent to a provider."
        )
    for domain in wanted.domains:
        if not DOMAIN.fullmatch(domain):
            yield f"domains: “{domain}” is no domain in small letters, such as bank.example."


def _provider_problems(wanted: Rules) -> Iterable[str]:
    address = urlsplit(wanted.issuer)
    here = address.hostname in ("localhost", "127.0.0.1") and settings.SSO_ON_LOOPBACK
    if address.scheme != "https" and not (address.scheme == "http" and here):
        yield f"issuer: “{wanted.issuer}” must begin with https://."
    if address.query or address.fragment or not address.hostname:
        yield f"issuer: “{wanted.issuer}” is no address of an issuer."
    if not wanted.client_id:
        yield "client_id: a provider knows this site by one."


def vouched_member(tenant: Tenant, *, email: str, verified: bool) -> User:
    """The member of a tenant whom its provider vouches for by their e-mail address.

    Refuses an address that the provider has not verified, one of another domain, and one that no
    member has, or several.
    """
    if not email or not verified:
        raise DomainError(
            f"The provider of {tenant} did not say that your e-mail address is verified. Ask those "
            "who run it."
        )
    domains = rules_of(tenant).domains
    if domains and email.rpartition("@")[2].lower() not in domains:
        raise DomainError(f"{tenant} does not let in e-mail addresses such as {email}.")
    members = User.objects.filter(
        memberships__tenant=tenant, email__iexact=email, is_active=True
    ).distinct()
    if len(members) != 1:
        raise DomainError(
            f"Nobody at {tenant} has the e-mail address {email} here. Ask an administrator to "
            "enter it."
        )
    return members[0]


def note_in(
    tenants: Iterable[int],
    *,
    action: str,
    subject: str,
    at: datetime,
    address: str | None,
    by: User | None = None,
    reason: str = "",
    detail: dict[str, Any] | None = None,
) -> None:
    """Write into the audit trails of tenants what happened about a sign-in, and from where."""
    for tenant_id in sorted(tenants):
        with enter(tenant_id, by=by, through="sign-in", at=at):
            audit.record(
                action=action,
                subject=subject,
                by=by,
                at=at,
                reason=reason,
                detail={"address": address or "not known", **(detail or {})},
            )


def tenants_of(user: User) -> list[int]:
    """The keys of the tenants that a user works for."""
    return list(Membership.objects.filter(user=user).values_list("tenant_id", flat=True))
