"""``python -m flask_nb``: the ``flask-nb`` command."""

from __future__ import annotations

from .cli import main

if __name__ == "__main__":
    main()
