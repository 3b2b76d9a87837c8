"""Model checking: configurations, models, engines, liveness, what a run exercised."""
