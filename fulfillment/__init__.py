"""What leaves the building: release, shipments, picks, returns."""
