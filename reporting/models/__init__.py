from reporting.models.measure import LineMeasure, OrderMeasure

__all__ = ["LineMeasure", "OrderMeasure"]
