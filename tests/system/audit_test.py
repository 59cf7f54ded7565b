"""The audit log as people meet it: written by commands, verified, shown, published for AQL, and caught when changed."""
import glob
import json
import os
import unittest

import stack as stacks

stack = None


def setUpModule():
    global stack
    stack = stacks.Stack()
    unittest.addModuleCleanup(stack.close)
    stack.up()


def audit(*arguments):
    return stacks.run([stacks.PROGRAM, "audit", *arguments])


def entries():
    return [json.loads(line) for line in audit("tail", "-n", "1000").stdout.splitlines()]


class Audit(unittest.TestCase):
    def test_1_an_access_leaves_a_line_without_its_values(self):
        self.assertEqual(stack.workerdb("aql", "FOR s IN schedules FILTER s.name == 'Anna-Canary' RETURN s").returncode, 0)
        line = entries()[-1]
        self.assertEqual((line["command"], line["operation"], line["store"], line["database"]), ("aql", "read", "documents", "flowmaster"))
        self.assertEqual(line["principal"]["kind"], "person")
        self.assertIn("schedules", line["objects"])
        self.assertNotIn("Anna-Canary", audit("tail", "-n", "1000").stdout)

    def test_2_what_is_denied_leaves_one_as_well(self):
        agent = dict(os.environ, WORKERDB_PRINCIPAL="agent:claude")
        done = stack.workerdb("sql", "DROP TABLE users", env=agent)
        self.assertNotEqual(done.returncode, 0)
        line = entries()[-1]
        self.assertEqual((line["decision"], line["operation"], line["principal"]), ("denied", "destroy", {"kind": "agent", "name": "claude"}))

    def test_3_the_log_verifies_and_is_published_once(self):
        report = json.loads(audit("verify", "--json").stdout)
        self.assertTrue(report["good"] and report["entries"] > 0, report)
        self.assertEqual(stack.workerdb("audit", "publish").returncode, 0)
        self.assertEqual(stack.workerdb("audit", "publish").returncode, 0)
        done = stack.workerdb("aql", "FOR e IN workerdb_audit COLLECT log = e.log, seq = e.seq WITH COUNT INTO n FILTER n > 1 RETURN seq")
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        done = stack.workerdb("aql", "RETURN LENGTH(FOR e IN workerdb_audit FILTER e.decision == 'denied' RETURN e)")
        self.assertGreaterEqual(json.loads(done.stdout), 1)

    def test_4_a_changed_line_is_named(self):
        path = sorted(glob.glob(os.path.join(os.environ["XDG_STATE_HOME"], "workerdb", "audit", "*.jsonl")))[0]
        with open(path, encoding="utf-8") as file:
            good = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(good.replace('"decision":"denied"', '"decision":"allowed"', 1))
        done = audit("verify")
        with open(path, "w", encoding="utf-8") as file:
            file.write(good)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"line \d+: it is no entry, or was changed")
        self.assertEqual(audit("verify").returncode, 0)


if __name__ == "__main__":
    stacks.main()
