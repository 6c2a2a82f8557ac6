"""What is asked when data is brought in, undone, or a name is explained."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest

from metrics.models import Metric, Source
from metrics.naming import METRIC
from metrics.reading import refuse_other_kinds
from org.dates import plausible
from org.errors import DomainError
from org.models import Person
from pmsite.data.limit import too_large

BEGINNING = 4096
DAY = forms.DateInput(attrs={"type": "date"})
COMPLETE = "Only if the source has sent all there is up to this day, included."


class WhoseForm(forms.Form):
    """Whose file it is, and up to which day that source is complete."""

    source = forms.ModelChoiceField(
        queryset=Source.objects.none(),
        to_field_name="code",
        required=False,
        empty_label="Find out from the header row",
        help_text="Which columns a file has says whose it is; choose where that is not enough.",
    )
    complete_through = forms.DateField(
        label="Complete to", widget=DAY, required=False, help_text=COMPLETE
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["source"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Source.objects.order_by("code")

    def clean_complete_through(self) -> Any:
        """A day that can be."""
        day = self.cleaned_data["complete_through"]
        if day is not None and not plausible(day):
            raise forms.ValidationError(f"{day} cannot be the day to which a source is complete.")
        return day


class UploadForm(WhoseForm):
    """A file, as the source exports it."""

    file = forms.FileField(
        label="File",
        help_text="A CSV file or a workbook (.xlsx), as the source exports it.",
        error_messages={
            "required": "Choose a file, or drop one here.",
            "empty": "The file is empty. Export it again, and look at it before you send it.",
        },
        max_length=255,
    )
    field_order = ("file", "source", "complete_through")

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if sentence := too_large(request):
            self.fields["file"].error_messages["required"] = sentence

    def clean_file(self) -> UploadedFile:
        """What its beginning shows to be no table is refused at once."""
        file: UploadedFile = self.cleaned_data["file"]
        head = file.read(BEGINNING)
        file.seek(0)
        try:
            refuse_other_kinds(head, str(file.name))
        except DomainError as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return file


class ReasonForm(forms.Form):
    """Why a delivery is undone."""

    reason = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        help_text="Stays in the audit trail.",
        error_messages={"required": "Say why the delivery is undone: the reason stays with it."},
    )


class HandledForm(forms.Form):
    """What became of rows that were left out."""

    handled = forms.CharField(
        label="What became of them",
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=2000,
        help_text="For example: not ours, or in the file of the 3rd. It stays with the delivery.",
    )


class CompleteForm(forms.Form):
    """Up to which day a source is complete."""

    through = forms.DateField(label="Complete to", widget=DAY)


class PersonForm(forms.Form):
    """Whom a source means by a name."""

    what = "person"
    person = forms.CharField(
        help_text="Personnel number, or the full name where only one person has it.",
        widget=forms.TextInput(attrs={"list": "people", "autocomplete": "off"}),
    )
    valid_from = forms.DateField(
        label="From",
        widget=DAY,
        required=False,
        help_text="Left empty: as long as there are files.",
    )

    def clean_person(self) -> Person:
        """The person with the number or, if only one has it, the name."""
        text = self.cleaned_data["person"].strip()
        found = Person.objects.filter(code=text).first()
        if found is None:
            named = list(Person.objects.filter(name__iexact=text)[:2])
            found = named[0] if len(named) == 1 else None
        if found is None:
            raise forms.ValidationError(
                f"Nobody, or more than one person, is called “{text}”. Give the personnel number."
            )
        return found


class MetricForm(forms.Form):
    """Which metric a source means by a name."""

    what = "metric"
    metric = forms.ModelChoiceField(queryset=Metric.objects.none(), to_field_name="code")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["metric"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Metric.objects.order_by("code")


def name_form(reason: str, *args: Any, **kwargs: Any) -> PersonForm | MetricForm:
    """The form that explains a name, by what the name was taken for."""
    return (MetricForm if reason == METRIC else PersonForm)(*args, **kwargs)
