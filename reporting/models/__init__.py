from reporting.models.kpi import KpiDay
from reporting.models.measure import LineMeasure, OrderMeasure

__all__ = ["KpiDay", "LineMeasure", "OrderMeasure"]
