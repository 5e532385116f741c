"""How well it goes: KPIs from facts."""
