"""APIFlask: an app of a class of its own."""

# %% app
from apiflask import APIFlask, Schema
from apiflask.fields import Integer, String

app = APIFlask(__name__)


# %% views
class PetOut(Schema):
    """A pet."""

    id = Integer()
    name = String()


@app.get("/pets/<int:number>")
@app.output(PetOut)
def get_pet(number):
    """Show a pet."""
    return {"id": number, "name": "Tom"}


# %% request
client = app.test_client()
assert client.get("/pets/1").json == {"id": 1, "name": "Tom"}
assert list(client.get("/openapi.json").json["paths"]) == ["/pets/{number}"]
