"""Sources of credentials, short-lived logins and their ends, rotation: against a whole stack."""
import base64
import json
import os
import random
import signal
import stat
import subprocess
import sys
import threading
import time
import unittest
import urllib.error
import urllib.request

import stack as stacks

FAKE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fake_mcp_server.py")
PASSWORD = "canary-7Jk2-horse"
stack = None
config = None
ROUNDS = int(os.environ.get("WORKERDB_ROTATION_ROUNDS", "20"))


def setUpModule():
    global stack, config
    stack = stacks.Stack()
    config = os.path.join(stack.folder, "config")
    os.makedirs(config, mode=0o700)
    os.environ["WORKERDB_CONTEXTS"] = os.path.join(config, "contexts.yaml")
    stack.up()
    for name in ("mine_a", "mine_b"):
        http("POST", "/_db/flowmaster/_api/collection", ("root", secret("documents-root")), {"name": name})
        http("POST", f"/_db/flowmaster/_api/document/{name}", ("root", secret("documents-root")), [{"_key": "1"}, {"_key": "2"}])


def tearDownModule():
    stack.close()


def http(method, path, login, body=None):
    """Status and parsed body of the document server's answer."""
    request = urllib.request.Request(f"http://127.0.0.1:{stack.documents}{path}", method=method,
                                     data=None if body is None else json.dumps(body).encode())
    user, password = login
    token = password if user is None else base64.b64encode(f"{user}:{password}".encode()).decode()
    request.add_header("Authorization", f"{'Bearer' if user is None else 'Basic'} {token}")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")


def psql(login, sql, database="flowmaster_core"):
    environment = {**os.environ, "PGPASSWORD": login[1], "PGUSER": login[0], "PGHOST": "127.0.0.1",
                   "PGPORT": str(stack.postgres), "PGDATABASE": database, "PGCONNECT_TIMEOUT": "10"}
    return stacks.run(["psql", "-X", "-At", "-v", "ON_ERROR_STOP=1", "-c", sql], env=environment)


def redis(login, *command):
    environment = {**os.environ, "REDISCLI_AUTH": login[1]}
    done = stacks.run(["redis-cli", "--no-auth-warning", "-h", "127.0.0.1", "-p", str(stack.redis), "--user", login[0], *command],
                      env=environment)
    return done.stdout.strip()


def lease(store, *arguments):
    """The login of a new lease."""
    output = os.path.join(stack.folder, "login")
    done = stack.workerdb("credential", "lease", "--store", store, "--output", output, "--json", *arguments)
    if done.returncode != 0:
        raise AssertionError(done.stdout + done.stderr)
    assert stat.S_IMODE(os.stat(output).st_mode) == 0o600
    with open(output, encoding="utf-8") as file:
        text = file.read()
    os.unlink(output)
    user, password = text.rstrip("\n").split(":")
    described = json.loads(done.stdout)
    assert described["user"] == user and password not in done.stdout + done.stderr
    return user, password


def secret(name):
    with open(os.path.join(stack.data, "secrets", name), encoding="utf-8") as file:
        return file.read()


def accounts():
    return [json.loads(line)["user"] for line in stack.workerdb("credential", "list", "--json").stdout.splitlines()]


class Sources(unittest.TestCase):
    def check(self, source, *expected, code=0, **options):
        done = stacks.run([stacks.PROGRAM, "credential", "check", source, "--json"], **options)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        for text in expected:
            self.assertIn(text, done.stdout + done.stderr)
        self.assertNotIn(PASSWORD, done.stdout + done.stderr)

    def write(self, name, text, mode=0o600):
        path = os.path.join(stack.folder, name)
        if os.path.exists(path):
            os.unlink(path)
        with open(os.open(path, os.O_CREAT | os.O_WRONLY, mode), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def test_files_and_variables(self):
        path = self.write("password", PASSWORD + "\n")
        self.check("file:" + path, '"has_secret":true')
        self.check("file+user:" + self.write("login", f"app:{PASSWORD}\n"), '"user":"app"')
        self.check("env:SOME_PASSWORD_FILE", '"has_secret":true', env={**os.environ, "SOME_PASSWORD_FILE": path})
        os.chmod(path, 0o644)
        self.check("file:" + path, "mode 0644", code=4)
        self.check("file:/nowhere/at/all", code=5)
        self.check(PASSWORD, code=1)

    def server(self, generation, transport, answer, environment=None):
        """Declares the fake server; gives its process over HTTP."""
        answer_file = self.write("answer.json", json.dumps(answer))
        servers = os.path.join(config, "mcp-servers.yaml")
        process = None
        if transport == "stdio":
            text = f"    command: [{sys.executable}, {FAKE}, stdio, {generation}, {answer_file}]\n"
        else:
            token = self.write("token", "token-of-tests\n")
            process = subprocess.Popen([sys.executable, FAKE, "http", generation, answer_file], stdout=subprocess.PIPE, text=True,
                                       env={**os.environ, "FAKE_MCP_TOKEN": "token-of-tests", **(environment or {})})
            self.addCleanup(process.wait)
            self.addCleanup(process.kill)
            self.addCleanup(process.stdout.close)
            text = f"    url: http://127.0.0.1:{process.stdout.readline().strip()}/mcp\n    token: file:{token}\n"
        with open(servers, "w", encoding="utf-8") as file:
            file.write("servers:\n  commander-mcp:\n" + text)
        os.chmod(servers, 0o600)

    def test_an_external_server_of_both_generations_over_both_transports(self):
        answer = {"username": "app", "password": PASSWORD, "host": "10.0.0.1", "port": 8529, "database": "flowmaster"}
        for generation in ("stateless", "session"):
            for transport, environment in (("stdio", None), ("http", None), ("http", {"FAKE_MCP_EVENTS": "1"})):
                for variant in ({}, {"as_text": True}):
                    with self.subTest(generation=generation, transport=transport, environment=environment, variant=variant):
                        self.server(generation, transport, {**answer, **variant}, environment)
                        self.check("mcp:commander-mcp/arango", '"user":"app"', '"host":"10.0.0.1"', '"database":"flowmaster"')
                        databases = stacks.run([stacks.PROGRAM, "context", "databases", "commander-mcp"])
                        self.assertEqual(databases.returncode, 0, databases.stderr)
                        self.assertIn("flowmaster_core", databases.stdout)

    def test_what_an_external_server_refuses_or_says_wrongly(self):
        for answer, code in (({"refuse": True, "password": PASSWORD}, 4), ({"username": PASSWORD}, 1), ({"password": [PASSWORD]}, 1),
                             ({"password": PASSWORD, "expires": 5}, 4)):
            self.server("stateless", "stdio", answer)
            self.check("mcp:commander-mcp/arango", "commander-mcp", code=code)
        self.check("mcp:commander-mcp/" + "other", "refuses", code=4)
        self.check("mcp:nobody/arango", "there are: commander-mcp", code=5)
        self.server("stateless", "http", {"password": PASSWORD})
        self.write("token", "another\n")
        self.check("mcp:commander-mcp/arango", "refuses us", code=4)


class Leases(unittest.TestCase):
    def test_documents(self):
        login = lease("documents", "--database", "flowmaster", "--objects", "mine_a")
        status, answer = http("POST", "/_db/flowmaster/_api/cursor", login, {"query": "FOR s IN mine_a RETURN s._key"})
        self.assertEqual(status, 201, answer)
        for method, path, body in (
                ("POST", "/_db/flowmaster/_api/cursor", {"query": "FOR s IN mine_b RETURN s"}),
                ("POST", "/_db/flowmaster/_api/cursor", {"query": "RETURN DOCUMENT('mine_b/1')"}),
                ("POST", "/_db/flowmaster/_api/cursor", {"query": "INSERT {} INTO mine_a"}),
                ("POST", "/_db/flowmaster/_api/cursor", {"query": "REMOVE '1' IN mine_a"}),
                ("POST", "/_db/flowmaster/_api/document/mine_a", {}),
                ("GET", "/_db/flowmaster/_api/document/mine_b/1", None),
                ("DELETE", "/_db/flowmaster/_api/collection/mine_a", None),
                ("PUT", "/_db/flowmaster/_api/collection/mine_a/truncate", None),
                ("POST", "/_db/flowmaster/_api/collection", {"name": "mine"}),
                ("POST", "/_db/flowmaster/_api/index?collection=mine_a", {"type": "persistent", "fields": ["x"]}),
                ("GET", "/_db/_system/_api/collection", None), ("GET", "/_api/user", None),
                ("POST", "/_api/user", {"user": "mine"}), ("GET", "/_db/flowmaster/_api/document/_users/root", None)):
            status, answer = http(method, path, login, body)
            is_empty = status in (200, 201) and isinstance(answer, dict) and answer.get("result") in ([None], [])
            self.assertTrue(status in (401, 403, 404) or is_empty, (method, path, body, status, answer))
        writer = lease("documents", "--database", "flowmaster", "--objects", "mine_a", "--write")
        self.assertEqual(http("POST", "/_db/flowmaster/_api/document/mine_a", writer, {"_key": "w"})[0], 202)
        self.assertEqual(http("POST", "/_db/flowmaster/_api/document/mine_b", writer, {})[0], 403)
        self.assertEqual(http("POST", "/_db/flowmaster/_api/collection", writer, {"name": "mine"})[0], 403)

    def test_a_document_login_ends_with_its_tokens(self):
        login = lease("documents", "--database", "flowmaster", "--objects", "mine_a")
        token = http("POST", "/_open/auth", login, {"username": login[0], "password": login[1]})[1]["jwt"]
        self.assertEqual(http("GET", "/_db/flowmaster/_api/document/mine_a/1", (None, token))[0], 200)
        self.assertEqual(stack.workerdb("credential", "revoke", login[0]).returncode, 0)
        self.assertIn(http("GET", "/_db/flowmaster/_api/document/mine_a/1", (None, token))[0], (401, 403))
        self.assertEqual(http("GET", "/_db/flowmaster/_api/document/mine_a/1", login)[0], 401)
        self.assertEqual(stack.workerdb("credential", "revoke", login[0]).returncode, 5)

    def test_tables_and_keys(self):
        table = psql(("postgres", secret("postgres-superuser")),
                     "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
                     "WHERE relkind = 'r' AND nspname !~ '^(pg_|information_schema)' ORDER BY 1 LIMIT 2").stdout.split()
        login = lease("relational", "--objects", table[0])
        name = ".".join(f'"{part}"' for part in table[0].split("."))
        other = ".".join(f'"{part}"' for part in table[1].split("."))
        self.assertEqual(psql(login, f"SELECT count(*) FROM {name}").returncode, 0)
        for sql in (f"SELECT count(*) FROM {other}", f"DELETE FROM {name}", "SELECT lo_create(0)", "SELECT pg_read_file('/etc/passwd')"):
            self.assertNotEqual(psql(login, "SET default_transaction_read_only = off; " + sql).returncode, 0, sql)
        self.assertNotEqual(psql(login, "SELECT lo_create(0)", "postgres").returncode, 0)
        keys = lease("cache", "--objects", "session:*")
        self.assertEqual(redis(keys, "GET", "session:1"), "")
        self.assertIn("NOPERM", redis(keys, "GET", "other"))
        self.assertIn("NOPERM", redis(keys, "SET", "session:1", "x"))

    def test_a_secret_needs_a_place(self):
        for arguments, code in (((), 1), (("--show",), 4), (("--show", "--output", "/tmp/x"), 1)):
            done = stack.workerdb("credential", "lease", "--store", "documents", *arguments)
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        before = accounts()
        done = stack.workerdb("credential", "lease", "--store", "relational", "--output", "/nowhere/at/all")
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(accounts(), before)
        for lifetime in ("0", "2h", "x", "-5", "61m"):
            done = stack.workerdb("credential", "lease", "--store", "documents", "--output", "/tmp/x", "--for", lifetime)
            self.assertEqual(done.returncode, 1, lifetime)

    def test_they_end_although_whoever_made_them_was_killed(self):
        before = set(accounts())
        for store, objects in (("documents", "mine_a"), ("relational", ""), ("cache", "session:*")):
            command = [stacks.PROGRAM, "credential", "lease", "--data", stack.data, "--store", store, "--for", "8s",
                       "--output", os.path.join(stack.folder, "killed")] + (["--objects", objects] if objects else [])
            for _ in range(6):
                process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                time.sleep(random.uniform(0.01, 0.12))
                process.kill()
                process.wait()
        made = lease("relational", "--for", "8s")
        session = subprocess.Popen(["psql", "-X", "-c", "SELECT pg_sleep(25)"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                   env={**os.environ, "PGPASSWORD": made[1], "PGUSER": made[0], "PGHOST": "127.0.0.1",
                                        "PGPORT": str(stack.postgres), "PGDATABASE": "flowmaster_core"})
        self.assertTrue(stacks.wait_until(lambda: set(accounts()) <= before, 40), accounts())
        self.assertNotEqual(session.wait(timeout=30), 0)
        self.assertIn("terminat", session.stderr.read())
        session.stderr.close()
        self.assertNotEqual(psql(made, "SELECT 1").returncode, 0)


class Rotation(unittest.TestCase):
    NAMES = ("documents-root", "postgres-superuser", "postgres-app", "redis-default", "redis-admin")

    def works(self, name):
        """Whether the password in the file is one that the store takes."""
        password = secret(name)
        if name == "documents-root":
            return http("GET", "/_api/database", ("root", password))[0] == 200
        if name.startswith("postgres"):
            user = "postgres" if name == "postgres-superuser" else "flowmaster_app"
            return psql((user, password), "SELECT 1").stdout == "1\n"
        return redis(("default" if name == "redis-default" else "workerdb_admin", password), "PING") == "PONG"

    def test_rotation_changes_everything_and_breaks_nothing(self):
        before = {name: secret(name) for name in self.NAMES}
        token = http("POST", "/_open/auth", ("root", before["documents-root"]),
                     {"username": "root", "password": before["documents-root"]})[1]["jwt"]
        environment = {**os.environ, "PGPASSWORD": before["postgres-app"], "PGUSER": "flowmaster_app", "PGHOST": "127.0.0.1",
                       "PGPORT": str(stack.postgres), "PGDATABASE": "flowmaster_core"}
        session = subprocess.Popen(["psql", "-X", "-At"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        session.stdin.write("SELECT 'first';\n")
        session.stdin.flush()
        self.assertEqual(session.stdout.readline(), "first\n")
        done = stack.workerdb("credential", "rotate")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for name in self.NAMES:
            self.assertNotEqual(secret(name), before[name], name)
            self.assertTrue(self.works(name), name)
            self.assertNotIn(secret(name), done.stdout + done.stderr)
        out, _ = session.communicate("SELECT 'second';\n", timeout=30)
        self.assertEqual(out, "second\n")
        self.assertEqual(http("GET", "/_db/flowmaster/_api/version", (None, token))[0], 200)
        self.assertEqual(http("GET", "/_api/database", ("root", before["documents-root"]))[0], 401)
        self.assertNotEqual(psql(("postgres", before["postgres-superuser"]), "SELECT 1").returncode, 0)
        self.assertIn("NOAUTH", redis(("default", before["redis-default"]), "PING"))
        # Everything that reads the files: env, pgpass, the URL files, the probes.
        self.assertEqual(stack.shell("psql -At -c 'SELECT 1'").stdout, "1\n")
        self.assertEqual(stack.shell("redis-cli PING").stdout, "PONG\n")
        self.assertEqual(stack.workerdb("aql", "RETURN 1").returncode, 0)
        time.sleep(5)
        self.assertEqual(stack.service("redis")["state"], "ready")

    def test_one_store_alone(self):
        before = {name: secret(name) for name in self.NAMES}
        self.assertEqual(stack.workerdb("credential", "rotate", "documents").returncode, 0)
        for name in self.NAMES:
            self.assertEqual(secret(name) == before[name], name != "documents-root", name)

    def test_killed_in_between_under_load(self):
        """After each kill, the next command finds logins that work, and readers are never shut out for long."""
        stop, failures = threading.Event(), []

        def load():
            # A password read from its file works, at the latest after the next command has repaired the rotation.
            while not stop.is_set():
                done = stack.workerdb("sql", "SELECT 1")
                # The password may change between the reading of its file and the login: once more, then it must do.
                if done.returncode != 0:
                    done = stack.workerdb("sql", "SELECT 1")
                if done.returncode != 0:
                    failures.append(done.stdout + done.stderr)

        thread = threading.Thread(target=load)
        thread.start()
        interrupted = 0
        for round_number in range(ROUNDS):
            process = subprocess.Popen([stacks.PROGRAM, "credential", "rotate", "--data", stack.data], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            time.sleep(random.uniform(0.005, 0.4))
            interrupted += process.poll() is None
            process.kill()
            process.wait()
            self.assertEqual(stack.workerdb("redis", "PING").returncode, 0)
            for name in self.NAMES:
                self.assertTrue(self.works(name), (round_number, name))
            left = [name for name in os.listdir(os.path.join(stack.data, "secrets")) if name.endswith(".next")]
            self.assertEqual(left, [], round_number)
        stop.set()
        thread.join()
        self.assertGreater(interrupted, 0)
        self.assertEqual(failures, [])

    def test_killed_with_the_whole_stack(self):
        for _ in range(2):
            process = subprocess.Popen([stacks.PROGRAM, "credential", "rotate", "--data", stack.data], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            time.sleep(random.uniform(0.02, 0.2))
            process.kill()
            process.wait()
            os.kill(stack.state()["pid"], signal.SIGKILL)
            stack.up()
            for name in self.NAMES:
                self.assertTrue(self.works(name), name)
            self.assertEqual(stack.workerdb("sql", "SELECT 1").returncode, 0)


if __name__ == "__main__":
    stacks.main()
