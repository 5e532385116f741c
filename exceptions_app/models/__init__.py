from exceptions_app.models.case import Case, CaseEvent, Notice, SlaStep
from exceptions_app.models.policy import RoutingRule, SlaPolicy
from exceptions_app.models.queue import Queue

__all__ = ["Case", "CaseEvent", "Notice", "Queue", "RoutingRule", "SlaPolicy", "SlaStep"]
