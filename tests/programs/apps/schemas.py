"""Flask-Marshmallow with Flask-SQLAlchemy: schemas with links."""

from flask import Flask, request
from flask_marshmallow import Marshmallow
from flask_sqlalchemy import SQLAlchemy
from marshmallow import ValidationError
from observation import seen

db = SQLAlchemy()
ma = Marshmallow()


class Author(db.Model):
    """Somebody with a name."""

    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(8))


class AuthorSchema(ma.SQLAlchemyAutoSchema):
    """An author and where to find them."""

    class Meta:
        """Which model it is made from."""

        model = Author
        load_instance = True
        sqla_session = db.session

    links = ma.Hyperlinks(
        {"self": ma.URLFor("show", values={"number": "<id>"}), "all": ma.URLFor("everybody")}
    )
    absolute = ma.AbsoluteURLFor("show", values={"number": "<id>"})


def make_app():
    """Return the app: ``/authors`` lists and adds, ``/authors/<number>`` shows."""
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    db.init_app(app)
    ma.init_app(app)

    @app.get("/authors")
    def everybody():
        return AuthorSchema(many=True).jsonify(db.session.scalars(db.select(Author)))

    @app.post("/authors")
    def add():
        author = AuthorSchema().load(request.get_json())
        db.session.add(author)
        db.session.commit()
        return AuthorSchema().dump(author), 201

    @app.get("/authors/<int:number>")
    def show(number):
        return AuthorSchema().dump(db.get_or_404(Author, number))

    app.errorhandler(ValidationError)(lambda error: (error.messages, 422))
    with app.app_context():
        db.create_all()
    return app


def observe():
    """Add authors, a wrong one too, and follow a link."""
    client = make_app().test_client()
    steps = [
        client.post("/authors", json=data) for data in ({"name": "Ann"}, {"name": "A" * 9}, {"nom": "B"})
    ]
    assert [step.status_code for step in steps] == [201, 422, 422]
    assert steps[0].json["links"] == {"self": "/authors/1", "all": "/authors"}
    assert steps[0].json["absolute"] == "http://localhost/authors/1"
    steps += [client.get("/authors"), client.get(steps[0].json["links"]["self"])]
    assert steps[4].json["name"] == "Ann"
    return [seen(step) for step in steps]
