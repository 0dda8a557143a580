"""Flask-SQLAlchemy: made without an app, which it meets in a later cell."""

# %% app
from flask import Flask

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"

# %% database
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """The base of the models."""


db = SQLAlchemy(model_class=Base)


class User(db.Model):
    """Who may come in."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)


# %% tables
db.init_app(app)

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
