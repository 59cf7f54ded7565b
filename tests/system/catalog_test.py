"""`workerdb plan` and `apply` with a catalog that changes, and what production asks before data is lost."""
import json
import os
import re
import shutil
import subprocess
import unittest

import stack as stacks

stack = None
catalog = None


def setUpModule():
    global stack, catalog
    stack = stacks.Stack()
    unittest.addModuleCleanup(stack.close)
    stack.up()
    catalog = os.path.join(stack.folder, "catalog")
    shutil.copytree(os.path.join(stacks.SOURCE, "catalog", "flowmaster"), catalog)


def migrations(database):
    folder = os.path.join(catalog, "sql", database)
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder))]


def add_migration(database, name, sql):
    """Every test goes on from where the others left the one catalog, as a team does."""
    path = os.path.join(catalog, "sql", database, f"{len(migrations(database)) + 1:04}_{name}.sql")
    with open(path, "w", encoding="utf-8") as file:
        file.write(sql)
    return path


def apply(*options):
    return stack.workerdb("apply", "--catalog", catalog, *options)


def sql(query, database):
    done = stack.workerdb("sql", query, "--database", database)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def aql(query, database="flowmaster"):
    done = stack.workerdb("aql", query, "--database", database)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


class Catalog(unittest.TestCase):
    def assert_nothing_to_do(self):
        plan = stack.workerdb("plan", "--catalog", catalog)
        self.assertEqual(plan.returncode, 0, plan.stderr)
        self.assertIn("Nothing to do", plan.stdout)

    def test_a_change_is_planned_applied_once_and_then_there(self):
        add_migration("flowmaster_users", "notes", "CREATE TABLE notes (id int PRIMARY KEY);\n")
        plan = stack.workerdb("plan", "--catalog", catalog)
        self.assertIn("notes", plan.stdout)
        self.assertIn("1 step to apply", plan.stdout)
        first = apply()
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertIn("[1/1]", first.stdout)
        second = apply()
        self.assertEqual(second.returncode, 0, second.stderr)
        self.assertIn("Nothing to do", second.stdout)
        self.assert_nothing_to_do()

    def test_an_edited_migration_is_refused_by_name(self):
        path = migrations("flowmaster_core")[0]
        with open(path, encoding="utf-8") as file:
            original = file.read()
        with open(path, "a", encoding="utf-8") as file:
            file.write("-- a harmless comment\n")
        try:
            for command in ("plan", "apply"):
                refused = stack.workerdb(command, "--catalog", catalog)
                self.assertNotEqual(refused.returncode, 0)
                self.assertIn(os.path.basename(path), refused.stderr)
                self.assertIn("was edited after", refused.stderr)
        finally:
            with open(path, "w", encoding="utf-8") as file:
                file.write(original)
        self.assert_nothing_to_do()

    def test_a_broken_catalog_names_file_and_line_and_changes_nothing(self):
        path = os.path.join(catalog, "documents.yaml")
        with open(path, encoding="utf-8") as file:
            original = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(original.replace("environment: test", "environment: toast"))
        try:
            refused = apply()
            self.assertNotEqual(refused.returncode, 0)
            self.assertRegex(refused.stderr, r"documents\.yaml:\d+")
        finally:
            with open(path, "w", encoding="utf-8") as file:
                file.write(original)
        self.assert_nothing_to_do()

    def test_an_interrupted_apply_continues(self):
        for number in range(6):
            add_migration("flowmaster_workflow", f"part_{number}",
                          f"CREATE TABLE part_{number} (id int PRIMARY KEY);\nSELECT pg_sleep(0.2);\n"
                          f"INSERT INTO part_{number} VALUES (1);\n")
        counts = []
        # A kill before the first, one within a migration, one between two.
        for kill_at in (1, 3, 2):
            process = subprocess.Popen([stacks.PROGRAM, "apply", "--data", stack.data, "--catalog", catalog],
                                       stdout=subprocess.PIPE, text=True, cwd=stacks.SOURCE)
            for line in process.stdout:
                position, count = map(int, re.match(r"\[(\d+)/(\d+)\]", line).groups())
                if position == kill_at:
                    break
            process.kill()
            process.wait()
            process.stdout.close()
            counts.append(count)
        self.assertEqual(counts[0], 6)
        self.assertLess(counts[-1], counts[0], "each apply began at the beginning")
        last = apply()
        self.assertEqual(last.returncode, 0, last.stdout + last.stderr)
        for number in range(6):
            self.assertEqual(sql(f"SELECT count(*) AS n FROM part_{number}", "flowmaster_workflow"), [{"n": 1}])
        self.assert_nothing_to_do()

    def test_a_migration_that_fails_leaves_nothing_of_itself(self):
        path = add_migration("flowmaster_users", "half", "CREATE TABLE half (id int);\nSELECT 1 / 0;\n")
        failed = apply()
        self.assertNotEqual(failed.returncode, 0)
        self.assertIn(os.path.basename(path), failed.stderr + failed.stdout)
        self.assertIn("division by zero", failed.stderr)
        os.unlink(path)
        self.assertEqual(sql("SELECT to_regclass('half') IS NULL AS gone", "flowmaster_users"), [{"gone": True}])
        self.assert_nothing_to_do()


class Production(unittest.TestCase):
    def assert_refused(self, done):
        self.assertEqual(done.returncode, 8, done.stdout + done.stderr)
        self.assertIn("workerdb approve", done.stderr)

    def approved(self, name, *command):
        approval = stack.approve(name, *command)
        self.assertIsNotNone(approval)
        return stack.workerdb(*command, approval)

    def test_a_migration_that_drops(self):
        add_migration("flowmaster_users", "doomed", "CREATE TABLE doomed (id int);\n")
        self.assertEqual(apply().returncode, 0)
        add_migration("flowmaster_users", "drop_doomed", "DROP TABLE doomed;\n")
        self.assert_refused(apply())
        self.assertIsNone(stack.approve("flowmaster_core", "apply", "--catalog", catalog), "another name was typed")
        self.assertEqual(sql("SELECT to_regclass('doomed') IS NULL AS gone", "flowmaster_users"), [{"gone": False}])
        approved = self.approved("flowmaster_users", "apply", "--catalog", catalog)
        self.assertEqual(approved.returncode, 0, approved.stderr)
        self.assertEqual(sql("SELECT to_regclass('doomed') IS NULL AS gone", "flowmaster_users"), [{"gone": True}])

    def test_drop_truncate_and_reset(self):
        insert = 'INSERT {name: "n", version: "1", type: "workflow", definition: {}} INTO process_definitions RETURN 1'
        count = "RETURN LENGTH(process_definitions)"
        self.assertEqual(aql(insert), [1])
        for command in (["drop", "flowmaster"], ["drop", "flowmaster", "process_definitions"],
                        ["truncate", "flowmaster", "process_definitions"], ["reset", "flowmaster", "--catalog", catalog]):
            self.assert_refused(stack.workerdb(*command))
            self.assertIsNone(stack.approve("flowmaster_dev", *command), "another name was typed")
            self.assertEqual(aql(count), [1])
        truncate = ("truncate", "flowmaster", "process_definitions")
        approval = stack.approve("flowmaster", *truncate)
        other = stack.workerdb("truncate", "flowmaster", "schedules", approval)
        self.assertEqual(other.returncode, 4, "an approval is for its own request alone: " + other.stderr)
        approved = stack.workerdb(*truncate, approval)
        self.assertEqual(approved.returncode, 0, approved.stderr)
        again = stack.workerdb(*truncate, approval)
        self.assertEqual(again.returncode, 4, "an approval is used up: " + again.stderr)
        self.assertEqual(aql(count), [0])
        self.assertEqual(aql(insert), [1])
        approved = self.approved("flowmaster", "reset", "flowmaster", "--catalog", catalog)
        self.assertEqual(approved.returncode, 0, approved.stderr)
        self.assertEqual(aql(count), [0])
        self.assertIn("Nothing to do", stack.workerdb("plan", "--catalog", catalog).stdout)
        dropped = self.approved("flowmaster", "drop", "flowmaster", "schedules")
        self.assertEqual(dropped.returncode, 0, dropped.stderr)
        self.assertIn("schedules", stack.workerdb("plan", "--catalog", catalog).stdout)
        self.assertEqual(apply().returncode, 0)

    def test_redis(self):
        self.assertEqual(stack.workerdb("redis", "SET", "session:kept", "x").returncode, 0)
        self.assert_refused(stack.workerdb("redis", "FLUSHALL"))
        self.assertEqual(stack.workerdb("redis", "GET", "session:kept").stdout, '"x"\n')

    def test_other_classes_ask_nothing(self):
        insert = 'INSERT {name: "n", version: "1", type: "workflow", definition: {}} INTO process_definitions RETURN 1'
        self.assertEqual(aql(insert, "flowmaster_test"), [1])
        done = stack.workerdb("truncate", "flowmaster_test", "process_definitions")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(aql("RETURN LENGTH(process_definitions)", "flowmaster_test"), [0])


if __name__ == "__main__":
    stacks.main(__name__)
