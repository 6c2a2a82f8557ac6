"""What those who look after a wallboard fill in: an address, a message."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core import signing

from org.models import Tenant
from scorecards.models import Wallboard
from scorecards.walls import new_secret

SALT = "wallboard address"
STALE_S = 12 * 60 * 60


class TokenForm(forms.Form):
    """An address for a screen. Its secret is made with the form, so that sending the form twice
    asks for the same address."""

    label = forms.CharField(
        label="Which screen is it for?", max_length=80, help_text="For example: Floor 2, west."
    )
    until = forms.DateField(
        label="Last day",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Left empty, it holds until somebody revokes it.",
    )
    secret = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, wallboard: Wallboard, tenant: Tenant, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "address_%s", **kwargs})
        self.tenant = tenant
        self.signer = signing.TimestampSigner(salt=f"{SALT} {tenant.pk} {wallboard.pk}")
        if not self.is_bound:
            self.initial["secret"] = self.signer.sign(new_secret())

    def clean_secret(self) -> str:
        """The secret, if this site made it for this wallboard, today."""
        try:
            return self.signer.unsign(self.cleaned_data["secret"], max_age=STALE_S)
        except signing.BadSignature as error:
            raise forms.ValidationError(
                "This form is too old. Open the page again, and fill it in there."
            ) from error

    def expires_at(self) -> datetime | None:
        """The end of the last day, on the tenant's clock."""
        day = self.cleaned_data["until"]
        if day is None:
            return None
        return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(self.tenant.time_zone))


class MessageForm(forms.Form):
    """A sentence for a wallboard, from one moment to another on the tenant's clock."""

    text = forms.CharField(label="Message", max_length=160)
    begins = forms.DateTimeField(
        label="From",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    ends = forms.DateTimeField(
        label="To",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "message_%s", **kwargs})
