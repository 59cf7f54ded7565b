"""Queries that would never end, many at once against one server: each ends at its limit with the documented number,
point queries are answered all the while, and the process lives."""
import concurrent.futures
import json
import socket
import threading
import time
import unittest

import server as servers

server = None
KILLED, MEMORY, NESTING = 1500, 32, 1524   # ERROR_QUERY_KILLED, ERROR_RESOURCE_LIMIT, ERROR_QUERY_TOO_MUCH_NESTING
FINE = None
DEEP = 1_000_000
AT_ONCE = 6   # the server has 16 workers, and some are for the others

# Text and the number it ends with, or several where it depends on the machine which limit is met first.
ENDLESS = [
    ("FOR i IN 1..1e12 FILTER i < 0 RETURN i", KILLED),
    ("FOR i IN 1..1e12 RETURN i", (KILLED, MEMORY)),
    ("FOR i IN 1..1e12 RETURN {i, x: REPEAT('y', 1000)}", (KILLED, MEMORY)),
    ("FOR i IN 1..1e12 COLLECT WITH COUNT INTO n RETURN n", KILLED),
    ("FOR i IN 1..1e12 COLLECT g = i RETURN g", (KILLED, MEMORY)),
    ("FOR i IN 1..1e12 COLLECT g = i % 10 INTO gs RETURN LENGTH(gs)", (KILLED, MEMORY)),
    ("FOR i IN 1..1e12 SORT i DESC RETURN i", (KILLED, MEMORY)),
    ("FOR i IN 1..1e12 SORT i DESC LIMIT 3 RETURN i", KILLED),
    ("FOR i IN 1..1e12 FOR j IN 1..1e12 FILTER i + j < 0 RETURN 1", KILLED),
    ("RETURN (FOR j IN 1..1e12 RETURN j)", (KILLED, MEMORY)),
    ("RETURN LENGTH(RANGE(1, 1e12))", MEMORY),
    ("RETURN SUM(1..1e12)", MEMORY),
    ("FOR i IN 1..1e12 INSERT {i} INTO scratch", (KILLED, MEMORY)),
    (" ".join(f"FOR t{i} IN things" for i in range(50)) + " FILTER t0.n + t49.n < 0 RETURN 1", KILLED),
    (" ".join(f"FOR t{i} IN things" for i in range(50)) + " FILTER "
     + " AND ".join(f"t{i}.g == t{i + 1}.g" for i in range(49)) + " AND t0.n < 0 AND t49.n + t0.n < t1.n RETURN 1", (KILLED, FINE)),
    ("FOR i IN 1..1e9 FILTER REGEX_TEST(CONCAT(REPEAT('a', 40), 'b', i), '^(a+)+$') RETURN i", KILLED),
    ("FOR i IN 1..1e9 FILTER CONCAT(REPEAT('a', 40), 'b', i) =~ '^(a|a)*$' RETURN i", KILLED),
    ("FOR i IN 1..1e6 LET s = REPEAT(TO_STRING(i), 100000) RETURN s", (KILLED, MEMORY)),
    ("LET s0 = REPEAT('x', 1000000) " + " ".join(f"LET s{i + 1} = CONCAT(s{i}, s{i})" for i in range(40))
     + " RETURN LENGTH(s40)", (KILLED, MEMORY)),
    ("LET s0 = [1] " + " ".join(f"LET s{i + 1} = APPEND(s{i}, s{i})" for i in range(40)) + " RETURN LENGTH(s40)", (KILLED, MEMORY)),
    ("LET s = REPEAT('abc', 5000000) FOR i IN 1..1e9 FILTER SHA512(CONCAT(s, i)) == 'x' RETURN 1", (KILLED, MEMORY)),
    ("FOR p IN 1..13 ANY K_PATHS 'things/1' TO 'things/2' knows FILTER LENGTH(p.edges) < 0 RETURN 1", KILLED),
    ("RETURN SLEEP(1e6)", KILLED),
]

# In front of and behind one value, a million times.
NESTED = [("(", ")"), ("[", "]"), ("{a:", "}"), ("!", ""), ("- ", ""), ("NOT ", ""), ("ABS(", ")"), ("(RETURN ", ")"),
          ("1 ? 2 : ", ""), ("(1 ? ", " : 2)"), ("1 ?: ", ""), ("1 + ", ""), ("[0][", "]"), ("(FOR x IN ", " RETURN 1)"),
          ("(LET a = ", " RETURN 1)")]


def setUpModule():
    global server
    server = servers.Server()
    for name in ("things", "scratch"):
        server.request("POST", "/_api/collection", {"name": name})
    server.request("POST", "/_api/collection", {"name": "knows", "type": 3})
    server.query("FOR i IN 1..2000 INSERT {_key: TO_STRING(i), n: i, g: i % 7} INTO things")
    server.query("FOR a IN 1..14 FOR b IN 1..14 FILTER a != b "
                 "INSERT {_from: CONCAT('things/', a), _to: CONCAT('things/', b)} INTO knows")


def tearDownModule():
    server.close()


class Runaway(unittest.TestCase):
    def setUp(self):
        self.answered, self.failed, self.is_over = 0, [], False
        self.others = threading.Thread(target=self.ask_points)
        self.others.start()

    def tearDown(self):
        self.is_over = True
        self.others.join()
        self.assertEqual(self.failed, [])
        self.assertGreater(self.answered, 0)
        self.assertIsNone(server.process.poll(), "the server has ended")

    def ask_points(self):
        while not self.is_over:
            answer = server.query("FOR t IN things FILTER t._key == @key RETURN t.n", {"key": "5"})
            if answer.json.get("result") != [5]:
                self.failed.append(answer.text[:200])
            self.answered += 1
            time.sleep(0.01)

    def end_all(self, victims):
        """(name, body, numbers) each; AT_ONCE at a time."""
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            for name, numbers, answer in pool.map(
                    lambda victim: (victim[0], victim[2], server.request("POST", "/_api/cursor", victim[1])), victims):
                allowed = numbers if isinstance(numbers, tuple) else (numbers,)
                with self.subTest(name):
                    self.assertIn(answer.number, allowed, answer.text[:300])

    @staticmethod
    def body(text, bind=None):
        return {"query": text, "bindVars": bind or {}, "memoryLimit": 64 << 20, "options": {"maxRuntime": 1}}

    def test_endless(self):
        self.end_all([(text[:100], self.body(text), numbers) for text, numbers in ENDLESS])
        self.assertEqual(server.query("FOR s IN scratch LIMIT 1 RETURN 1").json["result"], [], "nothing half done is left")

    def test_deep_texts(self):
        self.end_all([(front + behind, self.body("RETURN " + front * DEEP + "1" + behind * DEEP), NESTING)
                      for front, behind in NESTED])
        chains = [("a.b.b…", "LET a = 1 RETURN a" + ".b" * DEEP), ("[0][0]…", "RETURN [1]" + "[0]" * DEEP),
                  ("[*][*]…", "LET a = [] RETURN a" + "[*]" * DEEP)]
        self.end_all([(name, self.body(text), NESTING) for name, text in chains])
        self.end_all([("&&", self.body("RETURN " + "1 && " * DEEP + "1"), (FINE, NESTING, KILLED))])

    def test_deep_values(self):
        for front, behind in ((b"[", b"]"), (b'{"a":', b"}")):
            body = b'{"query": "RETURN @a", "bindVars": {"a": ' + front * DEEP + b"1" + behind * DEEP + b"}}"
            self.assertEqual(server.request("POST", "/_api/cursor", body).number, 600)   # ERROR_HTTP_CORRUPTED_JSON
        self.end_all([
            ("JSON_PARSE", self.body("RETURN JSON_PARSE(CONCAT(REPEAT('[', 1000000), REPEAT(']', 1000000)))"), FINE),
            ("doubling", self.body("LET s0 = [1] " + " ".join(f"LET s{i + 1} = [s{i}, s{i}]" for i in range(60))
                                   + " RETURN LENGTH(s60)"), (FINE, MEMORY))])

    def test_large_texts(self):
        many = 100_000
        self.end_all([
            ("spaces", self.body("RETURN " + " " * 10_000_000 + "1"), FINE),
            ("comment", self.body("RETURN /*" + "x" * 10_000_000 + "*/ 1"), FINE),
            ("string", self.body("RETURN LENGTH('" + "x" * 10_000_000 + "')"), FINE),
            ("bind parameters", self.body("RETURN LENGTH([" + ",".join(f"@p{i}" for i in range(many)) + "])",
                                          {f"p{i}": i for i in range(many)}), (FINE, KILLED)),
            ("unused bind parameters", self.body("RETURN 1", {f"p{i}": i for i in range(many)}), 1552),
            ("IN list", self.body("FOR t IN things FILTER t.n IN [" + ",".join(map(str, range(many)))
                                  + "] COLLECT WITH COUNT INTO n RETURN n"), (FINE, KILLED)),
            ("variables", self.body(" ".join(f"LET a{i} = {i}" for i in range(many)) + " RETURN a1"), NESTING),
            ("loops", self.body(" ".join(f"FOR a{i} IN 1..2" for i in range(many)) + " RETURN 1"), NESTING),
            ("filters", self.body("FOR t IN things " + "FILTER t.n > 1 " * many + "RETURN 1"), NESTING),
            ("subqueries", self.body("RETURN [" + ",".join(["(RETURN 1)"] * many) + "]"), NESTING),
            ("arguments", self.body("RETURN LENGTH(CONCAT(" + ",".join(["'x'"] * many) + "))"), FINE)])

    def test_constants_are_not_folded_forever(self):
        text = "RETURN [" + ",".join(f"REGEX_TEST('{'a' * 60}b{i}', '^(a+)+$')" for i in range(200)) + "]"
        self.end_all([("constants", self.body(text), KILLED)])


class Leaving(unittest.TestCase):
    """A query ends when its client has left."""
    TEXT = "FOR i IN 1..1e12 FILTER i < {} RETURN i"

    def send(self, method, path, body=b""):
        client = socket.create_connection(("127.0.0.1", server.port))
        client.sendall(f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        return client

    def is_listed(self, text):
        return any(query["query"] == text for query in server.request("GET", "/_api/query/current").json)

    def await_that(self, condition):
        end = time.monotonic() + 30
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)

    def leave(self, text, client):
        self.await_that(lambda: self.is_listed(text))
        client.close()
        self.await_that(lambda: not self.is_listed(text))

    def test_the_first_request(self):
        text = self.TEXT.format(0)
        self.leave(text, self.send("POST", "/_api/cursor", json.dumps({"query": text}).encode()))

    def test_a_later_batch(self):
        text = self.TEXT.format(3)
        first = server.request("POST", "/_api/cursor", {"query": text, "batchSize": 1, "options": {"stream": True}})
        self.assertEqual(first.json["result"], [1])
        self.assertTrue(self.is_listed(text))
        cursor = f"/_api/cursor/{first.json['id']}"   # its next batch looks for a row behind the second one
        self.leave(text, self.send("POST", cursor))
        self.assertEqual(server.request("POST", cursor).number, 1600)   # ERROR_CURSOR_NOT_FOUND


if __name__ == "__main__":
    servers.main()
