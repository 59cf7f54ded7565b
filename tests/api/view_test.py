"""Views and analyzers over HTTP: what is stored, what is answered, what is refused."""
import unittest

import server as servers

server = None


def setUpModule():
    global server
    server = servers.Server()
    for name in ("books", "papers"):
        server.request("POST", "/_api/collection", {"name": name})
    for key, title in (("1", "The quick brown fox"), ("2", "Lazy dogs")):
        server.request("POST", "/_api/document/books", {"_key": key, "title": title})


def tearDownModule():
    server.close()


LINKS = {"books": {"fields": {"title": {"analyzers": ["text_en"]}}}}


def found(word):
    query = "FOR d IN found SEARCH ANALYZER(d.title == @word, 'text_en') RETURN d._key"
    return server.query(query, {"word": word}).json.get("result")


class Views(unittest.TestCase):
    def setUp(self):
        answer = server.request("POST", "/_api/view", {"name": "found", "type": "arangosearch", "links": LINKS})
        self.assertEqual(answer.status, 201, answer.text)
        self.created = answer.json

    def tearDown(self):
        for view in server.request("GET", "/_api/view").json["result"]:
            server.request("DELETE", f"/_api/view/{view['name']}")

    def test_created_with_all_properties(self):
        self.assertEqual(self.created["name"], "found")
        self.assertEqual(self.created["type"], "arangosearch")
        self.assertEqual(self.created["links"]["books"], {
            "analyzers": ["identity"], "fields": {"title": {"analyzers": ["text_en"]}}, "includeAllFields": False,
            "storeValues": "none", "trackListPositions": False})
        self.assertEqual(self.created["cleanupIntervalStep"], 2)
        self.assertEqual(self.created["commitIntervalMsec"], 1000)
        self.assertEqual(self.created["consolidationIntervalMsec"], 5000)
        self.assertEqual(self.created["consolidationPolicy"]["type"], "tier")
        self.assertEqual(self.created["primarySort"], [])
        self.assertEqual(self.created["primarySortCompression"], "lz4")
        self.assertEqual(self.created["writebufferSizeMax"], 33554432)
        self.assertNotIn("primarySortCache", self.created)
        self.assertEqual(found("fox"), ["1"])

    def test_shown_and_listed(self):
        summary = {key: self.created[key] for key in ("id", "name", "type", "globallyUniqueId")}
        self.assertEqual(server.request("GET", "/_api/view").json["result"], [summary])
        shown = server.request("GET", "/_api/view/found")
        self.assertEqual(shown.json, {**summary, "error": False, "code": 200})
        self.assertEqual(server.request("GET", f"/_api/view/{summary['id']}").json["name"], "found")
        properties = server.request("GET", "/_api/view/found/properties").json
        self.assertEqual({**self.created, "error": False, "code": 200}, properties)

    def test_changed_and_replaced(self):
        changed = server.request("PATCH", "/_api/view/found/properties", {"links": {"papers": {"includeAllFields": True}}, "cleanupIntervalStep": 7})
        self.assertEqual(changed.status, 200, changed.text)
        self.assertEqual(sorted(changed.json["links"]), ["books", "papers"])
        self.assertEqual(changed.json["cleanupIntervalStep"], 7)
        removed = server.request("PATCH", "/_api/view/found/properties", {"links": {"books": None}})
        self.assertEqual(sorted(removed.json["links"]), ["papers"])
        self.assertEqual(found("fox"), [])
        replaced = server.request("PUT", "/_api/view/found/properties", {"links": LINKS, "primarySort": [{"field": "a", "direction": "asc"}]})
        self.assertEqual(sorted(replaced.json["links"]), ["books"])
        self.assertEqual(replaced.json["cleanupIntervalStep"], 2)
        self.assertEqual(replaced.json["primarySort"], [], "it cannot be changed")
        self.assertEqual(found("fox"), ["1"])

    def test_renamed(self):
        answer = server.request("PUT", "/_api/view/found/rename", {"name": "sought"})
        self.assertEqual((answer.status, answer.json["name"], answer.json["id"]), (200, "sought", self.created["id"]))
        self.assertEqual(server.request("GET", "/_api/view/found").number, 1203)
        self.assertEqual(server.query("FOR d IN sought RETURN d._key").json["result"], ["1", "2"])

    def test_names_are_shared_with_collections(self):
        for body in ({"name": "books", "type": "arangosearch"}, {"name": "found", "type": "arangosearch"}):
            answer = server.request("POST", "/_api/view", body)
            self.assertEqual((answer.status, answer.number), (409, 1207), answer.text)
        self.assertEqual(server.request("POST", "/_api/collection", {"name": "found"}).number, 1207)
        self.assertEqual(server.request("PUT", "/_api/view/found/rename", {"name": "books"}).number, 1207)

    def test_what_is_refused(self):
        cases = [
            ({"name": "x"}, 10), ({"name": "x", "type": 5}, 10), ({"name": "x", "type": "nothing"}, 10), ({"type": "arangosearch"}, 10),
            ({"name": "a/b", "type": "arangosearch"}, 1208), ({"name": "x", "type": "search-alias"}, 9),
            ({"name": "x", "type": "arangosearch", "links": {"missing": {}}}, 1203),
            ({"name": "x", "type": "arangosearch", "links": []}, 10), ({"name": "x", "type": "arangosearch", "links": {"books": 5}}, 10),
            ({"name": "x", "type": "arangosearch", "links": {"books": {"analyzers": ["text_xx"]}}}, 10),
            ({"name": "x", "type": "arangosearch", "links": {"books": {"storeValues": "all"}}}, 10),
            ({"name": "x", "type": "arangosearch", "links": {"books": {"fields": {"a": {"nested": {"b": {}}}}}}}, 9),
            ({"name": "x", "type": "arangosearch", "primarySort": [{"field": "a"}]}, 10),
            ({"name": "x", "type": "arangosearch", "cleanupIntervalStep": -1}, 10),
            ({"name": "x", "type": "arangosearch", "consolidationPolicy": {"type": "best"}}, 10),
        ]
        for body, number in cases:
            with self.subTest(body=body):
                self.assertEqual(server.request("POST", "/_api/view", body).number, number)
        self.assertEqual([view["name"] for view in server.request("GET", "/_api/view").json["result"]], ["found"])
        for method, path in (("GET", "/_api/view/no"), ("DELETE", "/_api/view/no"), ("GET", "/_api/view/no/properties")):
            answer = server.request(method, path)
            self.assertEqual((answer.status, answer.number), (404, 1203))

    def test_a_dropped_collection_takes_its_link_along(self):
        server.request("POST", "/_api/collection", {"name": "short_lived"})
        server.request("POST", "/_api/document/short_lived", {"title": "fox"})
        server.request("PATCH", "/_api/view/found/properties", {"links": {"short_lived": LINKS["books"]}})
        self.assertEqual(len(found("fox")), 2)
        server.request("DELETE", "/_api/collection/short_lived")
        self.assertEqual(found("fox"), ["1"])
        self.assertEqual(sorted(server.request("GET", "/_api/view/found/properties").json["links"]), ["books"])

    def test_a_renamed_collection_keeps_its_link(self):
        server.request("PUT", "/_api/collection/books/rename", {"name": "volumes"})
        self.assertEqual(found("fox"), ["1"])
        self.assertEqual(sorted(server.request("GET", "/_api/view/found/properties").json["links"]), ["volumes"])
        server.request("PUT", "/_api/collection/volumes/rename", {"name": "books"})

    def test_a_restart_keeps_views(self):
        before = server.request("GET", "/_api/view/found/properties").json
        server.stop()
        server.start()
        self.assertEqual(server.request("GET", "/_api/view/found/properties").json, before)
        self.assertEqual(found("fox"), ["1"])

    def test_dropped(self):
        self.assertEqual(server.request("DELETE", "/_api/view/found").json, {"error": False, "code": 200, "result": True})
        self.assertEqual(server.query("FOR d IN found RETURN d").number, 1203)

    def test_plans_follow_the_definition(self):
        for _ in range(2):
            self.assertEqual(found("dog"), ["2"])
        server.request("PUT", "/_api/view/found/properties", {"links": {}})
        self.assertEqual(found("dog"), [])


class Analyzers(unittest.TestCase):
    DEFINITION = {"name": "csv", "type": "delimiter", "properties": {"delimiter": ","}, "features": ["frequency"]}

    def tearDown(self):
        server.request("DELETE", "/_api/view/uses_it")
        server.request("DELETE", "/_api/analyzer/csv?force=true")

    def test_built_in_ones(self):
        names = [one["name"] for one in server.request("GET", "/_api/analyzer").json["result"]]
        self.assertEqual(len(names), 13)
        self.assertIn("text_en", names)
        self.assertEqual(server.request("GET", "/_api/analyzer/identity").json, {
            "name": "identity", "type": "identity", "properties": {}, "features": ["frequency", "norm"], "error": False, "code": 200})
        self.assertEqual(server.request("DELETE", "/_api/analyzer/identity").status, 403)

    def test_made_found_and_dropped(self):
        created = server.request("POST", "/_api/analyzer", self.DEFINITION)
        self.assertEqual(created.status, 201, created.text)
        self.assertEqual(created.json, {**self.DEFINITION, "name": "_system::csv"})
        self.assertEqual(server.request("POST", "/_api/analyzer", self.DEFINITION).status, 200)
        other = {**self.DEFINITION, "properties": {"delimiter": ";"}}
        self.assertEqual(server.request("POST", "/_api/analyzer", other).number, 10)
        for name in ("csv", "_system::csv"):
            self.assertEqual(server.request("GET", f"/_api/analyzer/{name}").json["name"], "_system::csv")
        self.assertEqual(server.query("RETURN TOKENS('a,b', 'csv')").json["result"], [["a", "b"]])
        self.assertEqual(len(server.request("GET", "/_api/analyzer").json["result"]), 14)
        self.assertEqual(server.request("DELETE", "/_api/analyzer/csv").json, {"error": False, "code": 200, "name": "_system::csv"})
        self.assertEqual(server.request("GET", "/_api/analyzer/csv").status, 404)
        self.assertEqual(server.request("DELETE", "/_api/analyzer/csv").status, 404)

    def test_in_use(self):
        server.request("POST", "/_api/analyzer", self.DEFINITION)
        server.request("POST", "/_api/view", {"name": "uses_it", "type": "arangosearch", "links": {"books": {"analyzers": ["csv"]}}})
        answer = server.request("DELETE", "/_api/analyzer/csv")
        self.assertEqual((answer.status, answer.number), (409, 1200))
        self.assertEqual(server.request("DELETE", "/_api/analyzer/csv?force=true").status, 200)

    def test_of_the_system_database_everywhere(self):
        server.request("POST", "/_api/analyzer", self.DEFINITION)
        server.request("POST", "/_api/database", {"name": "other"})
        query = {"query": "RETURN TOKENS('a,b', '_system::csv')"}
        self.assertEqual(server.request("POST", "/_db/other/_api/cursor", query).json["result"], [["a", "b"]])
        self.assertEqual(server.request("GET", "/_db/other/_api/analyzer/csv").status, 404)
        server.request("DELETE", "/_api/database/other")

    def test_what_is_refused(self):
        for change, number in (({"name": "1"}, 10), ({"name": "other::csv"}, 10), ({"type": "nothing"}, 10), ({"properties": {}}, 10),
                               ({"features": ["speed"]}, 10), ({"type": "aql", "properties": {"queryString": "RETURN 1"}}, 9)):
            with self.subTest(change=change):
                self.assertEqual(server.request("POST", "/_api/analyzer", {**self.DEFINITION, **change}).number, number)


if __name__ == "__main__":
    servers.main(__name__)
