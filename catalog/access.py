"""Who may keep what of the catalog: one home for screens, sheets and panels."""

from accounts.states import STAFF, Role
from core.access import allow

GRANTERS = allow(view=STAFF, act={Role.OPERATOR, Role.CS_LEAD})  # licences and authorizations of customers
