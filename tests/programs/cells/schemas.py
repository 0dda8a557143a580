"""Flask-Marshmallow: schemas of a model."""

# %% app
from flask import Flask

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"

# %% schemas
from flask_marshmallow import Marshmallow
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy(app)
ma = Marshmallow(app)


class Author(db.Model):
    """Who writes."""

    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(255))


class AuthorSchema(ma.SQLAlchemyAutoSchema):
    """How an author is shown."""

    class Meta:
        """What it is of."""

        model = Author

    me = ma.URLFor("author", values={"number": "<id>"})


# %% view
@app.get("/authors/<int:number>")
def author(number):
    """Show an author."""
    return AuthorSchema().dump(Author(id=number, name="ann"))


# %% request
assert app.test_client().get("/authors/3").json == {"id": 3, "name": "ann", "me": "/authors/3"}
