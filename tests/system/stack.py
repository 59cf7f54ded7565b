"""A workerdb stack in a folder of its own, on free ports, for one test file."""
import os
import shutil
import socket
import subprocess
import tempfile
import unittest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.environ.get("WORKERDB", os.path.join(SOURCE, "build", "dev", "workerdb"))


def free_ports(count):
    sockets = []
    for _ in range(count):
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        sockets.append(listener)
    ports = [listener.getsockname()[1] for listener in sockets]
    for listener in sockets:
        listener.close()
    return ports


def run(command, **options):
    """A finished command with its output as text; a shell line when `command` is a string."""
    options.setdefault("timeout", 120)
    return subprocess.run(command, shell=isinstance(command, str), executable="/bin/bash" if isinstance(command, str) else None,
                          text=True, capture_output=True, **options)


class Stack:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="workerdb-system-")
        os.chmod(self.folder, 0o755)  # PostgreSQL's user must be able to enter it
        self.data = os.path.join(self.folder, "data")
        self.documents, self.postgres, self.redis, self.control = free_ports(4)

    def up_command(self):
        return [PROGRAM, "up", "--detach", "--data", self.data, "--documents-port", str(self.documents),
                "--postgres-port", str(self.postgres), "--redis-port", str(self.redis),
                "--control-port", str(self.control)]

    def up(self):
        done = run(self.up_command())
        if done.returncode != 0:
            raise RuntimeError(f"up failed ({done.returncode}): {done.stdout}{done.stderr}")
        return done

    def down(self):
        return run([PROGRAM, "down", "--data", self.data])

    def close(self):
        self.down()
        shutil.rmtree(self.folder, ignore_errors=True)

    def workerdb(self, *arguments, **options):
        return run([PROGRAM, *arguments, "--data", self.data], **options)

    def shell(self, line, **options):
        """A shell line as a user types it, after eval "$(workerdb env)"."""
        return run(f'eval "$({PROGRAM} env --data {self.data})" && {line}', cwd=SOURCE, **options)

    def environment(self):
        done = self.shell("env -0")
        return dict(item.split("=", 1) for item in done.stdout.split("\0") if "=" in item)


def main(module="__main__"):
    """Runs a test file's cases and ends with the line that the test counter reads."""
    result = unittest.TextTestRunner(verbosity=2).run(unittest.defaultTestLoader.loadTestsFromName(module))
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    raise SystemExit(1 if failed or not result.testsRun else 0)
