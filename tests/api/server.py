"""A document server alone (`workerdb serve`) in a folder of its own, and a plain HTTP client for it."""
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))
from stack import PROGRAM, main  # noqa: E402,F401


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.text = response.read().decode("utf-8")
        self.json = json.loads(self.text) if self.text.startswith(("{", "[")) else None

    @property
    def number(self):
        return self.json.get("errorNum") if isinstance(self.json, dict) else None


class Server:
    def __init__(self, folder=None, authentication=False):
        self.folder = folder or tempfile.mkdtemp(prefix="workerdb-api-")
        self.owns_folder = folder is None
        self.authentication = authentication
        self.start()

    def start(self):
        command = [PROGRAM, "serve", "--data", os.path.join(self.folder, "engine"), "--documents-port", "0"]
        if not self.authentication:
            command.append("--no-authentication")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("ready "):
            raise RuntimeError(f"serve did not start: {line!r}")
        self.port = int(line.rsplit(":", 1)[1])

    def request(self, method, path, body=None, headers=None):
        """`body`: bytes and text as they are, anything else as JSON."""
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers or {})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def query(self, text, bind=None, **options):
        return self.request("POST", "/_api/cursor", {"query": text, "bindVars": bind or {}, "options": options})

    def stop(self, by=signal.SIGTERM):
        self.process.send_signal(by)
        self.process.wait(timeout=30)
        self.process.stdout.close()

    def close(self):
        if self.process.poll() is None:
            self.stop()
        if self.owns_folder:
            shutil.rmtree(self.folder, ignore_errors=True)
