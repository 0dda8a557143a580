"""Flask-SQLAlchemy: a database, a model and a view of it."""

# %% app
from flask import Flask

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"

# %% database
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy(app)


class User(db.Model):
    """Who may come in."""

    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(80), unique=True, nullable=False)


with app.app_context():
    db.create_all()


# %% view
@app.post("/users/<name>")
def add(name):
    """Add a user."""
    db.session.merge(User(id=1, name=name))
    db.session.commit()
    return [user.name for user in db.session.scalars(db.select(User))]


# %% request
assert app.test_client().post("/users/ann").json == ["ann"]
