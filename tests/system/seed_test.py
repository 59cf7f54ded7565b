"""Every operation of the platform's database page, as written there, by the real clients."""
import json
import os
import stat
import subprocess
import unittest

import stack as stacks

stack = None


def setUpModule():
    global stack
    stack = stacks.Stack()
    unittest.addModuleCleanup(stack.close)
    stack.up()


class Documents(unittest.TestCase):
    def test_arangojs_inserts_and_runs_both_queries(self):
        done = stack.shell("node tests/drivers/seed.mjs")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        answer = json.loads(done.stdout)
        self.assertEqual(answer["inserted"], "process_definitions/workflow_123")
        self.assertIn("workflow_123", answer["definitions"])
        self.assertEqual(len(answer["running"]), 10)
        self.assertEqual(set(answer["running"]), {"running"})

    def test_cli_runs_the_queries(self):
        insert = ('INSERT {_key: "workflow_cli", name: "Approval Workflow", version: "1.0", type: "workflow", definition: {}} '
                  "INTO process_definitions RETURN NEW._key")
        self.assertEqual(stack.workerdb("aql", insert, "--database", "flowmaster").stdout, '"workflow_cli"\n')
        query = 'FOR doc IN process_definitions FILTER doc.type == "workflow" RETURN doc'
        rows = [json.loads(line) for line in stack.workerdb("aql", query).stdout.splitlines()]
        self.assertIn("workflow_cli", [row["_key"] for row in rows])

    def test_a_duplicate_and_a_wrong_document_are_refused(self):
        query = 'INSERT {_key: "twice", name: "n", version: "1", type: "workflow", definition: {}} INTO process_definitions'
        self.assertEqual(stack.workerdb("aql", query).returncode, 0)
        again = stack.workerdb("aql", query)
        self.assertEqual(again.returncode, 6, again.stderr)
        self.assertIn("1210", again.stderr)
        wrong = stack.workerdb("aql", 'INSERT {name: 5} INTO process_definitions')
        self.assertEqual(wrong.returncode, 6, wrong.stderr)
        self.assertIn("1620", wrong.stderr)


class Relations(unittest.TestCase):
    USERS = "SELECT id, email, role FROM users WHERE role = 'admin';"
    PERMISSIONS = ("SELECT p.*, r.name FROM permissions p\nJOIN roles r ON p.role_id = r.id\n"
                   "WHERE p.resource = 'process_design';")

    def test_psql_runs_both_queries(self):
        insert = "INSERT INTO users (email, role) VALUES ('ada@example.org', 'admin') ON CONFLICT DO NOTHING;"
        self.assertEqual(stack.shell(f'psql -h localhost -d flowmaster_core -v ON_ERROR_STOP=1 -c "{insert}"').returncode, 0)
        users = stack.shell(f'psql -h localhost -d flowmaster_core -At -c "{self.USERS}"')
        self.assertEqual(users.returncode, 0, users.stderr)
        self.assertIn("|ada@example.org|admin", users.stdout)
        permissions = stack.shell(f'psql -h localhost -d flowmaster_core -At -c "{self.PERMISSIONS}"')
        self.assertEqual(permissions.returncode, 0, permissions.stderr)
        self.assertIn("process_design", permissions.stdout)

    def test_cli_runs_both_queries(self):
        for query in (self.USERS, self.PERMISSIONS):
            done = stack.workerdb("sql", query, "--database", "flowmaster_core")
            self.assertEqual(done.returncode, 0, done.stderr)
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertTrue(rows)
        self.assertEqual({row["resource"] for row in rows}, {"process_design"})

    def test_destruction_on_production_wants_an_approval(self):
        refused = stack.workerdb("sql", "DROP TABLE users", "--database", "flowmaster_core")
        self.assertEqual(refused.returncode, 8, refused.stderr)
        self.assertIn("flowmaster_core", refused.stderr)
        self.assertEqual(stack.workerdb("sql", self.USERS, "--database", "flowmaster_core").returncode, 0)


class Cache(unittest.TestCase):
    def test_redis_cli_gets_and_publishes_to_a_subscriber(self):
        self.assertEqual(stack.shell("redis-cli SET session:user_123 token EX 60").stdout.strip(), "OK")
        self.assertEqual(stack.shell("redis-cli GET session:user_123").stdout.strip(), "token")
        listener = subprocess.Popen(["redis-cli", "-p", str(stack.redis), "SUBSCRIBE", "events:workflow"], env=stack.environment(),
                                    stdout=subprocess.PIPE, text=True)
        try:
            self.assertEqual([listener.stdout.readline().strip() for _ in range(3)], ["subscribe", "events:workflow", "1"])
            published = stack.shell("""redis-cli PUBLISH events:workflow '{"type":"started","id":"123"}'""")
            self.assertEqual(published.stdout.strip(), "1")
            self.assertEqual([listener.stdout.readline().strip() for _ in range(3)],
                             ["message", "events:workflow", '{"type":"started","id":"123"}'])
        finally:
            listener.terminate()
            listener.wait()
            listener.stdout.close()

    def test_cli_gets(self):
        self.assertEqual(stack.workerdb("redis", "SET", "session:user_9", "x").returncode, 0)
        self.assertEqual(stack.workerdb("redis", "GET", "session:user_9").stdout, '"x"\n')


class Platform(unittest.TestCase):
    def test_a_second_plan_is_empty(self):
        done = stack.workerdb("plan")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("Nothing to do", done.stdout)

    def test_a_second_up_is_refused(self):
        again = stacks.run(stack.up_command())
        self.assertNotEqual(again.returncode, 0)
        self.assertIn(stack.data, again.stdout + again.stderr)

    def test_passwords_stay_in_private_files(self):
        secrets = os.path.join(stack.data, "secrets")
        self.assertEqual(stat.S_IMODE(os.stat(secrets).st_mode), 0o700)
        for name in os.listdir(secrets):
            self.assertEqual(stat.S_IMODE(os.stat(os.path.join(secrets, name)).st_mode), 0o600, name)

    def test_wrong_passwords_are_refused(self):
        self.assertNotEqual(stack.shell("PGPASSWORD=wrong PGPASSFILE=/dev/null psql -h localhost -d flowmaster_core -c 'SELECT 1'").returncode, 0)
        refused = stack.shell("REDISCLI_AUTH=wrong redis-cli GET session:user_123")
        self.assertIn("WRONGPASS", refused.stdout + refused.stderr)
        status = stack.shell(f"curl -s -o /dev/null -w '%{{http_code}}' -u root:wrong http://127.0.0.1:{stack.documents}/_api/version")
        self.assertEqual(status.stdout, "401")

    def test_health_readiness_and_metrics(self):
        for path in ("health", "ready"):
            self.assertEqual(stacks.run(["curl", "-sf", f"http://127.0.0.1:{stack.control}/{path}"]).returncode, 0, path)
        metrics = stacks.run(["curl", "-sf", f"http://127.0.0.1:{stack.control}/metrics"]).stdout
        self.assertIn("# TYPE", metrics)

    def test_data_survives_a_restart(self):
        self.assertEqual(stack.workerdb("aql", 'INSERT {_key: "kept", name: "n", version: "1", type: "workflow", definition: {}} '
                                               "INTO process_definitions").returncode, 0)
        self.assertEqual(stack.down().returncode, 0)
        stack.up()
        self.assertEqual(stack.workerdb("aql", 'RETURN DOCUMENT("process_definitions/kept").name').stdout, '"n"\n')


if __name__ == "__main__":
    stacks.main(__name__)
