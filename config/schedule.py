"""What the beat starts, and how often."""

from typing import Any

from celery.schedules import crontab

# A late tick is worthless (the next one does its work), so it expires instead of piling up.
SCHEDULE: dict[str, dict[str, Any]] = {
    "wake due outbox jobs": {"task": "core.tasks.relay_tick", "schedule": 1.0, "options": {"expires": 5}},
    "seal the override log": {"task": "core.tasks.seal_overrides", "schedule": 10.0, "options": {"expires": 9}},
    "export the override log's head": {
        "task": "core.tasks.export_audit_head",
        "schedule": crontab(hour=0, minute=10),
        "options": {"expires": 3600},
    },
    "advance case clocks": {"task": "exceptions_app.tasks.sweep", "schedule": 30.0, "options": {"expires": 25}},
    "look for causes of cases": {"task": "exceptions_app.tasks.detect", "schedule": 300.0, "options": {"expires": 290}},
    "tend approvals": {"task": "accounts.tasks.tend_approvals", "schedule": 60.0, "options": {"expires": 55}},
    "look again at credit holds": {
        "task": "orders.tasks.recheck_credit",
        "schedule": 900.0,
        "options": {"expires": 600},
    },
    "allocate open demand": {"task": "inventory.tasks.run_allocation", "schedule": 60.0, "options": {"expires": 55}},
    "release what a policy lets go": {
        "task": "fulfillment.tasks.release_ready",
        "schedule": 60.0,
        "options": {"expires": 55},
    },
    "give back expired reservations": {
        "task": "inventory.tasks.expire_claims",
        "schedule": 60.0,
        "options": {"expires": 55},
    },
    "set expired lots aside": {"task": "inventory.tasks.expire_lots", "schedule": 3600.0, "options": {"expires": 3000}},
    "tend backorders": {"task": "orders.tasks.tend_backorders", "schedule": 900.0, "options": {"expires": 800}},
    "send letters about promises": {
        "task": "integrations.tasks.send_letters",
        "schedule": 30.0,
        "options": {"expires": 25},
    },
    "look after stock in the field": {
        "task": "inventory.tasks.look_after_the_field",
        "schedule": 900.0,
        "options": {"expires": 800},
    },
    "post invoices whose period is over": {
        "task": "billing.tasks.post_due_drafts",
        "schedule": 900.0,
        "options": {"expires": 600},
    },
    "renew contracts": {"task": "pricing.tasks.renew_contracts", "schedule": 3600.0, "options": {"expires": 3000}},
    "recognize revenue": {"task": "billing.tasks.recognize_revenue", "schedule": 3600.0, "options": {"expires": 3000}},
    "build the latest KPIs": {"task": "reporting.tasks.build_recent", "schedule": 900.0, "options": {"expires": 800}},
    "build all KPIs": {"task": "reporting.tasks.build_all", "schedule": 86_400.0, "options": {"expires": 3600}},
    "check what must always be true": {
        "task": "exceptions_app.tasks.check_invariants",
        "schedule": 900.0,
        "options": {"expires": 600},
    },
}
