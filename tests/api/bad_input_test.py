"""Bad input: every route answers it with a clear error, and the store stays as it was."""
import glob
import json
import os
import re
import unittest

import server as servers

server = None
SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# Routes that take a body, with the values of their variable parts.
BODY_ROUTES = [
    ("POST", "/_api/database"), ("POST", "/_api/collection"), ("PUT", "/_api/collection/things/properties"),
    ("PUT", "/_api/collection/things/rename"), ("POST", "/_api/document/things"), ("PUT", "/_api/document/things"),
    ("PATCH", "/_api/document/things"), ("DELETE", "/_api/document/things"), ("PUT", "/_api/document/things/a"),
    ("PATCH", "/_api/document/things/a"), ("POST", "/_api/index?collection=things"), ("POST", "/_api/cursor"),
    ("POST", "/_api/explain"), ("POST", "/_api/query"), ("PUT", "/_api/query/properties"), ("PUT", "/_api/query-cache/properties"),
    ("POST", "/_api/transaction/begin"), ("POST", "/_api/user"),
    ("PATCH", "/_api/user/somebody"), ("PUT", "/_api/user/somebody"),
    ("POST", "/_api/view"), ("PUT", "/_api/view/found/properties"), ("PATCH", "/_api/view/found/properties"),
    ("PUT", "/_api/view/found/rename"), ("POST", "/_api/analyzer"),
    ("PUT", "/_api/user/somebody/database/_system"), ("PUT", "/_api/user/somebody/database/_system/things"),
]
# Routes whose body is no JSON value, or that ignore it; each has a reason.
NO_JSON_BODY = {
    ("POST", "/_open/auth"): "404 while authentication is off",
    ("POST", "/_api/import"): "lines: see test_import",
    ("POST", "/_api/aqlfunction"): "answers that user functions are not offered",
    ("PUT", "/_api/cursor"): "answers that a cursor must be named",
    ("POST", "/_api/transaction"): "answers that JavaScript transactions are not offered",
    ("POST", "/_api/cursor/{id}"): "takes no body", ("PUT", "/_api/cursor/{id}"): "takes no body",
    ("POST", "/_api/cursor/{id}/{batch}"): "takes no body", ("PUT", "/_api/transaction/{id}"): "takes no body",
    ("PUT", "/_api/collection/{collection}/truncate"): "takes no body",
    ("PUT", "/_api/collection/{collection}/load"): "takes no body", ("PUT", "/_api/collection/{collection}/unload"): "takes no body",
    ("PUT", "/_api/collection/{collection}/loadIndexesIntoMemory"): "takes no body",
    ("PUT", "/_api/collection/{collection}/recalculateCount"): "takes no body",
    ("PUT", "/_api/collection/{collection}/compact"): "takes no body",
}


def setUpModule():
    global server
    server = servers.Server()
    server.request("POST", "/_api/collection", {"name": "things"})
    server.request("POST", "/_api/user", {"user": "somebody"})
    server.request("POST", "/_api/view", {"name": "found", "type": "arangosearch", "links": {"things": {"includeAllFields": True}}})
    for key in "abc":
        server.request("POST", "/_api/document/things", {"_key": key, "n": 1})
    server.request("POST", "/_api/index?collection=things", {"type": "persistent", "fields": ["unique"], "unique": True, "sparse": True})


def tearDownModule():
    server.close()


def state():
    documents = server.query("FOR t IN things SORT t._key RETURN t").json["result"]
    collections = server.request("GET", "/_api/collection").json["result"]
    indexes = server.request("GET", "/_api/index?collection=things").json["indexes"]
    users = server.request("GET", "/_api/user").json["result"]
    views = server.request("GET", "/_api/view/found/properties").json
    analyzers = server.request("GET", "/_api/analyzer").json["result"]
    databases = server.request("GET", "/_api/database").json["result"]
    return json.dumps([documents, sorted(item["name"] for item in collections), indexes, users, views, analyzers, databases], sort_keys=True)


class BadInput(unittest.TestCase):
    def setUp(self):
        self.before = state()

    def tearDown(self):
        self.assertEqual(state(), self.before)

    def refuses(self, answer, statuses=range(400, 500), number=None):
        self.assertIn(answer.status, statuses, answer.text)
        self.assertTrue(answer.json["error"])
        self.assertTrue(answer.json["errorMessage"], answer.text)
        self.assertTrue(answer.number, answer.text)
        if number is not None:
            self.assertEqual(answer.number, number, answer.text)

    def test_every_route_with_a_body_is_listed_here(self):
        declared = set()
        for path in glob.glob(os.path.join(SOURCE, "src", "server", "routes_*.cc")):
            text = open(path, encoding="utf-8").read()
            constants = dict(re.findall(r'(k\w+) = "(/_api[^"]*)"', text))
            for method, literal, constant in re.findall(r'\{HttpMethod::k(Post|Put|Patch), (?:"([^"]+)"|(k\w+))', text):
                declared.add((method.upper(), literal or constants[constant]))
        listed = [(method, re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)) + "$")) for method, path in sorted(declared - set(NO_JSON_BODY))]
        for method, pattern in listed:
            self.assertTrue(any(m == method and pattern.match(path.split("?")[0]) for m, path in BODY_ROUTES), f"{method} {pattern.pattern}")

    def test_malformed_json(self):
        for method, path in BODY_ROUTES:
            for body in (b'{"a":', b"{'a':1}", b"[1,", b"nul", b'{"a":1}}'):
                with self.subTest(route=f"{method} {path}", body=body):
                    self.refuses(server.request(method, path, body), [400], 600)

    def test_too_deep_json(self):
        for method, path in BODY_ROUTES:
            with self.subTest(route=f"{method} {path}"):
                self.refuses(server.request(method, path, b"[" * 100000 + b"]" * 100000), [400], 600)

    def test_invalid_utf8(self):
        for method, path in BODY_ROUTES:
            with self.subTest(route=f"{method} {path}"):
                self.refuses(server.request(method, path, b'{"name":"\xff\xfe"}'), [400], 600)

    def test_bodies_of_wrong_type(self):
        for method, path in BODY_ROUTES:
            for body in (5, "text", True, None, 1.5):
                with self.subTest(route=f"{method} {path}", body=body):
                    self.refuses(server.request(method, path, json.dumps(body)))

    def test_attributes_of_wrong_type(self):
        cases = [
            ("/_api/database", {"name": 5}), ("/_api/database", {"name": "x", "users": "me"}), ("/_api/collection", {"name": []}),
            ("/_api/collection", {"name": "x", "type": "edge"}), ("/_api/collection", {"name": "x", "type": 9}),
            ("/_api/collection", {"name": "x", "keyOptions": 5}), ("/_api/collection", {"name": "x", "keyOptions": {"type": "none"}}),
            ("/_api/collection", {"name": "x", "schema": {"rule": {"type": "nothing"}}}), ("/_api/collection", {"name": "no/slash"}),
            ("/_api/index?collection=things", {"type": "persistent"}), ("/_api/index?collection=things", {"type": "nothing", "fields": ["a"]}),
            ("/_api/index?collection=things", {"type": "persistent", "fields": "a"}),
            ("/_api/index?collection=things", {"type": "persistent", "fields": [5]}),
            ("/_api/index?collection=things", {"type": "ttl", "fields": ["a"]}),
            ("/_api/index?collection=nothing", {"type": "persistent", "fields": ["a"]}),
            ("/_api/cursor", {"query": 5}), ("/_api/cursor", {"query": ""}), ("/_api/cursor", {"query": "RETURN 1", "bindVars": []}),
            ("/_api/cursor", {"query": "RETURN 1", "batchSize": 0}), ("/_api/cursor", {"query": "RETURN 1", "batchSize": "a"}),
            ("/_api/cursor", {"query": "RETURN 1", "options": 5}), ("/_api/cursor", {"query": "RETURN 1", "memoryLimit": -1}),
            ("/_api/cursor", {"query": "RETURN 1", "options": {"maxRuntime": "x"}}), ("/_api/explain", {"query": None}),
            ("/_api/transaction/begin", {}), ("/_api/transaction/begin", {"collections": {"read": 5}}),
            ("/_api/transaction/begin", {"collections": {"read": "nothing"}}), ("/_api/user", {"user": 5}),
            ("/_api/user", {"user": ""}), ("/_api/user", {"user": "x", "extra": 5}),
        ]
        for path, body in cases:
            with self.subTest(path=path, body=body):
                self.refuses(server.request("POST", path, body))

    def test_computed_values_are_not_taken_silently(self):
        computed = [{"name": "x", "expression": "RETURN 1", "overwrite": True}]
        for values, status, number in [(computed, [501], 9), ("RETURN 1", [400], 10)]:
            self.refuses(server.request("POST", "/_api/collection", {"name": "more", "computedValues": values}), status, number)
            self.refuses(server.request("PUT", "/_api/collection/things/properties", {"computedValues": values}), status, number)
        for values in ([], None):
            self.assertEqual(server.request("PUT", "/_api/collection/things/properties", {"computedValues": values}).status, 200)

    def test_documents(self):
        for body, number in [({"_key": 5}, 1221), ({"_key": "a b"}, 1221), ({"_key": ""}, 1221), ({"_key": "x" * 255}, 1221),
                             ({"_key": "a"}, 1210)]:
            with self.subTest(body=body):
                self.refuses(server.request("POST", "/_api/document/things", body), number=number)
        self.refuses(server.request("GET", "/_api/document/things/missing"), [404], 1202)
        self.refuses(server.request("GET", "/_api/document/nothing/a"), [404], 1203)
        self.refuses(server.request("PATCH", "/_api/document/things/missing", {}), [404], 1202)
        self.refuses(server.request("DELETE", "/_api/document/things/missing"), [404], 1202)
        self.refuses(server.request("PATCH", "/_api/document/things/a", {"n": 2}, {"If-Match": '"other"'}), [412], 1200)

    def test_parameters_of_wrong_type(self):
        for path in ("/_api/collection?excludeSystem=maybe", "/_api/collection/things/checksum?withData=5x"):
            self.refuses(server.request("GET", path), [400])
        self.refuses(server.request("POST", "/_api/document/things?overwriteMode=wild", {}), [400])
        self.refuses(server.request("POST", "/_api/document/things?waitForSync=perhaps", {}), [400])

    def test_aql_errors_carry_a_position(self):
        answer = server.query("FOR d IN things\n  FILTER d.n ==\nRETURN d")
        self.refuses(answer, [400], 1501)
        self.assertRegex(answer.json["errorMessage"], r"3:1")
        for text, number in [("RETURN x", 1203), ("FOR d IN nothing RETURN d", 1203), ("RETURN NOTHING(1)", 1540), ("RETURN LENGTH()", 1541),
                             ("RETURN @x", 1551), ("FOR d IN 5 RETURN d", 1563), ("   ", 1502)]:
            with self.subTest(text=text):
                self.refuses(server.query(text), number=number)
        self.refuses(server.query("RETURN 1", {"x": 1}), [400], 1552)
        self.refuses(server.query("RETURN " + "(" * 100000 + "1" + ")" * 100000), [400])

    def test_a_failed_query_writes_nothing(self):
        self.refuses(server.query("FOR n IN 1..100 INSERT {_key: CONCAT('k', n % 50)} INTO things"), [409], 1210)

    def test_unknown_databases_paths_and_methods(self):
        self.refuses(server.request("GET", "/_db/nothing/_api/collection"), [404], 1228)
        self.refuses(server.request("GET", "/_api/nothing"), [404], 404)
        self.refuses(server.request("PATCH", "/_api/version"), [405], 405)

    def test_limits_of_a_request(self):
        self.refuses(server.request("GET", "/_api/version?x=" + "a" * 20000), [414])
        self.refuses(server.request("GET", "/_api/version", headers={"X-Long": "a" * (2 << 20)}), [431])

    def test_import(self):
        self.refuses(server.request("POST", "/_api/import?type=documents", "{}"), [400], 1204)
        self.refuses(server.request("POST", "/_api/import?collection=nothing&type=documents", "{}"), [404], 1203)
        self.refuses(server.request("POST", "/_api/import?collection=things&type=wild", "{}"), [400])
        answer = server.request("POST", "/_api/import?collection=things&type=documents&details=true", '{"_key":"a"}\n{broken\n5\n')
        self.assertEqual((answer.status, answer.json["created"], answer.json["errors"]), (201, 0, 3))
        self.assertIn("position 2", answer.json["details"][1])
        whole = server.request("POST", "/_api/import?collection=things&type=documents&complete=true", '{"_key":"new"}\n{"_key":"a"}\n')
        self.refuses(whole, [409], 1210)


if __name__ == "__main__":
    servers.main(__name__)
