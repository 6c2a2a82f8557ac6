"""Forms of signing in, in our words."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms


class LoginForm(AllauthLoginForm):
    """E-mail address or user name, and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        login, password = self.fields["login"], self.fields["password"]
        login.label = "E-mail address or user name"
        login.widget = forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        )
        login.max_length = 254
        password.widget.attrs.pop("placeholder", None)
        password.help_text = ""


class PasskeyForm(AddWebAuthnForm):
    """A key by a name of its own, which may also be the whole sign-in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = "Name"
        self.fields["name"].help_text = "So that you tell your keys apart, such as “my phone”."
        self.fields["name"].max_length = 100
        alone = self.fields["passwordless"]
        alone.label = "Sign in with this key alone, without a password"
        alone.help_text = "The key then asks for your fingerprint, face or PIN."
        alone.initial = True
