"""flask-smorest: a blueprint that describes itself."""

# %% app
from flask import Flask

app = Flask(__name__)
app.config["API_TITLE"] = "Pets"
app.config["API_VERSION"] = "v1"
app.config["OPENAPI_VERSION"] = "3.0.2"
app.config["OPENAPI_URL_PREFIX"] = "/"

# %% api
from flask_smorest import Api

api = Api(app)

# %% pets
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields


class PetSchema(Schema):
    """A pet."""

    id = fields.Int(dump_only=True)
    name = fields.String()


blp = Blueprint("pets", __name__, url_prefix="/pets", description="pets")


@blp.route("/")
class Pets(MethodView):
    """All of them."""

    @blp.response(200, PetSchema(many=True))
    def get(self):
        """List them."""
        return [{"id": 1, "name": "Tom"}]


api.register_blueprint(blp)

# %% request
client = app.test_client()
assert client.get("/pets/").json == [{"id": 1, "name": "Tom"}]
assert list(client.get("/openapi.json").json["paths"]) == ["/pets/"]
