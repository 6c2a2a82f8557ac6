"""The files that other programs read say what this program needs."""

import re
import subprocess

import yaml
from django.conf import settings

from pmsite.services import ROOT

SERVICES = {"postgres", "valkey", "migrate", "web", "worker", "worker-long", "cron"}


def test_the_compose_file_has_every_part_and_hands_the_owner_to_migrations_alone() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    assert set(services) == SERVICES
    with_owner = {
        name
        for name, service in services.items()
        if "DATABASE_OWNER_URL" in service.get("environment", {})
    }
    assert with_owner == {"migrate"}
    for name in ("web", "worker", "worker-long", "cron"):
        assert {"DATABASE_URL", "REDIS_URL", "SECRET_KEY"} <= services[name]["environment"].keys()
        assert services[name]["depends_on"]["migrate"] == {
            "condition": "service_completed_successfully"
        }


def test_every_setting_is_described() -> None:
    text = "".join((ROOT / "pmsite" / name).read_text() for name in SOURCES)
    names = set(re.findall(r'(?:environ\.get\(|flag\(|listing\(|number\()\s*"([A-Z_]+)"', text))
    described = (ROOT / "docs" / "operators" / "running.md").read_text()
    assert names >= {"DATABASE_URL", "DEBUG", "ALLOWED_HOSTS", "PORT", "PMSITE_VAR"}
    assert {name for name in names if f"`{name}`" not in described} == set()


SOURCES = ("settings.py", "services.py", "runner.py")


def test_the_lock_file_pins_with_hashes_and_names_no_index() -> None:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pins = [line for line in lines if re.match(r"[a-z0-9]", line)]
    assert len(pins) > 50
    assert all(re.fullmatch(r"\S+==\S+( ; .*)? \\", line) for line in pins)
    assert not [line for line in lines if "://" in line or line.startswith("-")]


def test_the_scripts_are_sound() -> None:
    scripts = ["bin/lib/environment.sh", "bin/manage", "bin/run", "bin/test", ".ci/run"]
    for script in (*scripts, "docker/roles.sh"):
        subprocess.run(["bash", "-n", ROOT / script], check=True)


def test_cron_has_one_line() -> None:
    assert settings.CRONJOBS == [("* * * * *", "django.core.management.call_command", ["tick"])]
