"""The base of every tenant row: a tenant, a policy and composite foreign keys, none forgettable."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.base import ModelBase

from org.constraints import NotedByHand, TenantPolicy, TenantReference
from org.dates import NEVER
from org.tenancy import current_tenant_id, tenant_from_setting


class TenantForeignKey(models.ForeignKey):
    """A foreign key within a tenant; its constraint is the composite one of a tenant model."""

    def __init__(self, to: Any, on_delete: Any = models.PROTECT, **kwargs: Any) -> None:
        super().__init__(to, on_delete, **{**kwargs, "db_constraint": False})

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.ForeignKey", args, kwargs


class TenantModelBase(ModelBase):
    """Gives each concrete tenant model its policy, its (tenant, id) key and its references."""

    def __new__(
        mcs, name: str, bases: tuple[type, ...], attrs: dict[str, Any], **kwargs: Any
    ) -> Any:
        meta = attrs.get("Meta")
        if not getattr(meta, "abstract", False):
            given = list(getattr(meta, "constraints", []))
            own = {"constraints": [*given, *_tenant_constraints(name, bases, attrs)]}
            attrs["Meta"] = type("Meta", (meta,) if meta else (), own)
        return super().__new__(mcs, name, bases, attrs, **kwargs)


def _tenant_constraints(name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> list[Any]:
    label = f"{attrs['__module__'].split('.')[0]}_{name.lower()}"
    constraints: list[Any] = [TenantPolicy(name=f"{label}_tenant")]
    if not isinstance(attrs.get("pk"), models.CompositePrimaryKey):
        constraints.append(models.UniqueConstraint(fields=["tenant", "id"], name=f"{label}_key"))
    if any(issubclass(base, Recorded) for base in bases):
        constraints.append(NotedByHand(name=f"{label}_by_hand"))
    inherited = {f.name: f for b in bases if hasattr(b, "_meta") for f in b._meta.local_fields}
    for field_name, field in {**inherited, **attrs}.items():
        if isinstance(field, TenantForeignKey):
            reference = TenantReference(field=field_name, name=f"{label}_{field_name}_ref"[:63])
            constraints.append(reference)
    return constraints


class TenantModel(models.Model, metaclass=TenantModelBase):
    """A row that belongs to one tenant and is invisible to every other."""

    tenant = models.ForeignKey(
        "org.Tenant",
        models.PROTECT,
        default=current_tenant_id,
        db_default=tenant_from_setting(),
        editable=False,
        db_index=False,
        related_name="+",
    )

    class Meta:
        abstract = True


class NumerousModel(TenantModel):
    """A tenant row of which there are millions: the policy alone keeps its tenant right.

    A foreign key to the tenant would be checked row by row when the transaction ends, which takes
    as long again as writing the rows (docs/adr/0090).
    """

    tenant = models.ForeignKey(
        "org.Tenant",
        models.PROTECT,
        default=current_tenant_id,
        db_default=tenant_from_setting(),
        editable=False,
        db_index=False,
        db_constraint=False,
        related_name="+",
    )

    class Meta:
        abstract = True


class Recorded(models.Model):
    """The second time of an input row: when it became known, and when it was replaced."""

    recorded_at = models.DateTimeField(editable=False)
    superseded_at = models.DateTimeField(default=NEVER, editable=False)

    class Meta:
        abstract = True


class Dated(models.Model):
    """The first time of an input row: the days ``[valid_from, valid_to)`` on which it counts."""

    valid_from = models.DateField()
    valid_to = models.DateField(help_text="First day on which it no longer counts.")

    class Meta:
        abstract = True


CURRENT = models.Q(superseded_at=NEVER)
