"""The reps' and integrators' door: REST."""
