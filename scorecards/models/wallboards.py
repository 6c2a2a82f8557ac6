"""Wallboards: full-screen pages for a television, and the addresses that open them."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from org.base import TenantForeignKey, TenantModel
from org.history import tracked
from scorecards.models.leaderboards import Leaderboard, Names, check_code


@tracked(key="code")
class Wallboard(TenantModel):
    """A page that a screen shows all day. It never shows what anybody is paid."""

    code = models.CharField(max_length=60, validators=[check_code])
    title = models.CharField(max_length=80)
    unit = TenantForeignKey(
        "org.Unit",
        null=True,
        blank=True,
        help_text="Where it hangs: rankings show only its people, and those below it.",
    )
    names = models.CharField(
        max_length=10,
        choices=Names.choices,
        default=Names.INITIALS,
        help_text="A leaderboard by initials stays so on every screen.",
    )
    refresh_seconds = models.PositiveSmallIntegerField(
        default=60, validators=[MinValueValidator(10), MaxValueValidator(3600)]
    )
    active = models.BooleanField(default=True, help_text="Off: no address opens it.")

    class Meta:
        ordering = ["title", "code"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "code"], name="scorecards_wallboard_code"),
            models.CheckConstraint(
                condition=models.Q(refresh_seconds__range=(10, 3600)),
                name="scorecards_wallboard_refresh",
            ),
        ]

    def __str__(self) -> str:
        return self.title


@tracked(key="wallboard__code")
class WallPanel(TenantModel):
    """A part of a wallboard, at its place from the left."""

    class Kind(models.TextChoices):
        LEADERBOARD = "leaderboard", "The first places of a leaderboard"
        GOAL = "goal", "How far all on a leaderboard are to their goal together"
        MESSAGES = "messages", "What supervisors have to say"

    wallboard = TenantForeignKey(Wallboard, models.CASCADE, related_name="panels")
    order = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12, choices=Kind.choices)
    leaderboard = TenantForeignKey(Leaderboard, null=True, blank=True, related_name="panels")
    top = models.PositiveSmallIntegerField(
        default=8,
        validators=[MinValueValidator(1), MaxValueValidator(10)],
        help_text="So many places, 10 at most: the screen does not scroll.",
    )

    class Meta:
        ordering = ["wallboard", "order"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "wallboard", "order"], name="scorecards_wallpanel_order"
            ),
            models.CheckConstraint(
                condition=models.Q(kind="messages", leaderboard=None)
                | (~models.Q(kind="messages") & models.Q(leaderboard__isnull=False)),
                name="scorecards_wallpanel_kind",
            ),
            models.CheckConstraint(
                condition=models.Q(top__range=(1, 10)), name="scorecards_wallpanel_top"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.wallboard}: {self.leaderboard or self.get_kind_display()}"


class WallMessage(TenantModel):
    """A sentence on a wallboard from one moment to another."""

    wallboard = TenantForeignKey(Wallboard, models.CASCADE, related_name="messages")
    text = models.CharField(max_length=160)
    begins = models.DateTimeField()
    ends = models.DateTimeField()
    by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["begins", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "wallboard", "text", "begins"], name="scorecards_wallmessage_once"
            ),
            models.CheckConstraint(
                condition=models.Q(begins__lte=models.F("ends")), name="scorecards_wallmessage_time"
            ),
        ]

    def __str__(self) -> str:
        return self.text


class WallToken(models.Model):
    """An address that opens a wallboard. Global: it is looked up before the tenant is known.

    Only the hash of its secret is kept. ``wallboard_id`` is a row of the tenant it names.
    """

    sha256 = models.CharField(max_length=64, unique=True)
    tenant = models.ForeignKey("org.Tenant", models.PROTECT, related_name="+")
    wallboard_id = models.BigIntegerField()
    label = models.CharField(max_length=80, help_text="Which screen it is for.")
    made_at = models.DateTimeField()
    made_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+")
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True, help_text="When a screen last asked, to the minute.")

    class Meta:
        ordering = ["-made_at", "-id"]
        indexes = [models.Index(fields=["tenant", "wallboard_id"], name="scorecards_walltoken_of")]

    def __str__(self) -> str:
        return self.label
