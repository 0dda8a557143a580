"""flask-smorest: blueprints that describe themselves, ETags and pages."""

from flask import Flask
from flask.views import MethodView
from flask_smorest import Api, Blueprint, abort
from marshmallow import Schema, fields
from observation import seen


class PetSchema(Schema):
    """A pet."""

    id = fields.Int(dump_only=True)
    name = fields.Str(required=True)


def make_app():
    """Return an app with an API of pets."""
    app = Flask(__name__)
    app.config |= {
        "API_TITLE": "Pets",
        "API_VERSION": "v1",
        "OPENAPI_VERSION": "3.0.2",
        "OPENAPI_URL_PREFIX": "/",
    }
    api = Api(app)
    pets = ["Tom", "Jerry", "Spike"]
    part = Blueprint("pets", "pets", url_prefix="/pets", description="Pets")

    @part.route("/")
    class Pets(MethodView):
        """All of them."""

        @part.response(200, PetSchema(many=True))
        @part.paginate(page_size=2)
        def get(self, pagination_parameters):
            """List them."""
            pagination_parameters.item_count = len(pets)
            first = pagination_parameters.first_item
            return [{"id": first + n, "name": name} for n, name in enumerate(pets[first:][:2])]

        @part.arguments(PetSchema)
        @part.response(201, PetSchema)
        def post(self, data):
            """Add one."""
            pets.append(data["name"])
            return {"id": len(pets) - 1, **data}

    @part.route("/<int:number>")
    class Pet(MethodView):
        """One of them."""

        @part.etag
        @part.response(200, PetSchema)
        def get(self, number):
            """Show it."""
            if number >= len(pets):
                abort(404, message="no such pet")
            return {"id": number, "name": pets[number]}

    api.register_blueprint(part)
    return app


def observe():
    """Use it rightly and wrongly, and read the description it gives of itself."""
    app = make_app()
    client = app.test_client()
    shown = client.get("/pets/0")
    steps = [
        shown,
        client.get("/pets/0", headers={"If-None-Match": shown.headers["ETag"]}),
        client.get("/pets/9"),
        client.get("/pets/"),
        client.get("/pets/?page=2"),
        client.post("/pets/", json={"name": "Tyke"}),
        client.post("/pets/", json={"nom": "Tyke"}),
        client.get("/openapi.json"),
    ]
    assert [step.status_code for step in steps] == [200, 304, 404, 200, 200, 201, 422, 200]
    printed = app.test_cli_runner().invoke(args=["openapi", "print"])
    assert printed.exit_code == 0, printed.output
    return [seen(step) for step in steps], printed.output
