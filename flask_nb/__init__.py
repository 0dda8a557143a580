"""flask_nb: a Jupyter notebook as a live web workbench."""

__version__ = "0.1.0"
