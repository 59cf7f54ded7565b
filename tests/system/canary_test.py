"""A thousand canary secrets in every place that secrets come from; then everything that was produced is searched for them.

Searched: what commands print, logs, the audit log, metrics, state files, histories, the command line and the environment of
every process of the stack, answers of the MCP server, and core files after an abort. Not searched: where the secrets
belong (the sources themselves, secrets/, the stores' own data).
"""
import json
import os
import re
import resource
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

import stack as stacks

FAKE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fake_mcp_server.py")
MARK = "Cnry" + secrets.token_hex(4)
COUNT = 1000
stack = None
work = None
planted = 0
findings = []
own_secrets = set()


def canary():
    """A new secret; all of them hold the mark, so that one search finds any."""
    global planted
    planted += 1
    return f"{MARK}{planted:04d}{secrets.token_hex(4)}"


def search(where, text):
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    for found in set(re.findall(MARK + r"\d{4}[0-9a-f]{8}", text)) | {secret for secret in own_secrets if secret in text}:
        findings.append((where, found[:16] + "..."))


def note_own_secrets():
    """What the stack made itself is as secret as what was planted."""
    folder = os.path.join(stack.data, "secrets")
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            text = file.read().strip()
        if re.fullmatch("[A-Za-z0-9]{32}", text):
            own_secrets.add(text)


def workerdb(*arguments, shows_values=False, quotes=False, **options):
    """Runs a command and searches what it printed; `shows_values`: its standard output holds data that was asked for.

    `quotes`: PostgreSQL's answer to who sent a value may quote it ("invalid input syntax for type integer").
    """
    data = [] if arguments[0] in ("context", "audit") or "check" in arguments[:2] else ["--data", stack.data]
    done = stacks.run([stacks.PROGRAM, *arguments, *data], **options)
    if not quotes:
        search(f"errors of workerdb {arguments[0]}: {done.stderr}", done.stderr)
    if not shows_values:
        search("output of workerdb " + arguments[0], done.stdout)
    return done


def write(name, text, mode=0o600):
    path = os.path.join(work, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)
    return path


def setUpModule():
    global stack, work
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY) if os.geteuid() == 0 else
                       (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
    stack = stacks.Stack()
    work = tempfile.mkdtemp(prefix="workerdb-sources-", dir="/dev/shm")
    os.environ["WORKERDB_CONTEXTS"] = os.path.join(stack.folder, "config", "contexts.yaml")
    os.makedirs(os.path.join(stack.folder, "config"), mode=0o700)
    stack.up()
    note_own_secrets()


def tearDownModule():
    stack.close()
    shutil.rmtree(work, ignore_errors=True)


def processes():
    return [stack.state()["pid"], *stacks.descendants(stack.state()["pid"])]


def search_processes():
    for pid in processes():
        for name in ("cmdline", "environ"):
            try:
                with open(f"/proc/{pid}/{name}", "rb") as file:
                    search(f"/proc/{pid}/{name}", file.read())
            except OSError:
                pass


def search_files():
    """Logs, state, audit log, histories, configuration that was written: everything but sources and stores."""
    belongs = {os.path.join(stack.data, name) for name in ("engine", "postgres", "redis", "secrets")} | {work}
    for root in (stack.folder, os.environ["XDG_STATE_HOME"], os.environ["XDG_CONFIG_HOME"]):
        for folder, folders, files in os.walk(root):
            folders[:] = [name for name in folders if os.path.join(folder, name) not in belongs]
            for name in files:
                path = os.path.join(folder, name)
                if os.path.isfile(path) and "planted" not in name:
                    with open(path, "rb") as file:
                        search(path, file.read())


def search_metrics():
    for path in ("/metrics", "/ready", "/health"):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{stack.control}{path}", timeout=10) as answer:
                search(path, answer.read())
        except urllib.error.HTTPError as error:
            search(path, error.read())


class Canaries(unittest.TestCase):
    """In the order of their names, on one stack."""

    def test_1_files(self):
        for number in range(100):
            mode = (0o600, 0o644, 0o400, 0o660)[number % 4]
            path = write(f"file-{number}", ("user:" if number % 5 == 0 else "") + canary() + "\n" * (number % 2), mode)
            kind = ("file:", "file+user:")[number % 5 == 0]
            if number % 4 < 2:
                workerdb("credential", "check", kind + path)
        for number in range(50):
            path = write(f"variable-{number}", canary() + ("\a" if number % 3 == 0 else ""))
            workerdb("credential", "check", "env:CANARY_TEST_FILE", env={**os.environ, "CANARY_TEST_FILE": path})
        # A password where its file's path, or a source, belongs.
        for _ in range(10):
            workerdb("credential", "check", "env:CANARY_TEST_FILE", env={**os.environ, "CANARY_TEST_FILE": canary()})
            workerdb("credential", "check", "env:CANARY_TEST", env={**os.environ, "CANARY_TEST": canary()})
            workerdb("credential", "check", canary())

    def test_2_mounted_secrets(self):
        for number in range(50):
            folder = f"mount-{number}"
            write(f"{folder}/..1/password", canary(), (0o644, 0o666)[number % 5 == 0])
            write(f"{folder}/..1/username", canary(), 0o644)
            os.symlink("..1", os.path.join(work, folder, "..data"))
            for name in ("password", "username"):
                os.symlink(f"..data/{name}", os.path.join(work, folder, name))
            done = workerdb("credential", "check", "kubernetes:" + os.path.join(work, folder), shows_values=True)
            # The user's name is what is asked for; the password is not.
            with open(os.path.join(work, folder, "password"), encoding="utf-8") as file:
                self.assertNotIn(file.read(), done.stdout)

    def test_3_external_servers(self):
        servers = os.path.join(stack.folder, "config", "mcp-servers.yaml")
        answers = ({"user": "a", "password": "@"}, {"password": ["@"]}, {"refuse": True, "password": "@"}, {"password": "@", "port": "@"},
                   {"password": "@", "expires": "@"}, {"as_text": True, "password": "@\n"}, {"user": "@"}, {"password": "@", "secret": "@"})
        for number in range(60):
            text = json.dumps(answers[number % len(answers)])
            while "@" in text:
                text = text.replace("@", canary(), 1)
            answer = write("answer.json", text)
            with open(servers, "w", encoding="utf-8") as file:
                file.write(f"servers:\n  fake:\n    command: [{sys.executable}, {FAKE}, stdio, {('stateless', 'session')[number % 2]}, {answer}]\n")
            os.chmod(servers, 0o600)
            done = workerdb("credential", "check", "mcp:fake/arango")
            self.assertEqual(done.returncode == 0, number % len(answers) == 0, (number, done.stderr))
        # Secrets where none belongs.
        for text in ("servers: {fake: {url: 'http://u:@@h/'}}", "servers: {fake: {url: 'http://h/', token: @}}", "servers: {fake: {command: [@], token: @}}"):
            for _ in range(5):
                with open(servers, "w", encoding="utf-8") as file:
                    file.write(text.replace("@@", canary() + "@").replace(" @", " " + canary()).replace("[@", "[" + canary()))
                workerdb("credential", "check", "mcp:fake/arango")
        os.unlink(servers)

    def test_4_urls_and_contexts(self):
        contexts = os.environ["WORKERDB_CONTEXTS"]
        for number in range(40):
            url = (f"http://u:{canary()}@127.0.0.1:1", f"postgresql://u:{canary()}@127.0.0.1:1/x", f"redis://u:{canary()}@127.0.0.1:1",
                   f"postgresql://u:{canary()}@[::1/x", f"http://u:{canary()}@127.0.0.1:99999")[number % 5]
            store = ("documents", "relational", "cache", "relational", "documents")[number % 5]
            workerdb("context", "add", f"c{number}", "--class", "dev", f"--{store}", url)
            with open(contexts, "w", encoding="utf-8") as file:
                file.write(f"contexts:\n  bad:\n    class: dev\n    {store}: {{url: \"{url}\"}}\n")
            workerdb("context", "list")
            workerdb("aql", "RETURN 1", "--context", "bad")
            os.unlink(contexts)
        # A context whose stores do not answer, with a login from a file.
        login = write("remote", canary())
        for store, url in (("documents", "http://u@127.0.0.1:1"), ("relational", "postgresql://u@127.0.0.1:1/x"), ("cache", "redis://127.0.0.1:1")):
            workerdb("context", "add", store, "--class", "dev", f"--{store}", url, f"--{store}-credential", "file:" + login)
        for command in (("aql", "RETURN 1", "--context", "documents"), ("sql", "SELECT 1", "--context", "relational"),
                        ("redis", "PING", "--context", "cache")):
            self.assertNotEqual(workerdb(*command).returncode, 0)
        # The right places with a wrong password.
        for store, url in (("documents", f"http://root@127.0.0.1:{stack.documents}"),
                           ("relational", f"postgresql://postgres@127.0.0.1:{stack.postgres}/postgres"),
                           ("cache", f"redis://127.0.0.1:{stack.redis}")):
            workerdb("context", "remove", store)
            workerdb("context", "add", store, "--class", "dev", f"--{store}", url, f"--{store}-credential", "file:" + login)
        for command in (("aql", "RETURN 1", "--context", "documents"), ("sql", "SELECT 1", "--context", "relational"),
                        ("redis", "PING", "--context", "cache")):
            self.assertNotEqual(workerdb(*command).returncode, 0)

    def test_5_values(self):
        http_create = workerdb("aql", "RETURN 1")
        self.assertEqual(http_create.returncode, 0)
        for number in range(60):
            workerdb("aql", ("RETURN @v", "RETURN @v + ", "FOR d IN node_executions FILTER d._key == @v RETURN d", "RETURN DOCUMENT(@v)",
                             "INSERT {_key: @v, bad: @v} INTO process_instances", "RETURN FAIL()")[number % 6], "--bind", "v=" + canary(),
                     shows_values=True)
        for number in range(60):
            workerdb("sql", ("SELECT $1::text", "SELECT $1::int", "SELECT $1::text FROM nowhere", "SELECT 1 / 0, $1::text",
                             "SELECT $1::uuid", "SELECT pg_sleep(0), $1::text")[number % 6], "--bind", canary(), shows_values=True,
                     quotes=number % 6 in (1, 4))
        workerdb("sql", "CREATE TABLE IF NOT EXISTS canaries (text text UNIQUE CHECK (length(text) < 100), number int)")
        for number in range(60):
            value = canary()
            for sql in (f"INSERT INTO canaries (text) VALUES ('{value}')", f"INSERT INTO canaries (text) VALUES ('{value}')",
                        f"INSERT INTO canaries (number) VALUES ('{value}')", f"INSERT INTO canaries (text) VALUES ('{value * 6}')")[:1 + number % 4]:
                # PostgreSQL's answer to who sent the value may quote it; no file may.
                stacks.run([stacks.PROGRAM, "sql", sql, "--data", stack.data])
        for number in range(40):
            value = canary()
            workerdb("redis", "SET", "canary:" + str(number), value, shows_values=True)
            stacks.run([stacks.PROGRAM, "redis", "INCR", "canary:" + str(number), "--data", stack.data])
        documents = write("planted.jsonl", "".join(json.dumps({"_key": f"k{number}", "text": canary()}) + "\n" for number in range(100)))
        workerdb("import", documents, "--collection", "canaries", "--create-collection")
        workerdb("import", documents, "--collection", "canaries")
        workerdb("aql", "FOR d IN canaries RETURN d", shows_values=True)
        workerdb("aql", "FOR d IN canaries RETURN d", "--explain")

    def test_6_leases_and_rotation(self):
        for store, objects in (("documents", "canaries"), ("relational", "canaries"), ("cache", "canary:*")):
            for _ in range(3):
                output = os.path.join(work, "lease")
                workerdb("credential", "lease", "--store", store, "--objects", objects, "--output", output)
                if os.path.exists(output):
                    with open(output, encoding="utf-8") as file:
                        own_secrets.add(file.read().strip().split(":")[1])
        workerdb("credential", "list")
        workerdb("credential", "rotate")
        note_own_secrets()
        workerdb("credential", "revoke", "--all")
        for command in (("status",), ("status", "--json"), ("env",), ("env", "--only-files"), ("logs",), ("doctor",), ("plan",), ("apply",),
                        ("drop", "nowhere"), ("truncate", "flowmaster", "nowhere"), ("context", "list"), ("context", "show")):
            workerdb(*command)

    def test_7_the_mcp_server(self):
        """Its answers hold data that was asked for, and no secrets of the stack."""
        meta = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
                "io.modelcontextprotocol/clientCapabilities": {}}
        calls = [("tools/list", {}), ("tools/call", {"name": "get_context_databases", "arguments": {}}),
                 ("tools/call", {"name": "describe", "arguments": {"store": "documents", "database": "flowmaster"}}),
                 ("tools/call", {"name": "query_documents", "arguments": {"database": "flowmaster", "query": "RETURN @v", "bind": {"v": 1}}}),
                 ("tools/call", {"name": "query_relational", "arguments": {"database": "flowmaster_core", "query": "SELECT * FROM nowhere"}}),
                 ("tools/call", {"name": "cache_get", "arguments": {"key": "nowhere"}}),
                 ("tools/call", {"name": "nothing", "arguments": {"password": canary()}})]
        lines = "".join(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": {**parameters, "_meta": meta}}) + "\n"
                        for number, (method, parameters) in enumerate(calls, 1))
        done = stacks.run([stacks.PROGRAM, "mcp", "--data", stack.data], input=lines, timeout=120)
        self.assertIn('"jsonrpc"', done.stdout, done.stderr)
        search("answers of the MCP server", done.stdout + done.stderr)

    def test_8_everything_that_was_produced(self):
        # Until there are a thousand: files that a source names, half of them wrong.
        while planted < COUNT:
            write(f"more-{planted}", canary(), 0o644)
            workerdb("credential", "check", "file:" + os.path.join(work, f"more-{planted - 1}")) if planted % 8 == 0 else None
        self.assertGreaterEqual(planted, COUNT)
        search_processes()
        search_metrics()
        search_files()
        self.assertEqual(stacks.run([stacks.PROGRAM, "down", "--data", stack.data]).returncode, 0)
        stack.up()
        note_own_secrets()
        search_processes()
        search_files()

    def test_9_an_abort_leaves_no_core(self):
        folder = os.path.join(stack.folder, "aborted")
        os.makedirs(folder)
        process = subprocess.Popen([stacks.PROGRAM, "sql", "SELECT pg_sleep(20)", "--data", stack.data], cwd=folder,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        supervisor, children = stack.state()["pid"], stacks.descendants(stack.state()["pid"])
        for pid in (supervisor, *children):
            with open(f"/proc/{pid}/limits", encoding="utf-8") as file:
                limit = next(line for line in file if line.startswith("Max core file size"))
            self.assertIn(limit.split()[4], ("0", "1"), (pid, limit))
        process.send_signal(signal.SIGABRT)
        self.assertEqual(process.wait(timeout=30), -signal.SIGABRT)
        os.kill(supervisor, signal.SIGABRT)
        self.assertTrue(stacks.wait_until(lambda: not stacks.is_alive(supervisor), 30))
        stack.up()
        with open("/proc/sys/kernel/core_pattern", encoding="utf-8") as file:
            pattern = file.read().strip()
        places = [folder, stack.folder, os.getcwd()] + ([os.path.dirname(pattern)] if pattern.startswith("/") else [])
        for place in places:
            for name in os.listdir(place):
                self.assertFalse(re.match(r"core(\.|$)", name), os.path.join(place, name))
        search_files()
        search_processes()
        self.assertEqual(sorted({where for where, _ in findings}), [])


if __name__ == "__main__":
    stacks.main()
