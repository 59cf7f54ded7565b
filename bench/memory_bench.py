#!/usr/bin/env python3
"""Does the document server keep to its memory budget?

Makes documents that do not compress well, then scans, sorts, groups and joins them, reads a large result in batches, and
looks at the server's resident memory every 100 ms meanwhile. What every query must give is known from how the documents
are made. The peak may be at most the budget and a fifth.

  bench/memory_bench.py PROGRAM [--data-mb 10000] [--budget-mb 512] [--folder DIR] [--keep]

Ends with `N passed, N failed`.
"""
import argparse
import http.client
import json
import math
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

PAYLOAD_BYTES = 900
DOCUMENT_BYTES = 1000  # of its JSON, about
MIB = 1 << 20


class Client:
    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=7200)

    def call(self, method, path, body=None):
        text = None if body is None else json.dumps(body)
        self.connection.request(method, path, text, {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        content = json.loads(answer.read() or b"{}")
        if answer.status >= 400:
            raise RuntimeError(f"{answer.status} {content.get('errorNum')} {content.get('errorMessage')}")
        return content

    def batches(self, query, bind=None, batch_size=1000, **options):
        body = {"query": query, "bindVars": bind or {}, "batchSize": batch_size, "ttl": 3600, "options": options}
        answer = self.call("POST", "/_api/cursor", body)
        yield answer["result"]
        while answer["hasMore"]:
            answer = self.call("POST", f"/_api/cursor/{answer['id']}")
            yield answer["result"]

    def query(self, query, bind=None, **options):
        return [row for batch in self.batches(query, bind, **options) for row in batch]


def status_kib(process, names):
    found = {}
    with open(f"/proc/{process}/status", encoding="ascii") as lines:
        for line in lines:
            name, _, rest = line.partition(":")
            if name in names:
                found[name] = int(rest.split()[0])
    return found


def watch(process, peak, stop):
    """In a process of its own: one that waits for nobody."""
    while not stop.is_set():
        try:
            now = status_kib(process, ("VmRSS",))
        except (FileNotFoundError, ProcessLookupError):
            return
        if now.get("VmRSS", 0) > peak.value:
            peak.value = now["VmRSS"]
        stop.wait(0.1)


class Watch:
    def __init__(self, process):
        self.peak = multiprocessing.Value("q", 0)
        self.stopped = multiprocessing.Event()
        self.watcher = multiprocessing.Process(target=watch, args=(process, self.peak, self.stopped))
        self.watcher.start()

    def step_mib(self):
        """The peak since the last call."""
        peak, self.peak.value = self.peak.value, 0
        return peak / 1024

    def stop(self):
        self.stopped.set()
        self.watcher.join()


class Bench:
    def __init__(self, options):
        self.options = options
        self.count = max(10_000, options.data_mb * 1_000_000 // DOCUMENT_BYTES // 1000 * 1000)
        self.limit_mib = options.budget_mb * 1.2
        self.passed = self.failed = 0
        self.highest = 0.0

    # ---- the server

    def start(self):
        command = [self.options.program, "serve", "--data", self.options.folder, "--documents-port", "0",
                   "--no-authentication", "--memory-budget", f"{self.options.budget_mb}MiB"]
        self.server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        ready = self.server.stdout.readline()
        if not ready.startswith("ready "):
            raise RuntimeError("the server does not start")
        self.port = int(ready.rsplit(":", 1)[1])
        self.watch = Watch(self.server.pid)

    def stop(self):
        self.watch.stop()
        self.server.send_signal(signal.SIGTERM)
        self.server.wait(timeout=120)

    # ---- documents

    def load_part(self, numbers):
        client = Client(self.port)
        for first in numbers:
            client.query(
                """FOR i IN @first..@last
                     INSERT { i, few: i % 7, kind: i % 1000, half: i % @half, tenth: TO_STRING(i % @tenth),
                              v: (i * 7919) % @count, payload: RANDOM_TOKEN(@bytes) } INTO docs""",
                {"first": first, "last": min(first + self.options.insert_rows, self.count) - 1, "half": self.count // 2,
                 "tenth": self.count // 10, "count": self.count, "bytes": PAYLOAD_BYTES})

    def load(self):
        if math.gcd(7919, self.count) != 1:
            self.count += 1000
        for name in ("docs", "kinds", "tenths"):
            self.client.call("POST", "/_api/collection", {"name": name})
        parts = list(range(0, self.count, self.options.insert_rows))
        threads = [threading.Thread(target=self.load_part, args=(parts[i::2],)) for i in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.client = Client(self.port)  # the other one was idle for too long
        self.client.query("FOR i IN 0..999 INSERT { _key: TO_STRING(i), number: i, name: CONCAT('kind', i % 10) } INTO kinds")
        for first in range(0, self.count // 10, self.options.insert_rows):
            last = min(first + self.options.insert_rows, self.count // 10) - 1
            self.client.query("FOR i IN @first..@last INSERT { _key: TO_STRING(i), weight: i % 3 } INTO tenths",
                              {"first": first, "last": last})
        return self.client.query("RETURN LENGTH(docs)")[0] == self.count

    # ---- what is measured

    def step(self, name, run):
        started = time.monotonic()
        self.client = Client(self.port)
        try:
            outcome = run()
            problem = "" if outcome is True else f"wrong result: {str(outcome)[:200]}"
        except (RuntimeError, OSError, http.client.HTTPException) as error:
            problem = str(error)
        peak = self.watch.step_mib()
        self.highest = max(self.highest, peak)
        if not problem and peak > self.limit_mib:
            problem = f"more than {self.limit_mib:.0f} MiB"
        self.passed += not problem
        self.failed += bool(problem)
        print(f"{'ok    ' if not problem else 'FAILED'} {name:<34} {time.monotonic() - started:8.1f} s "
              f"{peak:8.0f} MiB resident  {problem}", flush=True)

    def expect(self, query, expected, bind=None, **options):
        rows = self.client.query(query, bind, **options)
        return True if rows == expected else rows

    def run(self):
        n, half, tenth = self.count, self.count // 2, self.count // 10
        total = n * (n - 1) // 2
        if self.options.loads:
            self.step("load", self.load)
        self.step("scan with a filter", lambda: self.expect(
            "FOR d IN docs FILTER d.v < 1000 COLLECT AGGREGATE c = COUNT(), s = SUM(d.v) RETURN [c, s]", [[1000, 499500]]))
        self.step("scan of every byte", lambda: self.expect(
            "FOR d IN docs COLLECT AGGREGATE b = SUM(LENGTH(d.payload)) RETURN b", [n * PAYLOAD_BYTES]))
        self.step("few groups", lambda: self.expect(
            "FOR d IN docs COLLECT g = d.few AGGREGATE c = COUNT(), i = MAX(d.i) SORT g RETURN [g, c, i]",
            [[g, len(range(g, n, 7)), range(g, n, 7)[-1]] for g in range(7)]))
        self.step("many groups", lambda: self.expect(
            """FOR d IN docs COLLECT g = d.half AGGREGATE c = COUNT(), s = SUM(d.v)
                 COLLECT AGGREGATE groups = COUNT(), least = MIN(c), most = MAX(c), s2 = SUM(s) RETURN [groups, least, most, s2]""",
            [[half, 2, 2, total]]))
        self.step("as many groups as documents", lambda: self.expect(
            """FOR d IN docs COLLECT g = d.v INTO members = d.i
                 COLLECT AGGREGATE groups = COUNT(), most = MAX(LENGTH(members)), s = SUM(members[0]) RETURN [groups, most, s]""",
            [[n, 1, total]]))
        self.step("groups that keep their members", lambda: self.expect(
            """FOR d IN docs COLLECT g = d.tenth INTO members = d.i
                 COLLECT AGGREGATE groups = COUNT(), most = MAX(LENGTH(members)), s = SUM(SUM(members)) RETURN [groups, most, s]""",
            [[tenth, 10, total]]))
        self.step("distinct, few", lambda: self.expect(
            "FOR k IN (FOR d IN docs RETURN DISTINCT d.kind) COLLECT AGGREGATE c = COUNT(), s = SUM(k) RETURN [c, s]",
            [[1000, 499500]]))
        self.step("distinct, many", self.distinct)
        self.step("sort of all, numbers read", self.sort_numbers)
        self.step("sort of all, whole documents", self.sort_documents)
        self.step("join with a large collection", lambda: self.expect(
            """FOR d IN docs FOR t IN tenths FILTER t._key == d.tenth
                 COLLECT w = t.weight AGGREGATE c = COUNT() SORT w RETURN [w, c]""",
            [[w, len(range(w, tenth, 3)) * 10] for w in range(3)]))
        self.step("large result, kept and read", self.large_result)
        self.step("large result, four at once", self.four_results)
        self.step("join with a small collection", lambda: self.expect(
            """FOR d IN docs FOR k IN kinds FILTER k._key == TO_STRING(d.kind)
                 COLLECT name = k.name AGGREGATE c = COUNT(), s = SUM(d.i) SORT name RETURN [name, c, s]""",
            [[f"kind{g}", n // 10, sum(range(g, n, 10))] for g in range(10)]))

    def distinct(self):
        seen = rows = 0
        for batch in self.client.batches("FOR d IN docs RETURN DISTINCT d.half", batch_size=10_000):
            seen += sum(batch)
            rows += len(batch)
        half = self.count // 2
        return True if (rows, seen) == (half, half * (half - 1) // 2) else (rows, seen)

    def sort_numbers(self):
        expected = 0
        for batch in self.client.batches("FOR d IN docs SORT d.v DESC RETURN d.v", batch_size=10_000):
            first = self.count - 1 - expected
            if batch != list(range(first, first - len(batch), -1)):
                return f"row {expected}"
            expected += len(batch)
        return True if expected == self.count else expected

    def sort_documents(self):
        expected = 0
        for batch in self.client.batches("FOR d IN docs SORT d.v RETURN d", stream=True):
            for row in batch:
                if row["v"] != expected or len(row["payload"]) != PAYLOAD_BYTES:
                    return f"row {expected}"
                expected += 1
            if expected >= self.count // 20:
                break
        return True

    def large_result(self, client=None):
        wanted = self.count // 10
        rows = summed = 0
        for batch in (client or self.client).batches("FOR d IN docs FILTER d.tenth != null LIMIT @wanted RETURN d", {"wanted": wanted}):
            rows += len(batch)
            summed += sum(len(row["payload"]) for row in batch)
        return True if (rows, summed) == (wanted, wanted * PAYLOAD_BYTES) else (rows, summed)

    def four_results(self):
        found = []
        threads = [threading.Thread(target=lambda: found.append(self.large_result(Client(self.port)))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return True if found == [True] * 4 else found

    def report(self):
        on_disk = sum(os.path.getsize(os.path.join(folder, name))
                      for folder, _, names in os.walk(self.options.folder) for name in names)
        high = status_kib(self.server.pid, ("VmHWM",))["VmHWM"] / 1024
        print(f"{self.count} documents of about {DOCUMENT_BYTES} bytes, {on_disk / 1e6:.0f} MB on disk; budget "
              f"{self.options.budget_mb} MiB, highest resident memory {high:.0f} MiB (allowed {self.limit_mib:.0f})")
        self.passed += high <= self.limit_mib
        self.failed += high > self.limit_mib


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--data-mb", type=int, default=10_000)
    parser.add_argument("--budget-mb", type=int, default=512)
    parser.add_argument("--folder", default="")
    parser.add_argument("--keep", action="store_true", help="do not remove the folder")
    options = parser.parse_args()
    options.loads = not os.path.isdir(options.folder)
    options.insert_rows = max(1000, min(20_000, options.budget_mb * 20))
    if not options.folder:
        options.folder = tempfile.mkdtemp(prefix="workerdb-memory-")
    bench = Bench(options)
    try:
        bench.start()
        try:
            bench.run()
            bench.report()
        finally:
            bench.stop()
    finally:
        if not options.keep:
            shutil.rmtree(options.folder, ignore_errors=True)
    print(f"{bench.passed} passed, {bench.failed} failed")
    return 0 if bench.failed == 0 and bench.passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
