"""What a person does in a browser's Python; prints what was observed as one line of JSON."""

import json
import sys

from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from flask_nb import Flask, render_template_string, request, session

app = Flask("browser")
app.secret_key = "dev"


@app.post("/count/<name>")
def count(name):
    session["n"] = session.get("n", 0) + request.json["by"]
    return render_template_string("{{ name }} {{ session.n }}", name=name)


client = app.test_client()
counted = [client.post("/count/<b>", json={"by": 2}).text for _ in range(2)]

shell = InteractiveShell.instance()
shell.history_manager.enabled = False
shell.run_line_magic("xmode", "Minimal")


async def run(cell):
    """Run a cell as a kernel does, within an event loop, and return what it shows."""
    with capture_output() as shown:
        result = await shell.run_cell_async(cell, transformed_cell=shell.transform_cell(cell))
    if result.error_in_exec is not None:
        return f"{type(result.error_in_exec).__name__}: {result.error_in_exec}"
    return shown.stdout + "".join(output.data["text/plain"] for output in shown.outputs) + shown.stderr


def complete(line):
    """Return what the completer offers at the end of the line."""
    with provisionalcompleter():
        return [one.text for one in shell.Completer.completions(line, len(line))]


observed = {
    "platform": sys.platform,
    "counted": counted,
    "loaded": await run("%load_ext flask_nb"),  # noqa: F704
    "defined": await run("%%route /hello/<name>\nprint('seen')\nf'Hello {name}!'"),  # noqa: F704
    "asked": await run("%get /hello/Ann"),  # noqa: F704
    "twice": await run("for n in 1, 2:\n    %get /hello/{n} --timeout 5"),  # noqa: F704
    "posted": await run("%%route POST /items --try 'POST /items a=1'\nrequest.json, 201"),  # noqa: F704
    "failed": await run("%%route /boom --try /boom\n1 / 0"),  # noqa: F704
    "served": await run("%serve"),  # noqa: F704
    "ran": await run("app.run()"),  # noqa: F704
    "async": await run("%%route /later\nimport asyncio\nawait asyncio.sleep(0)\n'later'"),  # noqa: F704
    "awaited": await run("%get /later"),  # noqa: F704
    "completed": complete("%get /he"),
    "unloaded": await run("%unload_ext flask_nb"),  # noqa: F704
}
print(json.dumps(observed))
