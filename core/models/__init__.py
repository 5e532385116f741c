from core.models.calendar import Calendar, CalendarHoliday
from core.models.demo import DemoInstallation
from core.models.idempotency import IdempotencyKey
from core.models.journal import JournalEntry
from core.models.numbering import NumberSeries
from core.models.outbox import Job, JobState, OutboxFact
from core.models.override import OverrideEntry, OverrideReview, OverrideSeal
from core.models.rate import ExchangeRate

__all__ = [
    "Calendar",
    "CalendarHoliday",
    "DemoInstallation",
    "ExchangeRate",
    "IdempotencyKey",
    "Job",
    "JobState",
    "JournalEntry",
    "NumberSeries",
    "OutboxFact",
    "OverrideEntry",
    "OverrideReview",
    "OverrideSeal",
]
