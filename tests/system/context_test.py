"""Contexts: declared, used, shown; commands on remote stores, which only read unless one says --write."""
import json
import os
import unittest

import stack as support

stack = None


def setUpModule():
    global stack
    support.enter_own_network()
    stack = support.Stack()
    stack.up()


def tearDownModule():
    stack.close()


def workerdb(*arguments, **options):
    return support.run([support.PROGRAM, *arguments], **options)


def secret(name):
    return "file:" + os.path.join(stack.data, "secrets", name)


def add_mirror(name, environment):
    """The stack itself, reached as if it were somebody else's."""
    return workerdb("context", "add", name, "--class", environment,
                    "--documents", f"http://root@127.0.0.1:{stack.documents}", "--documents-database", "flowmaster",
                    "--documents-credential", secret("documents-root"),
                    "--relational", f"postgresql://postgres@127.0.0.1:{stack.postgres}/flowmaster_core",
                    "--relational-credential", secret("postgres-superuser"),
                    "--cache", f"redis://workerdb_admin@127.0.0.1:{stack.redis}", "--cache-credential", secret("redis-admin"))


class Declaring(unittest.TestCase):
    def test_add_use_show_and_remove(self):
        added = workerdb("context", "add", "far", "--class", "test", "--namespace", "databases-test", "--ssh", "dev-01-root",
                         "--documents", "arango", "--relational", "postgres", "--cache", "redis",
                         "--documents-credential", "mcp:commander-mcp/arango", "--use")
        self.assertEqual(added.returncode, 0, added.stderr)
        shown = json.loads(workerdb("context", "show").stdout)
        self.assertEqual(shown["name"], "far")
        self.assertEqual(shown["documents"]["host"], "arango.databases-test.svc.cluster.local")
        listed = [json.loads(line) for line in workerdb("context", "list").stdout.splitlines()]
        self.assertEqual([(line["name"], line["current"]) for line in listed], [("local", False), ("far", True)])
        self.assertEqual(workerdb("context", "add", "far", "--class", "dev", "--cache", "redis://h").returncode, 6)
        self.assertEqual(workerdb("context", "use", "local").returncode, 0)
        self.assertEqual(workerdb("context", "remove", "far").returncode, 0)
        self.assertEqual(workerdb("context", "use", "far").returncode, 5)

    def test_what_must_not_be_declared(self):
        for words in (["--cache", "redis://me:hunter2@h"], ["--documents", "https://h"], ["--cache", "redis"], []):
            refused = workerdb("context", "add", "bad", "--class", "test", *words)
            self.assertNotEqual(refused.returncode, 0)
            self.assertNotIn("hunter2", refused.stderr + refused.stdout)
        self.assertEqual(workerdb("context", "add", "local", "--class", "test", "--cache", "redis://h").returncode, 6)
        self.assertEqual(workerdb("context", "remove", "local").returncode, 4)

    def test_a_credential_that_others_can_read_is_refused(self):
        path = os.path.join(stack.folder, "open-password")
        with open(path, "w", encoding="utf-8") as file:
            file.write("canary-in-an-open-file\n")
        os.chmod(path, 0o644)
        workerdb("context", "add", "open", "--class", "dev", "--cache", "redis://h", "--cache-credential", "file:" + path)
        refused = workerdb("redis", "PING", "--context", "open")
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn(path, refused.stderr)
        self.assertNotIn("canary", refused.stderr)
        workerdb("context", "remove", "open")


class Remote(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        for name in ("test", "production"):
            added = add_mirror("mirror-" + name, name)
            if added.returncode != 0:
                raise RuntimeError(added.stderr)

    def call(self, *arguments, context="mirror-test"):
        return workerdb(*arguments, "--context", context)

    def test_reads_go_and_say_where_they_are(self):
        done = self.call("aql", "RETURN LENGTH(process_definitions)", context="mirror-production")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, "0\n")
        self.assertIn("context mirror-production (production)", done.stderr)
        self.assertEqual(self.call("sql", "SELECT 1 AS one").stdout, '{"one":1}\n')
        self.assertEqual(self.call("redis", "EXISTS", "session:nobody").stdout, "0\n")
        self.assertEqual(self.call("plan").returncode, 0)

    def test_writes_need_the_word(self):
        insert = 'INSERT {_key: "remote_1", name: "n", version: "1", type: "workflow", definition: {}} INTO process_definitions'
        cases = (("aql", insert), ("sql", "INSERT INTO users (email, role) VALUES ('remote@example.com', 'viewer')"),
                 ("redis", "SET", "session:remote", "x"))
        for case in cases:
            refused = self.call(*case)
            self.assertEqual(refused.returncode, 4, f"{case}: {refused.stderr}")
            self.assertIn("--write", refused.stderr)
        for case in cases:
            # prefix_command takes all that stands behind the command's words.
            done = workerdb(case[0], "--write", "--context", "mirror-test", *case[1:])
            self.assertEqual(done.returncode, 0, f"{case}: {done.stderr}")
        self.assertEqual(self.call("aql", 'RETURN DOCUMENT("process_definitions/remote_1").name').stdout, '"n"\n')
        self.assertEqual(self.call("redis", "GET", "session:remote").stdout, '"x"\n')

    def test_a_mistaken_class_does_not_help(self):
        # The data says production, whatever the context says.
        refused = self.call("truncate", "flowmaster", "schedules", "--write")
        self.assertEqual(refused.returncode, 8, refused.stderr)
        self.assertIn("production", refused.stderr)

    def test_stacked_statements_do_not_write(self):
        for text, code in (("SELECT 1; DELETE FROM users", 8), ("SELECT 1; DELETE FROM users WHERE true", 4),
                           ("WITH gone AS (DELETE FROM users RETURNING 1) SELECT * FROM gone", 8),
                           ("SELECT set_config('transaction_read_only', 'off', false)", 4)):
            refused = self.call("sql", text)
            self.assertEqual(refused.returncode, code, f"{text}: {refused.stderr}")

    def test_the_variable_and_the_option(self):
        environment = {**os.environ, "WORKERDB_CONTEXT": "mirror-production"}
        done = workerdb("redis", "PING", env=environment)
        self.assertIn("mirror-production", done.stderr)
        missing = self.call("redis", "PING", context="nowhere")
        self.assertEqual(missing.returncode, 5)
        self.assertIn("mirror-test", missing.stderr)

    def test_inside_the_cluster_services_are_reached_by_name(self):
        workerdb("context", "add", "cluster", "--class", "dev", "--namespace", "databases-test", "--ssh", "nowhere.invalid",
                 "--cache", "redis")
        done = workerdb("redis", "PING", "--context", "cluster", env={**os.environ, "KUBERNETES_SERVICE_HOST": "10.0.0.1"})
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("redis.databases-test.svc.cluster.local", done.stderr)
        self.assertNotIn("tunnel", done.stderr)

    def test_an_agents_redis_login_reads_and_is_gone_afterwards(self):
        environment = {**os.environ, "AI_AGENT": "1"}
        stack.workerdb("redis", "SET", "session:agents", "seen")
        read = workerdb("redis", "--data", stack.data, "GET", "session:agents", env=environment)
        self.assertEqual(read.stdout, '"seen"\n', read.stderr)
        for words in (("SET", "session:agents", "changed"), ("EVAL", "return 1", "0"), ("CONFIG", "GET", "*")):
            refused = workerdb("redis", "--data", stack.data, *words, env=environment)
            self.assertEqual(refused.returncode, 4, f"{words}: {refused.stderr}")
        self.assertEqual(stack.workerdb("credential", "list", "--json").stdout, "")
        self.assertEqual(stack.workerdb("redis", "GET", "session:agents").stdout, '"seen"\n')

    def test_an_agent_reads_and_does_nothing_else(self):
        environment = {**os.environ, "AI_AGENT": "1"}
        read = workerdb("aql", "RETURN 1", "--context", "mirror-test", env=environment)
        self.assertEqual(read.returncode, 0, read.stderr)
        for words in (("aql", "--write", "INSERT {} INTO schedules"), ("drop", "--write", "flowmaster"), ("apply", "--write")):
            refused = workerdb(*words, "--context", "mirror-test", env=environment)
            self.assertIn(refused.returncode, (4, 8), f"{words}: {refused.stderr}")
        code, shown = support.at_terminal(["env", "AI_AGENT=1", support.PROGRAM, "approve", "--", "drop", "flowmaster",
                                           "--context", "mirror-test"], ["flowmaster"])
        self.assertNotEqual(code, 0, shown)


class Shell(unittest.TestCase):
    """workerdb sh without an endpoint: each request is decided by itself."""

    def script(self, text, *words, env=None):
        return workerdb("sh", "--data", stack.data, "--quiet", "--server.database", "flowmaster", *words,
                        "--javascript.execute-string", text, env=env)

    def test_the_local_stack_writes_and_asks_before_it_destroys(self):
        done = self.script('db.process_definitions.insert({ _key: "workflow_123", name: "Approval Workflow", version: "1.0", '
                           'type: "workflow", definition: { } }); '
                           'print(db._query(`FOR doc IN process_definitions FILTER doc.type == "workflow" RETURN doc._key`).toArray().length)')
        self.assertEqual(done.returncode, 0, done.stderr)
        for text in ('db._drop("schedules")', "db.schedules.truncate()", 'db._useDatabase("_system"); db._dropDatabase("flowmaster")'):
            refused = self.script(text)
            self.assertNotEqual(refused.returncode, 0, text)
            self.assertIn("approv", refused.stderr + refused.stdout, text)
        self.assertEqual(self.script("print(db.schedules.count())").returncode, 0)

    def test_elsewhere_it_reads_unless_told_to_write(self):
        add_mirror("mirror-shell", "test")
        insert = 'db.process_definitions.insert({_key: "shell_1", name: "n", version: "1", type: "workflow", definition: {}})'
        query = 'db._query(\'INSERT {_key: "shell_2", name: "n", version: "1", type: "workflow", definition: {}} INTO process_definitions\')'
        for text in (insert, query):
            refused = self.script(text, "--context", "mirror-shell")
            self.assertNotEqual(refused.returncode, 0, text)
        read = self.script("print(db.process_definitions.count() >= 0)", "--context", "mirror-shell")
        self.assertEqual(read.returncode, 0, read.stderr)
        self.assertIn("true", read.stdout)
        written = self.script(insert + "; " + query, "--context", "mirror-shell", "--write")
        self.assertEqual(written.returncode, 0, written.stderr)

    def test_an_agent_cannot_write_production_here_either(self):
        refused = self.script('db.schedules.insert({})', env={**os.environ, "AI_AGENT": "1"})
        self.assertNotEqual(refused.returncode, 0)

    def test_an_agent_goes_to_no_endpoint_past_the_guard(self):
        words = ("sh", "--quiet", "--server.endpoint", f"tcp://127.0.0.1:{stack.documents}", "--server.password-file",
                 os.path.join(stack.data, "secrets", "documents-root"), "--javascript.execute-string", "print(db._name())")
        refused = workerdb(*words, env={**os.environ, "AI_AGENT": "1"})
        self.assertEqual(refused.returncode, 4, refused.stderr)
        self.assertIn("--context", refused.stderr)
        self.assertEqual(workerdb(*words).stdout.strip(), "_system")

    def test_ending_a_query_is_not_describing(self):
        refused = self.script('print(arango.DELETE("/_api/query/1"))', env={**os.environ, "AI_AGENT": "1"})
        self.assertIn("administer", refused.stderr + refused.stdout)


class Programs(unittest.TestCase):
    """Agents and services on the local stack, whose own logins can do everything."""

    def test_sql_reads_with_a_login_that_can_do_no_more(self):
        for principal in ("agent:reader", "service:reader"):
            read = stack.workerdb("sql", "SELECT current_user AS name, (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS super, "
                                  "(SELECT count(*) FROM users) >= 0 AS sees", env={**os.environ, "WORKERDB_PRINCIPAL": principal})
            self.assertEqual(read.returncode, 0, read.stderr)
            row = json.loads(read.stdout)
            self.assertTrue(row["name"].startswith("workerdb_lease_"), row)
            self.assertEqual((row["super"], row["sees"]), (False, True))
        self.assertNotIn("relational", stack.workerdb("credential", "list").stdout)

    def test_env_gives_them_no_password(self):
        for principal in ("agent:reader", "service:reader"):
            environment = {**os.environ, "WORKERDB_PRINCIPAL": principal}
            refused = stack.workerdb("env", env=environment)
            self.assertEqual((refused.returncode, refused.stdout), (4, ""), refused.stderr)
            self.assertIn("--only-files", refused.stderr)
            files = stack.workerdb("env", "--only-files", env=environment)
            self.assertEqual(files.returncode, 0, files.stderr)
            self.assertNotIn("$(cat", files.stdout)
        self.assertIn("$(cat", stack.workerdb("env").stdout)


    def test_import_asks_about_each_collection(self):
        model = os.path.join(support.SOURCE, "tests", "data", "approval.bpmn")
        # What is named on the command line is its own; the model's records belong elsewhere.
        refused = stack.workerdb("import", "--collection", "agent_sessions", model, env={**os.environ, "WORKERDB_PRINCIPAL": "service:ai-agent"})
        self.assertEqual(refused.returncode, 4, refused.stderr)
        self.assertEqual(stack.workerdb("aql", "RETURN LENGTH(FOR d IN process_nodes FILTER CONTAINS(d._key, 'approval') RETURN 1)").stdout, "0\n")
        lines = os.path.join(stack.folder, "made.jsonl")
        with open(lines, "w", encoding="utf-8") as file:
            file.write('{"_key":"1"}\n')
        words = ("import", "-d", "flowmaster_dev", "--collection", "made_by_import", "--create-collection", lines)
        refused = stack.workerdb(*words, env={**os.environ, "WORKERDB_PRINCIPAL": "service:ai-agent"})
        self.assertEqual(refused.returncode, 4, refused.stderr)
        self.assertIn("shape", refused.stderr)
        self.assertNotEqual(stack.workerdb("aql", "-d", "flowmaster_dev", "RETURN LENGTH(made_by_import)").returncode, 0)
        self.assertEqual(stack.workerdb(*words).returncode, 0)


class Approving(unittest.TestCase):
    def test_an_approval_is_for_the_place_that_was_meant(self):
        add_mirror("mirror-moved", "production")
        self.addCleanup(workerdb, "context", "remove", "mirror-moved")
        command = ["truncate", "flowmaster", "schedules", "--context", "mirror-moved"]
        code, shown = support.at_terminal([support.PROGRAM, "approve", "--", *command], ["flowmaster"])
        self.assertEqual(code, 0, shown)
        approval = shown.split()[-1]
        workerdb("context", "remove", "mirror-moved")
        # The same name, but another host (of the same server, here).
        moved = workerdb("context", "add", "mirror-moved", "--class", "production", "--documents",
                         f"http://root@127.0.0.2:{stack.documents},127.0.0.1:{stack.documents}", "--documents-credential", secret("documents-root"))
        self.assertEqual(moved.returncode, 0, moved.stderr)
        refused = workerdb(*command, "--approval", approval)
        self.assertEqual(refused.returncode, 4, refused.stderr)
        self.assertIn("another request", refused.stderr)


class Resetting(unittest.TestCase):
    def test_what_may_not_be_made_anew_is_not_dropped(self):
        add_mirror("mirror-reset", "production")
        command = ["reset", "flowmaster_test", "--context", "mirror-reset"]
        code, shown = support.at_terminal([support.PROGRAM, "approve", "--", *command], ["flowmaster_test"])
        self.assertEqual(code, 0, shown)
        approval = shown.split()[-1]
        refused = workerdb(*command, "--approval", approval)
        self.assertEqual(refused.returncode, 4, refused.stderr)
        self.assertEqual(stack.workerdb("aql", "-d", "flowmaster_test", "RETURN 1").returncode, 0)


class Audit(unittest.TestCase):
    def test_every_access_is_written_down_without_values(self):
        value = "a-value-that-nobody-may-read-here"
        stack.workerdb("aql", f'FOR d IN process_definitions FILTER d.name == "{value}" RETURN d')
        stack.workerdb("sql", f"SELECT '{value}'")
        stack.workerdb("redis", "GET", "session:1", env={**os.environ, "WORKERDB_PRINCIPAL": "service:ai-agent"})
        folder = os.path.join(os.environ["XDG_STATE_HOME"], "workerdb", "audit")
        lines = []
        for name in sorted(os.listdir(folder)):
            if name.endswith(".jsonl"):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    lines += file.read().splitlines()
        self.assertNotIn(value, "\n".join(lines))
        entries = [json.loads(line) for line in lines]
        read = [entry for entry in entries if entry["command"] == "aql" and entry["objects"] == ["process_definitions"]]
        self.assertTrue(read)
        self.assertIn("service", json.dumps(entries[-1]))
        self.assertEqual(entries[-1]["decision"], "done")

    def test_values_are_kept_when_asked_for(self):
        stack.workerdb("sql", "--audit-values", "SELECT 'an-asked-for-value'")
        tail = workerdb("audit", "tail", "-n", "2")
        self.assertIn("an-asked-for-value", tail.stdout)
        self.assertEqual(workerdb("audit", "verify").returncode, 0)


if __name__ == "__main__":
    support.main()
