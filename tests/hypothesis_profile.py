"""Settings of Hypothesis for tests: no deadline, which a busy machine misses, no explanations.

To explain a failure, it traces every example (sys.settrace). On Python 3.11 a traced function that
is entered while a signal or another thread waits can go round for ever.
"""

from hypothesis import Phase, settings

settings.register_profile(
    "tests",
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.target, Phase.shrink),
)
settings.load_profile("tests")
