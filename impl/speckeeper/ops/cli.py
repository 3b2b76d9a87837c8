"""Entry point of the console script `speckeeper`.

Nothing is imported before it is known to be needed: a server must open its port quickly, and
scripts ask for the version in loops.
"""

import sys


def main() -> None:
    """Run the command that the process was started with; always raises SystemExit."""
    arguments = sys.argv[1:]
    if arguments in (["version"], ["--version"]):
        from speckeeper.ops.version import shown_version

        print(shown_version())
        raise SystemExit(0)

    from speckeeper.ops.commands import build_app, run_app

    try:
        run_app(build_app(arguments[0] if arguments else None), arguments, "speckeeper")
    except BrokenPipeError:
        # The reader of a pipe has gone; Python would complain once more when it flushes stdout.
        sys.stderr.close()
        raise SystemExit(1) from None
