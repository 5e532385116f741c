"""Segregation of duties: people who did both sides of what should be two people's work. One statement."""

from datetime import datetime, timedelta

from core import sql
from core.override_views import MOST, Line

BEFORE = timedelta(days=365)  # how long ago the other side may have been done

# Whoever is in an override: who made it and who approved it, each by the same id on the other side.
_BOTH_SIDES = """
WITH e AS (
  SELECT o.id, o.kind, o.subject_kind, o.subject_id, o.subject_number, o.at, o.money_effect, o.currency, o.account_id,
         o.before, o.actor_id, o.approver_id, p.person_id, p.label, p.part
    FROM core_overrideentry o
   CROSS JOIN LATERAL (VALUES (o.actor_id, o.actor_label, 'made'), (o.approver_id, o.approver_label, 'approved'))
         AS p(person_id, label, part)
   WHERE o.at >= %(since)s AND o.at < %(until)s AND p.person_id IS NOT NULL
), found AS (
  SELECT e.id, e.label, 'changed the price list ' || s.code || ' on ' || to_char(max(j.at), 'YYYY-MM-DD') AS other, e.part
    FROM e JOIN pricing_pricesource s ON s.code = e.before->>'from'
    JOIN LATERAL (
      SELECT 'price_source' AS kind, s.id AS id UNION ALL SELECT 'contract', s.contract_id WHERE s.contract_id IS NOT NULL
      UNION ALL SELECT 'price_row', r.id FROM pricing_pricerow r JOIN catalog_product c ON c.id = r.product_id
       WHERE r.source_id = s.id AND c.sku = e.before->>'sku') d ON true
    JOIN core_journalentry j ON j.subject_kind = d.kind AND j.subject_id = d.id AND j.actor_id = e.person_id
     AND j.at < e.at AND j.at >= e.at - %(before)s::interval
   WHERE e.kind = 'price' GROUP BY e.id, e.label, e.part, s.code
  UNION ALL
  SELECT e.id, e.label, 'created the account on ' || to_char(max(j.at), 'YYYY-MM-DD'), e.part
    FROM e JOIN core_journalentry j ON j.subject_kind = 'account' AND j.subject_id = e.account_id AND j.verb = 'created'
     AND j.actor_id = e.person_id AND j.at < e.at AND j.at >= e.at - %(before)s::interval
   WHERE e.kind IN ('hold_release', 'credit_limit', 'credit_settings', 'payment_terms') GROUP BY e.id, e.label, e.part
  UNION ALL
  SELECT e.id, e.label, 'entered the order', e.part
    FROM e JOIN orders_order o ON e.subject_kind = 'order' AND o.id = e.subject_id AND o.entered_by_id = e.person_id
   WHERE e.part = 'approved' OR e.kind IN ('hold_release', 'eligibility')
  UNION ALL
  SELECT e.id, e.label, 'stood in for who asked, who was away', e.part
    FROM e JOIN accounts_userabsence a ON a.user_id = e.actor_id AND a.delegate_id = e.approver_id
     AND a.away_from <= e.at::date AND (a.back_on IS NULL OR a.back_on > e.at::date)
   WHERE e.part = 'approved'
)
SELECT f.id, f.label, f.other, f.part || ' the override', o.kind, o.subject_number, o.money_effect, o.currency, o.at
  FROM found f JOIN core_overrideentry o ON o.id = f.id ORDER BY f.id DESC, f.label, f.other LIMIT %(most)s
"""
HEADERS = ("Who", "One side", "Other side", "What", "Document", "Money effect", "Currency", "When")


def same_person_twice(*, since: datetime, until: datetime) -> list[Line]:
    """Who made or approved an override and, within the year before, did the other half of it: changed the price list it sets
    aside, created the account it lets go, entered the order, or stood in for whoever asked."""
    rows = sql.rows(_BOTH_SIDES, {"since": since, "until": until, "before": BEFORE, "most": MOST})
    return [Line(int(pk), tuple(cells)) for pk, *cells in rows]
