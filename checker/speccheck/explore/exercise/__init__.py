"""What a run exercised: branches of actions reached, parts of properties that mattered.

A property can hold because nothing ever put it to the test. A verdict is only worth what was
exercised on the way to it, so every run says both.
"""
