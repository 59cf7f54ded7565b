// What services do with arangojs, against a document server alone. Run: node tests/drivers/arangojs_test.mjs
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { aql, Database } from "arangojs";

const program = process.env.WORKERDB ?? "build/dev/workerdb";
const folder = mkdtempSync(join(tmpdir(), "workerdb-drivers-"));
const password = "a root password";
writeFileSync(join(folder, "password"), password, { mode: 0o600 });
const server = spawn(program, [
  "serve", "--data", join(folder, "engine"), "--documents-port", "0", "--root-password-file", join(folder, "password"),
], { stdio: ["ignore", "pipe", "inherit"] });
const url = await new Promise((resolve, reject) => {
  createInterface(server.stdout).once("line", (line) => resolve(line.replace(/^ready /, "")));
  server.once("exit", (code) => reject(new Error(`serve ended with ${code}`)));
});

const system = new Database({ url, auth: { username: "root", password } });
const cases = [];
const test = (name, run) => cases.push({ name, run });
const fails = (promise, errorNum) => assert.rejects(promise, (error) => error.errorNum === errorNum || assert.fail(`${error.errorNum}: ${error.message}`));
let db;

test("version, availability, time, engine", async () => {
  const version = await system.version();
  assert.equal(version.server, "arango");
  assert.match(version.version, /^3\.12\./);
  assert.equal((await system.engine()).name, "rocksdb");
  assert.ok(Math.abs((await system.time()) - Date.now()) < 60_000);
  assert.ok(await system.availability());
});

test("databases", async () => {
  db = await system.createDatabase("shop", [{ username: "clerk", passwd: "secret" }]);
  assert.deepEqual(await system.listDatabases(), ["_system", "shop"]);
  assert.equal((await db.get()).name, "shop");
  assert.equal(await db.exists(), true);
  assert.equal(await system.database("nothing").exists(), false);
  await fails(system.createDatabase("shop"), 1207);
  await fails(system.createDatabase("not/a name"), 1229);
  await system.createDatabase("gone");
  assert.equal(await system.dropDatabase("gone"), true);
});

test("collections", async () => {
  const orders = await db.createCollection("orders", { keyOptions: { type: "autoincrement" } });
  assert.equal((await orders.get()).type, 2);
  assert.equal((await orders.properties()).keyOptions.type, "autoincrement");
  assert.equal(await orders.exists(), true);
  assert.equal((await db.createEdgeCollection("lines")).name, "lines");
  assert.deepEqual((await db.listCollections()).map((item) => item.name).sort(), ["lines", "orders"]);
  await fails(db.createCollection("orders"), 1207);
  const renamed = await db.createCollection("temporary");
  await renamed.save({ _key: "x" });
  await renamed.rename("renamed");
  assert.equal((await db.collection("renamed").document("x"))._id, "renamed/x");
  await db.collection("renamed").truncate();
  assert.equal((await db.collection("renamed").count()).count, 0);
  await db.collection("renamed").drop();
  assert.equal(await db.collection("renamed").exists(), false);
});

test("single documents", async () => {
  const orders = db.collection("orders");
  const saved = await orders.save({ total: 5, tags: ["a"] }, { returnNew: true });
  assert.equal(saved.new.total, 5);
  assert.equal(saved._id, `orders/${saved._key}`);
  const read = await orders.document(saved._key);
  assert.deepEqual(read.tags, ["a"]);
  const updated = await orders.update(saved._key, { total: null, place: { city: "Bonn" } }, { keepNull: false, returnOld: true });
  assert.equal(updated.old.total, 5);
  assert.notEqual(updated._rev, saved._rev);
  assert.equal("total" in (await orders.document(saved._key)), false);
  await fails(orders.update(saved._key, {}, { ifMatch: saved._rev }), 1200);
  await orders.replace(saved._key, { total: 7 });
  assert.equal("place" in (await orders.document(saved._key)), false);
  assert.equal(await orders.documentExists(saved._key), true);
  await fails(orders.save({ _key: saved._key }), 1210);
  const overwritten = await orders.save({ _key: saved._key, total: 9 }, { overwriteMode: "update", returnNew: true });
  assert.equal(overwritten.new.total, 9);
  await orders.remove(saved._key);
  await fails(orders.document(saved._key), 1202);
  assert.equal(await orders.document(saved._key, { graceful: true }), null);
});

test("many documents", async () => {
  const orders = db.collection("orders");
  const saved = await orders.saveAll([{ _key: "m1", n: 1 }, { _key: "m2", n: 2 }, { _key: "m1" }]);
  assert.equal(saved[0]._key, "m1");
  assert.equal(saved[2].errorNum, 1210);
  assert.equal((await orders.documents(["m1", "m2"])).length, 2);
  await orders.updateAll([{ _key: "m1", n: 10 }, { _key: "m2", n: 20 }]);
  assert.equal((await orders.document("m2")).n, 20);
  const removed = await orders.removeAll(["m1", "m2", "m3"]);
  assert.equal(removed[2].errorNum, 1202);
});

test("edges", async () => {
  const lines = db.collection("lines");
  await lines.save({ _key: "l1", _from: "orders/1", _to: "orders/2" });
  await fails(lines.save({ _from: "orders/1" }), 1233);
  const cursor = await db.query(aql`FOR l IN ${lines} FILTER l._from == "orders/1" RETURN l._to`);
  assert.deepEqual(await cursor.all(), ["orders/2"]);
});

test("views and analyzers", async () => {
  const analyzer = await db.createAnalyzer("commas", { type: "delimiter", properties: { delimiter: "," }, features: ["frequency"] });
  assert.equal(analyzer.name, "commas");
  assert.ok((await db.listAnalyzers()).some((one) => one.name === "shop::commas"));
  const notes = await db.createCollection("notes");
  await notes.saveAll([{ _key: "a", text: "The quick brown fox" }, { _key: "b", text: "one,two" }]);
  const view = await db.createView("found_notes", { type: "arangosearch", links: { notes: { fields: { text: { analyzers: ["text_en", "commas"] } } } } });
  assert.equal(await view.exists(), true);
  const words = await db.query(aql`FOR d IN ${view} SEARCH ANALYZER(d.text == "fox", "text_en") SORT BM25(d) DESC RETURN d._key`);
  assert.deepEqual(await words.all(), ["a"]);
  const parts = await db.query(aql`FOR d IN ${view} SEARCH ANALYZER(d.text == ${"two"}, "commas") RETURN d._key`);
  assert.deepEqual(await parts.all(), ["b"]);
  assert.deepEqual(Object.keys((await view.updateProperties({ links: { notes: null } })).links), []);
  assert.equal((await (await view.rename("notes_view")).name), "notes_view");
  assert.deepEqual((await db.listViews()).map((one) => one.name), ["notes_view"]);
  await fails(db.createView("notes", { type: "arangosearch" }), 1207);
  await db.view("notes_view").drop();
  await fails(db.view("notes_view").get(), 1203);
  await analyzer.drop();
  await notes.drop();
});

test("indexes", async () => {
  const orders = db.collection("orders");
  const made = await orders.ensureIndex({ type: "persistent", fields: ["status", "total"], name: "by_status" });
  assert.equal(made.isNewlyCreated, true);
  assert.equal((await orders.ensureIndex({ type: "persistent", fields: ["status", "total"], name: "by_status" })).isNewlyCreated, false);
  assert.deepEqual((await orders.indexes()).map((index) => index.type), ["primary", "persistent"]);
  const unique = await orders.ensureIndex({ type: "persistent", fields: ["mail"], unique: true, sparse: true });
  await orders.save({ mail: "a@example.org" });
  await fails(orders.save({ mail: "a@example.org" }), 1210);
  await orders.ensureIndex({ type: "ttl", fields: ["expires"], expireAfter: 0, name: "expiry" });
  assert.equal((await orders.index("by_status")).name, "by_status");
  await orders.dropIndex(unique.id);
  await fails(orders.index(unique.id), 1212);
});

test("import", async () => {
  const orders = db.collection("orders");
  const documents = Array.from({ length: 2500 }, (_, n) => ({ _key: `i${n}`, status: n % 2 ? "open" : "done", total: n }));
  const done = await orders.import(documents);
  assert.equal(done.created, 2500);
  const again = await orders.import(documents.slice(0, 10), { onDuplicate: "ignore" });
  assert.equal(again.ignored, 10);
});

test("cursors in batches", async () => {
  const cursor = await db.query("FOR o IN orders FILTER o.status == @status SORT o.total LIMIT 10, 1000 RETURN o.total",
    { status: "open" }, { batchSize: 100, count: true, fullCount: true });
  assert.equal(cursor.count, 1000);
  assert.equal(cursor.extra.stats.fullCount, 1250);
  const totals = await cursor.all();
  assert.equal(totals.length, 1000);
  assert.equal(totals[0], 21);
  const stream = await db.query("FOR o IN orders RETURN o._key", {}, { batchSize: 50, stream: true });
  let rows = 0;
  for await (const _ of stream) rows += 1;
  assert.ok(rows >= 2500);
  const cut = await db.query("FOR n IN 1..1000 RETURN n", {}, { batchSize: 10 });
  await cut.kill();
});

test("a cursor ends with its time", async () => {
  const cursor = await db.query("FOR n IN 1..1000 RETURN n", {}, { batchSize: 10, ttl: 1 });
  await cursor.next();
  for (let tries = 0; ; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const answer = await (await fetch(`${url}/_db/shop/_api/cursor/${cursor.id}`, {
      method: "POST",
      headers: { authorization: `Basic ${btoa(`root:${password}`)}` },
    })).json();
    if (answer.errorNum === 1600) break;
    assert.ok(tries < 3, `the cursor did not expire: ${JSON.stringify(answer)}`);
  }
});

test("limits and kill", async () => {
  await fails(db.query("RETURN (FOR n IN 1..100000000 RETURN CONCAT('text', n))", {}, { memoryLimit: 1 << 20 }), 32);
  await fails(db.query("FOR n IN 1..100000000000 FILTER n < 0 RETURN n", {}, { maxRuntime: 0.2 }), 1500);
  const endless = db.query("FOR n IN 1..100000000000 FILTER n < 0 RETURN n");
  const failure = fails(endless, 1500);
  let running = [];
  while (running.length === 0) running = await db.listRunningQueries();
  assert.match(running[0].query, /100000000000/);
  await db.killQuery(running[0].id);
  await failure;
});

test("explain and parse", async () => {
  const explained = await db.explain("FOR o IN orders FILTER o.status == 'open' RETURN o");
  assert.ok(explained.plan.nodes.some((node) => node.type === "IndexNode"));
  const parsed = await db.parse("FOR o IN orders FILTER o.x == @x RETURN o");
  assert.deepEqual(parsed.bindVars, ["x"]);
  assert.deepEqual(parsed.collections, ["orders"]);
  await fails(db.parse("FOR o IN"), 1501);
});

test("stream transactions", async () => {
  const orders = db.collection("orders");
  const trx = await db.beginTransaction({ write: [orders] });
  await trx.step(() => orders.save({ _key: "t1", total: 1 }));
  assert.equal(await orders.documentExists("t1"), false);
  assert.equal(await trx.step(() => orders.documentExists("t1")), true);
  await trx.commit();
  assert.equal(await orders.documentExists("t1"), true);
  const second = await db.beginTransaction({ write: [orders] });
  await second.step(() => orders.remove("t1"));
  await second.abort();
  assert.equal(await orders.documentExists("t1"), true);
  const left = await db.beginTransaction({ write: [orders] });
  await left.step(() => orders.update("t1", { total: 2 }));
  const right = await db.beginTransaction({ write: [orders] });
  const lost = fails(right.step(() => orders.update("t1", { total: 3 })), 1200);
  await left.commit();
  await lost;
  await right.abort();
});

test("login with a token", async () => {
  const other = new Database({ url, databaseName: "shop" });
  await fails(other.listCollections(), 11);
  await other.login("clerk", "secret");
  assert.ok((await other.listCollections()).length > 0);
  await assert.rejects(other.login("clerk", "wrong"), (error) => error.code === 401);
  other.close();
});

test("users and their rights", async () => {
  await system.createUser("reader", { passwd: "pw" });
  await system.setUserAccessLevel("reader", { database: "shop" }, "ro");
  assert.equal(await system.getUserAccessLevel("reader", { database: "shop" }), "ro");
  const reader = new Database({ url, databaseName: "shop", auth: { username: "reader", password: "pw" } });
  assert.ok((await reader.collection("orders").count()).count > 0);
  await fails(reader.collection("orders").save({}), 11);
  await fails(reader.query("INSERT {} INTO orders"), 11);
  await fails(reader.createCollection("mine"), 11);
  await fails(reader.listUsers(), 11);
  assert.deepEqual(await reader.listUserDatabases(), ["shop"]);
  await system.setUserAccessLevel("reader", { database: "shop", collection: "orders" }, "none");
  await fails(reader.query("FOR o IN orders RETURN o"), 11);
  await fails(reader.query("RETURN DOCUMENT('orders/t1')"), 11);
  await system.removeUser("reader");
  await assert.rejects(reader.listCollections(), (error) => error.code === 401);
  reader.close();
});

let failed = 0;
for (const { name, run } of cases) {
  try {
    await run();
    console.log(`ok ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`not ok ${name}: ${error.stack}`);
  }
}
system.close();
server.removeAllListeners("exit");
const ended = new Promise((resolve) => server.once("exit", resolve));
server.kill("SIGTERM");
await ended;
rmSync(folder, { recursive: true, force: true });
console.log(`${cases.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
