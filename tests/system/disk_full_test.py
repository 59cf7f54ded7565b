"""A document server whose disk fills up: a number for the writer, answers for readers, nothing lost that it promised."""
import ctypes
import os
import sys
import tempfile
import unittest

import stack as stacks

sys.path.insert(0, os.path.join(stacks.SOURCE, "tests", "api"))
from server import Server  # noqa: E402

FILESYSTEM_FULL = 1104
SIZE = "288m"  # the store keeps 64 MiB free for its own upkeep
DOCUMENT_BYTES = 20_000
folder = None


class DiskFull(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(folder)
        created = cls.server.request("POST", "/_api/collection", {"name": "filling"})
        assert created.status == 200, created.text

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def acknowledged_missing(self, acknowledged):
        answer = self.server.query("FOR k IN @keys FILTER DOCUMENT('filling', k) == null RETURN k", {"keys": acknowledged})
        self.assertEqual(answer.status, 201, answer.text)
        return answer.json["result"]

    def test_writes_end_with_the_number_and_reads_go_on(self):
        acknowledged, refusal = [], None
        for number in range(20_000):
            document = {"_key": f"k{number}", "text": os.urandom(DOCUMENT_BYTES // 2).hex()}
            answer = self.server.request("POST", "/_api/document/filling", document)
            if answer.status not in (201, 202):
                refusal = answer
                break
            acknowledged.append(document["_key"])
        self.assertIsNotNone(refusal, "the disk never got full")
        self.assertEqual((refusal.status, refusal.number), (507, FILESYSTEM_FULL), refusal.text)
        self.assertGreater(len(acknowledged), 100)
        self.assertEqual(self.acknowledged_missing(acknowledged), [])
        again = self.server.request("POST", "/_api/document/filling", {"text": "x" * DOCUMENT_BYTES})
        self.assertGreaterEqual(again.status, 400)
        read = self.server.request("GET", f"/_api/document/filling/{acknowledged[0]}")
        self.assertEqual(read.status, 200, read.text)

        with self.subTest("after kill -9 and with space again"):
            self.server.stop(9)
            os.unlink(os.path.join(folder, "ballast"))
            self.server.start()
            self.assertEqual(self.acknowledged_missing(acknowledged), [])
            written = self.server.request("POST", "/_api/document/filling", {"_key": "later"})
            self.assertIn(written.status, (201, 202), written.text)


def main():
    global folder
    stacks.enter_own_network()
    folder = tempfile.mkdtemp(prefix="workerdb-disk-")
    try:
        if not stacks.mount_small_disk(folder, SIZE):
            # Registered all the same, so that a machine that allows it runs it; storage's own tests fill disks by faults.
            print("mounts are not allowed here, so there is no small disk to fill")
            print("0 passed, 0 failed")
            return
        with open(os.path.join(folder, "ballast"), "wb") as file:
            file.write(bytes(110 << 20))
        stacks.main(__name__)
    finally:
        # Lazily, because the log of a server may still be open; the folder below the mount is empty.
        ctypes.CDLL(None).umount2(folder.encode(), 2)
        try:
            os.rmdir(folder)
        except OSError:
            pass  # an ordinary user's mount ends with this process's namespace; an empty folder stays behind


if __name__ == "__main__":
    main()
