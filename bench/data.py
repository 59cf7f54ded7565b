"""The data set of the benchmarks, the same at every run: instances of workflows, the executions of their nodes, and a
graph of nodes and links. Written once as files that each store loads with its own means."""
import json
import os
import random

STATES = ["running", "waiting", "completed", "failed"]
EXECUTION_STATES = ["done", "failed", "skipped", "retried"]
REGIONS = ["eu", "us", "asia"]
DEFINITIONS, TEAMS, PRIORITIES = 200, 17, 1000
LINKS_OF_NODE = 4


class Scale:
    def __init__(self, instances, executions, nodes):
        self.instances, self.executions, self.nodes = instances, executions, nodes
        self.links = nodes * LINKS_OF_NODE


FULL = Scale(200_000, 400_000, 20_000)
SMALL = Scale(2_000, 4_000, 200)


def mixed(number, salt):
    """A number that looks random, of two others: cheaper than a generator for each document."""
    bits = (number * 0x9E3779B97F4A7C15 + salt * 0xD6E8FEB86659FD93) & 0xFFFFFFFFFFFFFFFF
    bits = ((bits ^ (bits >> 32)) * 0xD6E8FEB86659FD93) & 0xFFFFFFFFFFFFFFFF
    return bits ^ (bits >> 29)


def words(length):
    chance = random.Random(5)
    parts = ["".join(chance.choice("abcdefghijklmnoprstuvw") for _ in range(chance.randrange(2, 10)))
             for _ in range(length // 5)]
    return " ".join(parts)[:length]


NOTES, NOTE_LENGTH = words(65_536), 195


def timestamp(number, salt):
    bits = mixed(number, salt)
    return (f"2026-{bits % 12 + 1:02}-{bits // 12 % 28 + 1:02}T{bits // 336 % 24:02}:{bits // 8064 % 60:02}:"
            f"{bits // 483840 % 60:02}.{number % 1000:03}Z")


def instance(number):
    user, note = mixed(number, 3) % 5000, mixed(number, 4) % (len(NOTES) - NOTE_LENGTH)
    team = user % TEAMS
    return {
        "_key": f"i{number}",
        "definition": f"workflow_{mixed(number, 1) % DEFINITIONS}",
        "status": STATES[mixed(number, 2) % len(STATES)],
        "priority": mixed(number, 5) % PRIORITIES,
        "cost": mixed(number, 6) % 100_000,
        "created_at": timestamp(number, 7),
        "started_at": timestamp(number, 8),
        "owner": {"id": f"user{user}", "mail": f"user{user}@example.org",
                  "team": {"name": f"team{team}", "region": REGIONS[team % 3]}},
        "variables": {"order": f"order-{mixed(number, 9) % 1_000_000}", "amount": mixed(number, 10) % 10_000,
                      "currency": "EUR", "is_approved": number % 3 == 0, "retries": number % 4},
        "tags": [f"tag{mixed(number, 11 + i) % 50}" for i in range(3)],
        "note": NOTES[note:note + NOTE_LENGTH],
    }


def execution(number, scale):
    return {
        "_key": f"e{number}",
        "instance": f"i{mixed(number, 21) % scale.instances}",
        "node": f"task_{mixed(number, 22) % 40}",
        "state": EXECUTION_STATES[mixed(number, 23) % len(EXECUTION_STATES)],
        "duration_ms": mixed(number, 24) % 60_000,
        "started": timestamp(number, 25),
    }


def links(scale):
    """Pairs of numbers: each node has as many links as any other, to nodes by chance."""
    return [(number // LINKS_OF_NODE, mixed(number, 31) % scale.nodes) for number in range(scale.links)]


class Files:
    """Lines of JSON for each collection, the same with their keys in front for COPY, and the links as numbers."""

    def __init__(self, folder, scale):
        self.folder, self.scale = folder, scale
        self._write("instances", (instance(number) for number in range(scale.instances)))
        self._write("executions", (execution(number, scale) for number in range(scale.executions)))
        self._write("nodes", ({"_key": f"n{number}", "name": f"node number {number}"} for number in range(scale.nodes)))
        pairs = links(scale)
        self._write("links", ({"_key": f"l{number}", "_from": f"nodes/n{source}", "_to": f"nodes/n{target}"}
                              for number, (source, target) in enumerate(pairs)))
        with open(self.pairs(), "w", encoding="ascii") as file:
            file.writelines(f"{source}\t{target}\n" for source, target in pairs)

    def lines(self, name):
        return os.path.join(self.folder, name + ".jsonl")

    def copy(self, name):
        return os.path.join(self.folder, name + ".copy")

    def pairs(self):
        return os.path.join(self.folder, "links.tsv")

    def _write(self, name, documents):
        with open(self.lines(name), "w", encoding="utf-8") as lines, open(self.copy(name), "w", encoding="utf-8") as copy:
            for document in documents:
                text = json.dumps(document, separators=(",", ":"))
                lines.write(text + "\n")
                copy.write(document["_key"] + "\t" + text.replace("\\", "\\\\") + "\n")
