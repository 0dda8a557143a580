"""Run all benchmarks, or those that are named: ``python -m benchmarks [NAME …]``."""

from __future__ import annotations

import subprocess
import sys

#: In the order of what a person feels; each is also ``python -m benchmarks.NAME``.
NAMES = (
    "loading",
    "seen",
    "request",
    "server",
    "production",
    "testing",
    "reload",
    "memory",
    "dispatch",
    "growth",
    "redefinition",
)


def main() -> int:
    """Run them one after the other, each in a fresh process; return 1 if one fails."""
    unknown = set(sys.argv[1:]) - set(NAMES)
    if unknown:
        print(f"No benchmark is called {', '.join(sorted(unknown))}. There are: {', '.join(NAMES)}.")
        return 2
    failed = []
    for name in sys.argv[1:] or NAMES:
        print(f"\n# {name}\n", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"]).returncode:
            failed.append(name)
    if failed:
        print(f"\nFailed: {', '.join(failed)}.")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
