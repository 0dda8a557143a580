"""What to type after an error of a cell, where the error's own message does not say it.

IPython has shown the error by the time the cell ends, so the line stands below it. Nothing of IPython's is
replaced for that: its one place for a handler of errors (``set_custom_exc``) is the reader's to use.
"""

from __future__ import annotations


def hint_at(exc: BaseException) -> str | None:
    """Return what to do about an error that a cell raised, or None."""
    return _TABLE_IS_KNOWN if _is_of_known_table(exc) else None


_TABLE_IS_KNOWN = (
    "a database knows each of its models once: to define this one anew, run the cell that makes the database"
    " (db = SQLAlchemy(…)) again, then this cell and those of its other models"
)


def _is_of_known_table(exc: BaseException) -> bool:
    """Whether a model, such as ``class User(db.Model)``, was defined again.

    It is known by its words: SQLAlchemy has one class for many errors, and may not be installed.
    """
    is_invalid = type(exc).__name__ == "InvalidRequestError"
    return is_invalid and "is already defined for this MetaData instance" in str(exc)
