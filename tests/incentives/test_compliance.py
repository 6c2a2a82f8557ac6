"""Compliance packs: what each refuses, the sentence that says why, and what it lets through."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from incentives.compliance import Finding, findings
from incentives.compliance.packs import PACKS
from incentives.compliance.switch import set_packs
from incentives.models import PlanVersion
from incentives.publish import check
from metrics.models import Metric
from org.compliance import Pack
from org.errors import DomainError
from org.models import AuditEntry, Fact, FactType, JobType, Person, Tenant
from org.tenancy import enter
from tests.config.files import SMALL, Folder, export
from tests.factories import AT
from tests.incentives.test_found import Small

pytestmark = pytest.mark.django_db

HEAD = """
  till: {map: {transaction: lead, people_by: code}}
units: [{code: north}]
facts: {licence_insurance: {kind: yes_no}}
metrics:
  policies: {name: Policies sold, kind: sum, tags: [insurance_sale]}
  leads: {name: Insurance leads, kind: sum, tags: [insurance_referral]}
  deals: {name: Brokerage deals, kind: sum, tags: [brokerage_sale]}
  introduced: {name: Brokerage introductions, kind: sum, tags: [brokerage_referral]}
  again: {name: Introductions again, kind: sum, tags: [brokerage_referral]}
  loans: {kind: sum}
  volume: {kind: sum, unit: money}
  margin: {name: Loan margin, kind: sum, unit: money, tags: [loan_term]}
  yield_of_loans: {kind: derived, formula: margin / volume}
  priced: {name: Loans by price, kind: sum}
transactions:
  lead:
    key: [no]
    dates: [made]
    attributes: {customer: text, rate: percent, size: money}
    tags: {rate: [loan_term]}
    roles: {seller: {}}
credits:
  - {group: a, order: 1, kind: lead, to: seller, into: introduced, on: made, once_per: [customer]}
  - {group: b, order: 1, kind: lead, to: seller, into: again, on: made}
  - {group: c, order: 1, kind: lead, to: seller, into: priced, on: made, when: rate > 5%}
"""
MEASURES = "{policies: {}, leads: {}, deals: {}, introduced: {}, again: {}, loans: {}, margin: {},"
MEASURES += " yield_of_loans: {}, volume: {}, priced: {}}"


Judge = Callable[..., list[Finding]]


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    """Write a draft with one component and hold it against a pack."""

    def judged(
        pack: str, component: str, *, who: str = "[{}]", jobs: str = "ann,north,agent,2026-01-01,"
    ) -> list[Finding]:
        plan = (
            "plans:\n  p:\n    calendar: monthly\n    versions:\n"
            f"      - in_force: 2026-01-01\n        status: draft\n        eligibility: {who}\n"
            f"        measures: {MEASURES}\n        components:\n          pay: {component}\n"
        )
        Small(tmp_path, jobs, HEAD + plan)
        tenant = Tenant.objects.get(code="small")
        with enter(tenant.pk):
            JobType.objects.filter(code="lead").update(licences=["insurance", "brokerage"])
            set_packs(packs=[pack], by=None, at=AT)
            return findings(PlanVersion.objects.get())

    return judged


def refused(found: list[Finding]) -> list[str]:
    return [one.sentence for one in found if one.refused]


def test_every_pack_has_its_data() -> None:
    assert set(PACKS) == set(Pack)
    assert all(pack.law and pack.says for pack in PACKS.values())


# --- terms of a loan


@pytest.mark.parametrize(
    ("formula", "what"),
    [
        ("margin * 1%", "Loan margin"),
        ("IF(yield_of_loans > 2%, 10, 0)", "Loan margin"),
        ("priced * 5", "lead.rate"),
    ],
)
def test_nobody_is_paid_by_the_terms_of_a_loan(judge: Judge, formula: str, what: str) -> None:
    [sentence] = refused(judge("loan_terms", f"{{formula: '{formula}'}}"))
    assert sentence.startswith(f"“pay” is paid by {what}, a term of a loan.")


def test_an_attribute_that_is_a_term_of_a_loan(judge: Judge) -> None:
    credit = "{per: credit, of: introduced, formula: 'rate * 100'}"
    assert "“pay” is paid by lead.rate" in refused(judge("loan_terms", credit))[0]
    gate = "{formula: '10', gate: 'margin > 3'}"
    assert "“pay” is paid by Loan margin" in refused(judge("loan_terms", gate))[0]


def test_volume_and_number_of_loans_pay(judge: Judge) -> None:
    assert judge("loan_terms", "{formula: 'volume * 0.1% + loans * 5'}") == []


# --- insurance


def test_who_has_no_licence_is_not_paid_on_a_sale(judge: Judge) -> None:
    [found] = judge("insurance_referrals", "{formula: 'policies * 20'}")
    assert found.refused
    assert found.where == "components.pay"
    assert found.sentence == (
        "“pay” is paid by Policies sold, which depends on a sale, and ann has no insurance licence."
        " Pay them for the referral, sold or not, or ask for FACT(licence_insurance) in the gate."
    )
    assert str(found).endswith("(12 CFR 343.50(b))")


def test_the_licensed_are_paid_on_a_sale(judge: Judge) -> None:
    jobs = "ann,north,lead,2026-01-01,"
    assert judge("insurance_referrals", "{formula: 'policies * 20'}", jobs=jobs) == []
    gated = "{formula: 'policies * 20', gate: 'FACT(licence_insurance)'}"
    assert judge("insurance_referrals", gated) == []
    only = "[{job_type: lead}]"
    assert judge("insurance_referrals", "{formula: 'policies * 20'}", who=only) == []


def test_a_job_type_that_nobody_has_yet_counts_too(judge: Judge) -> None:
    jobs = "ann,north,lead,2026-01-01,"
    only = "[{job_type: agent}]"
    [sentence] = refused(
        judge("insurance_referrals", "{formula: 'policies * 20'}", who=only, jobs=jobs)
    )
    assert "the job type agent has no insurance licence" in sentence


def test_a_referral_pays_a_fixed_amount(judge: Judge) -> None:
    assert judge("insurance_referrals", "{formula: 'leads * 10'}") == []
    assert judge("insurance_referrals", "{formula: 'IF(leads > 0, 10, 0)'}") == []
    for text in ("leads * leads", "leads * 10 * 2%", "IF(leads > 5, leads * 20, leads * 10) + 1"):
        [sentence] = refused(judge("insurance_referrals", f"{{formula: '{text}'}}"))
        assert "otherwise than by a fixed amount each" in sentence


def test_a_person_with_a_licence_of_their_own(judge: Judge) -> None:
    assert refused(judge("insurance_referrals", "{formula: 'policies * 20'}"))
    with enter(Tenant.objects.get(code="small").pk):
        Fact.objects.create(
            fact_type=FactType.objects.get(),
            person=Person.objects.get(),
            number=1,
            valid_from=date(2025, 1, 1),
            recorded_at=AT,
        )
        assert findings(PlanVersion.objects.get()) == []


# --- brokerage


def test_a_brokerage_referral_is_fixed_capped_and_once_per_customer(judge: Judge) -> None:
    good = "{formula: 'introduced * 25', cap: '500'}"
    assert judge("brokerage_referrals", good) == []
    [uncapped] = refused(judge("brokerage_referrals", "{formula: 'introduced * 25'}"))
    assert "without a cap" in uncapped
    [twice] = refused(judge("brokerage_referrals", "{formula: 'again * 25', cap: '500'}"))
    assert "may count a customer more than once" in twice
    [sale] = refused(judge("brokerage_referrals", "{formula: 'deals * 25', cap: '500'}"))
    assert "depends on a sale" in sale


# --- notices, and two people


def test_a_promised_bonus_is_noted_and_not_refused(judge: Judge) -> None:
    [found] = judge("regular_rate", "{formula: 'loans * 5'}")
    assert not found.refused
    assert "export the weeks in which it was earned" in found.sentence
    with enter(Tenant.objects.get(code="small").pk):
        check(PlanVersion.objects.get())


def test_a_version_without_an_author_is_refused(judge: Judge) -> None:
    [sentence] = refused(judge("separation_of_duties", "{formula: 'loans * 5'}"))
    assert "Nobody is on record as having written it" in sentence


# --- publishing, and switching


def test_what_is_refused_is_not_published(judge: Judge) -> None:
    judge("loan_terms", "{formula: 'margin * 1%'}")
    with enter(Tenant.objects.get(code="small").pk):
        with pytest.raises(DomainError, match="is paid by Loan margin, a term of a loan"):
            check(PlanVersion.objects.get())
        said = set_packs(packs=[], by=None, at=AT)
        assert said == ["Terms of a loan (Regulation Z, 12 CFR 1026.36(d)) is off"]
        check(PlanVersion.objects.get())
        assert AuditEntry.objects.filter(action="switch compliance packs").count() == 2
        assert set_packs(packs=[], by=None, at=AT) == []
        with pytest.raises(DomainError, match="No pack is called nothing"):
            set_packs(packs=["nothing"], by=None, at=AT)


def test_a_tenant_file_that_breaks_a_pack_is_refused(tmp_path: Path) -> None:
    text = SMALL.replace("currency: CHF}", "currency: CHF, compliance: [loan_terms]}").replace(
        "calls: {name: Calls,", "calls: {name: Calls, tags: [loan_term],"
    )
    refusal = Folder(tmp_path).refusal(text)
    assert "components.pay: “pay” is paid by Calls, a term of a loan" in refusal


def test_packs_tags_and_licences_stand_in_the_tenant_file(tmp_path: Path) -> None:
    text = (
        SMALL.replace("currency: CHF}", "currency: CHF, compliance: [loan_terms]}")
        .replace("agent: {name: Agent}", "agent: {name: Agent, licences: [insurance]}")
        .replace("calls: {name: Calls,", "calls: {name: Calls, tags: [insurance_referral],")
    )
    folder = Folder(tmp_path)
    folder.apply(SMALL)
    assert folder.changes(text) == {
        "tenant": ["~ tenant: compliance"],
        "job_types": ["~ job type agent: licences"],
        "metrics": ["~ metric calls: tags"],
    }
    assert folder.changes(export()) == {}
    with enter(Tenant.objects.get(code="bank").pk):
        assert Tenant.objects.get(code="bank").compliance == ["loan_terms"]
        assert Metric.objects.get(code="calls").tags == ["insurance_referral"]


def test_a_tag_is_of_an_attribute_that_there_is(tmp_path: Path) -> None:
    kinds = (
        "transactions:\n  lead: {key: [no], attributes: {size: money}, tags: {rate: [loan_term]}}\n"
    )
    assert "no attribute is called “rate”" in Folder(tmp_path).refusal(SMALL + kinds)
