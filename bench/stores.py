"""The stores that are measured. Each loads the same files, answers a question with rows in the same form, says how long
that took, and shows the plan by which it answered."""
import base64
import http.client
import json
import os
import queue
import shutil
import sqlite3
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "system"))
import stack as stacks  # noqa: E402

POSTGRES_SETTINGS = {"shared_buffers": "2GB", "effective_cache_size": "4GB", "work_mem": "256MB", "maintenance_work_mem": "512MB",
                     "max_parallel_workers_per_gather": "2", "max_parallel_workers": "8", "random_page_cost": "1.1",
                     "max_wal_size": "8GB", "jit": "off"}


def shell(line, environment):
    done = subprocess.run(line, shell=True, executable="/bin/bash", text=True, capture_output=True, env=environment)
    if done.returncode != 0:
        raise RuntimeError(f"{line}\n{done.stdout}{done.stderr}")
    return done.stdout


def timed(action):
    start = time.perf_counter()
    answer = action()
    return answer, time.perf_counter() - start


def processor_ticks(pid, with_ended_children):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
    except FileNotFoundError:   # it has ended: its parent counts it
        return 0
    return sum(int(field) for field in (fields[11:15] if with_ended_children else fields[11:13]))


class Stack:
    """One workerdb stack: its document server and its PostgreSQL."""

    def __init__(self):
        self.stack = stacks.Stack()
        self.folder = self.stack.folder
        self.stack.up()
        try:
            settings = "".join(f"ALTER SYSTEM SET {name} = '{value}';\n" for name, value in POSTGRES_SETTINGS.items())
            self.superuser(settings + f"CREATE DATABASE bench OWNER {self.environment()['PGUSER']};")
            self.stack.down()   # what takes a restart
            self.stack.up()
        except BaseException:
            self.close()
            raise

    def environment(self):
        return self.stack.environment()

    def processor_seconds(self, service):
        """Of the document server, or of PostgreSQL with all its sessions, those that have ended too."""
        if service == "documents":
            ticks = processor_ticks(self.stack.state()["pid"], False)
        else:
            postmaster = self.stack.service(service)["pid"]
            ticks = sum(processor_ticks(pid, True) for pid in [postmaster, *stacks.descendants(postmaster)])
        return ticks / os.sysconf("SC_CLK_TCK")

    def superuser(self, sql):
        secret = os.path.join(self.stack.data, "secrets", "postgres-superuser")
        return shell(f"PGPASSWORD=$(cat {secret}) psql -h localhost -U postgres -d postgres -v ON_ERROR_STOP=1 -qAt <<'SQL'\n"
                     f"{sql}\nSQL", self.environment())

    def close(self):
        self.stack.close()


class Workerdb:
    name = "workerdb"

    def __init__(self, stack):
        self.environment = stack.environment()
        with open(self.environment["ARANGO_PASSWORD_FILE"], encoding="utf-8") as file:
            password = file.read().strip()
        self.authorization = "Basic " + base64.b64encode(f"root:{password}".encode()).decode()
        self.port = stack.stack.documents
        self.url = f"http://127.0.0.1:{self.port}"
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        self.call("/_api/database", {"name": "bench"})
        for name, kind in (("instances", 2), ("executions", 2), ("nodes", 2), ("links", 3)):
            self.call("/_db/bench/_api/collection", {"name": name, "type": kind})
        self.index("instances", "status", "priority", "created_at")

    def call(self, path, body):
        text = json.dumps(body).encode()
        self.connection.request("POST", path, text, {"Authorization": self.authorization})
        answer = self.connection.getresponse()
        data = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{path} {body}\n{answer.status} {data.decode()[:1000]}")
        return data

    def index(self, collection, *fields):
        self.call(f"/_db/bench/_api/index?collection={collection}", {"type": "persistent", "fields": fields})

    def load(self, files, name):
        """Seconds for the bulk import of one collection."""
        header = f"-H 'Authorization: {self.authorization}' -H 'Expect:'"
        return timed(lambda: shell(f"curl -sf {header} --data-binary @{files.lines(name)} '{self.url}/_db/bench/_api/import"
                                   f"?type=documents&collection={name}' | grep '\"errors\":0'", self.environment))[1]

    def finish(self):
        self.index("instances", "definition", "status")
        self.index("executions", "instance")

    def _ask(self, question):
        return self.call("/_db/bench/_api/cursor", {"query": question.aql, "bindVars": question.aql_bind(), "batchSize": 1_000_000})

    def rows(self, question):
        return json.loads(self._ask(question))["result"]

    def seconds(self, question):
        return timed(lambda: self._ask(question))[1]

    def plan(self, question):
        plan = json.loads(self.call("/_db/bench/_api/explain", {"query": question.aql, "bindVars": question.aql_bind()}))["plan"]
        return " ".join(node["type"] for node in plan["nodes"])


class Postgres:
    name = "PostgreSQL"

    def __init__(self, stack):
        self.environment = stack.environment()
        self.folder = stack.folder
        self.session = None
        self.run("CREATE TABLE instances (key text PRIMARY KEY, doc jsonb NOT NULL);"
                 "CREATE TABLE executions (key text PRIMARY KEY, doc jsonb NOT NULL);"
                 "CREATE TABLE links (source int NOT NULL, target int NOT NULL);"
                 """CREATE INDEX page ON instances ((doc->>'status'), ((doc->>'priority')::int), (doc->>'created_at') COLLATE "C");""")

    def run(self, sql):
        return shell(f"psql -h localhost -d bench -v ON_ERROR_STOP=1 -qAt <<'SQL'\n{sql}\nSQL", self.environment)

    def load(self, files, name):
        return timed(lambda: self.run(f"\\copy {name} from {files.copy(name)}"))[1]

    def finish(self, files):
        self.run(f"\\copy links from {files.pairs()}\n"
                 "CREATE INDEX definition ON instances ((doc->>'definition'), (doc->>'status'));"
                 "CREATE INDEX instance ON executions ((doc->>'instance'));"
                 "CREATE INDEX source ON links (source, target);"
                 # Without these PostgreSQL takes a third of the rows for groups of their own, and scans with one process.
                 "CREATE STATISTICS cost ON ((doc->>'cost')::int), (doc->'owner'->'team'->>'name') FROM instances;"
                 "CREATE STATISTICS node ON ((doc->>'duration_ms')::int), (doc->>'node') FROM executions;"
                 "VACUUM ANALYZE instances; VACUUM ANALYZE executions; VACUUM ANALYZE links;")
        self.session = Session(["psql", "-h", "localhost", "-d", "bench", "-X", "-qAt", "-F", "\t"], self.environment)
        self.prepared = {}

    def _prepare(self, question):
        """The statement stays prepared in the session, as a service has it."""
        name = self.prepared.get(question.name)
        if name is None:
            name = self.prepared[question.name] = f"q{len(self.prepared)}"
            # The types of parameters are as PostgreSQL finds them.
            self.session.ask(f"PREPARE {name} AS {question.numbered()[0]};")
        values = question.numbered()[1]
        arguments = ", ".join(f"'{value}'" if isinstance(value, str) else str(value) for value in values)
        return f"EXECUTE {name}({arguments})" if values else f"EXECUTE {name}"

    def rows(self, question):
        return [[parsed(cell) for cell in line.split("\t")] for line in self.session.ask(self._prepare(question) + ";")]

    def seconds(self, question):
        last = self.session.ask(f"\\timing on\n{self._prepare(question)};\n\\timing off")[-1]
        return float(last.split()[1]) / 1000   # Time: 12.345 ms

    def plan(self, question):
        statement = self._prepare(question)
        texts = [" ".join(self.session.ask(f"SET plan_cache_mode = {mode};\nEXPLAIN {statement};\nRESET plan_cache_mode;"))
                 for mode in ("force_custom_plan", "force_generic_plan")]
        return texts if question.numbered()[1] else texts[:1]

    def close(self):
        if self.session is not None:
            self.session.close()


class Sqlite:
    name = "SQLite"

    def __init__(self, stack):
        self.database = sqlite3.connect(os.path.join(stack.folder, "documents.sqlite"))
        for line in ("PRAGMA journal_mode = off", "PRAGMA synchronous = off", "PRAGMA cache_size = -1000000",
                     "PRAGMA mmap_size = 2000000000", "PRAGMA temp_store = memory"):
            self.database.execute(line)
        for name in ("instances", "executions"):
            self.database.execute(f"CREATE TABLE {name} (key TEXT PRIMARY KEY, doc TEXT NOT NULL)")
        self.database.execute("CREATE TABLE links (source INTEGER, target INTEGER)")

    def load(self, files, name):
        def insert():
            with open(files.lines(name), encoding="utf-8") as lines:
                self.database.executemany(f"INSERT INTO {name} VALUES (json_extract(?1, '$._key'), ?1)",
                                          ([line.rstrip("\n")] for line in lines))
            self.database.commit()
        return timed(insert)[1]

    def finish(self, files):
        with open(files.pairs(), encoding="ascii") as lines:
            self.database.executemany("INSERT INTO links VALUES (?, ?)", (line.split() for line in lines))
        self.database.commit()
        for line in ("CREATE INDEX page ON instances (json_extract(doc, '$.status'), json_extract(doc, '$.priority'), "
                     "json_extract(doc, '$.created_at'))",
                     "CREATE INDEX definition ON instances (json_extract(doc, '$.definition'), json_extract(doc, '$.status'))",
                     "CREATE INDEX instance ON executions (json_extract(doc, '$.instance'))",
                     "CREATE INDEX source ON links (source, target)", "ANALYZE"):
            self.database.execute(line)

    def rows(self, question):
        return [[parsed(cell) for cell in row] for row in self.database.execute(question.sqlite, question.bind)]

    def seconds(self, question):
        return timed(lambda: self.database.execute(question.sqlite, question.bind).fetchall())[1]

    def plan(self, question):
        return " ".join(row[3] for row in self.database.execute("EXPLAIN QUERY PLAN " + question.sqlite, question.bind))

    def close(self):
        self.database.close()


class Duckdb:
    """In a process of node: @duckdb/node-api."""
    name = "DuckDB"

    def __init__(self):
        self.process = subprocess.Popen(["node", os.path.join(HERE, "duckdb.mjs")], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.version = self.ask("SELECT version()")["rows"][0][0]

    def ask(self, sql, bind=None):
        self.process.stdin.write(json.dumps({"sql": sql, "bind": bind or {}}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("DuckDB ended; its own words stand above")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"{sql}\n{answer['error']}")
        return answer

    def load(self, files, name):
        return timed(lambda: self.ask(f"CREATE TABLE {name} AS SELECT json->>'$._key' AS key, json AS doc FROM "
                                      f"read_json_objects('{files.lines(name)}', format = 'newline_delimited')"))[1]

    def finish(self, files):
        self.ask(f"CREATE TABLE links AS SELECT * FROM read_csv('{files.pairs()}', delim = '\t', header = false, "
                 "names = ['source', 'target'])")
        # The same with a typed column for each attribute that the questions name.
        self.ask("CREATE TABLE typed_instances AS SELECT key, doc->>'$.definition' AS definition, doc->>'$.status' AS status, "
                 "(doc->>'$.cost')::INTEGER AS cost, (doc->>'$.priority')::INTEGER AS priority, "
                 "doc->>'$.owner.team.name' AS team FROM instances")
        self.ask("CREATE TABLE typed_executions AS SELECT key, doc->>'$.instance' AS instance, doc->>'$.node' AS node, "
                 "(doc->>'$.duration_ms')::INTEGER AS duration_ms FROM executions")

    def rows(self, question):
        return [[parsed(cell) for cell in row] for row in self.ask(question.duckdb, question.bind)["rows"]]

    def seconds(self, question):
        return self.ask(question.duckdb, question.bind)["ms"] / 1000

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)


class Session:
    """A psql that stays connected."""
    END = "-- end of answer --"

    def __init__(self, command, environment):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True, env=environment)
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def ask(self, text):
        self.process.stdin.write(f"{text}\n\\echo {self.END}\n")
        self.process.stdin.flush()
        found = []
        while (line := self.lines.get(timeout=600)) != self.END:
            if line is None or line.startswith("ERROR"):
                raise RuntimeError(f"{text}\n{line}")
            found.append(line)
        return found

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)


def parsed(cell):
    """A cell of any store: numbers and documents out of their texts."""
    if not isinstance(cell, str) or not cell or cell[0] not in '{["0123456789-':
        return cell
    try:
        return json.loads(cell)
    except ValueError:
        return cell


def program(name):
    return shutil.which(name) or f"/usr/lib/postgresql/15/bin/{name}"
