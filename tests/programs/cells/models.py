"""Flask-SQLAlchemy: a model in a cell of its own."""

# %% app
from flask import Flask

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"

# %% database
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy(app)


# %% model
class User(db.Model):
    """Who may come in."""

    id = db.Column(db.Integer, primary_key=True)


# %% tables
with app.app_context():
    db.create_all()


# %% view
@app.get("/users")
def users():
    """Count the users."""
    return str(db.session.query(User).count())


# %% request
assert app.test_client().get("/users").text == "0"
