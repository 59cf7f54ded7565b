#!/usr/bin/env python3
"""Kills crash_writer at random moments and compares what the next one finds with what was acknowledged.

    kill_test.py PROGRAM ROUNDS [SEED]

After each kill, for each writing thread: every acknowledged transaction is there, the one that was in progress is there
as a whole or not at all, indexes and documents agree, and the collection that is being renamed is complete under exactly
one name.
"""

import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

MOVING_DOCUMENTS = 300


class Failure(Exception):
    pass


class Oracle:
    """What must be in the store: by thread, the documents of all acknowledged transactions and the one in progress."""

    def __init__(self):
        self.documents = {}   # thread -> {"collection/key": value}
        self.open = {}        # thread -> (number, operations)
        self.is_prepared = False
        self.acknowledged = 0

    def take(self, line):
        kind, thread, number, *operations = line.split()
        if kind == "B":
            self.open[thread] = (number, operations)
        else:
            begun, operations = self.open.pop(thread)
            if begun != number:
                raise Failure(f"thread {thread} acknowledged {number}, but {begun} was in progress")
            self.documents[thread] = self.after(thread, operations)
            self.acknowledged += 1

    def after(self, thread, operations):
        result = dict(self.documents.get(thread, {}))
        for operation in operations:
            if operation[0] == "-":
                result.pop(operation[1:], None)
            else:
                name, value = operation[1:].split("=")
                result[name] = value
        return result

    def compare(self, found):
        for thread in set(found) | set(self.documents) | set(self.open):
            actual = found.get(thread, {})
            expected = self.documents.get(thread, {})
            candidates = [expected]
            if thread in self.open:
                candidates.append(self.after(thread, self.open[thread][1]))
            if actual not in candidates:
                missing = {k: v for k, v in expected.items() if actual.get(k) != v}
                extra = {k: v for k, v in actual.items() if expected.get(k) != v}
                raise Failure(f"thread {thread}: expected but not found {missing}, found but not expected {extra}, "
                              f"in progress {self.open.get(thread)}")
            self.documents[thread] = actual
        self.open.clear()


def read_report(lines, oracle):
    """The report at the start of a writer; False if it was killed before its end."""
    found, moving = {}, {}
    for line in lines:
        if line.startswith("F "):
            raise Failure(line)
        if line == "R":
            oracle.compare(found)
            check_moving(moving, oracle)
            return True
        _, collection, key, value = line.split()
        if collection in ("moving", "moved"):
            moving.setdefault(collection, set()).add(value)
        else:
            found.setdefault(key[1 : key.index("-")], {})[f"{collection}/{key}"] = value
    return False


def check_moving(moving, oracle):
    if len(moving) > 1:
        raise Failure(f"the renamed collection is there twice: {moving.keys()}")
    for values in moving.values():
        if len(values) not in (0, MOVING_DOCUMENTS):
            raise Failure(f"the renamed collection has {len(values)} documents")
    if oracle.is_prepared and not moving:
        raise Failure("the renamed collection is gone")


def run_round(program, folder, argument, oracle, chance):
    process = subprocess.Popen([program, folder, argument], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    timer = None
    if argument != "check" and chance.random() < 0.15:
        timer = threading.Timer(chance.uniform(0, 0.12), process.kill)   # while it opens
        timer.start()
    lines = (line.decode().rstrip("\n") for line in process.stdout)
    try:
        complete = read_report(lines, oracle)
        for line in lines:
            if line == "W":
                oracle.is_prepared = True
                if timer is None:
                    timer = threading.Timer(chance.uniform(0.005, 0.25), process.kill)
                    timer.start()
            elif line.startswith("F "):
                raise Failure(line)
            else:
                oracle.take(line)
    finally:
        process.kill()
        process.stdout.close()
        errors = process.stderr.read().decode()
        process.stderr.close()
        status = process.wait()
        if timer is not None:
            timer.cancel()
    if status not in (0, -9):
        raise Failure(f"the writer ended with {status}: {errors}")
    if argument == "check" and not complete:
        raise Failure("the last report is not complete")


def main():
    program, rounds = sys.argv[1], int(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else int(time.time())
    chance = random.Random(seed)
    folder = tempfile.mkdtemp(prefix="workerdb-crash-")
    oracle = Oracle()
    passed = 0
    print(f"seed {seed}", flush=True)
    try:
        for number in range(rounds):
            run_round(program, folder, str(seed + number), oracle, chance)
            passed += 1
        run_round(program, folder, "check", oracle, chance)
    except Failure as failure:
        print(f"round {passed}: {failure}\nthe folder is kept: {folder}")
        print(f"{passed} passed, 1 failed")
        return 1
    if oracle.acknowledged < rounds:
        print(f"only {oracle.acknowledged} transactions were acknowledged: nothing was tested")
        print(f"{passed} passed, 1 failed")
        return 1
    shutil.rmtree(folder)
    print(f"{oracle.acknowledged} acknowledged transactions")
    print(f"{passed} passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
