"""From a notebook to an installable package in Flask's customary layout, by its source alone: nothing is run.

plan → sources (package, templates, static files) ─┐
notebook → tests ─────────────────────────────────┼→ Export → target (all or nothing)
metadata (pyproject, README, Dockerfile, gunicorn) ┘
"""
