"""Flask-Migrate: make, apply and take back migrations by its commands."""

import tempfile
from pathlib import Path

from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()


def make_app(folder=None):
    """Return an app whose database and migrations lie in a folder."""
    folder = Path(folder or tempfile.mkdtemp())
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{folder / 'test.db'}"
    db.init_app(app)
    Migrate(app, db, directory=str(folder / "migrations"))
    return app


def observe():
    """Run the commands of ``flask db`` one after another."""
    with tempfile.TemporaryDirectory() as folder:
        app = make_app(folder)

        class Note(db.Model):
            id = db.Column(db.Integer, primary_key=True)

        first = [run(app, command) for command in ("init", "migrate -m one", "upgrade")]
        assert tables(app) == ["alembic_version", "note"]
        Note.text = db.Column(db.String)
        second = [run(app, command) for command in ("migrate -m two", "upgrade", "current")]
        assert columns(app) == ["id", "text"]
        third = [run(app, command) for command in ("downgrade", "history", "stamp head", "current")]
        assert columns(app) == ["id"]
        scripts = sorted(Path(folder, "migrations", "versions").glob("*.py"))
        made = [script.name.split("_")[1] for script in scripts]
    return [first, second, third, sorted(made)]


def run(app, command):
    """Run one command in the manner of ``flask db …`` and return its exit code."""
    result = app.test_cli_runner().invoke(args=["db", *command.split()])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code


def tables(app):
    """Return the names of the database's tables."""
    with app.app_context():
        return sorted(db.inspect(db.engine).get_table_names())


def columns(app):
    """Return the names of the columns of the notes."""
    with app.app_context():
        return [column["name"] for column in db.inspect(db.engine).get_columns("note")]
