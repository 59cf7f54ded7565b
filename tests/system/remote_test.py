"""plan, apply, import and queries on a second server over HTTP, while that server is killed and started again.

The server is `workerdb serve` on one port and one folder; a thread kills it with SIGKILL at random moments, also while
it starts. What a command acknowledged must be there once; what it reported as failed must not be there, unless it
said that it does not know; nothing may be there twice or in part.
"""
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import stack as stacks

sys.path.insert(0, os.path.join(stacks.SOURCE, "tests", "api"))
from server import Server  # noqa: E402

UNKNOWN = "whether the write took effect is unknown"
UNREACHED = 3  # exit code: a store does not answer
IMPORT_ROUNDS, IMPORT_RECORDS = 4, 40_000
APPLY_ROUNDS = 4
WRITES, GROUP_SIZE = 60, 200
READS, ROWS = 25, 30_000


class SecondServer(Server):
    """Always on the same port and folder."""

    def __init__(self):
        self.port = stacks.free_ports(1)[0]
        super().__init__()

    def start(self):
        self.process = subprocess.Popen(
            [stacks.PROGRAM, "serve", "--data", os.path.join(self.folder, "engine"), "--documents-port", str(self.port),
             "--no-authentication"], stdout=subprocess.PIPE, text=True)
        self.is_ready = False

    def wait_until_ready(self):
        if not self.is_ready and not self.process.stdout.readline().startswith("ready "):
            raise RuntimeError("the server did not start")
        self.is_ready = True

    def kill_and_restart(self, pause):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()
        time.sleep(pause)
        self.start()

    def rows(self, text, **bind):
        answer = self.query(text, bind)
        assert answer.status == 201 and not answer.json["hasMore"], answer.text
        return answer.json["result"]


class Killer(threading.Thread):
    """Kills the server again and again while the `with` block runs; leaves it ready behind it."""

    def __init__(self, server, seed, shortest, longest):
        super().__init__()
        self.server, self.chance, self.span = server, random.Random(seed), (shortest, longest)
        self.is_over = threading.Event()
        self.kills = 0

    def run(self):
        while True:
            # Most of the time it lives until it has served something; sometimes it dies while it starts.
            if self.chance.random() < 0.8:
                self.server.wait_until_ready()
            if self.is_over.wait(self.chance.uniform(*self.span)):
                return
            self.server.kill_and_restart(self.chance.uniform(0, 0.2))
            self.kills += 1

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.join()
        self.server.wait_until_ready()


class Remote(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="workerdb-remote-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.server = SecondServer()
        self.addCleanup(self.server.close)
        self.server.wait_until_ready()
        contexts = os.path.join(self.folder, "contexts.yaml")
        with open(contexts, "w", encoding="utf-8") as file:
            file.write("contexts:\n  second:\n    class: dev\n    documents: "
                       f"{{url: \"http://root@127.0.0.1:{self.server.port}\"}}\n")
        os.chmod(contexts, 0o600)
        # A person's shell, whoever runs the tests.
        self.environment = {"PATH": os.environ["PATH"], "HOME": self.folder, "WORKERDB_CONTEXTS": contexts,
                            "XDG_CONFIG_HOME": self.folder, "XDG_STATE_HOME": self.folder}

    def workerdb(self, *arguments, **options):
        return stacks.run([stacks.PROGRAM, *arguments, "--context", "second"], env=self.environment, timeout=300, **options)

    def until_reached(self, *arguments, **options):
        """A command that found nobody at its start has had no effect: a person would type it again."""
        while True:
            done = self.workerdb(*arguments, **options)
            if done.returncode != UNREACHED or UNKNOWN in done.stderr:
                return done
            time.sleep(0.05)

    def make(self, collection):
        answer = self.server.request("POST", "/_api/collection", {"name": collection})
        self.assertEqual(answer.status, 200, answer.text)

    def test_import_neither_loses_nor_doubles(self):
        kills = 0
        for number in range(4 * IMPORT_ROUNDS):
            if number >= IMPORT_ROUNDS and kills > IMPORT_ROUNDS:
                break  # a fast machine imports between two kills, so it goes on until there were enough
            collection = f"imported_{number}"
            self.make(collection)
            has_keys = number % 2 == 0
            file = os.path.join(self.folder, f"{collection}.jsonl")
            with open(file, "w", encoding="utf-8") as to:
                for record in range(IMPORT_RECORDS):
                    to.write(json.dumps({"n": record, **({"_key": f"k{record}"} if has_keys else {})}) + "\n")
            with Killer(self.server, number, 0.02, 0.3) as killer:
                done = self.until_reached("import", file, "-c", collection, "-d", "_system", "--write")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(f"{IMPORT_RECORDS} created, 0 ignored, 0 failed", done.stderr + done.stdout)
            wrong = self.server.rows(f"FOR d IN {collection} COLLECT n = d.n WITH COUNT INTO times FILTER times != 1 LIMIT 5 RETURN n")
            self.assertEqual(wrong, [])
            self.assertEqual(self.server.rows(f"RETURN LENGTH({collection})"), [IMPORT_RECORDS])
            kills += killer.kills
        print(f"import: {kills} kills")
        self.assertGreater(kills, IMPORT_ROUNDS)

    def test_an_import_that_was_cut_off_is_resumed(self):
        """The importing side dies: the second run skips what is there, by the records' keys."""
        self.make("resumed")
        file = os.path.join(self.folder, "resumed.jsonl")
        with open(file, "w", encoding="utf-8") as to:
            to.writelines(json.dumps({"_key": f"k{record}", "n": record}) + "\n" for record in range(IMPORT_RECORDS))
        command = ["import", file, "-c", "resumed", "-d", "_system", "--write", "--on-duplicate", "ignore"]
        half = subprocess.Popen([stacks.PROGRAM, *command, "--context", "second"], env=self.environment,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        stacks.wait_until(lambda: self.server.rows("RETURN LENGTH(resumed)")[0] > 0)
        half.kill()
        half.wait()
        there = self.server.rows("RETURN LENGTH(resumed)")[0]
        done = self.workerdb(*command)
        self.assertEqual(done.returncode, 0, done.stderr)
        counts = re.search(r"(\d+) created, (\d+) ignored, 0 failed", done.stderr + done.stdout)
        self.assertIsNotNone(counts, done.stderr)
        created, ignored = map(int, counts.groups())
        self.assertEqual(created + ignored, IMPORT_RECORDS)
        # The request that was under way may have been carried out after the count.
        self.assertGreaterEqual(ignored, there)
        self.assertEqual(self.server.rows("RETURN LENGTH(resumed)"), [IMPORT_RECORDS])

    def drop_databases(self):
        for database in ("flowmaster", "flowmaster_test", "flowmaster_dev"):
            self.assertEqual(self.server.request("DELETE", f"/_api/database/{database}").status, 200)

    def test_apply_reaches_the_catalog_and_plan_is_empty_then(self):
        # How long one takes that nobody disturbs: the kills must fall within that, on a fast machine and on a slow one.
        began = time.monotonic()
        self.assertEqual(self.workerdb("apply", "--catalog", "catalog/flowmaster", "--write").returncode, 0)
        undisturbed = time.monotonic() - began
        self.drop_databases()
        kills = 0
        for number in range(15 * APPLY_ROUNDS):
            if number >= APPLY_ROUNDS and kills > APPLY_ROUNDS:
                break
            runs = 1
            with Killer(self.server, 100 + number, 0, 1.5 * undisturbed) as killer:
                done = self.until_reached("apply", "--catalog", "catalog/flowmaster", "--write")
                # A step that met a server which never lived long enough is taken up where it was.
                while done.returncode == UNREACHED and runs < 20:
                    done, runs = self.until_reached("apply", "--catalog", "catalog/flowmaster", "--write"), runs + 1
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            plan = self.workerdb("plan", "--catalog", "catalog/flowmaster")
            self.assertEqual(plan.returncode, 0, plan.stderr)
            self.assertIn("Nothing to do", plan.stdout)
            indexes = self.server.request("GET", "/_db/flowmaster/_api/index?collection=schedules").json["indexes"]
            names = [index["name"] for index in indexes]
            self.assertEqual(sorted(names), sorted(set(names)))
            self.assertIn("by_next_run", names)
            self.drop_databases()
            kills += killer.kills
        print(f"apply: {kills} kills")
        self.assertGreater(kills, APPLY_ROUNDS)

    def test_a_writing_query_runs_once_or_says_that_it_does_not_know(self):
        self.make("effects")
        outcomes = {}
        with Killer(self.server, 7, 0.02, 0.3) as killer:
            for number in range(10 * WRITES):
                if number >= WRITES and killer.kills > 5:
                    break
                done = self.until_reached("aql", "FOR i IN 1..@size INSERT {op: @op, i} INTO effects", "-d", "_system", "--write",
                                          "-b", f"op={number}", "-b", f"size={GROUP_SIZE}")
                outcomes[number] = "done" if done.returncode == 0 else "unknown" if UNKNOWN in done.stderr else "failed"
        found = dict(self.server.rows("FOR e IN effects COLLECT op = e.op WITH COUNT INTO size RETURN [op, size]"))
        for number, outcome in outcomes.items():
            allowed = {"done": [GROUP_SIZE], "failed": [0], "unknown": [0, GROUP_SIZE]}[outcome]
            self.assertIn(found.get(number, 0), allowed, f"{number} {outcome}")
        counts = {name: list(outcomes.values()).count(name) for name in ("done", "failed", "unknown")}
        print(f"writes: {killer.kills} kills, {counts}")
        self.assertGreater(killer.kills, 5)
        self.assertGreater(counts["done"], 0)

    def test_a_reading_query_gives_all_rows_or_fails(self):
        self.make("rows")
        self.server.rows("FOR n IN 1..@rows INSERT {n} INTO rows", rows=ROWS)
        complete = 0
        with Killer(self.server, 9, 0.1, 0.4) as killer:
            for _ in range(READS):
                done = self.until_reached("aql", "FOR r IN rows SORT r.n RETURN r.n", "-d", "_system", "--format", "jsonl")
                if done.returncode == 0:
                    self.assertEqual([int(line) for line in done.stdout.split()], list(range(1, ROWS + 1)))
                    complete += 1
        print(f"reads: {killer.kills} kills, {complete} of {READS} complete")
        self.assertGreater(complete, 0)


if __name__ == "__main__":
    stacks.main()
