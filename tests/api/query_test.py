"""Queries over HTTP: answers in the shapes that the documentation's recorded examples have."""
import unittest

import server as servers

server = None

STATISTICS = ["writesExecuted", "writesIgnored", "documentLookups", "seeks", "scannedFull", "scannedIndex",
              "searchParallelism", "cursorsCreated", "cursorsRearmed", "cacheHits", "cacheMisses", "filtered",
              "httpRequests", "executionTime", "peakMemoryUsage", "intermediateCommits"]
STAGES = ["initializing", "parsing", "optimizing ast", "loading collections", "instantiating plan", "optimizing plan",
          "instantiating executors", "executing", "finalizing"]


def setUpModule():
    global server
    server = servers.Server()


def tearDownModule():
    server.stop()


class Cursors(unittest.TestCase):
    def test_every_batch_but_the_last_names_the_next(self):
        first = server.request("POST", "/_api/cursor", {"query": "FOR i IN 1..5 RETURN i", "count": True, "batchSize": 2})
        self.assertEqual((first.status, first.json["result"], first.json["hasMore"], first.json["count"]),
                         (201, [1, 2], True, 5))
        self.assertEqual(first.json["nextBatchId"], "2")
        second = server.request("POST", f"/_api/cursor/{first.json['id']}")
        self.assertEqual((second.status, second.json["result"], second.json["nextBatchId"]), (200, [3, 4], "3"))
        last = server.request("POST", f"/_api/cursor/{first.json['id']}/3")
        self.assertEqual((last.json["result"], last.json["hasMore"]), ([5], False))
        self.assertNotIn("nextBatchId", last.json)
        self.assertNotIn("id", last.json)

    def test_only_with_allow_retry_a_batch_comes_again(self):
        for retry, status in [(True, 200), (False, 404)]:
            first = server.request("POST", "/_api/cursor", {"query": "FOR i IN 1..5 RETURN i", "batchSize": 2,
                                                            "options": {"allowRetry": retry}})
            self.assertEqual(server.request("POST", f"/_api/cursor/{first.json['id']}").json["result"], [3, 4])
            again = server.request("POST", f"/_api/cursor/{first.json['id']}/2")
            self.assertEqual(again.status, status)
            if retry:
                self.assertEqual((again.json["result"], again.json["nextBatchId"]), ([3, 4], "3"))

    def test_behind_the_last_batch_there_is_none(self):
        first = server.request("POST", "/_api/cursor", {"query": "FOR i IN 1..3 RETURN i", "batchSize": 2,
                                                        "options": {"allowRetry": True}})
        path = f"/_api/cursor/{first.json['id']}"
        self.assertEqual(server.request("POST", path).json["result"], [3])
        for behind in ("", "/3"):
            self.assertEqual(server.request("POST", path + behind).number, 1600)
        again = server.request("POST", path + "/2").json   # still there
        self.assertEqual((again["result"], again["hasMore"]), ([3], False))
        self.assertEqual(server.request("DELETE", path).status, 202)

    def test_a_stream_that_is_killed_between_two_batches(self):
        first = server.request("POST", "/_api/cursor", {"query": "FOR i IN 1..100 RETURN i", "batchSize": 2,
                                                        "options": {"stream": True}})
        self.assertEqual(server.request("DELETE", f"/_api/query/{first.json['id']}").status, 200)
        self.assertEqual(server.request("POST", f"/_api/cursor/{first.json['id']}").number, 1500)
        self.assertEqual(server.request("POST", f"/_api/cursor/{first.json['id']}").number, 1600)

    def test_requests_without_a_query_or_a_cursor(self):
        for method, path, status, number, message in [
                ("POST", "/_api/cursor", 400, 1502, "query is empty"),
                ("PUT", "/_api/cursor", 400, 400, "expecting POST /_api/cursor/<cursor-id>"),
                ("PUT", "/_api/cursor/123123", 404, 1600, "cursor not found"),
                ("POST", "/_api/cursor/123123", 404, 1600, "cursor not found")]:
            with self.subTest(method=method, path=path):
                answer = server.request(method, path, "")
                self.assertEqual((answer.status, answer.number, answer.json["errorMessage"]), (status, number, message))

    def test_statistics_and_stages(self):
        extra = server.query("FOR x IN 1..5 RETURN x").json["extra"]
        self.assertEqual(sorted(extra), ["stats", "warnings"])
        self.assertEqual(sorted(extra["stats"]), sorted(STATISTICS))
        extra = server.query("FOR x IN 1..6 RETURN x", profile=1).json["extra"]
        self.assertEqual(list(extra["profile"]), STAGES)
        self.assertGreater(extra["profile"]["parsing"], 0)
        self.assertNotIn("plan", extra)
        again = server.query("FOR x IN 1..6 RETURN x", profile=1).json["extra"]["profile"]
        self.assertEqual((list(again), again["parsing"]), (STAGES, 0))   # a plan that was kept is not parsed again
        extra = server.query("FOR x IN 1..7 RETURN x", profile=2).json["extra"]
        self.assertEqual([node["type"] for node in extra["plan"]["nodes"]],
                         ["SingletonNode", "EnumerateListNode", "ReturnNode"])
        self.assertEqual(len(extra["stats"]["nodes"]), 3)


class Trees(unittest.TestCase):
    def tree(self, text):
        answer = server.request("POST", "/_api/query", {"query": text})
        self.assertEqual(answer.status, 200, answer.text)
        self.assertEqual(answer.json["warnings"], [])
        self.assertEqual([root["type"] for root in answer.json["ast"]], ["root"])
        return answer.json["ast"][0]["subNodes"]

    def test_a_recorded_example(self):
        i = {"type": "reference", "name": "i", "id": 0, "subqueryReference": False}
        number = lambda value: {"type": "value", "value": value}   # noqa: E731
        self.assertEqual(self.tree("FOR i IN 1..100 FILTER i > 10 LIMIT 2 RETURN i * 3"), [
            {"type": "for", "subNodes": [{"type": "variable", "name": "i", "id": 0},
                                         {"type": "range", "subNodes": [number(1), number(100)]}, {"type": "no-op"}]},
            {"type": "filter", "subNodes": [{"type": "compare >", "subNodes": [i, number(10)]}]},
            {"type": "limit", "subNodes": [number(0), number(2)]},
            {"type": "return", "subNodes": [{"type": "times", "subNodes": [i, number(3)]}]}])

    def test_parameters_and_lists(self):
        doc = {"type": "reference", "name": "doc", "id": 0, "subqueryReference": False}
        loop, condition, _ = self.tree("FOR doc IN @@collection FILTER doc.foo == @bar RETURN doc")
        self.assertEqual(loop["subNodes"][1], {"type": "datasource parameter", "name": "@collection"})
        self.assertEqual(condition["subNodes"], [{"type": "compare ==", "excludesNull": False, "subNodes": [
            {"type": "attribute access", "name": "foo", "subNodes": [doc]}, {"type": "parameter", "name": "bar"}]}])
        self.assertEqual(self.tree("FOR i IN [1, 2] RETURN i")[0]["subNodes"][1],
                         {"type": "array", "subNodes": [{"type": "value", "value": 1}, {"type": "value", "value": 2}]})

    def test_names_are_variables_where_they_are_seen(self):
        outer, inner = self.tree("FOR d IN things LET s = (FOR e IN d.list RETURN e) RETURN [d, e]")[1:]
        self.assertEqual(outer["subNodes"][1]["type"], "subquery")
        array = inner["subNodes"][0]["subNodes"]
        self.assertEqual([node["type"] for node in array], ["reference", "collection"])   # e ends with the subquery
        collect = self.tree("FOR d IN things COLLECT g = d.g INTO m RETURN [g, d]")
        self.assertEqual([node["type"] for node in collect[-1]["subNodes"][0]["subNodes"]], ["reference", "collection"])

    def test_all_statements_have_a_type(self):
        for text, types in [
                ("WITH a FOR v, e, p IN 1..2 OUTBOUND 'a/1' b PRUNE v.x SORT v.x DESC RETURN p", ["with", "traversal", "sort", "return"]),
                ("FOR v IN OUTBOUND SHORTEST_PATH 'a/1' TO 'a/2' b RETURN DISTINCT v", ["shortest path", "return"]),
                ("FOR d IN c UPDATE d WITH {x: OLD} IN c RETURN NEW", ["for", "update", "return"]),
                ("FOR d IN c REPLACE d IN c", ["for", "replace"]), ("REMOVE 'a' IN c RETURN OLD", ["remove", "return"]),
                ("INSERT {a: [1, {b: 2}]} INTO c RETURN NEW", ["insert", "return"]),
                ("UPSERT {a: 1} INSERT {a: 1} UPDATE {a: OLD.a} IN c", ["upsert"]),
                ("FOR x IN 1..3 WINDOW {preceding: 1} AGGREGATE s = SUM(x) RETURN s", ["for", "window", "return"]),
                ("FOR x IN 1..3 COLLECT AGGREGATE s = SUM(x) RETURN s", ["for", "collect", "return"]),
                ("LET [a, {b: c}] = @v RETURN [a[*].x, c[** FILTER CURRENT LIMIT 1 RETURN 2], a[? 1..2 FILTER CURRENT], a ?: c]", ["let", "return"])]:
            with self.subTest(text=text):
                self.assertEqual([node["type"] for node in self.tree(text)], types)

    def test_a_mistake(self):
        answer = server.request("POST", "/_api/query", {"query": "FOR i IN 1..100 FILTER i = 1 LIMIT 2 RETURN i * 3"})
        self.assertEqual((answer.status, answer.number), (400, 1501))
        self.assertEqual(answer.json["errorMessage"],
                         "syntax error, unexpected assignment near '= 1 LIMIT 2 RETURN i * 3' at position 1:26")


class Plans(unittest.TestCase):
    def warnings(self, text, **options):
        return [item["code"] for item in server.request("POST", "/_api/explain", {"query": text, "options": options}).json["warnings"]]

    def plan(self, text, *rules):
        options = {"optimizer": {"rules": rules}}
        return server.request("POST", "/_api/explain", {"query": text, "options": options}).json["plan"]

    def test_nodes_have_the_recorded_attributes(self):
        server.request("POST", "/_api/collection", {"name": "products"})
        plan = self.plan("FOR p IN products RETURN p")
        variable = {"id": 0, "name": "p", "isFullDocumentFromCollection": True}
        self.assertEqual(plan["variables"], [variable])
        self.assertEqual(plan["nodes"][0]["bindParameterVariables"], {})
        scan = plan["nodes"][1]
        expected = {"type": "EnumerateCollectionNode", "dependencies": [1], "id": 2, "random": False,
                    "indexHint": {"forced": False, "lookahead": 1, "type": "none"}, "outVariable": variable,
                    "projections": [], "count": False, "producesResult": True, "readOwnWrites": False, "useCache": True,
                    "maxProjections": 5, "collection": "products", "satellite": False, "isSatellite": False,
                    "isSatelliteOf": None}
        self.assertEqual({name: scan.get(name) for name in expected}, expected)
        self.assertFalse(self.plan("FOR p IN products RETURN p.x")["nodes"][1]["outVariable"]["isFullDocumentFromCollection"])

    def test_indexes_show_what_they_are_asked_for(self):
        server.request("POST", "/_api/collection", {"name": "indexed"})
        server.request("POST", "/_api/index?collection=indexed", {"type": "persistent", "fields": ["a"]})
        scan = self.plan("FOR p IN indexed FILTER p.a > 97 && p.b != 1 RETURN p.b")["nodes"][1]
        attribute = {"type": "attribute access", "typeID": 35, "name": "a", "subNodes": [
            {"type": "reference", "typeID": 45, "name": "p", "id": 0, "subqueryReference": False}]}
        comparison = {"type": "compare >", "typeID": 29, "subNodes": [
            attribute, {"type": "value", "typeID": 40, "value": 97, "vTypeID": 2}]}
        self.assertEqual(scan["condition"], {"type": "n-ary or", "typeID": 63, "subNodes": [
            {"type": "n-ary and", "typeID": 62, "subNodes": [comparison]}]})
        self.assertEqual((scan["filter"]["type"], scan["strategy"]), ("compare !=", "document"))
        self.assertEqual(self.plan("FOR p IN indexed SORT p.a RETURN p.a")["nodes"][1]["condition"], {})

    def test_calculations_show_their_trees(self):
        nodes = self.plan("LET a = SLEEP(0.25) LET b = [a] FOR i IN b LET c = i.x.y RETURN c", "-all")["nodes"]
        calculations = {node["outVariable"]["name"]: node for node in nodes if node["type"] == "CalculationNode"}
        self.assertEqual(calculations["a"]["expression"], {"type": "function call", "typeID": 47, "name": "SLEEP", "subNodes": [
            {"type": "array", "typeID": 41, "raw": [0.25]}]})
        self.assertEqual((calculations["a"]["expressionType"], calculations["a"]["canThrow"]), ("simple", False))
        self.assertEqual(calculations["c"]["expressionType"], "attribute")
        self.assertEqual(calculations["c"]["expression"]["name"], "y")
        self.assertEqual(calculations["c"]["expression"]["typeID"], 35)
        reference = calculations["c"]["expression"]["subNodes"][0]["subNodes"][0]
        self.assertEqual((reference["type"], reference["typeID"], reference["name"]), ("reference", 45, "i"))

    def test_explain_warns_of_constants_once(self):
        answer = server.request("POST", "/_api/explain", {"query": "FOR i IN 1..10 RETURN 1 / 0"})
        self.assertEqual(answer.json["warnings"], [{"code": 1562, "message": "division by zero"}])
        self.assertEqual(self.warnings("FOR i IN 1..10 RETURN i / 0"), [])   # known only when it runs
        self.assertEqual(self.warnings("FOR i IN 1..10 RETURN i == 1 ? 1 / 0 : 2"), [])
        self.assertEqual(self.warnings("FOR i IN 1..10 RETURN [i, ABS(1 / 0), 1 % 0]"), [1562, 1562])
        self.assertEqual(self.warnings("RETURN [1 / 0, 2 / 0]", maxWarningCount=1), [1562])


class UserFunctions(unittest.TestCase):
    def test_there_are_none_and_none_can_be_made(self):
        self.assertEqual(server.request("GET", "/_api/aqlfunction").json, {"error": False, "code": 200, "result": []})
        self.assertEqual(server.request("GET", "/_api/aqlfunction/test").json["result"], [])
        made = server.request("POST", "/_api/aqlfunction", {"name": "a::b", "code": "function (x) { return x; }"})
        self.assertEqual((made.status, made.number), (501, 9))
        self.assertIn("JavaScript", made.json["errorMessage"])
        gone = server.request("DELETE", "/_api/aqlfunction/myfunction::x::y")
        self.assertEqual((gone.status, gone.number, gone.json["errorMessage"]),
                         (404, 1582, "no AQL user function with name 'myfunction::x::y' found"))
        self.assertEqual(server.query("RETURN a::b(1)").number, 1582)


if __name__ == "__main__":
    servers.main(__name__)
