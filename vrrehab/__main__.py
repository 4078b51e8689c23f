"""The `vrrehab` command, also as `python -m vrrehab`: answers Ctrl-C while what is slow to import still loads."""

from __future__ import annotations

import sys


def main() -> None:
    """Load the commands and run one."""
    try:
        from vrrehab.cli import main as run

        run()
    except KeyboardInterrupt:  # from here on `vrrehab.cli.interruption` answers
        sys.exit("vrrehab: interrupted before it began")


if __name__ == "__main__":
    main()
