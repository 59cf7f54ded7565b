"""A workerdb stack in a folder of its own for one test file, and the end of each file.

Where the kernel allows it, a file runs in a network of its own: its stack has the standard ports, whatever else runs
on the machine, so that redis-cli (which has no variable for a port) is called exactly as people call it. Elsewhere
the ports are free ones and redis-cli gets -p.
"""
import atexit
import ctypes
import fcntl
import json
import os
import pty
import re
import select
import shutil
import socket
import struct
import subprocess
import tempfile
import time
import unittest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.environ.get("WORKERDB", os.path.join(SOURCE, "build", "dev", "workerdb"))


STANDARD_PORTS = (8529, 5432, 6379, 8530)
has_own_network = False


def enter_own_network():
    """Moves this process and its children to a new network with nothing but a loopback, and to mounts of their own."""
    global has_own_network
    if has_own_network:
        return
    new_mounts, new_users, new_network, private = 0x20000, 0x10000000, 0x40000000, (1 << 18) | (1 << 14)
    c = ctypes.CDLL(None, use_errno=True)
    user, group = os.geteuid(), os.getegid()
    if c.unshare(new_network | new_mounts | (0 if user == 0 else new_users)) != 0:
        return
    if user != 0:
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)
    c.mount(b"none", b"/", None, private, None)
    set_flags, up_and_running = 0x8914, 0x41
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, set_flags, struct.pack("16sh", b"lo", up_and_running))
    has_own_network = True


def mount_small_disk(folder, size):
    """A tmpfs of `size` ("48m") on `folder`, gone with this process; False where that is not allowed."""
    c = ctypes.CDLL(None, use_errno=True)
    return has_own_network and c.mount(b"tmpfs", folder.encode(), b"tmpfs", 0, f"size={size},mode=755".encode()) == 0


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
    options.setdefault("cwd", SOURCE)
    return subprocess.run(command, shell=isinstance(command, str), executable="/bin/bash" if isinstance(command, str) else None,
                          text=True, capture_output=True, **options)


def at_terminal(command, answers, seconds=60):
    """Runs a command on a terminal of its own and types a line at each question (a text that ends in ': ').

    Returns the exit code and all that was shown.
    """
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=SOURCE, start_new_session=True)
    os.close(theirs)
    shown, answers, end = b"", list(answers), time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            if select.select([ours], [], [], 0.1)[0]:
                try:
                    block = os.read(ours, 65536)
                except OSError:  # the other side is closed
                    break
                shown += block
                if answers and shown.endswith(b": "):
                    os.write(ours, answers.pop(0).encode() + b"\n")
            elif process.poll() is not None:
                break
        return process.wait(timeout=max(end - time.monotonic(), 1)), shown.decode(errors="replace")
    finally:
        os.close(ours)
        if process.poll() is None:
            process.kill()
            process.wait()


def be_a_person_of_its_own():
    """Contexts, approvals and the audit log of the user are left alone; a shell of an agent counts as a person's."""
    place = tempfile.mkdtemp(prefix="workerdb-user-")
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    os.environ["XDG_CONFIG_HOME"] = os.environ["XDG_STATE_HOME"] = place
    for name in ("WORKERDB_CONTEXT", "WORKERDB_CONTEXTS", "WORKERDB_PRINCIPAL", "AI_AGENT", "CLAUDECODE", "CODEX_SANDBOX",
                 "CURSOR_AGENT", "GEMINI_CLI", "OPENCODE", "AUGMENT_AGENT", "GOOSE_TERMINAL"):
        os.environ.pop(name, None)


be_a_person_of_its_own()


def wait_until(condition, seconds=60):
    """The first true answer of `condition`, or its last one when the time is over."""
    end = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer or time.monotonic() > end:
            return answer
        time.sleep(0.05)


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def descendants(pid):
    """The processes below `pid`, of all generations."""
    children = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8") as file:
                children.setdefault(int(file.read().rsplit(")", 1)[1].split()[1]), []).append(int(name))
        except OSError:
            pass
    found, open_ends = [], [pid]
    while open_ends:
        below = children.get(open_ends.pop(), [])
        found += below
        open_ends += below
    return found


class Stack:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="workerdb-system-")
        os.chmod(self.folder, 0o755)  # PostgreSQL's user must be able to enter it
        self.data = os.path.join(self.folder, "data")
        self.documents, self.postgres, self.redis, self.control = STANDARD_PORTS if has_own_network else free_ports(4)

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

    def state(self):
        with open(os.path.join(self.data, "run", "state.json"), encoding="utf-8") as file:
            return json.load(file)

    def service(self, name):
        """What `workerdb status --json` says about one service; None when nothing is up."""
        lines = [json.loads(line) for line in self.workerdb("status", "--json").stdout.splitlines()]
        return next((line for line in lines if line["name"] == name), None)

    def workerdb(self, *arguments, **options):
        return run([PROGRAM, *arguments, "--data", self.data], **options)

    def approve(self, name, *command):
        """The --approval option that a person at a terminal gets who types `name`; None when it was refused."""
        code, shown = at_terminal([PROGRAM, "approve", "--", *command, "--data", self.data], [name])
        approval = re.search(r"^([0-9a-f]{32})\s*$", shown, re.MULTILINE)
        return f"--approval={approval.group(1)}" if code == 0 and approval else None

    def shell(self, line, **options):
        """A shell line as a user types it, after eval "$(workerdb env)"."""
        return run(f'eval "$({PROGRAM} env --data {self.data})" && {self._redis_cli()}{line}', **options)

    def _redis_cli(self):
        return "" if self.redis == 6379 else 'redis-cli() { command redis-cli -p "$REDIS_PORT" "$@"; } && '


    def environment(self):
        done = self.shell("env -0")
        return dict(item.split("=", 1) for item in done.stdout.split("\0") if "=" in item)


def main(module="__main__"):
    """Runs a test file's cases and ends with the line that the test counter reads."""
    enter_own_network()
    result = unittest.TextTestRunner(verbosity=2).run(unittest.defaultTestLoader.loadTestsFromName(module))
    failed = len(result.failures) + len(result.errors)
    # A failed setUpModule is an error without a test.
    print(f"{max(result.testsRun - failed, 0)} passed, {failed} failed")
    raise SystemExit(1 if failed or not result.testsRun else 0)
