"""How long a start takes and how much memory an idle engine has. The bounds are wide: a busy machine must pass them, an
accident (a scan of all data, a cache filled in advance) must not. What was measured is printed."""
import os
import sys
import time
import unittest

import stack as stacks

sys.path.insert(0, os.path.join(stacks.SOURCE, "tests", "api"))
from server import Server  # noqa: E402

MEBIBYTE = 1 << 20


def resident_bytes(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmRSS:"))


class Startup(unittest.TestCase):
    def test_a_stack_on_an_initialised_folder(self):
        stack = stacks.Stack()
        try:
            stack.up()
            self.assertEqual(stack.down().returncode, 0)
            stack.up()
            state = stack.state()
            times = {service["name"]: service["ready_after_ms"] for service in state["services"]}
            print(f"ready after {state['ready_after_ms']} ms: {times}", file=sys.stderr)
            self.assertEqual({service["state"] for service in state["services"]}, {"ready"})
            self.assertLess(state["ready_after_ms"], 10_000)
            self.assertLess(times["documents"], 3_000)
        finally:
            stack.close()


class Engine(unittest.TestCase):
    def test_alone_it_is_quick_and_small(self):
        server = Server()
        try:
            self.assertEqual(server.request("POST", "/_api/collection", {"name": "some"}).status, 200)
            server.stop()
            began = time.monotonic()
            server.start()
            took_ms = (time.monotonic() - began) * 1000
            self.assertEqual(server.query("RETURN 1").json["result"], [1])
            time.sleep(1)
            size = resident_bytes(server.process.pid)
            print(f"ready after {took_ms:.0f} ms, {size / MEBIBYTE:.0f} MiB resident", file=sys.stderr)
            self.assertLess(took_ms, 3_000)
            self.assertLess(size, 64 * MEBIBYTE)
        finally:
            server.close()


if __name__ == "__main__":
    stacks.main(__name__)
