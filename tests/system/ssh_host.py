"""A real sshd for tests: on the loopback or, where the kernel allows it, on a second host behind a cable (veth).

With a second host, this process and the stack are on it, and what a person does on the own machine happens in the
network of a child (`own_machine`): commands get a prefix, sockets are made there.
"""
import contextlib
import ctypes
import getpass
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import stack as stacks

SSHD = shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
HOST_ADDRESS, OWN_ADDRESS = "10.77.0.1", "10.77.0.2"
NEW_NETWORK = 0x40000000
PRIVILEGE_FOLDER = "/run/sshd"


class SshHost:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="workerdb-ssh-")
        self.own_machine = None  # a process in the network of the own machine
        self.made_privilege_folder = False
        self.sshd = None
        self.has_cable = self._lay_cable()
        if not self.has_cable:
            print("no second host here (network namespaces are not permitted): everything runs on the loopback", file=sys.stderr)
        self.address = HOST_ADDRESS if self.has_cable else "127.0.0.1"
        self.port = 22 if self.has_cable else stacks.free_ports(1)[0]
        self.config = self._write_configuration()
        self.start()

    def _lay_cable(self):
        if not stacks.has_own_network or os.geteuid() != 0:
            return False
        self.own_machine = subprocess.Popen(["unshare", "-n", "sleep", "infinity"])
        own = os.readlink("/proc/self/ns/net")
        stacks.wait_until(lambda: self._network_of(self.own_machine.pid) not in (own, None), 5)
        name = str(self.own_machine.pid)
        lines = [f"ip link add name cable0 type veth peer name cable1 netns {name}", f"ip addr add {HOST_ADDRESS}/24 dev cable0",
                 "ip link set cable0 up"]
        if any(stacks.run(line.split()).returncode != 0 for line in lines):
            return False
        lines = [f"ip addr add {OWN_ADDRESS}/24 dev cable1", "ip link set cable1 up", "ip link set lo up"]
        return all(stacks.run(["nsenter", "-t", name, "-n", *line.split()]).returncode == 0 for line in lines)

    @staticmethod
    def _network_of(pid):
        try:
            return os.readlink(f"/proc/{pid}/ns/net")
        except OSError:
            return None

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.path(name), 0o600)
        return self.path(name)

    def _write_configuration(self):
        for key in ("host_key", "user_key"):
            stacks.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", self.path(key)])
        shutil.copy(self.path("user_key.pub"), self.path("authorized_keys"))
        with open(self.path("host_key.pub"), encoding="utf-8") as file:
            host_key = " ".join(file.read().split()[:2])
        known = self.address if self.port == 22 else f"[{self.address}]:{self.port}"
        self.write("known_hosts", f"{known} {host_key}\n")
        if os.geteuid() == 0 and not os.path.isdir(PRIVILEGE_FOLDER):
            os.mkdir(PRIVILEGE_FOLDER, 0o755)
            self.made_privilege_folder = True
        self.write("sshd_config", f"""Port {self.port}
ListenAddress {self.address}
HostKey {self.path("host_key")}
AuthorizedKeysFile {self.path("authorized_keys")}
PidFile none
StrictModes no
UsePAM no
UseDNS no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 100
""")
        return self.write("ssh_config", f"""Host dev-01-root
  HostName {self.address}
  Port {self.port}
  User {getpass.getuser()}
  IdentityFile {self.path("user_key")}
  IdentitiesOnly yes
  UserKnownHostsFile {self.path("known_hosts")}
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
""")

    def start(self):
        log = open(self.path("sshd.log"), "ab")
        with log:
            self.sshd = subprocess.Popen([SSHD, "-D", "-e", "-f", self.path("sshd_config")], stdin=subprocess.DEVNULL, stderr=log)
        if not stacks.wait_until(self.answers, 10):
            raise RuntimeError("sshd does not start: " + self.log())

    def answers(self):
        try:
            with self.own_socket() as client:
                client.settimeout(1)
                client.connect((self.address, self.port))
                return client.recv(4) == b"SSH-"
        except OSError:
            return False

    def log(self):
        with open(self.path("sshd.log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def sessions(self):
        return stacks.descendants(self.sshd.pid)

    def signal_sessions(self, number):
        sessions = self.sessions()
        for pid in sessions:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        return sessions

    def stop(self):
        """The listener and all sessions."""
        sessions = self.signal_sessions(signal.SIGKILL)
        self.sshd.kill()
        self.sshd.wait()
        stacks.wait_until(lambda: not any(map(stacks.is_alive, sessions)), 5)

    def close(self):
        self.stop()
        if self.own_machine is not None:
            self.own_machine.kill()
            self.own_machine.wait()
        if self.made_privilege_folder:
            with contextlib.suppress(OSError):
                os.rmdir(PRIVILEGE_FOLDER)
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- the own machine -------------------------------------------------------------------------------------

    def prefix(self):
        return ["nsenter", "-t", str(self.own_machine.pid), "-n", "--"] if self.has_cable else []

    def own_run(self, command, **options):
        """A command on the own machine; a shell line when it is a string."""
        return stacks.run(self.prefix() + (["bash", "-c", command] if isinstance(command, str) else command), **options)

    def own_socket(self, family=socket.AF_INET):
        if not self.has_cable:
            return socket.socket(family)
        c = ctypes.CDLL(None, use_errno=True)
        with open("/proc/thread-self/ns/net", encoding="ascii") as here, \
                open(f"/proc/{self.own_machine.pid}/ns/net", encoding="ascii") as there:
            c.setns(there.fileno(), NEW_NETWORK)
            try:
                return socket.socket(family)
            finally:
                c.setns(here.fileno(), NEW_NETWORK)

    def own_free_port(self):
        with self.own_socket() as any_socket:
            any_socket.bind(("127.0.0.1", 0))
            return any_socket.getsockname()[1]

    def plain_connection_seconds(self):
        """What OpenSSH alone needs until its forwards stand: the machine's share in every measurement."""
        path = self.path("plain.sock")
        began = time.monotonic()
        ssh = subprocess.Popen([*self.prefix(), "ssh", "-F", self.config, "-N", "-L", f"{path}:127.0.0.1:9", "dev-01-root"])
        try:
            stacks.wait_until(lambda: os.path.exists(path), 20)
            return time.monotonic() - began
        finally:
            ssh.kill()
            ssh.wait()
            with contextlib.suppress(OSError):
                os.unlink(path)

    # ---- the cable -------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def packets_dropped(self):
        """All packets vanish without a word, in both directions: each side has a wrong hardware address of the other."""
        wrong = "02:00:00:00:00:99"
        cut = [f"ip neigh replace {OWN_ADDRESS} lladdr {wrong} nud permanent dev cable0"]
        own_cut = [f"ip neigh replace {HOST_ADDRESS} lladdr {wrong} nud permanent dev cable1"]
        mend, own_mend = [line.replace("replace", "del") for line in cut], [line.replace("replace", "del") for line in own_cut]
        done = [stacks.run(line.split()) for line in cut] + [self.own_run(line.split()) for line in own_cut]
        assert all(one.returncode == 0 for one in done), done
        try:
            yield
        finally:
            for line in mend:
                stacks.run(line.split())
            for line in own_mend:
                self.own_run(line.split())


class Tunnel:
    """A tunnel of the own machine, with its state in a folder of its own."""

    def __init__(self, host, target_port, name="dev", port=None, config=None, forwards=None, ssh_host="dev-01-root"):
        self.host, self.name, self.ssh_host = host, name, ssh_host
        self.folder = tempfile.mkdtemp(prefix="workerdb-tunnel-state-")
        self.port = port or host.own_free_port()
        self.config = config or host.config
        self.forwards = forwards or [f"echo={self.port}:127.0.0.1:{target_port}"]

    def command(self, *words):
        return self.host.own_run([stacks.PROGRAM, "tunnel", *words],
                            env={**os.environ, "WORKERDB_STATE_HOME": self.folder, "PGPASSWORD": "canary-4711"})

    def up(self, *words):
        forwards = [word for forward in self.forwards for word in ("-L", forward)]
        return self.command("up", self.name, "--ssh", self.ssh_host, "--ssh-config", self.config, *forwards, *words)

    def status(self):
        lines = self.command("status", self.name, "--json").stdout.splitlines()
        return json.loads(lines[0]) if lines else None

    def connect(self, timeout=1.0):
        client = self.host.own_socket()
        client.settimeout(timeout)
        try:
            client.connect(("127.0.0.1", self.port))
        except OSError:
            client.close()
            raise
        return client

    def flows(self, timeout=0.5):
        """One new connection, there and back."""
        token = os.urandom(8)
        try:
            with self.connect(timeout) as client:
                client.sendall(token)
                return client.recv(8) == token
        except OSError:
            return False

    def seconds_until_data_flows(self, began, most=10):
        while time.monotonic() - began < most:
            if self.flows():
                return time.monotonic() - began
            time.sleep(0.02)
        raise AssertionError(f"no data after {most} s: {self.status()}")

    def log(self):
        with open(os.path.join(self.folder, "tunnels", self.name, "tunnel.log"), encoding="utf-8") as file:
            return file.read()

    def close(self):
        self.command("down", self.name)
        shutil.rmtree(self.folder, ignore_errors=True)
