"""How long machines run: in every `make test`, and with ``--hypothesis-profile=deep`` at night."""

from hypothesis import HealthCheck, Phase, Verbosity, settings

_SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)

settings.register_profile("deep", max_examples=20_000, deadline=None)


def profile(examples: int, steps: int, *, shrink: bool = True) -> settings:
    """Return settings for a machine; the deep profile has more examples, and not the same ones.

    Without ``shrink``, what is found is told as it was found: for tests that only ask whether.
    """
    current = settings()
    deep = current.max_examples >= 20_000
    return settings(
        max_examples=current.max_examples if deep else examples,
        stateful_step_count=2 * steps if deep else steps,
        derandomize=not deep,
        deadline=None,
        suppress_health_check=_SLOW,
        phases=(Phase.reuse, Phase.generate, *((Phase.shrink,) if shrink else ())),
        database=current.database if deep else None,
        verbosity=Verbosity.quiet,  # the machine tells the example as a story
    )
