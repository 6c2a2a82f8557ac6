"""Settings, from the environment only; each is described in docs/operators/running.md."""

import os
from typing import Any

import structlog
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from pmsite import services
from pmsite.database import django_database, parse_database_url
from pmsite.log import withhold_amounts, withhold_details


def flag(name: str, *, default: bool = False) -> bool:
    """Read a setting that is on or off."""
    text = os.environ.get(name, "").strip().lower()
    if text in ("", "0", "no", "off", "false"):
        return default if text == "" else False
    if text in ("1", "yes", "on", "true"):
        return True
    raise ImproperlyConfigured(f"{name} must be 1 or 0, but is {text!r}.")


def listing(name: str, *, default: str = "") -> list[str]:
    """Read a setting that is a list with commas."""
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


BASE_DIR = services.ROOT
VAR_DIR = services.var()
EMBEDDED = services.embedded()

DEBUG = flag("DEBUG")
HTTPS = flag("HTTPS")
ALLOWED_HOSTS = listing("ALLOWED_HOSTS", default="127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = listing("CSRF_TRUSTED_ORIGINS")

# Sessions and links signed with it stay valid over a restart, so it is kept, never made anew.
SECRET_KEY = os.environ.get("SECRET_KEY", "")
if not SECRET_KEY:
    if "postgres" not in EMBEDDED:
        raise ImproperlyConfigured(
            "SECRET_KEY is not set. A site on a real database needs one of its own, at least "
            "50 characters long and the same for all its processes."
        )
    SECRET_KEY = services.secret("secret_key")

INSTALLED_APPS = [
    "pmsite",  # first: its commands come before Django's own
    "scorecards",
    "payroll",
    "incentives",
    "referrals",
    "metrics",
    "org",
    "pmsite.admin_app.PmsiteAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",  # its templates, which ours extend
    "django_rq",
    "django_crontab",
    "django_tables2",
    "django_filters",
    "django_htmx",
    "pgtrigger",
    "pghistory",
]

MIDDLEWARE = [
    # Answers that need neither a person nor the database come first.
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "pmsite.log.RequestLogMiddleware",
    "csp.middleware.CSPMiddleware",
    # Who is it …
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # … in which tenant: opens the transaction that the view and its template run in.
    "org.middleware.TenantMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "pmsite.urls"
WSGI_APPLICATION = "pmsite.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

FORM_RENDERER = "pmsite.forms.PageRenderer"

# --- Database: two aliases on one database (docs/adr/0001). The application works as `default`, a
# role that row-level security binds; `owner` migrates, and no web process needs its address.
_database_url = os.environ.get("DATABASE_URL") or services.database_url(services.APP_ROLE)
_owner_url = os.environ.get("DATABASE_OWNER_URL", "")
if not _owner_url and "postgres" in EMBEDDED:
    _owner_url = services.database_url(services.OWNER_ROLE)

DATABASES: dict[str, dict[str, Any]] = {
    "default": django_database(
        parse_database_url(_database_url, setting="DATABASE_URL"), ATOMIC_REQUESTS=True
    )
}
if _owner_url:
    DATABASES["owner"] = django_database(
        parse_database_url(_owner_url, setting="DATABASE_OWNER_URL"),
        CONN_MAX_AGE=0,
        TEST={"TEMPLATE": "template0"},
    )
    # Tests run as the application role on the database that the owner made for them.
    DATABASES["default"]["TEST"] = {"MIRROR": "owner"}
DATABASE_ROUTERS = ["pmsite.routers.MigrationRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Work queue. Jobs are rows first: a lost queue loses no work.
REDIS_URL = os.environ.get("REDIS_URL") or services.redis_url()
RQ_QUEUES = {"default": {"URL": REDIS_URL, "DEFAULT_TIMEOUT": 4 * 60 * 60}}

# One line, every minute; what it starts are rows per tenant.
CRONJOBS = [("* * * * *", "django.core.management.call_command", ["tick"])]
CRONTAB_DJANGO_MANAGE_PATH = str(BASE_DIR / "manage.py")

# --- People.
AUTH_USER_MODEL = "org.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"

# --- Language and time. Days are the tenant's; moments are stored in UTC.
LANGUAGE_CODE = "en-us"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- Static files.
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATIC_ROOT.mkdir(exist_ok=True)  # whitenoise warns where it is missing
# What pages use of the front-end packages; package-lock.json pins them (docs/adr/0073).
FRONT_END = BASE_DIR / "node_modules"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("npm/htmx", FRONT_END / "htmx.org" / "dist"),
    ("npm/inter", FRONT_END / "@fontsource-variable" / "inter"),
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
MEDIA_ROOT = VAR_DIR / "files"
WHITENOISE_USE_FINDERS = True

# --- Security. Nothing inline, nothing from elsewhere.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 60 * 60
if HTTPS:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
if flag("BEHIND_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# A month's values of a large site arrive as one file; forms stay small.
UPLOAD_LIMIT = int(os.environ.get("UPLOAD_LIMIT_MB", "100")) * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "pmsite.data.limit.SizeLimit",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

# --- Logs: one JSON object per line in production, with the tenant and without amounts.
LOG_JSON = os.environ.get("LOG_FORMAT", "text" if EMBEDDED or DEBUG else "json") == "json"
_processors: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    withhold_amounts,
    structlog.processors.StackInfoRenderer(),
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "structured": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": _processors,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                # As plain text: pretty tracebacks show local variables, and so pay and passwords.
                structlog.processors.format_exc_info,
                withhold_details,
                structlog.processors.JSONRenderer()
                if LOG_JSON
                else structlog.dev.ConsoleRenderer(
                    colors=False, exception_formatter=structlog.dev.plain_traceback
                ),
            ],
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "structured"}},
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "INFO").upper()},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
        "rq.worker": {"handlers": [], "level": "INFO", "propagate": True},
    },
}
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_processors,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
