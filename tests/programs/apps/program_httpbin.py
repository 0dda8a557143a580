"""httpbin: a service that answers what it was asked, the whole program."""

from observation import seen

REQUESTS = [
    ("GET", "/get?a=1&a=2&b=", {}),
    ("POST", "/post", {"data": {"name": "Ann", "tags": ["x", "y"]}}),
    ("POST", "/anything/deep/path?x=1", {"json": {"n": [1, None, "ü"]}}),
    ("PUT", "/put", {"data": "plain", "content_type": "text/plain"}),
    ("PATCH", "/patch", {"data": b"\xff\x00", "content_type": "application/octet-stream"}),
    ("DELETE", "/delete", {}),
    ("TRACE", "/anything", {}),
    ("GET", "/headers", {"headers": {"X-One": "1"}}),
    ("GET", "/status/418", {}),
    ("GET", "/status/406", {}),
    ("GET", "/status/999", {}),
    ("GET", "/status/many", {}),
    ("GET", "/redirect/3", {}),
    ("GET", "/redirect/3", {"follow_redirects": True}),
    ("GET", "/absolute-redirect/2", {}),
    ("GET", "/relative-redirect/2", {}),
    ("GET", "/redirect-to?url=/get&status_code=307", {}),
    ("POST", "/redirect-to", {"data": {"url": "/get"}}),
    ("GET", "/response-headers?X-A=1&X-A=2&Content-Type=text/plain", {}),
    ("GET", "/cookies/set?a=1&b=2", {}),
    ("GET", "/cookies", {}),
    ("GET", "/cookies/delete?a", {}),
    ("GET", "/basic-auth/ann/pass", {}),
    ("GET", "/basic-auth/ann/pass", {"auth": ("ann", "pass")}),
    ("GET", "/hidden-basic-auth/ann/pass", {}),
    ("GET", "/bearer", {}),
    ("GET", "/bearer", {"headers": {"Authorization": "Bearer x"}}),
    ("GET", "/etag/abc", {}),
    ("GET", "/etag/abc", {"headers": {"If-None-Match": '"abc"'}}),
    ("GET", "/etag/abc", {"headers": {"If-Match": '"other"'}}),
    ("GET", "/cache", {"headers": {"If-Modified-Since": "Mon, 06 May 2024 07:08:09 GMT"}}),
    ("GET", "/cache/60", {}),
    ("GET", "/gzip", {}),
    ("GET", "/deflate", {}),
    ("GET", "/stream/3", {}),
    ("GET", "/stream-bytes/20?seed=1&chunk_size=3", {}),
    ("GET", "/bytes/20?seed=1", {}),
    ("GET", "/range/26", {"headers": {"Range": "bytes=10-15"}}),
    ("GET", "/range/26", {"headers": {"Range": "bytes=30-40"}}),
    ("GET", "/drip?numbytes=4&duration=0&delay=0", {}),
    ("GET", "/links/3/1", {}),
    ("GET", "/base64/aGVsbG8=", {}),
    ("GET", "/image", {"headers": {"Accept": "image/webp"}}),
    ("GET", "/image", {"headers": {"Accept": "text/html"}}),
    ("GET", "/image/png", {}),
    ("GET", "/html", {}),
    ("GET", "/xml", {}),
    ("GET", "/json", {}),
    ("GET", "/robots.txt", {}),
    ("GET", "/deny", {}),
    ("GET", "/encoding/utf8", {}),
    ("GET", "/forms/post", {}),
    ("GET", "/ip", {"headers": {"X-Forwarded-For": "10.0.0.1"}}),
    ("GET", "/user-agent", {}),
    ("GET", "/", {}),
    ("GET", "/legacy", {}),
    ("GET", "/spec.json", {}),
    ("GET", "/static/favicon.ico", {}),
    ("GET", "/static/../core.py", {}),
    ("GET", "/nothing", {}),
    ("POST", "/get", {}),
    ("OPTIONS", "/get", {"headers": {"Access-Control-Request-Headers": "X-One"}}),
    ("HEAD", "/get", {}),
]


def facts_of(path, answer):
    """Return what is the same each time: not the time and tags, nor the length of what was compressed."""
    masks = [r'(?<=ETag: )[0-9a-f"]+', r"(?<=Last-Modified: ).*"]
    if path in ("/gzip", "/deflate", "/spec.json"):
        return seen(answer, *masks, r"(?<=Content-Length: )\d+", body=False)
    return seen(answer, *masks)


def observe():
    """Send the requests, in this order, through one client; then list the rules."""
    from httpbin.core import app

    client = app.test_client()
    steps = [client.open(path, method=method, **options) for method, path, options in REQUESTS]
    answers = dict(zip((path for _, path, _ in REQUESTS), steps, strict=True))
    assert answers["/anything/deep/path?x=1"].json["json"] == {"n": [1, None, "ü"]}
    assert answers["/status/418"].status_code == 418
    assert answers["/cookies"].json == {"cookies": {"a": "1", "b": "2"}}
    assert answers["/stream/3"].text.count("\n") == 3
    rules = sorted(f"{rule.rule} {rule.endpoint} {sorted(rule.methods)}" for rule in app.url_map.iter_rules())
    facts = [facts_of(path, step) for (_, path, _), step in zip(REQUESTS, steps, strict=True)]
    return facts, answers["/spec.json"].json, rules
