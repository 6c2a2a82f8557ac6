"""Settings, from the environment only; each is described in docs/operators/running.md."""

import os
from datetime import timedelta
from typing import Any

import structlog
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from pmsite import services
from pmsite.database import django_database, parse_database_url
from pmsite.log import withhold_amounts, withhold_details, without_trace_of_refusals
from pmsite.mail import mail_settings


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


def number(name: str, *, default: int) -> int:
    """Read a setting that is a whole number."""
    text = os.environ.get(name, "").strip()
    if text and not text.isdigit():
        raise ImproperlyConfigured(f"{name} must be a whole number, but is {text!r}.")
    return int(text) if text else default


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
# Keys before the present one: what was signed or encrypted under them is still read.
SECRET_KEY_FALLBACKS = listing("SECRET_KEY_FALLBACKS")

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
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "axes",
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
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    # … is the sign-in still good; what was typed into a form outlives it.
    "pmsite.signin.sessions.SignInAgeMiddleware",
    "pmsite.signin.kept.KeptInputMiddleware",
    # … in which tenant: opens the transaction that the view and its template run in.
    "org.middleware.TenantMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    # … and is the sign-in one that the tenant accepts.
    "pmsite.signin.gate.GateMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",  # turns a lock-out into its page
]

# A form that is sent twice before its answer is read says what it did once.
MESSAGE_STORAGE = "pmsite.told.Once"

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
# What works on everybody has a queue of its own, so that nobody waits behind it (docs/adr/0236).
RQ_QUEUES = {
    name: {"URL": REDIS_URL, "DEFAULT_TIMEOUT": 4 * 60 * 60} for name in ("default", "long")
}

# What several processes have to agree on in short: how often somebody has tried.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "pmsite",
    }
}

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
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # first: who is locked out is not even looked up
    "allauth.account.auth_backends.AuthenticationBackend",
]

# Nobody makes an account for themselves: administrators do. E-mail addresses come from them, too,
# so one that nobody has confirmed yet bars neither signing in nor a second factor.
ACCOUNT_ADAPTER = "pmsite.signin.adapters.AccountAdapter"
ACCOUNT_SIGNUP_ENABLED = False
ACCOUNT_LOGIN_METHODS = {"email", "username"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[pmsite] "
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_FORMS = {"login": "pmsite.signin.forms.LoginForm"}
# Beside the lock-out below, which is by person and address: one person from many addresses, and
# codes of a second factor, which share this limit.
ACCOUNT_RATE_LIMITS = {"login_failed": "30/10m/ip,30/30m/key"}

MFA_ADAPTER = "pmsite.signin.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "pmsite"
MFA_TOTP_TOLERANCE = 1
MFA_FORMS = {"add_webauthn": "pmsite.signin.forms.PasskeyForm"}

# Single sign-on: what provider a tenant has says the tenant, so there is none here.
SOCIALACCOUNT_ADAPTER = "pmsite.signin.adapters.ProviderAdapter"
SOCIALACCOUNT_REQUESTS_TIMEOUT = 10
# A provider without TLS, on this very machine: for trying, not where others can reach it.
SSO_ON_LOOPBACK = flag("SSO_ON_LOOPBACK", default=DEBUG)

# Five wrong passwords for one person from one address, and both wait.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=number("LOCKOUT_MINUTES", default=15))
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # the page says when to try again
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_CALLABLE = "pmsite.signin.brute_force.login_name"
AXES_CLIENT_IP_CALLABLE = "pmsite.signin.brute_force.client_address"
AXES_LOCKOUT_CALLABLE = "pmsite.signin.brute_force.locked_out"
AXES_SENSITIVE_PARAMETERS = ["username", "login", "credential", "code", "csrfmiddlewaretoken"]
AXES_DISABLE_ACCESS_LOG = True  # the audit trail of the tenant has it
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# --- Mail: links to set a password, notices that it changed.
vars().update(mail_settings(os.environ.get("EMAIL_URL") or f"file://{VAR_DIR / 'mail'}"))
DEFAULT_FROM_EMAIL = os.environ.get("EMAIL_FROM") or "pmsite@localhost"

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
SESSION_COOKIE_AGE = number("SESSION_HOURS", default=12) * 60 * 60
SESSION_IDLE_AGE = number("SESSION_IDLE_MINUTES", default=60) * 60
CSRF_FAILURE_VIEW = "pmsite.signin.kept.csrf_failure"
if HTTPS:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
BEHIND_PROXY = flag("BEHIND_PROXY")
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# How many proxies add an address to X-Forwarded-For; what stands before those is anybody's word.
ALLAUTH_TRUSTED_PROXY_COUNT = number("PROXY_COUNT", default=int(BEHIND_PROXY))
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
    without_trace_of_refusals,
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
