"""APIFlask, whose ``APIFlask`` and ``APIBlueprint`` are subclasses of ``Flask`` and ``Blueprint``."""

from apiflask import APIBlueprint, APIFlask, HTTPTokenAuth, Schema, abort
from apiflask.fields import Integer, String
from apiflask.validators import Length
from apiflask.views import MethodView
from flask import Flask
from observation import seen


class PetIn(Schema):
    """What comes in."""

    name = String(required=True, validate=Length(1, 5))


class PetOut(Schema):
    """What goes out."""

    id = Integer()
    name = String()


def make_app():
    """Return the app: pets to list and add, one class-based, one part for those with a token."""
    app = APIFlask("pets", title="Pets", version="1.0", docs_ui="redoc")
    auth = HTTPTokenAuth()
    auth.verify_token(lambda token: "ann" if token == "right" else None)
    pets = ["Tom", "Jerry"]

    @app.get("/pets")
    @app.output(PetOut(many=True))
    def listed():
        return [{"id": number, "name": name} for number, name in enumerate(pets)]

    @app.post("/pets")
    @app.input(PetIn, location="json")
    @app.output(PetOut, status_code=201)
    @app.doc(summary="Add a pet")
    def add(json_data):
        pets.append(json_data["name"])
        return {"id": len(pets) - 1, **json_data}

    class Pet(MethodView):
        """One pet."""

        decorators = (app.doc(tags=["one"]),)

        @app.output(PetOut)
        def get(self, number):
            """Show a pet."""
            if number >= len(pets):
                abort(404, "no such pet", detail={"number": number})
            return {"id": number, "name": pets[number]}

    app.add_url_rule("/pets/<int:number>", view_func=Pet.as_view("pet"))
    part = APIBlueprint("part", __name__, url_prefix="/part")

    @part.get("/secret")
    @app.auth_required(auth)
    def secret():
        return {"who": auth.current_user}

    app.register_blueprint(part)
    return app


def observe():
    """Use it rightly and wrongly, and read the description it gives of itself."""
    app = make_app()
    assert isinstance(app, Flask)
    client = app.test_client()
    steps = [
        client.get("/pets"),
        client.post("/pets", json={"name": "Spike"}),
        client.post("/pets", json={"name": "far too long"}),
        client.post("/pets", data="{", content_type="application/json"),
        client.get("/pets/2"),
        client.get("/pets/9"),
        client.get("/part/secret"),
        client.get("/part/secret", headers={"Authorization": "Bearer right"}),
        client.delete("/pets"),
        client.get("/nothing"),
        client.get("/openapi.json"),
        client.get("/docs"),
    ]
    assert [step.status_code for step in steps] == [
        200,
        201,
        422,
        400,
        200,
        404,
        401,
        200,
        405,
        404,
        200,
        200,
    ]
    assert steps[5].json == {"message": "no such pet", "detail": {"number": 9}}
    spec = app.test_cli_runner().invoke(args=["spec", "--format", "json"])
    assert set(steps[10].json["paths"]) == {"/pets", "/pets/{number}", "/part/secret"}
    return [seen(step) for step in steps], spec.output
