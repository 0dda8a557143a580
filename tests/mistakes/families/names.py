"""Names that there are not."""

from ..mistake import Mistake

BARE = ""

MISTAKES = [
    Mistake(
        "Flask without its import",
        wrong="""
            app = Flask(__name__)
        """,
        says=[
            "NameError: name 'Flask' is not defined",
            "Flask needs an import in a plain cell: from flask_nb import Flask",
        ],
        right="""
            from flask_nb import Flask
            app = Flask(__name__)
            %app
        """,
        setup=BARE,
    ),
    Mistake(
        "a name of the framework without its import",
        wrong="""
            @app.get("/")
            def page():
                return make_response("Hello")
            %get /
        """,
        says=[
            "NameError: name 'make_response' is not defined",
            "make_response needs an import in a plain cell: from flask_nb import make_response",
        ],
        right="""
            from flask_nb import make_response
            @app.get("/")
            def page():
                return make_response("Hello")
            %get /
        """,
        shows="Hello",
        only_ours=True,
    ),
    Mistake(
        "a module without its import",
        wrong="""
            %%route /dice --try /dice
            str(random.randint(6, 6))
        """,
        says=["NameError: name 'random' is not defined", "import random"],
        right="""
            %%route /dice --try /dice
            import random
            str(random.randint(6, 6))
        """,
        shows="6",
    ),
    Mistake(
        "a module without its import in a plain cell",
        wrong="""
            json.dumps({})
        """,
        says=["NameError: name 'json' is not defined", "import json"],
        right="""
            import json
            json.dumps({})
        """,
        shows="{}",
    ),
    Mistake(
        "pandas without its import",
        wrong="""
            %%route /table --try /table
            pd.read_csv("table.csv").to_html()
        """,
        says=["NameError: name 'pd' is not defined", "Type import pandas as pd in a cell above"],
        right="""
            pd = __import__("types").SimpleNamespace(read_csv=lambda name: pd, to_html=lambda: "<table>")
            ---
            %%route /table --try /table
            pd.read_csv("table.csv").to_html()
        """,
        shows="<table>",
    ),
    Mistake(
        "an attribute of the request that is misspelt",
        wrong="""
            %%route /search --try /search?q=pen
            request.arg["q"]
        """,
        says=["AttributeError: 'Request' object has no attribute 'arg'. Did you mean: 'args'?"],
        right="""
            %%route /search --try /search?q=pen
            request.args["q"]
        """,
        shows="pen",
    ),
    Mistake(
        "a variable that is misspelt",
        wrong="""
            counter = 1
            @app.get("/")
            def count():
                return str(countr)
            %get /
        """,
        says=["NameError: name 'countr' is not defined. Did you mean: 'counter'?"],
        right="""
            counter = 1
            @app.get("/")
            def count():
                return str(counter)
            %get /
        """,
        shows="1",
    ),
    Mistake(
        "a field of the query taken for a variable",
        wrong="""
            %%route /hello --try /hello?name=Ann
            f"Hello {name}!"
        """,
        says=["NameError: name 'name' is not defined", "the query brought it. Type request.args['name']"],
        right="""
            %%route /hello --try /hello?name=Ann
            f"Hello {request.args['name']}!"
        """,
        shows="Hello Ann!",
    ),
    Mistake(
        "a field of the form taken for a variable",
        wrong="""
            %%route POST /hello
            f"Hello {name}!"
            ---
            %post /hello name=Ann --form
        """,
        says=["NameError: name 'name' is not defined", "the form brought it. Type request.form['name']"],
        right="""
            %%route POST /hello
            f"Hello {request.form['name']}!"
            ---
            %post /hello name=Ann --form
        """,
        shows="Hello Ann!",
    ),
    Mistake(
        "escape from Flask",
        wrong="""
            from flask import escape
            escape("<b>")
        """,
        says=[
            "ImportError: cannot import name 'escape' from 'flask'",
            "Flask 3.0 has dropped it. Type: from markupsafe import escape",
        ],
        right="""
            from markupsafe import escape
            escape("<b>")
        """,
        shows="&lt;b&gt;",
    ),
    Mistake(
        "Markup from Flask",
        wrong="""
            from flask import Markup
            Markup("<b>")
        """,
        says=[
            "ImportError: cannot import name 'Markup' from 'flask'",
            "Flask 3.0 has dropped it. Type: from markupsafe import Markup",
        ],
        right="""
            from markupsafe import Markup
            Markup("<b>")
        """,
        shows="<b>",
    ),
    Mistake(
        "JSONEncoder from Flask",
        wrong="""
            from flask.json import JSONEncoder
        """,
        says=[
            "ImportError: cannot import name 'JSONEncoder' from 'flask.json'",
            "Flask 2.3 has dropped it: derive a class from flask.json.provider.DefaultJSONProvider",
        ],
        right="""
            from flask.json.provider import DefaultJSONProvider
            DefaultJSONProvider.__name__
        """,
        shows="DefaultJSONProvider",
    ),
    Mistake(
        "before_first_request",
        wrong="""
            @app.before_first_request
            def set_up():
                pass
        """,
        says=[
            "AttributeError: 'Flask' object has no attribute 'before_first_request'",
            "Flask 2.3 has dropped it: call the function where the app is made",
        ],
        right="""
            def set_up():
                return "set up"
            with app.app_context():
                print(set_up())
        """,
        shows="set up",
    ),
    Mistake(
        "Flask in lower case",
        wrong="""
            import flask
            app = flask(__name__)
        """,
        says=[
            "TypeError: 'module' object is not callable",
            "flask is the module. Type flask.Flask(__name__)",
        ],
        right="""
            import flask
            app = flask.Flask(__name__)
            %app
        """,
        shows="app",
    ),
    Mistake(
        "the module Flask in upper case",
        wrong="""
            from Flask import Flask
        """,
        says=[
            "ModuleNotFoundError: No module named 'Flask'",
            "the module is in lower case. Type from flask import Flask",
        ],
        right="""
            from flask import Flask
            Flask.__name__
        """,
        shows="Flask",
    ),
    Mistake(
        "an app without a name",
        wrong="""
            app = Flask()
        """,
        says=["TypeError", "missing 1 required positional argument: 'import_name'", "Type Flask(__name__)"],
        right="""
            app = Flask(__name__)
            %app
        """,
        shows="app",
    ),
    Mistake(
        "an extension that is not installed",
        wrong="""
            from flask_nosuchextension import Nothing
        """,
        says=["ModuleNotFoundError: No module named 'flask_nosuchextension'"],
        right="""
            from flask import Flask
            Flask.__name__
        """,
        shows="Flask",
    ),
    Mistake(
        "a known extension that is not installed",
        wrong="""
            from flask_ngrok import run_with_ngrok
        """,
        says=["it is not installed. Type %pip install flask-ngrok"],
        right="""
            from flask import Flask
            Flask.__name__
        """,
        shows="Flask",
    ),
]
