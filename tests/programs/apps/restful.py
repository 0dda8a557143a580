"""Flask-RESTful: resources, argument parsing, fields and its own errors."""

from flask import Blueprint, Flask, make_response
from flask_restful import Api, Resource, abort, fields, marshal_with, reqparse
from observation import seen

SHOWN = {
    "name": fields.String,
    "link": fields.Url("part.item", absolute=True),
    "size": fields.Integer(default=1),
}


class Item(Resource):
    """One item."""

    @marshal_with(SHOWN)
    def get(self, name):
        """Show it."""
        if name == "none":
            abort(404, message=f"{name} is not there", code="E1")
        return {"name": name, "hidden": 1}

    def put(self, name):
        """Change it."""
        parser = reqparse.RequestParser(bundle_errors=True)
        parser.add_argument("size", type=int, required=True, help="a number: {error_msg}")
        parser.add_argument("tag", action="append", location="args")
        return {"name": name, **parser.parse_args()}, 201, {"X-Was": "put"}

    def delete(self, name):
        """Fail."""
        raise OverflowError(name)


def make_app():
    """Return an app with an API in a blueprint."""
    app = Flask(__name__)
    part = Blueprint("part", __name__, url_prefix="/v1")
    api = Api(part, errors={"OverflowError": {"message": "too much", "status": 409}}, catch_all_404s=True)
    api.add_resource(Item, "/items/<name>", "/things/<name>", endpoint="item")

    @api.representation("text/plain")
    def plain(data, code, headers=None):
        return make_response(str(data), code, headers)

    app.register_blueprint(part)
    app.get("/page", endpoint="page")(lambda: "an ordinary page")
    return app


def observe():
    """Use the resource rightly and wrongly, and a view beside it."""
    client = make_app().test_client()
    steps = [
        client.get("/v1/items/a"),
        client.get("/v1/things/b"),
        client.get("/v1/items/none"),
        client.put("/v1/items/a?tag=x&tag=y", json={"size": "3"}),
        client.put("/v1/items/a", json={"size": "many"}),
        client.put("/v1/items/a", data="{", content_type="application/json"),
        client.delete("/v1/items/a"),
        client.post("/v1/items/a"),
        client.get("/v1/nothing"),
        client.get("/nothing"),
        client.get("/page"),
        client.get("/v1/items/a", headers={"Accept": "text/plain"}),
        client.get("/v1/items/a", headers={"Accept": "image/png"}),
    ]
    assert [step.status_code for step in steps[:8]] == [200, 200, 404, 201, 400, 400, 409, 405]
    assert steps[0].json == {"name": "a", "link": "http://localhost/v1/items/a", "size": 1}
    assert steps[3].json == {"name": "a", "size": 3, "tag": ["x", "y"]}
    return [seen(step) for step in steps]
