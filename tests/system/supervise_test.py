"""What happens when something dies, is taken, or belongs to somebody else."""
import json
import os
import signal
import socket
import subprocess
import time
import unittest

import stack as stacks

stack = None


def setUpModule():
    global stack
    stack = stacks.Stack()
    unittest.addModuleCleanup(stack.close)
    stack.up()


def kept_documents():
    return json.loads(stack.workerdb("aql", "RETURN LENGTH(FOR i IN process_instances FILTER i.started_by == 'kept' RETURN 1)").stdout)


class Children(unittest.TestCase):
    def kill_and_wait(self, name):
        before = stack.service(name)
        self.assertEqual(before["state"], "ready")
        os.kill(before["pid"], signal.SIGKILL)

        def is_back():
            now = stack.service(name)
            return now is not None and now["state"] == "ready" and now["pid"] != before["pid"] and now
        after = stacks.wait_until(is_back)
        self.assertTrue(after, f"{name} did not come back: {stack.service(name)}")
        self.assertEqual(after["restarts"], before["restarts"] + 1)
        return after

    def test_redis_comes_back_with_its_keys(self):
        self.assertEqual(stack.shell("redis-cli SET session:kept yes EX 600").stdout.strip(), "OK")
        time.sleep(1.5)  # everysec is what the append-only file promises
        self.kill_and_wait("redis")
        self.assertEqual(stack.shell("redis-cli GET session:kept").stdout.strip(), "yes")

    def test_postgres_comes_back_with_its_rows(self):
        insert = "INSERT INTO users (email) VALUES ('kept@example.org') ON CONFLICT DO NOTHING"
        self.assertEqual(stack.shell(f'psql -v ON_ERROR_STOP=1 -c "{insert}"').returncode, 0)
        self.kill_and_wait("postgres")
        found = stack.shell("psql -At -c \"SELECT count(*) FROM users WHERE email = 'kept@example.org'\"")
        self.assertEqual(found.stdout.strip(), "1", found.stderr)

    def test_a_restart_is_counted_and_logged(self):
        self.kill_and_wait("redis")
        metrics = stacks.run(["curl", "-sf", f"http://127.0.0.1:{stack.control}/metrics"]).stdout
        line = next(line for line in metrics.splitlines() if line.startswith('workerdb_service_restarts_total{service="redis"}'))
        self.assertGreaterEqual(int(line.split()[-1]), 1)


class Refusals(unittest.TestCase):
    def up_elsewhere(self, data, documents=None):
        ports = stacks.free_ports(4)
        command = [stacks.PROGRAM, "up", "--detach", "--data", data, "--documents-port", str(documents or ports[0]),
                   "--postgres-port", str(ports[1]), "--redis-port", str(ports[2]), "--control-port", str(ports[3])]
        return stacks.run(command)

    def test_a_taken_port_is_named_with_its_option(self):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            port = listener.getsockname()[1]
            refused = self.up_elsewhere(os.path.join(stack.folder, "other"), port)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn(f"port {port} for documents is taken", refused.stderr)
        self.assertIn("--documents-port", refused.stderr)

    def test_a_folder_of_somebody_else_is_left_alone(self):
        folder = os.path.join(stack.folder, "photos")
        os.mkdir(folder)
        with open(os.path.join(folder, "cat.jpg"), "wb") as file:
            file.write(b"meow")
        refused = self.up_elsewhere(folder)
        self.assertEqual(refused.returncode, 4, refused.stderr)
        self.assertIn("was not made by workerdb", refused.stderr)
        self.assertEqual(os.listdir(folder), ["cat.jpg"])
        for command in ("status", "env", "down", "logs"):
            self.assertNotEqual(stacks.run([stacks.PROGRAM, command, "--data", folder]).returncode, 0, command)

    def test_a_second_up_says_who_is_there(self):
        refused = self.up_elsewhere(stack.data)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn(f"already up on '{stack.data}' (pid {stack.state()['pid']})", refused.stderr)


class Commands(unittest.TestCase):
    def test_exit_codes_while_up(self):
        self.assertEqual(stack.workerdb("status").returncode, 0)
        self.assertEqual(stack.workerdb("logs", "-n", "5").returncode, 0)
        self.assertEqual(stack.workerdb("logs", "postgres").returncode, 0)
        self.assertEqual(stack.workerdb("logs", "nonsense").returncode, 5)
        self.assertEqual(stack.workerdb("doctor").returncode, 0)
        self.assertEqual(stack.workerdb("aql").returncode, 7)  # nothing on standard input is no query
        self.assertEqual(stack.workerdb("nonsense").returncode, 2)
        self.assertEqual(stack.workerdb("aql", "FOR").returncode, 7)
        self.assertEqual(stack.workerdb("aql", "FOR i IN nowhere RETURN i").returncode, 5)
        self.assertEqual(stack.workerdb("aql", "RETURN SLEEP(30)", "--max-runtime", "0.2").returncode, 9)
        self.assertEqual(stack.workerdb("sql", "SELEC 1").returncode, 7)
        self.assertEqual(stack.workerdb("sql", "SELECT * FROM nowhere").returncode, 5)
        self.assertEqual(stack.workerdb("aql", "RETURN 1", "-d", "nowhere").returncode, 5)

    def test_doctor_in_json(self):
        checks = [json.loads(line) for line in stack.workerdb("doctor", "--json").stdout.splitlines()]
        self.assertIn("postgresql", [check["check"] for check in checks])


class Ends(unittest.TestCase):
    """Each of these begins and ends with a stack that is up."""

    def test_down_leaves_no_process_and_everything_in_order(self):
        below = stacks.descendants(stack.state()["pid"])
        supervisor = stack.state()["pid"]
        self.assertGreaterEqual(len(below), 2)
        self.assertEqual(stack.down().returncode, 0)
        self.assertEqual([pid for pid in [supervisor, *below] if stacks.is_alive(pid)], [])
        self.assertEqual(stack.workerdb("status").returncode, 3)
        self.assertEqual(stack.workerdb("env").returncode, 5)
        self.assertEqual(stack.workerdb("logs").returncode, 0)
        self.assertNotEqual(stack.workerdb("aql", "RETURN 1").returncode, 0)
        self.assertEqual(stack.down().returncode, 0)
        self.assertIn("database system is shut down", stack.workerdb("logs", "postgres").stdout)
        stack.up()

    def test_children_end_with_a_killed_supervisor_and_the_next_up_works(self):
        insert = 'FOR i IN 1..50 INSERT {status: "completed", started_by: "kept"} INTO process_instances'
        before = kept_documents()
        self.assertEqual(stack.workerdb("aql", insert).returncode, 0)
        supervisor = stack.state()["pid"]
        below = stacks.descendants(supervisor)
        os.kill(supervisor, signal.SIGKILL)
        left = stacks.wait_until(lambda: not [pid for pid in below if stacks.is_alive(pid)], 30)
        self.assertTrue(left, f"still alive: {[pid for pid in below if stacks.is_alive(pid)]}")
        self.assertEqual(stack.workerdb("status").returncode, 3)
        stack.up()
        self.assertEqual(kept_documents(), before + 50)
        self.assertEqual(stack.shell("psql -At -c 'SELECT 1'").stdout.strip(), "1")
        self.assertEqual(stack.shell("redis-cli PING").stdout.strip(), "PONG")

    def test_the_foreground_ends_on_interrupt(self):
        self.assertEqual(stack.down().returncode, 0)
        command = [part for part in stack.up_command() if part != "--detach"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=stacks.SOURCE)
        try:
            seen = []
            for line in process.stdout:
                seen.append(line)
                if line.startswith("ready after "):  # not "redis is ready after"
                    break
            self.assertTrue(seen[-1].startswith("ready after "), seen)
            below = stacks.descendants(process.pid)
            process.send_signal(signal.SIGINT)
            process.stdout.read()
            self.assertEqual(process.wait(timeout=60), 0)
            self.assertEqual([pid for pid in below if stacks.is_alive(pid)], [])
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
        stack.up()


if __name__ == "__main__":
    stacks.main(__name__)
