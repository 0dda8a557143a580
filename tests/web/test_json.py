"""JSON: in responses, in requests, with tags."""

from __future__ import annotations

import dataclasses
import decimal
import io
import json
import uuid
from datetime import UTC, date, datetime, time

import pytest
from markupsafe import Markup


@dataclasses.dataclass
class Point:
    x: int
    y: object


class Html:
    def __html__(self):
        return "<b>"


KNOWN = [
    (datetime(2026, 1, 2, 3, 4, 5), "Fri, 02 Jan 2026 03:04:05 GMT"),
    (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "Fri, 02 Jan 2026 03:04:05 GMT"),
    (date(2026, 1, 2), "Fri, 02 Jan 2026 00:00:00 GMT"),
    (decimal.Decimal("1.10"), "1.10"),
    (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (Point(1, Point(2, 3)), {"x": 1, "y": {"x": 2, "y": 3}}),
    (Html(), "<b>"),
    (Markup("<i>"), "<i>"),
]


@pytest.mark.parametrize(("value", "written"), KNOWN)
def test_some_types_more_than_json_knows_are_written(framework, app, value, written):
    assert json.loads(app.json.dumps(value)) == written
    assert json.loads(framework.json.dumps([value])) == [written]


@pytest.mark.parametrize("value", [{1, 2}, b"bytes", object(), time(1), 1j])
def test_other_types_are_an_error(app, value):
    with pytest.raises(TypeError, match="not JSON serializable"):
        app.json.dumps(value)


def test_keys_are_sorted_and_characters_escaped_by_itself(app):
    assert app.json.dumps({"b": "é", "a": 1}) == '{"a": 1, "b": "\\u00e9"}'
    app.json.sort_keys = False
    app.json.ensure_ascii = False
    assert app.json.dumps({"b": "é", "a": 1}) == '{"b": "é", "a": 1}'
    assert app.json.dumps({"b": 1, "a": 1}, sort_keys=True, indent=0) == '{\n"a": 1,\n"b": 1\n}'


def test_keys_of_several_types_cannot_be_sorted(app):
    with pytest.raises(TypeError):
        app.json.dumps({1: 1, "a": 2})


def test_outside_of_an_app_the_standard_library_decides(framework):
    assert framework.json.dumps({"b": decimal.Decimal(1), "a": "é"}) == '{"b": "1", "a": "\\u00e9"}'
    stream = io.StringIO()
    framework.json.dump({"b": 1, "a": uuid.UUID(int=1)}, stream)
    assert stream.getvalue().startswith('{"b": 1, "a": "0000')
    assert framework.json.loads(b"[1]") == framework.json.load(io.StringIO("[1]")) == [1]


def test_inside_an_app_its_provider_decides(framework, app):
    class Provider(framework.json.provider.JSONProvider):
        def dumps(self, obj, **kwargs):
            return f"written {obj} {kwargs}"

        def loads(self, s, **kwargs):
            return f"read {s} {kwargs}"

    app.json = Provider(app)
    with app.app_context():
        stream = io.StringIO()
        framework.json.dump(1, stream, a=2)
        assert stream.getvalue() == framework.json.dumps(1, a=2) == "written 1 {'a': 2}"
        assert (
            framework.json.load(io.StringIO("1"), a=2) == framework.json.loads("1", a=2) == "read 1 {'a': 2}"
        )
        assert framework.jsonify(1).get_data(as_text=True) == "written 1 {}"
        assert framework.jsonify(1).mimetype == "application/json"


def test_the_provider_class_is_the_apps(framework):
    class Provider(framework.json.provider.DefaultJSONProvider):
        mimetype = "application/vnd.own+json"

    class App(framework.Flask):
        json_provider_class = Provider

    app = App(__name__)
    with app.app_context():
        assert framework.jsonify({}).mimetype == "application/vnd.own+json"


def test_a_provider_has_to_write_and_read(framework, app):
    provider = framework.json.provider.JSONProvider(app)
    with pytest.raises(NotImplementedError):
        provider.dumps(1)
    with pytest.raises(NotImplementedError):
        provider.loads("1")


@pytest.mark.parametrize(
    ("args", "kwargs", "body"),
    [
        ((), {}, "null"),
        ((None,), {}, "null"),
        (({"b": 1, "a": [1]},), {}, '{"a":[1],"b":1}'),
        ((1, "two"), {}, '[1,"two"]'),
        (([],), {}, "[]"),
        ((), {"a": 1}, '{"a":1}'),
    ],
)
def test_a_response_is_one_value_or_a_list_or_an_object(framework, app, args, kwargs, body):
    with app.app_context():
        response = framework.jsonify(*args, **kwargs)
    assert response.get_data(as_text=True) == f"{body}\n"
    assert response.mimetype == "application/json"


def test_arguments_of_both_kinds_are_an_error(framework, app):
    with app.app_context(), pytest.raises(TypeError, match=r"not (both|of both)"):
        framework.jsonify(1, a=2)


@pytest.mark.parametrize(
    ("debug", "compact", "indented"),
    [(False, None, False), (True, None, True), (True, True, False), (False, False, True)],
)
def test_a_response_is_indented_in_debug_mode_unless_told(framework, app, debug, compact, indented):
    app.debug = debug
    app.json.compact = compact
    with app.app_context():
        text = framework.jsonify({"a": [1]}).get_data(as_text=True)
    assert text == ('{\n  "a": [\n    1\n  ]\n}\n' if indented else '{"a":[1]}\n')


def test_the_default_can_be_exchanged_on_the_provider(framework, app):
    app.json.default = lambda value: f"<{type(value).__name__}>"
    assert app.json.dumps(object()) == '"<object>"'


def test_responses_outside_of_an_app_are_an_error(framework):
    with pytest.raises(RuntimeError, match="application context"):
        framework.jsonify(1)


def test_views_may_return_what_becomes_json(app, client):
    app.add_url_rule("/dict", view_func=lambda: {"a": date(2026, 1, 2)}, endpoint="dict")
    app.add_url_rule("/list", view_func=lambda: [1, None], endpoint="list")
    assert client.get("/dict").json == {"a": "Fri, 02 Jan 2026 00:00:00 GMT"}
    assert client.get("/list").text == "[1,null]\n"


def test_requests_and_responses_are_read_by_the_provider(framework, app, client):
    class Provider(framework.json.provider.DefaultJSONProvider):
        def loads(self, s, **kwargs):
            return ["read", super().loads(s, **kwargs)]

    app.json = Provider(app)
    app.add_url_rule("/", view_func=lambda: framework.request.get_json(), methods=["POST"], endpoint="index")
    assert client.post("/", json={"a": 1}).json == ["read", ["read", {"a": 1}]]


def test_templates_write_json_by_the_provider(framework, app):
    with app.app_context():
        text = framework.render_template_string("{{ value|tojson }}", value=[Html(), decimal.Decimal(1)])
    assert text == '["\\u003cb\\u003e", "1"]'


# --- tags ---

TAGGED = [
    ((1, (2, [3])), '{" t":[1,{" t":[2,[3]]}]}'),
    (b"x\xff", '{" b":"eP8="}'),
    (Markup("<b>"), '{" m":"<b>"}'),
    (uuid.UUID(int=5), '{" u":"00000000000000000000000000000005"}'),
    (datetime(2026, 1, 2, tzinfo=UTC), '{" d":"Fri, 02 Jan 2026 00:00:00 GMT"}'),
    ({" t": 1}, '{" di":{" t__":1}}'),
    ({" di": {" b": b""}}, '{" di":{" di__":{" di":{" b__":{" b":""}}}}}'),
    ({" t": 1, "more": 2}, '{" t":1,"more":2}'),
    ({" unknown": 1}, '{" unknown":1}'),
    ({"a": [None, True, 1.5, "é"]}, '{"a":[null,true,1.5,"\\u00e9"]}'),
]


@pytest.fixture
def serializer(framework):
    return framework.json.tag.TaggedJSONSerializer()


@pytest.mark.parametrize(("value", "text"), TAGGED)
def test_tagged_values_are_written_and_come_back(serializer, value, text):
    assert serializer.dumps(value) == text
    back = serializer.loads(text)
    assert back == value
    assert type(back) is type(value)


def test_subclasses_come_back_as_the_type_they_extend(serializer):
    class Pair(tuple):
        __slots__ = ()

    class Names(dict):
        pass

    assert serializer.loads(serializer.dumps(Pair((1, 2)))) == (1, 2)
    assert serializer.loads(serializer.dumps(Names(a=1))) == {"a": 1}
    assert serializer.loads(serializer.dumps(Html())) == Markup("<b>")


def test_a_date_is_only_text(serializer):
    assert serializer.loads(serializer.dumps(date(2026, 1, 2))) == "Fri, 02 Jan 2026 00:00:00 GMT"


def set_tag(framework):
    class TagSet(framework.json.tag.JSONTag):
        __slots__ = ()
        key = " s"

        def check(self, value):
            return isinstance(value, set)

        def to_json(self, value):
            return self.serializer.tag(sorted(value))

        def to_python(self, value):
            return set(value)

    return TagSet


def test_a_tag_of_ones_own_is_written_and_read(framework, serializer):
    serializer.register(set_tag(framework))
    assert serializer.dumps({"a": {2, 1}}) == '{"a":{" s":[1,2]}}'
    assert serializer.loads('{"a":{" s":[1,2]}}') == {"a": {1, 2}}
    assert serializer.dumps({" s": 1}) == '{" di":{" s__":1}}'


def test_a_taken_key_is_an_error_unless_forced(framework, serializer):
    serializer.register(set_tag(framework))
    with pytest.raises(KeyError, match="' s'"):
        serializer.register(set_tag(framework))
    newer = set_tag(framework)
    serializer.register(newer, force=True)
    assert type(serializer.tags[" s"]) is newer


def test_the_index_decides_what_is_tried_first(framework, serializer):
    class Ordered(dict):
        pass

    class TagOrdered(framework.json.tag.JSONTag):
        __slots__ = ("serializer",)
        key = " od"

        def check(self, value):
            return isinstance(value, Ordered)

        def to_json(self, value):
            return [[key, self.serializer.tag(content)] for key, content in value.items()]

        def to_python(self, value):
            return Ordered(value)

    serializer.register(TagOrdered, index=0)
    assert type(serializer.order[0]) is TagOrdered
    assert type(serializer.loads(serializer.dumps(Ordered(b=1, a=(2,))))) is Ordered


def test_a_subclass_chooses_the_default_tags(framework):
    tag = framework.json.tag

    class Serializer(tag.TaggedJSONSerializer):
        default_tags = (tag.TagTuple, tag.PassList)

    serializer = Serializer()
    assert list(serializer.tags) == [" t"]
    assert serializer.dumps(((1,), {"a": 1})) == '{" t":[{" t":[1]},{"a":1}]}'


def test_a_tag_has_to_say_three_things(framework, serializer):
    tag = framework.json.tag.JSONTag(serializer)
    for method in (tag.check, tag.to_json, tag.to_python):
        with pytest.raises(NotImplementedError):
            method(1)


def test_a_provider_without_hooks_reads_tags_too(framework, app, serializer):
    class Provider(framework.json.provider.JSONProvider):
        def dumps(self, obj, **kwargs):
            return json.dumps(obj)

        def loads(self, s, **kwargs):
            return json.loads(s)

    app.json = Provider(app)
    with app.app_context():
        assert serializer.loads(serializer.dumps({"a": (1,)})) == {"a": (1,)}
