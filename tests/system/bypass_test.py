"""Attempts to write, and to read what is not allowed, through the guarded reads (bypass_corpus.jsonl).

They run twice against one stack, each time with leases whose scope is the open things alone: with both layers, where
every attempt has to be refused, and with the analysis of queries switched off, where the stores alone stand in the way.
After each run everything in the three stores is as it was before, and no answer held one of the secret values."""
import base64
import json
import os
import subprocess
import unittest
import urllib.request

import stack as stacks

READER = os.path.join(os.environ.get("WORKERDB_BUILD", os.path.join(stacks.SOURCE, "build", "dev")), "tests", "system", "guarded_read")
HERE = os.path.dirname(os.path.abspath(__file__))
DATABASE = "flowmaster"
OPEN_TABLES = ["public.open_items", "public.open_view", "public.open_materialized", "public.writing_view"]
OPEN_COLLECTIONS = ["open_items", "open_edges"]
MOST_SHOWN = 20

stack = None
scratch = None
corpus = []
logins = {}


# ---- the three stores as their owner sees them -----------------------------------------------------------


def owner_sql(script):
    path = os.path.join(stack.folder, "script.sql")
    with open(path, "w", encoding="utf-8") as file:
        file.write(script)
    done = stack.workerdb("sql", "-f", path, "-d", "flowmaster_core", "--format", "jsonl")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def owner_http(method, path, body=None):
    with open(stack.environment()["ARANGO_PASSWORD_FILE"], encoding="utf-8") as file:
        login = base64.b64encode(("root:" + file.read().strip()).encode()).decode()
    request = urllib.request.Request(f"http://127.0.0.1:{stack.documents}{path}", method=method,
                                     data=None if body is None else json.dumps(body).encode(),
                                     headers={"Authorization": "Basic " + login})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


def owner_aql(query, database=DATABASE):
    return owner_http("POST", f"/_db/{database}/_api/cursor", {"query": query, "batchSize": 100000})["result"]


def owner_redis(*command):
    done = stack.workerdb("redis", "--format", "jsonl", *command)
    assert done.returncode == 0, (command, done.stderr)
    return json.loads(done.stdout)


# ---- what is in them -------------------------------------------------------------------------------------


def relational_state():
    state = {}
    tables = owner_sql("SELECT format('%I.%I', schemaname, tablename) AS t FROM pg_tables WHERE schemaname !~ '^pg_' "
                       "AND schemaname <> 'information_schema' UNION SELECT format('%I.%I', schemaname, matviewname) FROM pg_matviews ORDER BY 1")
    contents = "".join(f"SELECT '{name}' AS t, count(*) AS n, md5(string_agg(x::text, ';' ORDER BY x::text)) AS m FROM {name} x;\n"
                       for name in [row["t"] for row in tables])
    state["contents"] = [json.dumps(row) for row in owner_sql(contents)]
    questions = {
        "objects": "SELECT relname, relkind, relacl::text, relowner::regrole::text FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname !~ '^pg_'",
        "columns": "SELECT attrelid::regclass::text, attname FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname !~ '^pg_'",
        "functions": "SELECT oid::regprocedure::text, md5(prosrc) FROM pg_proc WHERE pronamespace >= 16384 OR pronamespace = 'public'::regnamespace",
        "sequences": "SELECT schemaname, sequencename, last_value FROM pg_sequences",
        "roles": "SELECT rolname, rolsuper, rolcanlogin, md5(rolpassword) AS p FROM pg_authid WHERE rolname NOT LIKE 'workerdb\\_lease%'",
        "members": "SELECT roleid::regrole::text, member::regrole::text FROM pg_auth_members",
        "databases": "SELECT datname FROM pg_database",
        "settings": "SELECT name, setting FROM pg_settings WHERE source IN ('configuration file', 'command line', 'database', 'user')",
        "stored_settings": "SELECT s.setdatabase, s.setconfig::text FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole WHERE r.rolname IS NULL OR r.rolname NOT LIKE 'workerdb\\_lease%'",
        "large_objects": "SELECT loid, md5(string_agg(data, '' ORDER BY pageno)) AS m FROM pg_largeobject GROUP BY loid",
        "comments": "SELECT objoid, description FROM pg_description WHERE objoid >= 16384",
        "slots": "SELECT slot_name FROM pg_replication_slots",
        "prepared": "SELECT gid FROM pg_prepared_xacts",
        "locks": "SELECT locktype, classid, objid FROM pg_locks WHERE locktype = 'advisory'",
        "extensions": "SELECT extname FROM pg_extension",
        "other": "SELECT evtname AS x FROM pg_event_trigger UNION ALL SELECT pubname FROM pg_publication UNION ALL SELECT subname FROM pg_subscription UNION ALL SELECT srvname FROM pg_foreign_server UNION ALL SELECT tgname FROM pg_trigger UNION ALL SELECT rulename FROM pg_rewrite",
    }
    for row in owner_sql("".join(f"SELECT '{name}' AS q, row_to_json(whole)::text AS r FROM ({query}) whole;\n" for name, query in questions.items())):
        state.setdefault(row["q"], []).append(row["r"])
    return {name: sorted(rows) for name, rows in state.items()}


def document_state():
    state = {"databases": sorted(owner_http("GET", "/_api/database")["result"])}
    for database in state["databases"]:
        collections = owner_http("GET", f"/_db/{database}/_api/collection")["result"]
        for name in sorted(collection["name"] for collection in collections):
            if name in ("_statistics", "_statisticsRaw", "_statistics15", "_users"):
                continue
            rows = owner_aql(f"FOR d IN `{name}` SORT d._key RETURN d", database)
            state[f"{database}/{name}"] = [json.dumps(row, sort_keys=True) for row in rows]
    state["users"] = sorted(user["user"] for user in owner_http("GET", "/_api/user")["result"] if not user["user"].startswith("workerdb_lease"))
    return state


def cache_state():
    state = {}
    cursor = "0"
    keys = []
    while True:
        cursor, found = owner_redis("SCAN", cursor, "COUNT", "1000")
        keys += found
        if cursor == "0":
            break
    lines = "".join(f"DUMP {key}\nPEXPIRETIME {key}\n" for key in sorted(keys))
    done = stack.workerdb("redis", "--format", "jsonl", input=lines)
    assert done.returncode == 0, done.stderr
    state["contents"] = sorted(keys) + done.stdout.splitlines()
    state["config"] = owner_redis("CONFIG", "GET", "*")
    state["users"] = sorted(rule for rule in owner_redis("ACL", "LIST") if "workerdb_lease" not in rule)
    state["functions"] = owner_redis("FUNCTION", "LIST")
    return state


def state_of_everything():
    return {"relational": relational_state(), "documents": document_state(), "cache": cache_state(), "files": sorted(os.listdir(scratch))}


# ---- what is put into them -------------------------------------------------------------------------------


def fill_relational():
    with open(os.path.join(HERE, "bypass_setup.sql"), encoding="utf-8") as file:
        owner_sql(file.read())
    return owner_sql("SELECT lo_from_bytea(0, 'CANARY-large-object')::text AS id")[0]["id"]


def fill_documents():
    for name, kind in (("open_items", 2), ("secret_items", 2), ("open_edges", 3), ("secret_edges", 3)):
        owner_http("POST", f"/_db/{DATABASE}/_api/collection", {"name": name, "type": kind})
    owner_aql("FOR k IN ['a', 'b', 'c'] INSERT {_key: k, x: 1, reference: 'secret_items/a'} INTO open_items")
    owner_aql("FOR k IN ['a', 'b'] INSERT {_key: k, x: 1, body: 'CANARY-document'} INTO secret_items")
    owner_aql("INSERT {_from: 'open_items/a', _to: 'secret_items/a', open: true} INTO open_edges")
    owner_aql("INSERT {_from: 'open_items/a', _to: 'secret_items/a', body: 'CANARY-edge'} INTO secret_edges")
    owner_http("POST", f"/_db/{DATABASE}/_api/index?collection=secret_items", {"type": "persistent", "fields": ["body"]})


def fill_cache():
    for prefix, word in (("open", "value"), ("secret", "CANARY")):
        owner_redis("SET", f"{prefix}:a", f"{word}-string")
        owner_redis("SET", f"{prefix}:number", "41")
        owner_redis("SET", f"{prefix}:timed", word, "PXAT", "4102444800000")
        owner_redis("RPUSH", f"{prefix}:list", "a", "b", f"{word}-list")
        owner_redis("SADD", f"{prefix}:set", "a", f"{word}-set")
        owner_redis("HSET", f"{prefix}:hash", "f", f"{word}-hash", "n", "1")
        owner_redis("ZADD", f"{prefix}:zset", "1", f"{word}-zset")
        owner_redis("XADD", f"{prefix}:stream", "1-1", "f", f"{word}-stream")
        owner_redis("PFADD", f"{prefix}:hll", word)
        owner_redis("GEOADD", f"{prefix}:geo", "0.1", "0.1", f"{word}-geo")
    owner_redis("SET", "secret:CANARY-key-name", "x")


def lease(store, database, objects):
    path = os.path.join(stack.folder, "lease-" + store)
    done = stack.workerdb("credential", "lease", "--store", store, "-d", database, "--objects", ",".join(objects), "--for", "1h", "--output", path)
    assert done.returncode == 0, done.stderr
    with open(path, encoding="utf-8") as file:
        user, password = file.read().strip().split(":", 1)
    return {"user": user, "password": password, "database": database, "objects": objects}


def setUpModule():
    global stack, scratch
    stack = stacks.Stack()
    unittest.addModuleCleanup(stack.close)
    stack.up()
    scratch = os.path.join(stack.folder, "scratch")
    os.mkdir(scratch)
    os.chmod(scratch, 0o777)  # the server's user could write there, if it were made to
    large_object = fill_relational()
    fill_documents()
    fill_cache()
    logins["relational"] = lease("relational", "flowmaster_core", OPEN_TABLES) | {"port": stack.postgres}
    logins["documents"] = lease("documents", DATABASE, OPEN_COLLECTIONS) | {"port": stack.documents}
    logins["cache"] = lease("cache", "0", ["open:*"]) | {"port": stack.redis}
    with open(os.path.join(HERE, "bypass_corpus.jsonl"), encoding="utf-8") as file:
        for line in file:
            corpus.append(json.loads(line.replace("@DIR@", scratch).replace("@LO@", large_object)))


# ---- the attempts ----------------------------------------------------------------------------------------


def attempt_all(layer, attempts):
    """The answer of each attempt, from a process that has the leases and nothing else."""
    config = os.path.join(stack.folder, "guarded-read.json")
    with open(config, "w", encoding="utf-8") as file:
        os.chmod(config, 0o600)
        json.dump(logins, file)
    reader = subprocess.run([READER, layer, config], input="".join(json.dumps(attempt) + "\n" for attempt in attempts), text=True,
                            capture_output=True, timeout=800, cwd=stack.folder)
    assert reader.returncode == 0, reader.stderr
    answers = [json.loads(line) for line in reader.stdout.splitlines()]
    assert len(answers) == len(attempts), reader.stderr
    return answers


def disguises(word):
    """The word as itself and as a query could have turned it."""
    data = word.encode()
    return [word.lower(), word[::-1].lower(), data.hex(), base64.b64encode(data).decode()[:6].lower()]


def tells_a_secret(answer):
    text = json.dumps(answer).lower()
    return any(disguise in text for disguise in disguises("CANARY"))


def difference(before, after):
    if isinstance(before, list):
        return [item for item in before + after if (item in before) != (item in after)][:MOST_SHOWN]
    return {key: difference(before.get(key, []), after.get(key, [])) for key in before | after if before.get(key) != after.get(key)}


def shown(attempt):
    return f"{attempt['kind']}: {attempt.get('text') or attempt.get('command')}"


class Bypass(unittest.TestCase):
    def check(self, layer, attempts):
        before = state_of_everything()
        answers = attempt_all(layer, attempts)
        after = state_of_everything()
        for store, state in before.items():
            if state != after[store]:
                self.fail(f"the {store} changed: {difference(state, after[store])}")
        leaks = [shown(attempt) for attempt, answer in zip(attempts, answers) if tells_a_secret(answer)]
        self.assertEqual(leaks[:MOST_SHOWN], [], "forbidden reads")
        return answers

    def test_0_the_corpus_is_large_enough_and_its_ground_is_as_it_says(self):
        self.assertGreaterEqual(len(corpus), 300)
        texts = [json.dumps(attempt.get("text") or attempt.get("command")) + json.dumps(attempt.get("bind")) for attempt in corpus]
        self.assertEqual(len(texts), len(set(texts)), "an attempt stands twice")
        reads = [{"store": "sql", "text": "SELECT * FROM open_items ORDER BY id"}, {"store": "sql", "text": "SELECT upper(name) FROM open_view"},
                 {"store": "sql", "text": "SELECT $1::int + 1 AS n", "parameters": ["41"]}, {"store": "aql", "text": "FOR d IN open_items RETURN d._key"},
                 {"store": "aql", "text": "RETURN DOCUMENT('open_items/a')"}, {"store": "cache", "command": ["GET", "open:a"]}, {"store": "cache", "command": ["HGETALL", "open:hash"]}]
        for layer in ("on", "off"):
            for attempt, answer in zip(reads, attempt_all(layer, reads)):
                self.assertTrue(answer["ok"] and answer["rows"], f"{attempt}: {answer}")

    def test_1_both_layers_refuse_every_attempt(self):
        answers = self.check("on", corpus)
        passed = [shown(attempt) for attempt, answer in zip(corpus, answers) if answer["ok"] and attempt.get("refused", True)]
        self.assertEqual(passed[:MOST_SHOWN], [], f"{len(passed)} attempts were let through")
        print(f"\n{len(corpus)} attempts: 0 writes, 0 forbidden reads")

    def test_2_the_stores_alone_let_nothing_happen(self):
        attempts = [attempt for attempt in corpus if not attempt.get("needs_second_layer")]
        answers = self.check("off", attempts)
        ran = sum(answer["ok"] for answer in answers)
        self.assertGreater(ran, 0, "the analysis was not off")
        print(f"\n{len(attempts)} attempts without analysis: 0 writes, 0 forbidden reads ({ran} ran without any effect; "
              f"{len(corpus) - len(attempts)} left out: the server lets PUBLIC call them)")

    def test_3_limits_cut_and_say_so(self):
        sql = [{"store": "sql", "text": "SELECT * FROM generate_series(1, 100)"}, {"store": "sql", "text": "SELECT generate_series(1, 1000000)"},
               {"store": "sql", "text": "SELECT repeat('x', 50000) FROM generate_series(1, 3)"},
               {"store": "aql", "text": "FOR i IN 1..101 RETURN i"}, {"store": "aql", "text": "FOR i IN 1..100 RETURN i"}]
        answers = attempt_all("on", sql)
        self.assertEqual([(len(answer["rows"]), answer.get("truncated")) for answer in answers],
                         [(100, None), (100, "rows"), (1, "bytes"), (100, "rows"), (100, None)])
        owner_redis("RPUSH", "open:long", *[str(i) for i in range(150)])
        answer = attempt_all("on", [{"store": "cache", "command": ["LRANGE", "open:long", "0", "-1"]}])[0]
        owner_redis("DEL", "open:long")
        self.assertEqual((len(json.loads(answer["rows"][0])), answer["truncated"]), (100, "rows"))


if __name__ == "__main__":
    stacks.main()
