"""Cells that are the body of a view."""

from ..mistake import Mistake

MISTAKES = [
    Mistake(
        "text without quotes",
        wrong="""
            %%route /
            Hello world
        """,
        says=["line 2: invalid syntax. Text needs quotes: 'Hello world'"],
        right="""
            %%route / --try /
            'Hello world'
        """,
        shows="Hello world",
    ),
    Mistake(
        "a page without quotes",
        wrong="""
            %%route /
            <h1>Hello</h1>
        """,
        says=["line 2: invalid syntax. Text needs quotes: '<h1>Hello</h1>'"],
        right="""
            %%route / --try /
            '<h1>Hello</h1>'
        """,
        shows="<h1>Hello</h1>",
    ),
    Mistake(
        "a page of several lines without quotes",
        wrong="""
            %%route /
            <ul>
              <li>one</li>
            </ul>
        """,
        says=["line 2: invalid syntax. Text of several lines stands between triple quotes"],
        right='''
            %%route / --try /
            """<ul>
              <li>one</li>
            </ul>"""
        ''',
        shows="<li>one</li>",
    ),
    Mistake(
        "print for the response",
        wrong="""
            %%route / --try /
            print("Hello")
        """,
        says=["TypeError", "None", "line 2: print shows text and returns None. Type return 'Hello'"],
        right="""
            %%route / --try /
            "Hello"
        """,
        shows="200 OK",
    ),
    Mistake(
        "the response in a branch",
        wrong="""
            %%route /<int:n>
            if n > 0:
                "positive"
            else:
                "not positive"
            ---
            %get /7
        """,
        says=[
            "None",
            "line 3: only the last line of a cell is returned by itself, not a value in a branch. Type return 'positive'",
        ],
        right="""
            %%route /<int:n>
            if n > 0:
                return "positive"
            else:
                return "not positive"
            ---
            %get /7
        """,
        shows="positive",
    ),
    Mistake(
        "the response in a loop",
        wrong="""
            %%route /
            for n in range(3):
                f"number {n}"
            ---
            %get /
        """,
        says=[
            "None",
            "line 3: a value in a loop is not returned. Collect them in a list and return that, or type yield f'number {n}'",
        ],
        right="""
            %%route /
            for n in range(3):
                yield f"number {n}"
            ---
            %get /
        """,
        shows="number 2",
    ),
    Mistake(
        "an assignment at the end",
        wrong="""
            %%route / --try /
            text = "Hello"
        """,
        says=["None", "line 2: an assignment is no value. Type text on a line of its own below it"],
        right="""
            %%route / --try /
            text = "Hello"
            text
        """,
        shows="Hello",
    ),
    Mistake(
        "an f-string without its f",
        wrong="""
            %%route /hello/<name> --try /hello/Ann
            "Hello {name}!"
        """,
        says=[
            "Hello {name}!",
            'line 2: {name} went out as it stands. Type an f before the quotes: f"Hello {name}!"',
        ],
        right="""
            %%route /hello/<name> --try /hello/Ann
            f"Hello {name}!"
        """,
        shows="Hello Ann!",
    ),
    Mistake(
        "a variable of the rule that is misspelt",
        wrong="""
            %%route /hello/<name> --try /hello/Ann
            f"Hello {nmae}!"
        """,
        says=["NameError: name 'nmae' is not defined. Did you mean: 'name'?"],
        right="""
            %%route /hello/<name> --try /hello/Ann
            f"Hello {name}!"
        """,
        shows="Hello Ann!",
    ),
    Mistake(
        "a counter of the notebook",
        wrong="""
            visits = 0
            ---
            %%route / --try /
            visits += 1
            f"{visits} visits"
        """,
        says=["UnboundLocalError", "To change the notebook's variable, put this line first: global visits"],
        right="""
            visits = 0
            ---
            %%route / --try /
            global visits
            visits += 1
            f"{visits} visits"
        """,
        shows="1 visits",
    ),
    Mistake(
        "return in a plain cell",
        wrong="""
            return "Hello"
        """,
        says=[
            "'return' outside function",
            "A cell is the body of a view when its first line says so, such as: %%route /hello",
        ],
        right="""
            %%route /hello --try /hello
            return "Hello"
        """,
        shows="Hello",
    ),
    Mistake(
        "two magics in a cell",
        wrong="""
            %%route /one
            "one"
            %%route /two
            "two"
        """,
        says=["line 3: %%route is below another cell magic, and a cell can have only one"],
        right="""
            %%route /one --try /one
            "one"
        """,
        shows="one",
    ),
    Mistake(
        "a request within the view",
        wrong="""
            %%route /one
            "one"
            %get /one
        """,
        says=["a view is plain Python. Put % magics and ! commands into another cell"],
        right="""
            %%route /one
            "one"
            ---
            %get /one
        """,
        shows="one",
    ),
    Mistake(
        "an empty cell",
        wrong="%%route /",
        says=["the cell is empty. Type the view below the magic, such as: 'Hello'"],
        right="""
            %%route / --try /
            'Hello'
        """,
        shows="Hello",
    ),
    Mistake(
        "a cell magic below code",
        wrong="""
            greeting = "Hello"
            %%route /
            greeting
        """,
        says=[
            "line 2: %%route is below code, but a cell magic begins its cell. Move it to a cell of its own"
        ],
        right="""
            greeting = "Hello"
            ---
            %%route / --try /
            greeting
        """,
        shows="Hello",
    ),
    Mistake(
        "slow work in a view",
        wrong="""
            import time
            def read_table():
                time.sleep(5)
                return "a table"
            ---
            %%route /table
            table = read_table()
            table
            ---
            %get /table --timeout 0.2
        """,
        says=[
            "GET /table did not answer within 0.2 s and was stopped. Give it longer with --timeout SECONDS"
        ],
        right="""
            import time
            def read_table():
                time.sleep(0.3)
                return "a table"
            table = read_table()
            ---
            %%route /table
            table
            ---
            %get /table --timeout 0.2
        """,
        shows="a table",
    ),
    Mistake(
        "an await beside a yield",
        wrong="""
            %%route /
            import asyncio
            await asyncio.sleep(0)
            yield "one"
        """,
        says=["line 4: a view cannot both await and yield. Let it await, and return a generator"],
        right="""
            %%route / --try /
            import asyncio
            yield "one"
        """,
        shows="one",
    ),
]
