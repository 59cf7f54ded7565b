"""What can be measured, each by its name."""
import json
import os
import re
import shutil
import statistics
import subprocess

import data
import questions
import stores
from measure import Difference, require_plan, require_same, rounds, say

CONNECTIONS = 16


class Bench:
    def __init__(self, report, build, is_small):
        self.report, self.build, self.is_small = report, build, is_small
        self.scale = data.SMALL if is_small else data.FULL
        self.rounds = 1 if is_small else 5
        self.load_seconds = 1 if is_small else 3
        self.open = []
        self.stack = stores.Stack()
        self.open.append(self.stack)
        try:
            say("writing the data")
            self.files = data.Files(self.stack.folder, self.scale)
            self.workerdb, self.sqlite = stores.Workerdb(self.stack), stores.Sqlite(self.stack)
            self.postgres, self.duckdb = stores.Postgres(self.stack), stores.Duckdb()
            self.open += [self.sqlite, self.postgres, self.duckdb]
            self._load()
        except BaseException:
            self.close()
            raise

    def close(self):
        for each in reversed(self.open):
            each.close()

    def _load(self):
        self.import_seconds = {}
        for store in (self.workerdb, self.postgres, self.sqlite, self.duckdb):
            say(f"loading {store.name}")
            self.import_seconds[store.name] = store.load(self.files, "instances")
            store.load(self.files, "executions")
        for name in ("nodes", "links"):
            self.workerdb.load(self.files, name)
        self.workerdb.finish()
        for store in (self.postgres, self.sqlite, self.duckdb):
            store.finish(self.files)

    # ---- how it is measured ---------------------------------------------------------------------------

    def check(self, question):
        """All stores answer alike, by the plans that are expected. A small table is rightly read without threads."""
        everyone = (self.workerdb, self.postgres, self.sqlite, self.duckdb)
        require_same(question.name, {store.name: store.rows(question) for store in everyone}, question.has_order)
        for store in everyone[:1] if self.is_small else everyone[:3]:
            require_plan(question.name, store.name, store.plan(question), question.plans[store.name])

    def one_by_one(self, question, text, targets):
        """One client, one question after the other."""
        self.check(question)
        actions = {store.name: (lambda store=store: 1 / store.seconds(question)) for store in (self.sqlite, self.duckdb)}
        actions = {"workerdb": self.with_processor_time("documents", lambda: 1 / self.workerdb.seconds(question), 1),
                   "PostgreSQL": self.with_processor_time("postgres", lambda: 1 / self.postgres.seconds(question), 1), **actions}
        if question.typed:
            self._check_typed(question)
            actions["typed"] = lambda: 1000 / self.duckdb.ask(question.typed)["ms"]
        figures = self.without_processor_time(rounds(self.rounds, actions))
        typed = figures.pop("typed", None)
        self.report.add(text, "queries/s", figures, targets)
        if typed is not None:
            factor = statistics.median(column / document for column, document in zip(typed, figures["DuckDB"]))
            ratio = statistics.median(column / own for column, own in zip(typed, figures["workerdb"]))
            self.report.note(f"Typed columns in the place of JSON ({question.name}): DuckDB answers {statistics.median(typed):,.1f} "
                             f"queries/s, {factor:.1f} times its own JSON and {ratio:.1f} times workerdb.")

    def _check_typed(self, question):
        require_same(f"{question.name}, typed", {"DuckDB": self.duckdb.rows(question),
                                                 "typed": self.duckdb.ask(question.typed)["rows"]}, question.has_order)

    def under_load(self, question, text, targets):
        """Queries a second at 16 connections, each with parameters of its own: over HTTP, and through pgbench's prepared
        statements."""
        self.check(question)
        if not has_wrk(text):
            return
        script, sql = self.cursor_script(question), pgbench_script(question)
        figures = rounds(self.rounds, {"workerdb": self.with_processor_time("documents", lambda: self.wrk(script)),
                                       "PostgreSQL": self.with_processor_time("postgres", lambda: self.pgbench(sql))})
        self.report.add(text, "queries/s", self.without_processor_time(figures), targets)

    def with_processor_time(self, service, measure_rate, count=None):
        """The rate, and what `count` queries (all those of a load) take of the server's processors, each: on a busy machine
        that is the better measure."""
        def measured():
            before = self.stack.processor_seconds(service)
            rate = measure_rate()
            return rate, (self.stack.processor_seconds(service) - before) / (count or rate * self.load_seconds)
        return measured

    def without_processor_time(self, figures):
        """The rates alone; what the two servers took is said."""
        times_ms = [statistics.median(time for _, time in figures[store]) * 1000 for store in ("workerdb", "PostgreSQL")]
        say(f"  the servers' processor time for one query: workerdb {times_ms[0]:,.2f} ms, PostgreSQL {times_ms[1]:,.2f} ms")
        return {store: [value[0] if isinstance(value, tuple) else value for value in values] for store, values in figures.items()}

    def wrk(self, script):
        path = os.path.join(self.stack.folder, "request.lua")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'local headers = {{["Authorization"] = "{self.workerdb.authorization}"}}\n{script}')
        output = stores.shell(f"wrk -t1 -c{CONNECTIONS} -d{self.load_seconds}s -s {path} {self.workerdb.url}/",
                              self.workerdb.environment)
        if "Non-2xx" in output or "Socket errors" in output:
            raise RuntimeError(output)
        return float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1))

    def cursor_script(self, question):
        # Marks of the parameters stand as texts in the body; what Lua puts there are numbers.
        marks = {name: f"@{name}@" for name in question.ranges}
        body = json.dumps({"query": question.aql, "bindVars": question.aql_bind(marks)})
        for name, (low, high) in question.ranges.items():
            mark = f"@{name}@" if name in question.prefixes else f'"@{name}@"'
            body = body.replace(mark, f"]] .. math.random({low}, {high}) .. [[")
        return f"request = function() return wrk.format('POST', '/_db/bench/_api/cursor', headers, [[{body}]]) end\n"

    def pgbench(self, script):
        path = os.path.join(self.stack.folder, "pgbench.sql")
        with open(path, "w", encoding="utf-8") as file:
            file.write(script)
        # pgbench gives no rate where no query ended in time, as happens on a busy machine.
        for seconds in (self.load_seconds, 10 * self.load_seconds):
            output = stores.shell(f"{stores.program('pgbench')} -h localhost -n -M prepared -c {CONNECTIONS} -j 1 "
                                  f"-T {seconds} -f {path} bench", self.workerdb.environment)
            if rate := re.search(r"tps = ([\d.]+)", output):
                return float(rate.group(1))
        raise RuntimeError(output)

    # ---- the parts ------------------------------------------------------------------------------------

    def bulk_import(self):
        figures = {"workerdb": [self.scale.instances / self.import_seconds["workerdb"]],
                   "PostgreSQL": [self.scale.instances / self.import_seconds["PostgreSQL"]]}
        self.report.add("bulk import of JSON, one secondary index (against COPY)", "documents/s", figures)

    def read_by_key(self):
        if not has_wrk("read by key"):
            return
        last = self.scale.instances - 1
        key = f"'/_db/bench/_api/document/instances/i' .. math.random(0, {last})"
        figures = rounds(self.rounds, {
            "workerdb": lambda: self.wrk(f"request = function() return wrk.format('GET', {key}, headers) end\n"),
            "PostgreSQL": lambda: self.pgbench(f"\\set n random(0, {last})\nSELECT doc FROM instances WHERE key = 'i' || :n;\n"),
            "constant": lambda: self.wrk("request = function() return wrk.format('GET', '/_admin/server/availability', headers) end\n")})
        listener = figures.pop("constant")
        row = self.report.add("read by key over HTTP, 16 connections (against pgbench, prepared)", "requests/s", figures)
        share = row.ours / statistics.median(listener)
        self.report.note(f"A read by key reaches {share:.2f} of what the same listener reaches for a constant answer.")
        if share < 0.5 and not self.is_small:
            raise Difference("the read by key is below half of a constant answer of the same listener")

    def page(self):
        self.under_load(questions.PAGE, "filtered, sorted page of 50 by a compound index, 16 connections", {"PostgreSQL": 2})

    def scan(self):
        self.one_by_one(questions.SCAN, "full scan, filter and group without an index", {"PostgreSQL": 2, "SQLite": 3})

    def join(self):
        self.one_by_one(questions.JOIN, "join of all executions with their instances, by definition", {"PostgreSQL": 3})

    def selective(self):
        self.under_load(questions.SELECTIVE, "selective join, 16 connections", {"PostgreSQL": 2})

    def graph(self):
        for depth in range(1, 5):
            self.under_load(questions.hops(depth, self.scale.nodes), f"vertices within {depth}, 16 connections", {"PostgreSQL": 2})
        self.under_load(questions.shortest_path(self.scale.nodes), "shortest path, 16 connections", {"PostgreSQL": 2})

    def process(self):
        """In process: programs of their own, by their processor time."""
        for name, arguments in (("query_bench", []), ("graph_bench", ["--links", self.files.pairs()])):
            path = os.path.join(self.build, "bench", name)
            if not os.path.exists(path):
                say(f"{path} is not built (it takes libsqlite3-dev): not measured")
                continue
            if self.is_small:
                arguments = [*arguments, "--small"]
            done = subprocess.run([path, "--json", *arguments], text=True, stdout=subprocess.PIPE)
            if done.returncode != 0:
                raise Difference(f"{name} ended with {done.returncode}: results differ\n{done.stdout}")
            for line in done.stdout.splitlines():
                self._add_in_process(json.loads(line))

    def _add_in_process(self, row):
        figures = {"workerdb": [row["workerdb"]]} | ({"SQLite": [row["sqlite"]]} if "sqlite" in row else {})
        targets = {"SQLite": row["ratio_target"]} if "ratio_target" in row else {}
        self.report.add(f"{row['name']}, in process", row["unit"], figures, targets, row["unit"] == "us",
                        row.get("least"), row.get("most"))


def pgbench_script(question):
    variables = "".join(f"\\set {name} random({low}, {high})\n" for name, (low, high) in question.ranges.items())
    return f"{variables}{question.postgres};\n"


def has_wrk(text):
    if shutil.which("wrk"):
        return True
    say(f"wrk is not installed: '{text}' is not measured")
    return False


PARTS = {"import": Bench.bulk_import, "key": Bench.read_by_key, "page": Bench.page, "scan": Bench.scan, "join": Bench.join,
         "selective": Bench.selective, "graph": Bench.graph, "process": Bench.process}
SUITES = {"aql": ["page", "scan", "join", "selective", "graph", "process"]}
