"""The page's "access from local machine", with a whole stack at the SSH host: by hand as written there, with
`workerdb tunnel up`, and with a declared context; then psql, redis-cli and an AQL query."""
import json
import os
import signal
import subprocess
import sys
import unittest

import stack as stacks
from ssh_host import SshHost, Tunnel

host = None


def setUpModule():
    global host
    host = SshHost()
    unittest.addModuleCleanup(host.close)


class AccessFromLocalMachine(unittest.TestCase):

    DOMAIN = "databases-test.svc.cluster.local"

    @classmethod
    def setUpClass(cls):
        cls.stack = stacks.Stack()
        cls.addClassCleanup(cls.stack.close)
        cls.stack.up()
        cls.targets = {"arangodb": cls.stack.documents, "postgresql": cls.stack.postgres, "redis": cls.stack.redis}
        cls.environment = cls.stack.environment()
        # The cluster's names, known to the SSH host alone.
        cls.names = {name: "localhost" for name in cls.targets}
        if host.has_cable:
            names = host.write("hosts", "127.0.0.1 localhost " + " ".join(f"{name}.{cls.DOMAIN}" for name in cls.targets) + "\n")
            os.chmod(names, 0o644)
            if stacks.run(["mount", "--bind", names, "/etc/hosts"]).returncode == 0:
                cls.addClassCleanup(stacks.run, ["umount", "/etc/hosts"])
                cls.names = {name: f"{name}.{cls.DOMAIN}" for name in cls.targets}
        cls.ports = cls.targets if host.has_cable else dict(zip(cls.targets, stacks.free_ports(3)))

    def tunnel(self, **options):
        tunnel = Tunnel(host, self.stack.documents, **options)
        self.addCleanup(tunnel.close)
        return tunnel

    def check_stores(self):
        """psql, redis-cli and an AQL query, on the own machine."""
        with open(self.environment["PGPASSFILE"], encoding="utf-8") as file:
            password = file.readline().strip().split(":")[4]  # the file is for the stack's own port
        environment = {**self.environment, "PGPASSWORD": password, "PGHOST": "localhost", "PGPORT": str(self.ports["postgresql"]),
                       "REDIS_PORT": str(self.ports["redis"])}
        sql = host.own_run(["psql", "-h", "localhost", "-p", str(self.ports["postgresql"]), "-d", "flowmaster_core", "-At", "-c",
                            "SELECT 40 + 2"], env=environment)
        self.assertEqual(sql.stdout.strip(), "42", sql.stderr)
        redis = host.own_run(["redis-cli", "-p", str(self.ports["redis"]), "SET", "session:user_123", "token"], env=environment)
        self.assertEqual(redis.stdout.strip(), "OK", redis.stderr)
        self.assertEqual(host.own_run(["redis-cli", "-p", str(self.ports["redis"]), "GET", "session:user_123"],
                                      env=environment).stdout.strip(), "token")
        with open(environment["ARANGO_PASSWORD_FILE"], encoding="utf-8") as file:
            login = host.write("curl", f'user = "{environment.get("ARANGO_USERNAME", "root")}:{file.read().strip()}"\n')
        query = {"query": 'FOR doc IN process_instances FILTER doc.status == "running" LIMIT 10 RETURN doc'}
        aql = host.own_run(["curl", "-sS", "-K", login, "-d", json.dumps(query),
                            f"http://127.0.0.1:{self.ports['arangodb']}/_db/flowmaster/_api/cursor"])
        self.assertEqual(json.loads(aql.stdout)["code"], 201, aql.stdout + aql.stderr)

    def test_by_hand(self):
        lines = [f"ssh dev-01-root -L {self.ports[name]}:{self.names[name]}:{port} -N &" for name, port in self.targets.items()]
        shell = subprocess.Popen([*host.prefix(), "bash", "-c", f'ssh() {{ exec ssh -F {host.config} "$@"; }}\n' + "\n".join(lines) + "\nwait"],
                                 start_new_session=True)
        try:
            self.assertTrue(stacks.wait_until(self.all_answer, 10))
            self.check_stores()
        finally:
            os.killpg(shell.pid, signal.SIGTERM)
            shell.wait()

    def all_answer(self):
        for port in self.ports.values():
            with host.own_socket() as client:
                if client.connect_ex(("127.0.0.1", port)) != 0:
                    return False
        return True

    def test_with_tunnel_up(self):
        forwards = [f"{name}={self.ports[name]}:{self.names[name]}:{port}" for name, port in self.targets.items()]
        tunnel = self.tunnel(forwards=forwards)
        done = tunnel.up()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.check_stores()
        host.signal_sessions(signal.SIGKILL)
        self.check_stores()
        self.assertEqual(tunnel.status()["connects"], 2)
        print(tunnel.command("status", "dev").stdout, file=sys.stderr)

    def test_by_a_declared_context(self):
        contexts = host.write("contexts.yaml", f"""contexts:
  production:
    class: production
    namespace: databases-test
    ssh: {{host: dev-01-root, config: {host.config}}}
    documents: {{service: arangodb}}
    relational: {{service: postgresql}}
    cache: {{service: redis, local_port: {host.own_free_port()}}}
""")
        tunnel = self.tunnel(name="production")
        environment = {**os.environ, "WORKERDB_STATE_HOME": tunnel.folder, "WORKERDB_CONTEXTS": contexts}
        environment.pop("KUBERNETES_SERVICE_HOST", None)
        done = host.own_run([stacks.PROGRAM, "tunnel", "up", "production", "--json"], env=environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        forwards = {forward["name"]: forward for forward in json.loads(done.stdout)["forwards"]}
        self.assertEqual(forwards["documents"]["target_host"], f"arangodb.{self.DOMAIN}")
        self.assertEqual({name: forward["target_port"] for name, forward in forwards.items()},
                         {"documents": 8529, "relational": 5432, "cache": 6379})
        if self.names["redis"] != "localhost":  # the names and the standard ports are there to be reached
            with host.own_socket() as client:
                client.settimeout(5)
                client.connect(("127.0.0.1", forwards["cache"]["local_port"]))
                client.sendall(b"PING\r\n")
                self.assertIn(b"NOAUTH", client.recv(100))


if __name__ == "__main__":
    stacks.main(__name__)
