"""`workerdb sh`: arangosh's habits over HTTP: method groups, errors, limits, passwords, and a person at a terminal."""
import base64
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from stack import PROGRAM, main, run, wait_until

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "api"))
import server as servers  # noqa: E402

PASSWORD = "Ladder-7-Quiet"
server = None
folder = None


def setUpModule():
    global server, folder
    folder = tempfile.TemporaryDirectory(prefix="workerdb-shell-")
    with open(os.path.join(folder.name, "password"), "w", encoding="utf-8") as file:
        file.write(PASSWORD + "\n")
    os.chmod(file.name, 0o600)
    server = servers.Server(authentication=True)
    login = {"Authorization": "Basic " + base64.b64encode(b"root:").decode()}
    answer = server.request("PATCH", "/_api/user/root", {"passwd": PASSWORD}, login)
    if answer.status != 200:
        raise RuntimeError(answer.text)


def tearDownModule():
    server.close()
    folder.cleanup()


def environment(**more):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ARANGO")}
    return {**clean, "XDG_STATE_HOME": os.path.join(folder.name, "state"), "TERM": "xterm", **more}


def arguments(*more):
    return [PROGRAM, "sh", "--server.endpoint", f"http://127.0.0.1:{server.port}", "--server.password-file",
            os.path.join(folder.name, "password"), *more]


def execute(*scripts, more=(), **options):
    words = [word for script in scripts for word in ("--javascript.execute-string", script)]
    options.setdefault("env", environment())
    return run(arguments(*more, *words), **options)


def values(script):
    """The JSON values that a script hands to out(), one a line."""
    done = execute("const out = (value) => printf('%j\\n', value === undefined ? null : value); " + script)
    if done.returncode != 0:
        raise AssertionError(f"exit {done.returncode}: {done.stdout}{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


class Scripts(unittest.TestCase):
    def setUp(self):
        execute("db._drop('things'); db._create('things'); db._drop('links'); db._createEdgeCollection('links')")

    def test_the_insert_of_the_handbook_as_written(self):
        insert = ('db.process_definitions.insert({\n_key: "workflow_123",\nname: "Approval Workflow",\nversion: "1.0",\n'
                  'type: "workflow",\ndefinition: { }\n})')
        query = 'FOR doc IN process_definitions\nFILTER doc.type == "workflow"\nRETURN doc'
        running = 'FOR doc IN process_instances FILTER doc.status == "running" LIMIT 10 RETURN doc'
        got = values(f"db._create('process_definitions'); db._create('process_instances'); out({insert}); "
                     f"out(db._query(`{query}`).toArray()); out(db._query(`{running}`).toArray()); "
                     "db._drop('process_definitions'); db._drop('process_instances')")
        self.assertEqual(got[0]["_id"], "process_definitions/workflow_123")
        self.assertEqual([(item["_key"], item["definition"]) for item in got[1]], [("workflow_123", {})])
        self.assertEqual(got[2], [])

    def test_query_with_bind_variables_and_options(self):
        got = values("const c = db._query('FOR i IN 1..@n RETURN i', {n: 5}, {count: true, batchSize: 2});"
                     "out(c.count()); out(c.hasNext()); out(c.next()); out(c.toArray()); out(c.hasNext());"
                     "out(db._query('FOR i IN 1..9 LIMIT 2 RETURN i', {}, {fullCount: true}).getExtra().stats.fullCount);"
                     "out(db._query('FOR i IN 1..9 LIMIT 2 RETURN i', {}, {count: true}, {fullCount: true}).count());"
                     "out(db._query({query: 'RETURN @a', bindVars: {a: 1}}).toArray())")
        self.assertEqual(got, [5, True, 1, [2, 3, 4, 5], False, 9, 2, [1]])

    def test_cursor_is_iterable_and_can_be_disposed(self):
        got = values("let sum = 0; for (const i of db._query('FOR i IN 1..5000 RETURN i')) sum += i; out(sum);"
                     "const c = db._query('FOR i IN 1..5000 RETURN i', {}, {batchSize: 10}); c.next(); c.dispose();"
                     "try { c.next() } catch (e) { out(e.errorNum) }"
                     "const d = db._query('RETURN 1'); d.next(); try { d.next() } catch (e) { out(e.message) }")
        self.assertEqual(got, [12502500, 1600, "the cursor has no more documents"])

    def test_aql_templates(self):
        got = values("const name = 'x\" RETURN 1'; out(aql`RETURN ${name}`);"
                     "db.things.insert({_key: 'a', v: 1}); out(db._query(aql`FOR d IN ${db.things} FILTER d.v == ${1} RETURN d._key`).toArray());"
                     "out(aql`${aql.literal('RETURN')} ${1}`); out(aql.join([1, aql`x`, 2], ' + '));"
                     "const f = aql`FILTER d.v == ${3}`; out(aql`FOR d IN c ${f} ${undefined}RETURN ${3}`);"
                     "out(aql`RETURN ${{query: '1', bindVars: {}}}`)")
        self.assertEqual(got[0], {"query": "RETURN @value0", "bindVars": {"value0": 'x" RETURN 1'}})
        self.assertEqual(got[1], ["a"])
        self.assertEqual(got[2], {"query": "RETURN @value0", "bindVars": {"value0": 1}})
        self.assertEqual(got[3], {"query": "@value0 + x + @value1", "bindVars": {"value0": 1, "value1": 2}})
        self.assertEqual(got[4], {"query": "FOR d IN c FILTER d.v == @value0 RETURN @value0", "bindVars": {"value0": 3}})
        # What only looks like a template is a value.
        self.assertEqual(got[5]["query"], "RETURN @value0")

    def test_statements(self):
        got = values("const s = db._createStatement({query: 'FOR i IN 1..@n RETURN i', count: true}); s.bind('n', 3);"
                     "const c = s.execute(); out(c.count()); out(c.toArray()); out(s.getBindVariables()); out(s.parse().bindVars);"
                     "out(s.explain().plan.nodes.length > 0)")
        self.assertEqual(got, [3, [1, 2, 3], {"n": 3}, ["n"], True])

    def test_explain_parse_and_profile(self):
        explained = execute("db._explain('FOR d IN things FILTER d.a == 1 RETURN d'); db._profileQuery('FOR i IN 1..3 RETURN i')").stdout
        self.assertIn("EnumerateCollectionNode", explained)
        self.assertIn("FOR d IN things", explained)
        self.assertIn("Query profile:", explained)
        self.assertEqual(values("out(db._parse('FOR d IN things RETURN @x').bindVars)"), [["x"]])

    def test_insert_save_and_document(self):
        got = values("out(db.things.insert({_key: 'a', v: 1})._id); out(db.things.save({_key: 'b'})._key);"
                     "out(db.things.insert([{_key: 'c'}, {_key: 'a'}]).map((r) => r._key || r.errorNum));"
                     "out(db.things.insert({_key: 'a', v: 2}, {overwriteMode: 'replace', returnNew: true, returnOld: true}));"
                     "out(db.things.insert({_key: 's'}, {silent: true})); out(db.things.document('a').v);"
                     "out(db.things.document('things/a').v); out(db._document('things/a').v); out(db.things.document({_key: 'a'}).v);"
                     "out(db.things.document(['a', 'nobody']).map((r) => r.v || r.errorNum)); out(db.things.count())")
        self.assertEqual(got[:3], ["things/a", "b", ["c", 1210]])
        self.assertEqual((got[3]["new"]["v"], got[3]["old"]["v"]), (2, 1))
        self.assertEqual(got[4:], [None, 2, 2, 2, 2, [2, 1202], 4])

    def test_exists(self):
        got = values("const m = db.things.insert({_key: 'a'}); out(db.things.exists('a')._rev === m._rev); out(db.things.exists('b'));"
                     "out(db._exists('things/a')._key); db.things.update('a', {x: 1}); try { db.things.exists(m) } catch (e) { out(e.errorNum) }"
                     "try { const gone = db.things; db._drop('things'); gone.exists('a') } catch (e) { out(e.errorNum) }")
        self.assertEqual(got, [True, False, "a", 1200, 1203])

    def test_update_replace_and_remove(self):
        got = values("const m = db.things.insert({_key: 'a', v: 1, w: {x: 1}}); const u = db.things.update(m, {w: {y: 2}});"
                     "out(u._oldRev === m._rev); out(db.things.document('a').w);"
                     "for (const f of [() => db.things.update(m, {}), () => db.things.replace(m, {}), () => db.things.remove(m)])"
                     "  try { f() } catch (e) { out(e.errorNum) }"
                     "out(db.things.update(m, {w: null, z: 1}, {overwrite: true, keepNull: false, mergeObjects: false, returnNew: true}).new.z);"
                     "db.things.replace('a', {only: 1}); out(Object.keys(db.things.document('a')).sort());"
                     "out(db.things.remove('a', {returnOld: true}).old.only); out(db.things.exists('a'));"
                     "db.things.insert([{_key: 'p'}, {_key: 'q'}]); out(db.things.update(['p', 'q'], [{n: 1}, {n: 2}]).length);"
                     "out(db.things.remove(['p', {_id: 'things/q'}, 'r']).map((r) => r._key || r.errorNum));"
                     "db.things.insert({_key: 'o'}); db._update('things/o', {k: 1}); db._replace('things/o', {k: 2}); out(db._document('things/o').k);"
                     "db._remove('things/o'); out(db.things.count())")
        self.assertEqual(got, [True, {"x": 1, "y": 2}, 1200, 1200, 1200, 1, ["_id", "_key", "_rev", "only"], 1, False, 2,
                               ["p", "q", 1202], 2, 0])

    def test_examples(self):
        got = values("db.things.insert([{_key: 'a', n: {x: 1}, k: 1}, {_key: 'b', n: {x: 1, y: 2}, k: 1}, {_key: 'c', k: 2}]);"
                     "const keys = (q) => q.toArray().map((d) => d._key).sort(); out(keys(db.things.byExample({n: {x: 1}})));"
                     "out(keys(db.things.byExample({'n.x': 1}))); out(keys(db.things.byExample('k', 1, '_key', 'b')));"
                     "out(db.things.firstExample({k: 2})._key); out(db.things.firstExample({k: 9})); out(db.things.byExample({k: 1}).limit(1).toArray().length);"
                     "out(db.things.byExample({k: 1}).skip(1).toArray().length); out(db.things.byExample({k: 1}).count());"
                     "out(db.things.updateByExample({k: 1}, {u: 1})); out(db.things.replaceByExample({k: 2}, {r: 1}, {limit: 1}));"
                     "out(db.things.removeByExample({u: 1}, false, 1)); out(db.things.count())")
        self.assertEqual(got, [["a"], ["a", "b"], ["b"], "c", None, 1, 1, 2, 2, 1, 1, 2])

    def test_all_any_and_lists_of_keys(self):
        got = values("out(db.things.any()); db.things.insert([{_key: 'a'}, {_key: 'b'}]); out(db.things.all().toArray().length);"
                     "out(['a', 'b'].includes(db.things.any()._key)); out(db.things.toArray().length); out([...db.things.all()].length);"
                     "out(db.things.documents(['a', 'x']).documents.map((d) => d._key)); out(db.things.removeByKeys(['a', 'x']));"
                     "out(db.things.documentId('k')); let n = 0; db.things.iterate((d, i) => { n += 1 + i }); out(n)")
        self.assertEqual(got, [None, 2, True, 2, 2, ["a"], {"removed": 1, "ignored": 1}, "things/k", 1])

    def test_indexes(self):
        got = values("const i = db.things.ensureIndex({type: 'persistent', fields: ['a'], unique: true, name: 'by_a'}); out(i.isNewlyCreated);"
                     "out(db.things.ensureIndex({type: 'persistent', fields: ['a'], unique: true}).isNewlyCreated);"
                     "out(db.things.getIndexes().map((x) => x.type)); out(db.things.index('by_a').fields); out(db.things.index(i).id === i.id);"
                     "out(db._index(i.id).name); db.things.insert({a: 1}); try { db.things.insert({a: 1}) } catch (e) { out(e.errorNum) }"
                     "out(db.things.dropIndex(i)); out(db.things.dropIndex(i)); out(db._dropIndex('things/999'))")
        self.assertEqual(got, [True, False, ["primary", "persistent"], ["a"], True, "by_a", 1210, True, False, False])

    def test_edges(self):
        got = values("db.things.insert([{_key: 'a'}, {_key: 'b'}]); db.links.insert({_key: 'e', _from: 'things/a', _to: 'things/b'});"
                     "out(db.links.outEdges('things/a').length); out(db.links.inEdges('things/a').length); out(db.links.edges(db.things.document('b')).length);"
                     "out(db.links.edges(['things/a', 'things/b']).length); out(db.links.type()); try { db.things.edges('things/a') } catch (e) { out(e.errorNum) }")
        self.assertEqual(got, [1, 0, 1, 1, 3, 1218])

    def test_collections(self):
        got = values("const c = db._create('made', {waitForSync: true}); out(c.name()); out(c.type()); out(c.properties().waitForSync);"
                     "c.properties({waitForSync: false}); out(c.properties().waitForSync); c.insert({}); out(c.figures().indexes.count);"
                     "out(typeof c.revision()); out(typeof c.checksum().checksum); c.truncate(); out(c.count()); c.rename('renamed'); out(c.name());"
                     "out(db.made); out(db.renamed.name()); out(db._collections().map((x) => x.name()).includes('renamed'));"
                     "out(db._collection('nothing')); db.renamed.drop(); out(db._collection('renamed')); db._drop('nothing');"
                     "db._createDocumentCollection('made').load(); db._truncate('made'); db._drop('made'); out(db.made)")
        self.assertEqual(got, ["made", 2, True, False, 1, "string", "string", 0, "renamed", None, "renamed", True, None, None, None])

    def test_databases(self):
        got = values("out(db._name()); out(db._isSystem()); out(db._createDatabase('other')); out(db._databases().includes('other'));"
                     "out(db._useDatabase('other')); out(db._name()); out(db.things); db._create('mine'); out(db._properties().name);"
                     "try { db._useDatabase('nowhere') } catch (e) { out(e.errorNum) } out(db._name()); db._useDatabase('_system');"
                     "out(db.mine); out(db._dropDatabase('other')); out(/^3\\.\\d+/.test(db._version())); out(db._engine().name)")
        self.assertEqual(got, ["_system", True, True, True, True, "other", None, "other", 1228, "other", None, True, True, "rocksdb"])

    def test_stream_transactions(self):
        got = values("const t = db._createTransaction({collections: {write: ['things']}}); t.collection('things').insert({_key: 'a'});"
                     "out(db.things.exists('a')); out(t.query('RETURN LENGTH(things)').toArray()); out(t.status()); out(t.commit().status); out(db.things.exists('a')._key);"
                     "const u = db._createTransaction({collections: {write: db.things}}); u.collection('things').remove('a'); out(u.abort().status); out(db.things.count())")
        self.assertEqual(got, [False, [1], "running", "committed", "a", "aborted", 1])

    def test_modules_and_users(self):
        got = values("const {db: same, aql: tag, errors} = require('@arangodb'); out(same === db && tag === aql);"
                     "out(errors.ERROR_ARANGO_DOCUMENT_NOT_FOUND.code); out(typeof require('internal').time());"
                     "const users = require('@arangodb/users'); users.save('amy', 'pw'); out(users.exists('amy')); users.grantDatabase('amy', '_system', 'ro');"
                     "out(users.permission('amy', '_system')); users.remove('amy'); out(users.exists('amy')); out(arango.GET('/_api/version').server);"
                     "try { require('fs') } catch (e) { out(e.message.includes('not offered')) }")
        self.assertEqual(got, [True, 1202, "number", True, "ro", False, "arango", True])

    def test_whole_numbers_beyond_2_to_53_are_exact(self):
        got = execute("db._query('INSERT {_key: \"n\", big: 9007199254740993, low: -9223372036854775807, list: [9007199254740995], text: \"9007199254740993\", "
                      "near: 9007199254740991} INTO things'); const d = db.things.document('n'); print(d.big, d.low, d.list[0], d.text, d.near);"
                      "print(typeof d.big, typeof d.near, typeof d.text); db.things.replace('n', d);"
                      "print(db._query('FOR d IN things RETURN [d.big == 9007199254740993, d.big == 9007199254740992, d.low]').toArray());"
                      "db.things.insert({_key: 'm', v: 18446744073709551615n}); print(db.things.document('m').v); db.things.insert({v: 2n ** 70n})")
        lines = got.stdout.splitlines()
        self.assertEqual(lines[0], "9007199254740993 -9223372036854775807 9007199254740995 9007199254740993 9007199254740991")
        self.assertEqual(lines[1], "bigint number string")
        self.assertEqual(lines[2], "[[true, false, -9223372036854775807]]")
        self.assertIn("18446744073709551615", lines[3].replace("e+19", ""))
        self.assertEqual(got.returncode, 1)
        self.assertIn("does not fit into 64 bits", got.stderr)

    def test_output_of_values(self):
        done = execute("print({a: 1, b: 'x', c: [true, null, undefined]}); print('text', 1.5, -0); const o = {}; o.me = o; print(o);"
                       "print(new Map([[1, 2]]), new Date(0), /x/g, () => 1); printf('%s %d %j\\n', 'a', 7, {k: 1}); print(db.things, db); console.warn('to stderr')")
        self.assertEqual(done.stdout.splitlines()[:3],
                         ['{ "a" : 1, "b" : "x", "c" : [true, null, undefined] }', "text 1.5 -0", '{ "me" : [cycle] }'])
        self.assertIn('a 7 {"k":1}', done.stdout)
        self.assertRegex(done.stdout, r'\[ArangoCollection \d+, "things" \(type document, status loaded\)\]')
        self.assertEqual(done.stderr, "to stderr\n")
        self.assertNotIn("\x1b", done.stdout)


class Errors(unittest.TestCase):
    def test_server_errors_are_arango_errors(self):
        got = values("db._drop('things'); db._create('things'); const caught = (f) => { try { f() } catch (e) { out([e instanceof ArangoError, e.errorNum, e.code, typeof e.errorMessage]) } };"
                     "caught(() => db.things.document('nobody')); caught(() => db._query('FOR')); caught(() => db._create('things'));"
                     "caught(() => db.things.document('')); caught(() => db.things.document('others/a')); caught(() => db._document('nothing/a'));"
                     "caught(() => db._query('RETURN @x'))")
        self.assertEqual([item[1:3] for item in got], [[1202, 404], [1501, 400], [1207, 409], [1205, 400], [1213, 400], [1203, 404], [1551, 400]])
        self.assertTrue(all(item[0] and item[3] == "string" for item in got))

    def test_an_uncaught_exception_shows_its_stack_and_fails(self):
        done = execute("db._drop('things'); db._create('things')\nfunction inner() {\n  db._document('things/nobody-here') }\ninner()")
        self.assertEqual(done.returncode, 1)
        self.assertIn("ArangoError 1202: ", done.stderr)
        self.assertIn("inner@<execute-string>:3:", done.stderr)
        self.assertNotIn("workerdb:", done.stderr)

    def test_exit_codes(self):
        for script, code in (("throw 1", 1), ("null.x", 1), ("let = ;", 1), ("exit(7)", 7), ("try { quit(3) } catch (e) {} finally { print('no') }", 3),
                             ("Promise.reject(new Error('lost'))", 1), ("(async () => { await null; throw new TypeError('late') })()", 1), ("1", 0)):
            done = execute(script)
            self.assertEqual((done.returncode, done.stdout), (code, ""), script + done.stderr)
        self.assertIn("SyntaxError", execute("let = ;").stderr)
        # What comes after a failure is not run.
        self.assertEqual(execute("print(1)", "throw 1", "print(2)").stdout, "1\n")

    def test_files(self):
        path = os.path.join(folder.name, "script.js")
        with open(path, "w", encoding="utf-8") as file:
            file.write("print(`${[1, 2].map((x) => x * 2)} ü`);\n")
        self.assertEqual(run(arguments("--javascript.execute", path), env=environment()).stdout, "2,4 ü\n")
        self.assertEqual(run(arguments(path), env=environment()).stdout, "2,4 ü\n")
        self.assertEqual(run(arguments(path + ".none"), env=environment()).returncode, 5)

    def test_statements_from_a_pipe(self):
        done = run(arguments(), env=environment(), input="const a = [1,\n 2]\nlet a = 3\na\nthrow 'x'\ndb._name()\n")
        self.assertEqual(done.stdout.splitlines(), ["3", "_system"])
        self.assertEqual(done.returncode, 1)

    def test_endpoints(self):
        for endpoint in (f"tcp://127.0.0.1:{server.port}", f"http+tcp://127.0.0.1:{server.port}"):
            done = run([PROGRAM, "sh", "--server.endpoint", endpoint, "--server.password-file", os.path.join(folder.name, "password"),
                        "--javascript.execute-string", "print(1)"], env=environment())
            self.assertEqual(done.stdout, "1\n", done.stderr)
        for endpoint, text in (("ssl://127.0.0.1:1", "TLS"), ("h2://127.0.0.1:1", "h2://"), ("nonsense", "http://HOST:PORT"), ("http://u:p@127.0.0.1:1", "no password")):
            done = run([PROGRAM, "sh", "--server.endpoint", endpoint, "--server.password", "", "--javascript.execute-string", "1"], env=environment())
            self.assertEqual(done.returncode, 2, endpoint)
            self.assertIn(text, done.stderr)

    def test_a_server_that_does_not_let_in(self):
        self.assertEqual(execute("1", more=("--server.username", "nobody")).returncode, 4)
        self.assertEqual(execute("1", more=("--server.database", "nowhere")).returncode, 5)
        dead = run([PROGRAM, "sh", "--server.endpoint", "http://127.0.0.1:1", "--server.password", "", "--javascript.execute-string", "1"], env=environment())
        self.assertEqual(dead.returncode, 3)

    def test_read_only(self):
        got = execute("db._drop('kept'); db._create('kept'); db.kept.insert({_key: 'a'})")
        self.assertEqual(got.returncode, 0, got.stderr)
        attempts = ["db.kept.insert({})", "db.kept.update('a', {})", "db.kept.remove('a')", "db.kept.truncate()", "db._drop('kept')", "db._create('x')",
                    "db._query('REMOVE \"a\" IN kept')", "db._query('FOR d IN kept UPDATE d WITH {z: 1} IN kept')", "db._query('RETURN 1 + (INSERT {} INTO kept)')",
                    "db._query('LET x = (INSERT {} INTO kept RETURN 1) RETURN x')", "arango.POST('/_api/document/kept', {}).ok.ok", "arango.POST('/_api/cursor/../document/kept', {}).ok.ok",
                    "db._createTransaction({collections: {write: 'kept'}})", "db.kept.ensureIndex({type: 'persistent', fields: ['a']})", "db._createDatabase('x')",
                    "require('@arangodb/users').save('x')"]
        script = "let held = 0; " + " ".join(f"try {{ {attempt} }} catch (e) {{ ++held }}" for attempt in attempts) + \
            "print(held, db.kept.count(), db.kept.document('a'), db.kept.document(['a']).length, db._query('FOR i IN 1..5000 RETURN i', {}, {batchSize: 999}).toArray().length)"
        done = execute(script, more=("--read-only",))
        self.assertTrue(done.stdout.startswith(f"{len(attempts)} 1 "), done.stdout + done.stderr)
        self.assertTrue(done.stdout.endswith("1 5000\n"), done.stdout)


class Limits(unittest.TestCase):
    def test_deep_recursion_is_an_error(self):
        done = execute("function f() { f() } try { f() } catch (e) { print(e.name) } print(db._name()); f()")
        self.assertEqual(done.stdout, "InternalError\n_system\n")
        self.assertIn("too much recursion", done.stderr)

    def test_an_endless_script_ends_at_its_deadline(self):
        for script in ("while (true) {}", "for (;;) try { for (;;); } catch (e) {}", "require('internal').sleep(100)", "new Promise(function f(r) { Promise.resolve().then(() => f(r)) })"):
            done = execute(script, more=("--javascript.execution-deadline", "1"))
            self.assertEqual(done.returncode, 9, script)
            self.assertIn("ran longer than 1 s", done.stderr)

    def test_memory_is_bounded(self):
        for script in ("const a = []; while (true) a.push(new Array(1e6).fill(1.5))", "let s = 'x'; const a = []; for (let i = 0; ; ++i) a.push(s.repeat(1e6) + i)",
                       "const a = []; while (true) a.push({x: {}})", "const a = []; while (true) a.push(new Uint8Array(1e7).fill(1))"):
            done = execute(script, more=("--javascript.max-memory", "256"))
            self.assertIn(done.returncode, (1, 9), script + done.stderr)
            self.assertRegex(done.stderr, "needs more than 256 MiB|out of memory")

    def test_no_way_out_of_the_engine(self):
        got = values("out(['read', 'load', 'fetch', 'XMLHttpRequest', 'process', 'Deno', 'os', 'snarf', 'WebAssembly', 'SharedArrayBuffer', 'native', 'shell']"
                     ".filter((name) => name in globalThis)); out(Function('return typeof native')());"
                     "for (const name of ['fs', 'child_process', 'net', '../x', '@arangodb/request']) try { require(name); out(name) } catch (e) {}")
        self.assertEqual(got, [[], "undefined"])

    def test_ctrl_c_ends_a_script_with_130(self):
        with subprocess.Popen(arguments("--javascript.execute-string", "print('on'); db._query('FOR i IN 1..1000000000 FILTER SQRT(i) < 0 RETURN i')"),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()) as process:
            self.assertEqual(process.stdout.readline(), "on\n")
            time.sleep(0.3)
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(timeout=20), 130)
            self.assertEqual(process.stderr.read(), "interrupted\n")
        # The server's work is ended too.
        self.assertTrue(wait_until(lambda: values("out(arango.GET('/_api/query/current').length)") == [0], 10))


class Passwords(unittest.TestCase):
    def command(self, *more):
        return [PROGRAM, "sh", "--server.endpoint", f"http://127.0.0.1:{server.port}", *more, "--javascript.execute-string",
                "print(arango.connectedUser()); require('internal').sleep(30)"]

    def test_a_password_leaves_the_process_list(self):
        for words in (("--server.password", PASSWORD), (f"--server.password={PASSWORD}",)):
            with subprocess.Popen(self.command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()) as process:
                self.assertEqual(process.stdout.readline(), "root\n")
                with open(f"/proc/{process.pid}/cmdline", encoding="utf-8") as file:
                    line = file.read()
                process.kill()
                self.assertIn("--server.password", line)
                self.assertNotIn(PASSWORD, line)
                warning = process.stderr.read()
                self.assertIn("process list", warning)
                self.assertNotIn(PASSWORD, warning)

    def test_other_ways_to_give_it(self):
        path = os.path.join(folder.name, "password")
        script = ("--javascript.execute-string", "print(1)")
        base = [PROGRAM, "sh", "--server.endpoint", f"http://127.0.0.1:{server.port}", *script]
        self.assertEqual(run(base, env=environment(ARANGO_PASSWORD_FILE=path)).stdout, "1\n")
        self.assertEqual(run(base, env=environment(ARANGO_PASSWORD=PASSWORD)).stdout, "1\n")
        self.assertEqual(run(base, env=environment(ARANGO_PASSWORD="wrong"), stdin=subprocess.DEVNULL).returncode, 4)
        self.assertEqual(run(base + ["--server.authentication", "false"], env=environment()).returncode, 4)


class Terminal:
    """A person: types, and reads what the screen got since."""

    def __init__(self, *more, **variables):
        self.pid, self.file = pty.fork()
        if self.pid == 0:
            os.environ.clear()
            os.environ.update(environment(**variables))
            os.execv(PROGRAM, arguments(*more))
        self.screen = ""

    def type(self, text):
        os.write(self.file, text.encode())

    def until(self, pattern, seconds=20):
        """What stands on the screen up to the first match; it is taken away."""
        end = time.monotonic() + seconds
        while True:
            found = re.search(pattern, self.screen)
            if found:
                shown, self.screen = self.screen[:found.end()], self.screen[found.end():]
                return shown
            if time.monotonic() > end:
                raise AssertionError(f"no {pattern!r} in {self.screen!r}")
            if select.select([self.file], [], [], 0.2)[0]:
                try:
                    self.screen += os.read(self.file, 65536).decode("utf-8", "replace")
                except OSError:
                    end = 0

    def ask(self, statement):
        """The answer to a statement, without colours."""
        self.until(r"@[\w ()-]+> ")
        self.type(statement + "\n")
        self.until(r"\r\n")
        shown = self.until(r"(?=127\.0\.0\.1:\d+@)")
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown).replace("\r\n", "\n").strip()

    def leave(self):
        self.type("\x04")
        code = wait_until(lambda: os.waitpid(self.pid, os.WNOHANG)[0] and "gone", 20)
        os.close(self.file)
        return code == "gone"


class Interactive(unittest.TestCase):
    def setUp(self):
        execute("db._drop('things'); db._create('things'); db.things.insert({_key: 'a', name: 'Ann', text: '\\u001b[31mred'})")
        self.terminal = Terminal("--quiet")

    def tearDown(self):
        try:
            os.kill(self.terminal.pid, signal.SIGKILL)
            os.waitpid(self.terminal.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass

    def test_results_are_shown(self):
        ask = self.terminal.ask
        self.assertEqual(ask("1 + 1"), "2")
        self.assertEqual(ask("db._name()"), "_system")
        self.assertIn('"name" : "Ann"', ask("db.things.document('a')"))
        self.assertEqual(ask("undefined"), "")
        self.assertIn("hasMore", ask("db._query('FOR i IN 1..3 RETURN i')"))
        self.assertIn("ArangoError 1202", ask("db.things.document('b')"))
        self.assertEqual(ask("let x = 4"), "")
        self.assertEqual(ask("const x = 5"), "")
        self.assertEqual(ask("x"), "5")
        self.assertIn("_useDatabase", ask("help"))
        self.assertTrue(self.terminal.leave())

    def test_text_of_documents_does_not_steer_the_terminal(self):
        self.terminal.until("> ")
        self.terminal.type("db.things.document('a').text\n")
        self.terminal.until(r"\r\n")
        shown = self.terminal.until("@_system> ")
        self.assertNotIn("\x1b[31m", shown)
        self.assertIn("\\u001b[31mred", shown)

    def test_long_results_are_cut_on_a_terminal_only(self):
        self.assertIn("more", self.terminal.ask("Array(1000).fill('a').map((x, i) => i)"))
        self.assertEqual(len(execute("print(Array(1000).fill(7))").stdout.split("7")), 1001)

    def test_a_statement_may_take_several_lines(self):
        self.terminal.until("> ")
        self.terminal.type("db._query(`\n")
        self.terminal.until(r"\.\.\. ")
        self.terminal.type("RETURN 6 *\n")
        self.terminal.until(r"\.\.\. ")
        self.terminal.type("7`).toArray()\n")
        self.assertIn("42", re.sub(r"\x1b\[[0-9;]*m", "", self.terminal.until("@_system> ")))

    def test_the_prompt_follows_the_database(self):
        execute("db._createDatabase('elsewhere')")
        self.terminal.ask("db._useDatabase('elsewhere')")
        self.terminal.until("@elsewhere> ")
        execute("db._dropDatabase('elsewhere')")

    def test_completion(self):
        self.terminal.until("> ")
        for typed, completed in (("db.thi\t", "db.things"), (".docu\t", ".document")):
            self.terminal.type(typed)
            self.terminal.until(re.escape(completed[len(typed) - 1:]))
        self.terminal.type("('a')._key\n")
        self.terminal.until("a\r\n")
        self.terminal.type("db._useD\t")
        self.terminal.until("atabase")

    def test_ctrl_c_drops_a_line_and_ends_a_loop_and_a_query(self):
        terminal = self.terminal
        terminal.until("> ")
        terminal.type("this is wrong {\x03")
        terminal.until(r"\^C")
        self.assertEqual(terminal.ask("1 + 2"), "3")
        for endless in ("while (true) {}", "try { for (;;); } finally { for (;;); }",
                        "db._query('FOR i IN 1..1000000000 FILTER SQRT(i) < 0 RETURN i').toArray()", "/(a+)+b/.test('a'.repeat(60))"):
            terminal.until("> ")
            terminal.type(endless + "\n")
            terminal.until(r"\r\n")
            time.sleep(0.4)
            terminal.type("\x03")
            terminal.until("interrupted", 10)
        self.assertEqual(terminal.ask("'still ' + 'here'"), "still here")
        self.assertEqual(terminal.ask("db.things.count()"), "1")

    def test_a_script_that_fills_the_memory_loses_its_variables_only(self):
        os.kill(self.terminal.pid, signal.SIGKILL)
        os.waitpid(self.terminal.pid, 0)
        self.terminal = Terminal("--quiet", "--javascript.max-memory", "256")
        shown = self.terminal.ask("var a = []; while (true) a.push(new Uint8Array(1e7).fill(1))")
        self.assertRegex(shown, "needs more than|out of memory")
        self.assertEqual(self.terminal.ask("db.things.count()"), "1")

    def test_history(self):
        self.assertEqual(self.terminal.ask("'first ' + 'one'"), "first one")
        self.assertEqual(self.terminal.ask("const password = 'Zebra-5'"), "")
        self.assertTrue(self.terminal.leave())
        path = os.path.join(folder.name, "state", "workerdb", "sh_history")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.assertIn("'first ' + 'one'", text)
        self.assertNotIn("Zebra-5", text)
        again = Terminal("--quiet")
        again.until("> ")
        again.type("\x1b[A")
        again.until("'first ' \\+ 'one'")
        again.type("\n")
        again.until("first one")
        again.until("> ")  # before the prompt the terminal, not the shell, would take the end of input
        self.assertTrue(again.leave())

    def test_a_greeting_and_a_way_out(self):
        terminal = Terminal()
        terminal.until(r"workerdb sh .*version 3\.12.*user 'root'")
        terminal.until("> ")
        terminal.type("exit\n")
        self.assertTrue(wait_until(lambda: os.waitpid(terminal.pid, os.WNOHANG)[0], 20))


if __name__ == "__main__":
    main()
