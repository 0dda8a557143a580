"""Flask-RESTX: namespaces, models, the Swagger description and page."""

from flask import Flask
from flask_restx import Api, Namespace, Resource, fields
from observation import seen

things = Namespace("things", description="things to keep")
thing = things.model(
    "Thing", {"id": fields.Integer(readonly=True), "name": fields.String(required=True, max_length=5)}
)
kept = ["cup"]


@things.route("/", "/all")
class Things(Resource):
    """All of them."""

    @things.marshal_list_with(thing)
    def get(self):
        """List what there is."""
        return [{"id": number, "name": name} for number, name in enumerate(kept)]

    @things.expect(thing, validate=True)
    @things.marshal_with(thing, code=201)
    def post(self):
        """Add a thing."""
        kept.append(things.payload["name"])
        return {"id": len(kept) - 1, "name": kept[-1]}, 201


@things.route("/<int:number>")
class Thing(Resource):
    """One of them."""

    @things.doc(responses={404: "not there"})
    @things.marshal_with(thing)
    def get(self, number):
        """Show a thing."""
        if number >= len(kept):
            things.abort(404, f"no thing {number}")
        return {"id": number, "name": kept[number]}


def make_app():
    """Return an app with one namespace and a handler of its errors."""
    app = Flask(__name__)
    api = Api(app, title="Things", version="2", doc="/doc", prefix="/api")
    api.add_namespace(things)

    @api.errorhandler(ZeroDivisionError)
    def divided(error):
        """Tell of it."""
        return {"message": "by zero"}, 418

    @api.route("/broken")
    class Broken(Resource):
        """It fails."""

        def get(self):
            """Divide by zero."""
            return 1 / 0

    return app


def observe():
    """Use the API, and read the description and the page it gives of itself."""
    client = make_app().test_client()
    steps = [
        client.get("/api/things/"),
        client.post("/api/things/", json={"name": "pot"}),
        client.post("/api/things/all", json={"name": "far too long"}),
        client.get("/api/things/1"),
        client.get("/api/things/7"),
        client.get("/api/things/one"),
        client.get("/api/broken"),
        client.get("/api/swagger.json"),
        client.get("/doc"),
        client.get("/swaggerui/swagger-ui.css"),
    ]
    assert [step.status_code for step in steps] == [200, 201, 400, 200, 404, 404, 418, 200, 200, 200]
    assert set(steps[7].json["paths"]) == {"/things/", "/things/all", "/things/{number}", "/broken"}
    # The description's methods stand in the order of a set; as JSON it is compared without order.
    short = [len(step.data) < 20_000 and step is not steps[7] for step in steps]
    return [seen(step, body=body) for step, body in zip(steps, short, strict=True)], steps[7].json
