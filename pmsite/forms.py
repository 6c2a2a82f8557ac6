"""How forms look: Django's own rendering with one set of templates."""

from __future__ import annotations

from django.forms.renderers import TemplatesSetting


class PageRenderer(TemplatesSetting):
    """Field by field: label, control, help, and what is wrong, each tied to the control."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"
