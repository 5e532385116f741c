"""The console's screens of cases: the queue, and the teams, policies and rules behind it."""

from exceptions_app.admin.cases import CaseAdmin
from exceptions_app.admin.settings import QueueAdmin, RoutingRuleAdmin, SlaPolicyAdmin

__all__ = ["CaseAdmin", "QueueAdmin", "RoutingRuleAdmin", "SlaPolicyAdmin"]
