"""kill -9 of a document server under concurrent writers: what it acknowledged is there, and no half query is."""
import http.client
import json
import os
import random
import sys
import threading
import time
import unittest

import stack as stacks

sys.path.insert(0, os.path.join(stacks.SOURCE, "tests", "api"))
from server import Server  # noqa: E402

ROUNDS = 15
GROUP_SIZE = 25
WRITERS = 3


class Writer(threading.Thread):
    """One connection that inserts, and changes groups of documents by AQL, until the server is gone.

    `documents` and `groups` hold what was acknowledged; `open` what was sent last and may have happened or not.
    """

    def __init__(self, port, name, seed):
        super().__init__()
        self.port, self.prefix, self.chance = port, name, random.Random(seed)
        self.documents, self.groups, self.open = {}, {}, None
        self.failure = None

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        number = 0
        try:
            while True:
                number += 1
                self.step(connection, number)
        except (OSError, http.client.HTTPException):
            pass  # the kill
        except Exception as failure:  # pylint: disable=broad-except
            self.failure = failure
        finally:
            connection.close()

    def call(self, connection, path, body):
        connection.request("POST", path, json.dumps(body))
        answer = connection.getresponse()
        text = answer.read()
        if answer.status not in (201, 202):
            raise RuntimeError(f"{answer.status} {text[:300]!r}")
        return json.loads(text)

    def step(self, connection, number):
        kind = self.chance.random()
        if kind < 0.5:
            key = f"{self.prefix}-{number}"
            self.open = ("document", key, number)
            self.call(connection, "/_api/document/single", {"_key": key, "n": number})
            self.documents[key] = number
        elif kind < 0.8 or not self.groups:
            group = f"{self.prefix}-{number}"
            self.open = ("group", group, 0)
            self.query(connection, "FOR i IN 1..@size INSERT {group: @group, i, v: 0} INTO grouped", group=group, size=GROUP_SIZE)
            self.groups[group] = 0
        elif kind < 0.95:
            group = self.chance.choice(list(self.groups))
            self.open = ("group", group, number)
            self.query(connection, "FOR g IN grouped FILTER g.group == @group UPDATE g WITH {v: @v} IN grouped", group=group, v=number)
            self.groups[group] = number
        else:
            group = self.chance.choice(list(self.groups))
            self.open = ("gone", group, None)
            self.query(connection, "FOR g IN grouped FILTER g.group == @group REMOVE g IN grouped", group=group)
            del self.groups[group]
        self.open = None

    def query(self, connection, text, **bind):
        self.call(connection, "/_api/cursor", {"query": text, "bindVars": bind})


class Crash(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        for name in ("single", "grouped"):
            answer = cls.server.request("POST", "/_api/collection", {"name": name})
            assert answer.status == 200, answer.text
        index = cls.server.request("POST", "/_api/index?collection=grouped", {"type": "persistent", "fields": ["group", "i"], "unique": True})
        assert index.status == 201, index.text

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def rows(self, text):
        answer = self.server.request("POST", "/_api/cursor", {"query": text, "batchSize": 1_000_000})
        self.assertEqual(answer.status, 201, answer.text)
        return answer.json["result"]

    def test_rounds(self):
        seed = int.from_bytes(os.urandom(4), "big")
        chance = random.Random(seed)
        documents, groups, acknowledged = {}, {}, 0
        print(f"seed {seed}", file=sys.stderr)
        for number in range(ROUNDS):
            writers = [Writer(self.server.port, f"r{number}w{writer}", seed + number * 10 + writer) for writer in range(WRITERS)]
            for writer in writers:
                writer.start()
            time.sleep(chance.uniform(0.05, 0.8))
            self.server.stop(9)
            for writer in writers:
                writer.join()
                self.assertIsNone(writer.failure)
                documents.update(writer.documents)
                groups.update(writer.groups)
                acknowledged += len(writer.documents) + len(writer.groups)
            self.server.start()
            with self.subTest(round=number):
                self.compare(documents, groups, [writer.open for writer in writers if writer.open])
        print(f"{ROUNDS} kills, {acknowledged} acknowledged writes", file=sys.stderr)
        self.assertGreater(acknowledged, ROUNDS)

    def compare(self, documents, groups, in_progress):
        """What was in progress may be there as a whole or not at all; what is found goes on as the truth."""
        found = dict(self.rows("FOR d IN single RETURN [d._key, d.n]"))
        for kind, key, value in in_progress:
            if kind == "document" and key in found:
                documents[key] = value
        self.assertTrue(found == documents, f"missing {sorted(set(documents) - set(found))[:5]}, "
                                            f"unexpected {sorted(set(found) - set(documents))[:5]}")
        found = {}
        for group, value in self.rows("FOR g IN grouped RETURN [g.group, g.v]"):
            found.setdefault(group, []).append(value)
        for group, values in found.items():
            self.assertEqual(len(values), GROUP_SIZE, f"half of {group} is there")
            self.assertEqual(len(set(values)), 1, f"half of {group} was changed")
        for kind, group, value in in_progress:
            if kind == "group" and found.get(group, [None])[0] == value:
                groups[group] = value
            elif kind == "gone" and group not in found:
                groups.pop(group)
        self.assertTrue({group: values[0] for group, values in found.items()} == groups, "an acknowledged query is missing")
        for group in random.sample(sorted(groups), min(5, len(groups))):
            answer = self.server.query("RETURN LENGTH(FOR g IN grouped FILTER g.group == @group RETURN 1)", {"group": group})
            self.assertEqual(answer.json["result"], [GROUP_SIZE], "index and documents disagree")


if __name__ == "__main__":
    stacks.main(__name__)
