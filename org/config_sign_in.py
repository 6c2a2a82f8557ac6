"""``sign_in:`` of the tenant file: what a sign-in must show, and the tenant's own provider."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from org import config_tools as tools
from org.config_section import Section
from org.models import Tenant, User
from org.permissions import Role
from org.sign_in import SECRET_PREFIX, Rules, rules_of, set_rules
from org.tenancy import current_tenant_id

PROVIDER = tools.mapping(
    "The organisation's own identity provider (OpenID Connect). Left out: none.",
    {
        "issuer": tools.text("Address of the issuer, such as https://login.bank.example."),
        "client_id": tools.text("What the provider calls this site."),
        "secret_variable": tools.text(
            f"Environment variable with the client secret; begins with {SECRET_PREFIX}. Left out: "
            "the secret is typed in in the admin."
        ),
        "domains": tools.listing(
            "Only e-mail addresses of these domains are signed in. Left out: all that the provider "
            "has verified.",
            tools.text("A domain in small letters, such as bank.example."),
        ),
    },
    "issuer",
    "client_id",
)
SCHEMA = tools.mapping(
    "How one signs in. Left out: with a password or passkey, without a second factor.",
    {
        "passwords": tools.truth(
            "Whether a password or passkey of this site is enough. false: only the organisation's "
            "provider. Left out: true."
        ),
        "second_factor": tools.listing(
            "Roles that open nothing without a second factor. Left out: none.",
            tools.choice("A role.", [role.value for role in Role]),
        ),
        "provider": PROVIDER,
    },
)
DEFAULTS = {"passwords": True}


def read() -> dict[str, Any] | None:
    """The rules as the file says them; the secret itself is never in a file."""
    held = rules_of(Tenant.objects.get(pk=current_tenant_id()))
    provider = {
        "issuer": held.issuer,
        "client_id": held.client_id,
        "secret_variable": held.secret_variable,
        "domains": list(held.domains),
    }
    said = {
        "passwords": held.passwords,
        "second_factor": [role.value for role in held.second_factor],
        "provider": tools.without_defaults(provider, {}),
    }
    return tools.without_defaults(said, DEFAULTS) or None


def apply(data: Any, *, by: User | None, at: datetime, today: date) -> list[str]:
    """Give the tenant exactly these rules."""
    provider = data.get("provider", {})
    wanted = Rules(
        passwords=data.get("passwords", True),
        second_factor=tuple(Role(role) for role in data.get("second_factor", [])),
        issuer=provider.get("issuer", ""),
        client_id=provider.get("client_id", ""),
        secret_variable=provider.get("secret_variable", ""),
        domains=tuple(provider.get("domains", [])),
    )
    changed, made = set_rules(wanted, by=by, at=at)
    return [f"{'+' if made else '~'} sign-in: {', '.join(changed)}"] if changed else []


SIGN_IN = Section("sign_in", SCHEMA, read, apply)
