"""What is shown of queries and of their kept results, to whom, and how it is changed."""
import base64
import threading
import time
import unittest

import server as servers

server = None


def setUpModule():
    global server
    server = servers.Server(authentication=True)
    for name in ("one", "two"):
        as_root("POST", "/_api/user", {"user": name, "passwd": name})
        as_root("PUT", f"/_api/user/{name}/database/_system", {"grant": "ro"})
    as_root("POST", "/_api/collection", {"name": "things"})


def tearDownModule():
    server.close()


def ask(user, password, method, path, body=None):
    login = base64.b64encode(f"{user}:{password}".encode()).decode()
    return server.request(method, path, body, {"Authorization": "Basic " + login})


def as_root(method, path, body=None):
    return ask("root", "", method, path, body)


class Tracking(unittest.TestCase):
    def test_properties(self):
        before = as_root("GET", "/_api/query/properties").json
        self.assertEqual({name: before[name] for name in before if name not in ("error", "code")},
                         {"enabled": True, "trackSlowQueries": True, "trackBindVars": True, "maxSlowQueries": 64,
                          "slowQueryThreshold": 10, "slowStreamingQueryThreshold": 10, "maxQueryStringLength": 4096})
        self.assertEqual(ask("one", "one", "PUT", "/_api/query/properties", {"enabled": False}).number, 11)
        self.assertEqual(as_root("PUT", "/_api/query/properties", {"slowQueryThreshold": -1}).number, 10)
        changed = as_root("PUT", "/_api/query/properties", {"slowQueryThreshold": 0, "trackBindVars": False})
        self.assertEqual((changed.status, changed.json["slowQueryThreshold"], changed.json["maxSlowQueries"]), (200, 0, 64))
        ask("one", "one", "POST", "/_api/cursor", {"query": "RETURN @x", "bindVars": {"x": "secret"}})
        slow = as_root("GET", "/_api/query/slow").json[-1]
        self.assertEqual((slow["query"], slow["user"], slow["bindVars"], slow["exitCode"], slow["state"], slow["warnings"],
                          slow["modificationQuery"]), ("RETURN @x", "one", {}, 0, "finished", 0, False))
        self.assertEqual([query["user"] for query in ask("two", "two", "GET", "/_api/query/slow").json], [])
        self.assertIn("one", [query["user"] for query in ask("one", "one", "GET", "/_api/query/slow").json])
        self.assertEqual(as_root("DELETE", "/_api/query/slow").status, 200)
        as_root("PUT", "/_api/query/properties", before)
        as_root("DELETE", "/_api/query/slow")
        self.assertEqual(as_root("GET", "/_api/query/slow").json, [])

    def test_who_sees_and_ends_a_query(self):
        text = "RETURN SLEEP(1000)"
        answers = []
        victim = threading.Thread(target=lambda: answers.append(ask("one", "one", "POST", "/_api/cursor", {"query": text})))
        victim.start()
        seen = []
        while not seen:
            seen = [query for query in as_root("GET", "/_api/query/current").json if query["query"] == text]
            time.sleep(0.01)
        path = f"/_api/query/{seen[0]['id']}"
        self.assertEqual(ask("two", "two", "GET", "/_api/query/current").json, [])
        self.assertEqual(len(ask("one", "one", "GET", "/_api/query/current").json), 1)
        self.assertEqual(ask("one", "one", "GET", "/_api/query/current?all=true").number, 11)
        self.assertEqual(as_root("GET", "/_api/query/current?all=true").status, 200)
        self.assertEqual(ask("two", "two", "DELETE", path).number, 1591)   # ERROR_QUERY_NOT_FOUND
        self.assertEqual(ask("one", "one", "DELETE", path).status, 200)
        victim.join()
        self.assertEqual(answers[0].number, 1500)   # ERROR_QUERY_KILLED


class Results(unittest.TestCase):
    QUERY = {"query": "FOR t IN things FILTER t.n >= @n RETURN t.n", "bindVars": {"n": 0}}
    PROPERTIES = {"mode": "off", "maxResults": 128, "maxResultsSize": 268435456, "maxEntrySize": 16777216,
                  "includeSystem": False}

    def tearDown(self):
        as_root("PUT", "/_api/query-cache/properties", self.PROPERTIES)

    def test_properties(self):
        path = "/_api/query-cache/properties"
        self.assertEqual(as_root("GET", path).json, self.PROPERTIES)
        self.assertEqual(ask("one", "one", "PUT", path, {"mode": "on"}).number, 11)
        self.assertEqual(as_root("PUT", path, {"mode": "sometimes"}).number, 10)
        self.assertEqual(as_root("PUT", path, {"mode": "demand", "maxResults": 32}).json,
                         {**self.PROPERTIES, "mode": "demand", "maxResults": 32})

    def test_answers(self):
        as_root("PUT", "/_api/query-cache/properties", {"mode": "demand"})
        as_root("POST", "/_api/document/things", {"n": 1})
        asked = {**self.QUERY, "count": True, "options": {"cache": True}}
        answers = [as_root("POST", "/_api/cursor", asked).json for _ in range(3)]
        self.assertEqual([answer["cached"] for answer in answers], [False, True, True])
        self.assertEqual(answers[2]["extra"], answers[1]["extra"])
        self.assertEqual({**answers[1], "extra": 0, "cached": 0}, {**answers[0], "extra": 0, "cached": 0})
        self.assertFalse(as_root("POST", "/_api/cursor", self.QUERY).json["cached"])
        entry = as_root("GET", "/_api/query-cache/entries").json[0]
        self.assertEqual((entry["query"], entry["bindVars"], entry["results"], entry["hits"], entry["dataSources"]),
                         (self.QUERY["query"], {"n": 0}, 1, 2, ["things"]))
        as_root("POST", "/_api/document/things", {"n": 2})
        again = as_root("POST", "/_api/cursor", asked).json
        self.assertEqual((again["cached"], again["count"]), (False, 2))
        self.assertEqual(as_root("DELETE", "/_api/query-cache").status, 200)
        self.assertEqual(as_root("GET", "/_api/query-cache/entries").json, [])

    def test_entries_are_shown_to_who_may_read_them(self):
        as_root("PUT", "/_api/query-cache/properties", {"mode": "on"})
        as_root("POST", "/_api/cursor", self.QUERY)
        as_root("PUT", "/_api/user/two/database/_system/things", {"grant": "none"})
        self.assertEqual(len(ask("one", "one", "GET", "/_api/query-cache/entries").json), 1)
        self.assertEqual(ask("two", "two", "GET", "/_api/query-cache/entries").json, [])
        self.assertTrue(ask("one", "one", "POST", "/_api/cursor", self.QUERY).json["cached"])
        self.assertEqual(ask("two", "two", "POST", "/_api/cursor", self.QUERY).number, 11)   # ERROR_FORBIDDEN


if __name__ == "__main__":
    servers.main()
