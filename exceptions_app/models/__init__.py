from exceptions_app.models.case import Case, CaseEvent, SlaStep
from exceptions_app.models.queue import Queue

__all__ = ["Case", "CaseEvent", "Queue", "SlaStep"]
