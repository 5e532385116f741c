"""Settings, read from the environment (12-factor). Every variable: docs/how-to/configure.md."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from config import environment as env
from config.console import UNFOLD as UNFOLD
from config.logging import configure_structlog, logging_config
from config.schedule import SCHEDULE

BASE_DIR = Path(__file__).resolve().parent.parent
TESTING = "PYTEST_VERSION" in os.environ
if not TESTING:
    env.load_dotenv(BASE_DIR / ".env")

# --- what kind of run this is -----------------------------------------------------------------------------

DEBUG = env.flag("OMS_DEBUG")
# Secure by default: only a site on this machine alone (`./run`), tests and DEBUG may speak plain http.
PLAIN_HTTP = env.flag("OMS_PLAIN_HTTP", default=DEBUG or TESTING)
PUBLIC_URL = env.text("OMS_PUBLIC_URL", "http://localhost:8000")
SECRET_KEY = (
    "tests-and-debug-only-never-in-production-0123456789"
    if (DEBUG or TESTING) and not env.text("OMS_SECRET_KEY")
    else env.required("OMS_SECRET_KEY", "a long random string that signs sessions and tokens")
)
SECRET_KEY_FALLBACKS = env.words("OMS_SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = env.words("OMS_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.words("OMS_CSRF_TRUSTED_ORIGINS")

# --- apps, from the bottom floor of the house to the top --------------------------------------------------

ROOMS = [
    "core",
    "accounts",
    "catalog",
    "exceptions_app",
    "inventory",
    "pricing",
    "credit",
    "orders",
    "fulfillment",
    "billing",
    "integrations",
    "reporting",
    "portal",
    "api",
    "config",
]
INSTALLED_APPS = [
    "unfold",  # before the admin, whose templates it replaces
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.import_export",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "pgtrigger",
    "pghistory",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "csp",
    "django_htmx",
    "django_structlog",
    "rest_framework",
    "django_filters",
    "knox",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "import_export",
    *ROOMS,
]
MIDDLEWARE = [
    "config.metrics.RequestMetrics",  # outermost, so that its latency is what the client waits for
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.csp.ConsolePolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "config.sessions.SessionLimits",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "config.edge.ReadableOnly",  # below what puts headers and a request id on its refusals
    "pghistory.middleware.HistoryMiddleware",
    "axes.middleware.AxesMiddleware",  # last: it replaces the answer of a locked-out sign-in
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
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
                "core.demo.context",
            ],
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# --- database ---------------------------------------------------------------------------------------------

# Two roles: the owner changes the schema, the app role works in it and owns nothing (least privilege).
APP_DATABASE_URL = env.required("DATABASE_URL", "postgresql://… of the database, or start through ./run")
OWNER_DATABASE_URL = env.text("MIGRATE_DATABASE_URL", APP_DATABASE_URL)
APP_DATABASE_ROLE = unquote(urlsplit(APP_DATABASE_URL).username or "")  # migrate closes append-only tables to it
AS_OWNER = env.text("OMS_DB_ROLE", "app") == "owner"
STATEMENT_TIMEOUT_MS = env.number("OMS_STATEMENT_TIMEOUT_MS", 15_000)
# A test's own transaction, and a migration's, wait for Python.
IDLE_TRANSACTION_TIMEOUT_MS = 60_000 if TESTING or AS_OWNER else 10_000


def _database() -> dict[str, Any]:
    settings: dict[str, Any] = env.database(OWNER_DATABASE_URL if AS_OWNER else APP_DATABASE_URL)
    settings["OPTIONS"]["options"] = (
        f"-c lock_timeout=3000 -c statement_timeout={STATEMENT_TIMEOUT_MS}"
        f" -c idle_in_transaction_session_timeout={IDLE_TRANSACTION_TIMEOUT_MS}"
        # Plan a prepared statement once: planning it for each list anew costs more than running it for a short one.
        " -c plan_cache_mode=force_generic_plan"
    )
    # For core.sql; Django's own cursors never prepare. Off behind a pooler that does not know prepared statements.
    settings["OPTIONS"]["prepare_threshold"] = 5 if env.flag("OMS_PREPARED_STATEMENTS", True) else None
    # A copy of tables made once where the launcher keeps them (config/launcher/template.py).
    settings["TEST"] = {"NAME": env.text("OMS_TEST_DATABASE") or None, "TEMPLATE": env.text("OMS_TEST_TEMPLATE")}
    settings["ATOMIC_REQUESTS"] = False  # the door verb owns the transaction, so that it can retry it
    settings["CONN_HEALTH_CHECKS"] = True
    # Threads of a web process share a pool. Forking processes (workers) and tests keep one connection each.
    if env.flag("OMS_DB_POOL") and not TESTING:
        size = env.number("OMS_DB_POOL_SIZE", 8)
        settings["OPTIONS"]["pool"] = {"min_size": 1, "max_size": size, "timeout": 5}
    else:
        settings["CONN_MAX_AGE"] = 0 if TESTING else 60
    return settings


DATABASES = {"default": _database()}

# --- broker, jobs and cache -------------------------------------------------------------------------------

REDIS_URL = env.text("REDIS_URL", "redis://localhost:6379/0")
VISIBILITY_TIMEOUT = 900
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": VISIBILITY_TIMEOUT,
    "socket_keepalive": True,
    "health_check_interval": 25,
}
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = {"visibility_timeout": VISIBILITY_TIMEOUT}
CELERY_VISIBILITY_TIMEOUT = VISIBILITY_TIMEOUT
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True  # acks_late alone loses the task of a killed child
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 60.0
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_TIME_LIMIT = 300
CELERY_ENABLE_UTC = True
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = SCHEDULE
CACHES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    if TESTING
    else {"BACKEND": "config.cache.ForgivingRedisCache", "LOCATION": env.redis_client_url(REDIS_URL, db=1)}
}

# --- who may come in --------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # first: refuses a locked-out name before a password is looked at
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
if TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "config.signin.InvitedPeopleOnly"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # people are invited by a colleague; nobody signs up
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_SESSION_REMEMBER = False
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Holdfast"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = ["username"]  # wherever the attempts come from: guesses are spread over many addresses
SILENCED_SYSTEM_CHECKS = ["axes.W006"]  # wants the address back, which would give every address five guesses
AXES_LOCKOUT_CALLABLE = "config.signin.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ADMIN = False  # its screens delete by hand; ours unlocks by a verb and journals it
AXES_USERNAME_CALLABLE = "config.signin.attempted_name"
AXES_IPWARE_PROXY_COUNT = env.number("OMS_PROXY_COUNT", 0) or None
AXES_ENABLED = not TESTING

# --- transport, cookies, content policy -------------------------------------------------------------------

SESSION_COOKIE_AGE = 12 * 60 * 60  # in any case, however busy: see config.sessions
SESSION_IDLE_SECONDS = 60 * env.number("OMS_SESSION_IDLE_MINUTES", 60)
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not PLAIN_HTTP
# `__Host-` makes the browser refuse the cookie from a sibling subdomain; it needs https.
SESSION_COOKIE_NAME = "holdfast_session" if PLAIN_HTTP else "__Host-session"
CSRF_COOKIE_NAME = "holdfast_csrf" if PLAIN_HTTP else "__Host-csrf"
SECURE_HSTS_SECONDS = 0 if PLAIN_HTTP else 365 * 24 * 60 * 60
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not PLAIN_HTTP
SECURE_SSL_REDIRECT = not PLAIN_HTTP
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]  # asked by machines beside the site
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.flag("OMS_BEHIND_PROXY") else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "manifest-src": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

# --- language, time, static files, mail -------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
USE_I18N = True
USE_TZ = True
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # a quick order of 2,000 rows is one form
FORMAT_MODULE_PATH = ["config.formats"]
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"] if (BASE_DIR / "static").is_dir() else []
# Production collects hashed, compressed files once; a local run serves them from where they lie.
COLLECTED_STATIC = env.text("OMS_STATIC_ROOT")
STATIC_ROOT = COLLECTED_STATIC or BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = not COLLECTED_STATIC
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if COLLECTED_STATIC
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
AUDIT_HEADS = env.text(
    "OMS_AUDIT_HEADS", str(BASE_DIR / ".data" / "audit-heads")
)  # the override log's head of each day
MEDIA_ROOT = env.text("OMS_MEDIA_ROOT", str(BASE_DIR / ".data" / "media"))  # never served by address
EMAIL_BACKEND = env.text("OMS_EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend")
EMAIL_HOST = env.text("OMS_EMAIL_HOST", "localhost")
EMAIL_PORT = env.number("OMS_EMAIL_PORT", 25)
EMAIL_HOST_USER = env.text("OMS_EMAIL_USER")
EMAIL_HOST_PASSWORD = env.text("OMS_EMAIL_PASSWORD")
EMAIL_USE_TLS = env.flag("OMS_EMAIL_TLS")
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("OMS_EMAIL_FROM", "Holdfast <orders@localhost>")

# --- API --------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "knox.auth.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.CursorPagination",
    "PAGE_SIZE": 50,
    "DEFAULT_THROTTLE_CLASSES": [
        "rest_framework.throttling.AnonRateThrottle",
        "rest_framework.throttling.UserRateThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {
        "anon": env.text("OMS_API_RATE_ANON", "60/min"),
        "user": env.text("OMS_API_RATE_USER", "1200/min"),
    },
    "NUM_PROXIES": env.number("OMS_PROXY_COUNT", 0),
    "EXCEPTION_HANDLER": "api.problem.exception_handler",
    "DEFAULT_SCHEMA_CLASS": "api.described.Described",
    "COERCE_DECIMAL_TO_STRING": True,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
REST_KNOX = {
    "TOKEN_TTL": timedelta(days=90),
    "AUTO_REFRESH": False,
    "AUTH_HEADER_PREFIX": "Bearer",
    "SECURE_HASH_ALGORITHM": "hashlib.sha512",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Holdfast API",
    "DESCRIPTION": "Orders, prices, stock, shipments and cases, for reps' phones and other systems. "
    "`POST tokens` gives a device its token; send it as `Authorization: Bearer …`.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
}

# --- logs and metrics -------------------------------------------------------------------------------------

LOGGING = logging_config(level=env.text("OMS_LOG_LEVEL", "WARNING" if TESTING else "INFO"), human=DEBUG)
configure_structlog()
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_STATUS_4XX_LOG_LEVEL = 20  # a refused request is not an alarm
METRICS_TOKEN = env.text("OMS_METRICS_TOKEN")
IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT = True

# --- commercial defaults, shown on orders as estimates ------------------------------------------------------

OMS_LEAST_CONFIDENCE_PERCENT = env.number("OMS_LEAST_CONFIDENCE_PERCENT", 50)  # supply less sure is no promise
COUNT_APPROVAL_AMOUNT = env.number("OMS_COUNT_APPROVAL_AMOUNT", 500)  # a site may have its own
PAYMENT_PROVIDER = env.text("OMS_PAYMENT_PROVIDER", "")  # "sandbox", or the code of the adapter below
PAYMENT_ADAPTER = env.text(
    "OMS_PAYMENT_ADAPTER", ""
)  # "package.module.Class" that fills billing.payments.port.Provider
PAYMENT_SECRET = env.text("OMS_PAYMENT_SECRET", "")
SELLER = env.text("OMS_SELLER", "")  # name and address on invoices and statements, lines apart by "|"
GS1_COMPANY_PREFIX = env.text("OMS_GS1_PREFIX", "")  # of SSCCs, where the console names no other
PRICING_TAX_PERCENT = env.text("OMS_TAX_PERCENT", "0")
PRICING_FREIGHT_PERCENT = env.text("OMS_FREIGHT_PERCENT", "0")
CREDIT_LIMIT_GRACE_DAYS = env.number("OMS_CREDIT_LIMIT_GRACE_DAYS", 0)
PRICING_ESTIMATOR = env.text("OMS_PRICE_ESTIMATOR", "")
COMPANY_TIME_ZONE = env.time_zone("OMS_TIME_ZONE", "UTC")  # where the company's days begin (core.clock.company_day)
COST_CURRENCY = env.text("OMS_COST_CURRENCY", "USD")  # of the products' standard costs
PRICING_WITHIN_LEVEL = env.text("OMS_PRICE_WITHIN_LEVEL", "specific")
