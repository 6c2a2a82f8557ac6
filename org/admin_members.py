"""Members in the admin: a login and its roles for somebody new, and the link to set a password."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ResetPasswordForm
from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format

from org.access import today
from org.admin_base import TenantAdmin, TenantForm
from org.audit import record
from org.models import Membership, Person, User
from org.permissions import Permission, Role
from org.tenancy import current_tenant_id
from org.users import add_member, enter_email, grant_role

# What one does with these stands in the admin, so a new member with one of them opens it.
WITH_ADMIN = frozenset({Role.PLAN_MANAGER, Role.PAYROLL, Role.AUDITOR, Role.ADMINISTRATOR})


class MemberForm(TenantForm):
    """Somebody new by e-mail address, or who a member is among the people."""

    email = forms.EmailField(
        label="E-mail address",
        help_text="They sign in with it, and get a link there to set a password.",
    )
    name = forms.CharField(
        label="Name", required=False, max_length=300, help_text="Given name and family name."
    )
    number = forms.CharField(
        label="Personnel number",
        required=False,
        help_text="Who they are among your people. Empty: nobody, as an auditor from outside.",
    )
    roles = forms.MultipleChoiceField(
        label="Roles from today",
        choices=[(role.value, role.label) for role in Role],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="For a time, or as a deputy: under Role grants.",
    )

    class Meta:
        model = Membership
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        member = self.instance
        if not member.pk:
            member.tenant_id = current_tenant_id()
        else:
            self.initial["email"] = member.user.email
            self.initial["number"] = member.person.code if member.person else ""
            self.fields["email"].disabled = bool(member.user.email)
            self.fields["email"].required = False
            del self.fields["name"], self.fields["roles"]

    def clean_email(self) -> str:
        """Somebody who is no member yet."""
        email: str = self.cleaned_data["email"].strip()
        if self.instance.pk is None:
            members = Membership.objects.filter(tenant=current_tenant_id())
            if members.filter(user__email__iexact=email).exists():
                raise ValidationError(f"{email} is a member already. Look for it in the list.")
        return email

    def clean_number(self) -> str:
        """Somebody of the organisation's people, and of one login only."""
        number: str = self.cleaned_data["number"].strip()
        if not number:
            return ""
        person = Person.objects.filter(code=number).first()
        if person is None:
            raise ValidationError(f"Nobody has the personnel number “{number}”.")
        others = Membership.objects.filter(tenant=current_tenant_id(), person=person)
        other = others.exclude(pk=self.instance.pk).select_related("user").first()
        if other is not None:
            raise ValidationError(f"{person} has a login already: {other.user}.")
        return number


class MembershipAdmin(TenantAdmin):
    """Global rows: the organisation's own are picked here, row-level security does not."""

    form = MemberForm
    see = Permission.MANAGE_USERS
    write = Permission.MANAGE_USERS
    list_display = ("login", "email", "person", "roles_now", "last_sign_in")
    list_select_related = ("user", "person", "tenant")
    search_fields = ("user__username", "user__email", "user__last_name")
    ordering = ("user__username",)
    actions = ("send_link",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        own = super().get_queryset(request).filter(tenant=current_tenant_id())
        return own.prefetch_related("grants")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What is asked of somebody new, or told and changed of a member."""
        if obj is None:
            return ["email", "name", "number", "roles"]
        told = ["login", "roles_now", "last_sign_in"]
        if not self.has_change_permission(request, obj):
            return [*told, "email", "person"]
        return [*told, "email", "number"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Roles are given and ended by their own rows."""
        return [] if obj is None else ["login", "roles_now", "last_sign_in"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What they did keeps their name; they are let in no more when their roles end."""
        return False

    @admin.display(description="Login", ordering="user__username")
    def login(self, row: Membership) -> str:
        """The user name, and the name where they differ."""
        name = row.user.get_full_name()
        return f"{name} ({row.user.get_username()})" if name else row.user.get_username()

    @admin.display(description="E-mail address", ordering="user__email")
    def email(self, row: Membership) -> str:
        """Where links to set a password go."""
        return row.user.email

    @admin.display(description="Roles")
    def roles_now(self, row: Membership) -> str:
        """What they may do today."""
        on = today(row.tenant)
        grants = [g for g in row.grants.all() if g.valid_from <= on < g.valid_to]
        return ", ".join(sorted(g.get_role_display() for g in grants)) or "none"

    @admin.display(description="Last sign-in", ordering="user__last_login")
    def last_sign_in(self, row: Membership) -> str:
        """When they were here, if ever."""
        last = row.user.last_login
        return date_format(timezone.localtime(last), "DATETIME_FORMAT") if last else "never"

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        said, at, by = form.cleaned_data, timezone.now(), request.user
        assert isinstance(by, User)
        person = Person.objects.filter(code=said["number"]).first() if said["number"] else None
        if change:
            enter_email(membership=obj, email=said["email"], by=by, at=at)
            obj.person = person
            obj.save(update_fields=["person"])
            return
        roles = [Role(role) for role in said["roles"]]
        email = said["email"]
        known = User.objects.filter(email__iexact=email).first()
        made = add_member(
            username=known.get_username() if known else email,
            name=said["name"],
            email=email,
            person=person,
            staff=not WITH_ADMIN.isdisjoint(roles),
            by=by,
            at=at,
        )
        for role in roles:
            grant_role(membership=made, role=role, on=today(made.tenant), by=by, at=at)
        obj.pk, obj.user, obj.tenant = made.pk, made.user, made.tenant
        if known is None:
            self._send(request, made)

    @admin.action(description="Send a link to set a password")
    def send_link(self, request: HttpRequest, chosen: QuerySet[Membership]) -> None:
        """For who lost the first one; it goes to the address of the login."""
        self.demand(request, Permission.MANAGE_USERS)
        for member in chosen:
            if not member.user.email:
                messages.error(request, f"{member.user} has no e-mail address. Enter one first.")
                continue
            self._send(request, member)

    def _send(self, request: HttpRequest, member: Membership) -> None:
        form = ResetPasswordForm(data={"email": member.user.email})
        if not form.is_valid():
            sentences = " ".join(str(error) for error in form.errors.get("email", []))
            messages.error(request, f"No link was sent to {member.user.email}. {sentences}")
            return
        form.save(request)
        record(
            action="send password link",
            subject=f"{member.user.get_username()}: {member.user.email}",
            by=request.user,  # type: ignore[arg-type]
            at=timezone.now(),
        )
        messages.success(request, f"A link to set a password is on its way to {member.user.email}.")
