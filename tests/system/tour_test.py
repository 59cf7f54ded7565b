"""The tour on a fresh stack, and again on what it left behind."""
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


def tour():
    environment = dict(os.environ, WORKERDB=stacks.PROGRAM)
    return stacks.run([os.path.join(stacks.SOURCE, "tools", "tour"), "--data", stack.data], env=environment)


def count(collection):
    return json.loads(stack.workerdb("aql", f"RETURN LENGTH({collection})").stdout)


class Tour(unittest.TestCase):
    def test_it_may_be_shown_twice_and_doubles_nothing(self):
        collections = ("process_definitions", "process_nodes", "process_flows", "process_instances", "node_executions")
        first = tour()
        self.assertEqual(first.returncode, 0, first.stdout + first.stderr)
        counts = [count(name) for name in collections]
        self.assertNotIn(0, counts)
        second = tour()
        self.assertEqual(second.returncode, 0, second.stdout + second.stderr)
        self.assertEqual([count(name) for name in collections], counts)
        self.assertIn("message events:workflow", second.stdout)
        self.assertIn("Nothing to do", second.stdout)

    def test_without_a_stack_it_fails_with_a_sentence(self):
        other = stacks.run([os.path.join(stacks.SOURCE, "tools", "tour"), "--data", os.path.join(stack.folder, "none")],
                           env=dict(os.environ, WORKERDB=stacks.PROGRAM))
        self.assertEqual(other.returncode, 1)
        self.assertIn("there is no data folder", other.stderr)


if __name__ == "__main__":
    stacks.main(__name__)
