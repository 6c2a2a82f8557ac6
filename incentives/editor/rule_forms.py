"""Forms of rules outside plans: kinds of transaction, credit rules, pay rules of pay groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from django import forms

from formula import name_problem
from incentives.editor.forms import FormulaField, Group, Shown
from incentives.editor.version_forms import day_field
from metrics.attributes import TYPES, attributes_of
from metrics.credit_rules import RECORDED
from metrics.models import Metric, TransactionKind
from org.admin_base import SentenceList
from org.config_tools import without_defaults
from org.models import Calendar, PayGroup

NOWHERE = "none"
Entry = dict[str, Any]


class RuleForm(forms.Form):
    """An entry of the tenant file as fields.

    ``where`` maps its keys to the fields of the form, ``keys`` are those that the form shows.
    """

    groups: tuple[Group, ...] = ()
    where: Mapping[str, str] = {}
    keys: frozenset[str] = frozenset()
    reason = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Why it changes. Whoever approves it reads this.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "error_class": SentenceList})

    def grouped(self) -> Iterator[Shown]:
        """The groups with their fields."""
        for group in (*self.groups, Group("Why", "", ("reason",))):
            fields = [self[name] for name in group.fields]
            chosen = any(field.value() or field.errors for field in fields)
            yield Shown(group, fields, not group.aside or chosen)

    def entry(self) -> Entry:
        """The entry as the tenant file says it, as far as the form goes."""
        raise NotImplementedError(f"{type(self).__name__} writes no entry")

    def beside(self, before: Entry | None) -> Entry:
        """The entry with what the form does not show left as it was."""
        rest = {key: value for key, value in (before or {}).items() if key not in self.keys}
        return {**self.entry(), **rest}

    def place(self, problems: Iterable[str]) -> None:
        """Put each problem of the section at the field that it is about."""
        for problem in problems:
            where, _, sentence = problem.partition(": ")
            tail = where.rpartition(".")[2].partition("[")[0]
            field = self.where.get(tail, tail)
            text = sentence or problem
            self.add_error(field if field in self.fields else None, text[:1].upper() + text[1:])


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()]


def _pairs(text: str) -> dict[str, str]:
    """Lines such as ``amount: money``."""
    found = {}
    for line in text.splitlines():
        if line.strip():
            name, _, rest = line.partition(":")
            found[name.strip()] = rest.strip()
    return found


# --- kinds of transaction


class KindForm(RuleForm):
    """What the transactions of a kind have: attributes, dates, people, and how they are undone."""

    groups = (
        Group("What it is", "A deal, account or payment that is paid, and taken back, singly.",
              ("code", "name", "key")),
        Group("What it says", "Attributes and dates are what formulas read of it.",
              ("attributes", "dates")),
        Group("Who takes part", "Roles that people play, each with its share.", ("roles",)),
        Group("When it is taken back", "How far it counts as undone, and from which day.",
              ("undone_share", "undone_on"), aside=True),
    )  # fmt: skip
    where = {"undone": "undone_share", "share": "undone_share", "on": "undone_on"}
    keys = frozenset({"name", "key", "dates", "attributes", "roles", "undone"})

    code = forms.CharField(max_length=60, help_text="As formulas and files call it, such as sale.")
    name = forms.CharField(required=False, max_length=200, help_text="As people read it.")
    key = forms.CharField(
        help_text="Columns of the file that together name one, such as sale_no. A newer row of the"
        " same key takes the place of the older one.",
    )
    attributes = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false"}),
        help_text=f"A name and its type a line, such as amount: money. Types: {', '.join(TYPES)}.",
    )
    dates = forms.CharField(
        required=False, help_text="Names of its dates, such as sold, collected, cancelled."
    )
    roles = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text="A role a line: seller has the whole, “helper: helper_share” names the column of"
        " its share, “seller: equal” gives equal parts.",
    )
    undone_share = FormulaField(
        label="How far it is undone",
        help_text="0 (not) to 1 (wholly), such as IF(ISBLANK(cancelled), 0, 1).",
    )
    undone_on = FormulaField(
        label="On which day", help_text="One of its dates, such as cancelled, or a formula."
    )

    def __init__(self, *args: Any, kind: TransactionKind | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kind is not None:
            self.fields["code"].disabled = True
            self.initial.update(
                code=kind.code,
                name=kind.name,
                key=", ".join(kind.key_columns),
                attributes="\n".join(f"{n}: {t}" for n, t in kind.attributes.items()),
                dates=", ".join(kind.dates),
                roles="\n".join(_role_line(n, said) for n, said in kind.roles.items()),
                undone_share=kind.undone_share,
                undone_on=kind.undone_on,
            )

    def clean_code(self) -> str:
        """A name as formulas have."""
        code = str(self.cleaned_data["code"]).strip()
        if trouble := name_problem(code):
            raise forms.ValidationError(trouble)
        return code

    def clean_attributes(self) -> dict[str, str]:
        """Attributes with known types."""
        found = _pairs(self.cleaned_data["attributes"])
        for name, type_ in found.items():
            if type_ not in TYPES:
                raise forms.ValidationError(
                    f"“{name}: {type_}” has no type. Write one of {', '.join(TYPES)}, such as"
                    f" {name}: number."
                )
        return found

    def entry(self) -> Entry:
        data = self.cleaned_data
        undone = {"share": data["undone_share"].strip(), "on": data["undone_on"].strip()}
        roles = _pairs(data["roles"])
        return without_defaults(
            {
                "name": data["name"],
                "key": _listed(data["key"]),
                "dates": _listed(data["dates"]),
                "attributes": data["attributes"],
                "roles": {role: {"share": share} if share else {} for role, share in roles.items()},
                "undone": without_defaults(undone, {}),
            },
            {},
        )


def _role_line(name: str, said: Mapping[str, Any]) -> str:
    return f"{name}: {said['share']}" if said.get("share") else name


# --- credit rules


class CreditForm(RuleForm):
    """Which transactions count for whom, how much, in which metric."""

    groups = (
        Group("Which transactions", "In each group the first rule that takes one credits it.",
              ("group", "order", "when")),
        Group("For whom, and how much", "Whom it credits, with what, in which metric.",
              ("to", "split", "amount", "weight", "into")),
        Group("On which day", "Which date counts, and from when to when the rule holds.",
              ("on", "once_per", "first", "until")),
    )  # fmt: skip
    where = {"from": "first"}
    keys = frozenset(
        {"group", "order", "kind", "when", "to", "split", "amount", "weight", "into", "on"}
        | {"once_per", "from", "until"}
    )

    group = forms.CharField(
        max_length=60,
        help_text="Rules of one group take a transaction from each other; groups are independent,"
        " so an overlay is a group of its own. Such as volume.",
    )
    order = forms.IntegerField(min_value=0, help_text="Its place in the group; 1 is asked first.")
    when = FormulaField(
        help_text="A condition, such as AND(amount >= 20000, margin >= 35%). Empty: all that are"
        " left."
    )
    to = forms.CharField(
        required=False,
        help_text="Roles, such as seller, helper; “manager of seller” for the manager of that day;"
        " “unit north” for a unit's head.",
    )
    split = forms.BooleanField(
        required=False,
        label="Shares must sum to exactly 100 %",
        help_text="Else the transaction waits in the queue and credits nobody.",
    )
    amount = FormulaField(help_text="What is credited, such as amount or amount * 50%. Empty: 1.")
    weight = FormulaField(help_text="Only for ratios and means: by what it is divided.")
    into = forms.ChoiceField(
        help_text="The metric that it counts in; or none, to leave it out on purpose."
    )
    on = forms.ChoiceField(
        required=False, label="The date that counts", help_text="Such as the day it was sold."
    )
    once_per = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Only once per",
        help_text="The earliest counts, such as once per customer and product.",
    )
    first = day_field(required=False, label="From", help_text="Empty: since ever.")
    until = day_field(
        required=False, help_text="The first day on which it no longer counts. Empty: no end."
    )

    def __init__(
        self, *args: Any, kind: TransactionKind, item: Entry | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        typed = attributes_of(kind)
        metrics = [(m.code, m.name) for m in Metric.objects.order_by("name")]
        self._offer("into", [*metrics, (NOWHERE, "none: left out on purpose")])
        days = [(d, d) for d in kind.dates]
        self._offer("on", [("", "—"), *days, (RECORDED, "the day it came in")])
        self._offer("once_per", [(item.name, item.name) for item in typed])
        if item is not None:
            to = item.get("to", [])
            said = {**item, "to": to if isinstance(to, str) else ", ".join(to)}
            self.initial.update(said, first=item.get("from"))

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def entry(self) -> Entry:
        data = self.cleaned_data
        to = _listed(data["to"])
        said = {
            "group": data["group"],
            "order": data["order"],
            "kind": self.kind.code,
            "when": data["when"].strip(),
            "to": to[0] if len(to) == 1 else to,
            "split": data["split"] or None,
            "amount": data["amount"].strip(),
            "weight": data["weight"].strip(),
            "into": data["into"],
            "on": data["on"],
            "once_per": data["once_per"],
        }
        days: dict[str, date | None] = {"from": data["first"], "until": data["until"]}
        return {**without_defaults(said, {}), **{k: v for k, v in days.items() if v}}


# --- pay rules


class PayRuleForm(RuleForm):
    """What a pay run does between what is due and what is paid, for the people of a pay group."""

    groups = (
        Group("When and in what", "The dates on which these people are paid.",
              ("calendar", "currency")),
        Group("Draw", "An advance on pay to come. A guarantee is not a draw: it is a component's"
              " floor.", ("draw", "minimum")),
        Group("Debts", "What is owed back, and how much of a pay it may take.",
              ("recover", "protect", "protect_amount", "negative", "debts", "leavers")),
    )  # fmt: skip

    keys = frozenset(
        {"calendar", "currency", "draw", "recover", "protect", "negative", "minimum", "leavers"}
        | {"debts"}
    )
    calendar = forms.ModelChoiceField(
        queryset=Calendar.objects.none(),
        to_field_name="code",
        help_text="Its periods carry the pay dates.",
    )
    currency = forms.RegexField(
        r"^[A-Z]{3}$", required=False, help_text="Empty: your organisation's."
    )
    draw = forms.CharField(
        required=False,
        help_text="Pay is topped up to this much a period, as a loan, such as 1800. Empty: none.",
    )
    minimum = forms.CharField(
        required=False,
        help_text="What comes to less waits for the next pay date, such as 50. Empty: none.",
    )
    recover = forms.CharField(
        required=False,
        label="Recover at most",
        help_text="The share of pay above the protected amount that debts take, such as 50%."
        " Empty: all of it.",
    )
    protect = forms.ChoiceField(
        choices=PayGroup.Protect.choices, label="Protected", help_text="Debts never touch this."
    )
    protect_amount = forms.CharField(
        required=False, label="Protected amount", help_text="Only where an amount is protected."
    )
    negative = forms.ChoiceField(
        choices=PayGroup.Negative.choices,
        label="A difference below zero",
        help_text="Of an earlier period, as after a cancellation.",
    )
    debts = forms.CharField(
        required=False,
        label="Order of debts",
        help_text=f"Such as {', '.join(PayGroup.DEBTS)}. Empty: the oldest first.",
    )
    leavers = forms.ChoiceField(choices=PayGroup.Leavers.choices, label="Those who have left")

    def __init__(self, *args: Any, item: Entry | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        calendar = self.fields["calendar"]
        assert isinstance(calendar, forms.ModelChoiceField)
        calendar.queryset = Calendar.objects.order_by("code")
        said = dict(item or {})
        protect = said.pop("protect", "none")
        debts = said.pop("debts", [])
        known = protect in ("none", "draw")
        self.initial.update(
            said,
            protect=protect if known else "amount",
            protect_amount="" if known else str(protect),
            debts="" if isinstance(debts, str) else ", ".join(debts),
            negative=said.get("negative", PayGroup.Negative.CARRY.value),
            leavers=said.get("leavers", PayGroup.Leavers.REPAY_ALL_DUE.value),
        )

    def entry(self) -> Entry:
        data = self.cleaned_data
        protect = data["protect"]
        said = {
            "calendar": data["calendar"].code,
            "currency": data["currency"],
            "draw": data["draw"].strip(),
            "recover": data["recover"].strip(),
            "protect": data["protect_amount"].strip() if protect == "amount" else protect,
            "negative": data["negative"],
            "minimum": data["minimum"].strip(),
            "leavers": data["leavers"],
            "debts": _listed(data["debts"]),
        }
        usual = {
            "protect": "none",
            "negative": PayGroup.Negative.CARRY.value,
            "leavers": PayGroup.Leavers.REPAY_ALL_DUE.value,
        }
        return {k: v for k, v in said.items() if v not in ("", [], None) and v != usual.get(k)}
