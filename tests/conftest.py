"""Settings of Hypothesis for all tests: it explains no failures.

To explain, it traces every example (sys.settrace). On Python 3.11 a traced function that is entered
while a signal or another thread waits can go round for ever.
"""

from hypothesis import Phase, settings

settings.register_profile(
    "tests", phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.target, Phase.shrink)
)
settings.load_profile("tests")
