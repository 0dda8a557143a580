"""Flask-Migrate: beside a database."""

# %% app
from flask import Flask

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"

# %% migrations
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy(app)
migrate = Migrate(app, db)


class Note(db.Model):
    """A line of text."""

    id = db.Column(db.Integer, primary_key=True)
    text = db.Column(db.String(200))


# %% view
@app.get("/tables")
def tables():
    """List the tables."""
    return list(db.metadata.tables)


# %% request
assert app.test_client().get("/tables").json == ["note"]
assert app.extensions["migrate"].db is db
assert app.test_cli_runner().invoke(args=["db", "--help"]).exit_code == 0
