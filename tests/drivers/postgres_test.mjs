// What services do with node-postgres, against the PostgreSQL of a whole stack, with the DATABASE_URL that
// `workerdb env` gives. Run: node tests/drivers/postgres_test.mjs
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import pg from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import { killService, nextEvent, runCases, startStack, waitUntil } from "./stack.mjs";

const stack = await startStack();
const variables = stack.variables();
const pool = new pg.Pool({ connectionString: variables.DATABASE_URL, max: 8 });
pool.on("error", () => {}); // idle connections end when the server is killed
const newClient = async (options = { connectionString: variables.DATABASE_URL }) => {
  const client = new pg.Client(options);
  client.on("error", () => {});
  await client.connect();
  return client;
};
const refuses = (promise, sqlstate) => assert.rejects(promise, (error) => error.code === sqlstate || assert.fail(`${error.code}: ${error.message}`));

const cases = [];
const test = (name, run) => cases.push([name, run]);
const addUser = (client, email) => client.query("INSERT INTO users (email, display_name) VALUES ($1, $2) RETURNING id, status", [email, `Name of ${email}`]);
const countUsers = async () => Number((await pool.query("SELECT count(*) FROM users")).rows[0].count);
let people; // how many there are before

test("connects with the URL, and knows the server", async () => {
  const { rows: [row] } = await pool.query("SELECT current_user, current_database(), current_setting('server_version_num')::int / 10000 AS major");
  assert.deepEqual(row, { current_user: "flowmaster_app", current_database: "flowmaster_core", major: 15 });
  people = await countUsers();
});

test("connects with PGHOST, PGUSER and the password file", async () => {
  Object.assign(process.env, Object.fromEntries(Object.entries(variables).filter(([name]) => name.startsWith("PG"))));
  const client = await newClient({});
  assert.equal((await client.query("SELECT 1 AS one")).rows[0].one, 1);
  await client.end();
});

test("a wrong password is refused", async () => {
  const wrong = new URL(variables.DATABASE_URL);
  wrong.password = "wrong";
  await refuses(newClient({ connectionString: wrong.href }), "28P01");
});

test("rows with parameters, and what they return", async () => {
  const { rows: [row], rowCount } = await addUser(pool, "ada@example.org");
  assert.equal(rowCount, 1);
  assert.match(row.id, /^[0-9a-f-]{36}$/);
  assert.equal(row.status, "active");
});

test("types come back as they were", async () => {
  const when = new Date("2024-02-29T12:34:56.789Z");
  const { rows: [row] } = await pool.query(
    "SELECT $1::timestamptz AS t, $2::jsonb AS j, $3::bytea AS b, $4::int[] AS a, $5::bigint AS i, $6::text AS n, $7::bool AS f, $8::float8 AS d",
    [when, { a: [1, "ü"] }, Buffer.from([0, 255]), [1, 2], "9007199254740993", null, true, 0.1],
  );
  assert.deepEqual(row, { t: when, j: { a: [1, "ü"] }, b: Buffer.from([0, 255]), a: [1, 2], i: "9007199254740993", n: null, f: true, d: 0.1 });
});

test("a broken rule says which one", async () => {
  await assert.rejects(addUser(pool, "ADA@example.org"), { code: "23505", constraint: "users_email_lower_key" });
  await assert.rejects(addUser(pool, "nobody"), { code: "23514", constraint: "users_email_check" });
});

test("a prepared statement is planned once and run often", async () => {
  const client = await newClient();
  for (const email of ["ada@example.org", "nobody@example.org"]) {
    await client.query({ name: "by-email", text: "SELECT id FROM users WHERE lower(email) = lower($1)", values: [email] });
  }
  const { rows } = await client.query("SELECT name FROM pg_prepared_statements");
  assert.deepEqual(rows, [{ name: "by-email" }]);
  await client.end();
});

test("several statements of one text", async () => {
  const results = await pool.query("SELECT 1 AS a; SELECT 2 AS b");
  assert.deepEqual(results.map((result) => result.rows[0]), [{ a: 1 }, { b: 2 }]);
});

test("a committed transaction stays", async () => {
  const client = await pool.connect();
  await client.query("BEGIN");
  await addUser(client, "grace@example.org");
  assert.equal(await countUsers(), people + 1, "not seen before the commit");
  await client.query("COMMIT");
  client.release();
  assert.equal(await countUsers(), people + 2);
});

test("a transaction that is rolled back leaves nothing", async () => {
  const client = await pool.connect();
  await client.query("BEGIN");
  await addUser(client, "lost@example.org");
  await refuses(addUser(client, "lost@example.org"), "23505");
  await refuses(client.query("SELECT 1"), "25P02");
  await client.query("ROLLBACK");
  client.release();
  assert.equal(await countUsers(), people + 2);
});

test("a savepoint saves what stands before it", async () => {
  const client = await pool.connect();
  await client.query("BEGIN");
  await addUser(client, "linus@example.org");
  await client.query("SAVEPOINT before_the_mistake");
  await refuses(addUser(client, "linus@example.org"), "23505");
  await client.query("ROLLBACK TO before_the_mistake");
  await client.query("COMMIT");
  client.release();
  assert.equal(await countUsers(), people + 3);
});

test("of two serializable transactions that cross, one gives way", async () => {
  const [one, two] = [await newClient(), await newClient()];
  for (const client of [one, two]) {
    await client.query("BEGIN ISOLATION LEVEL SERIALIZABLE");
    await client.query("SELECT count(*) FROM users WHERE status = 'active'");
  }
  await one.query("UPDATE users SET failed_login_count = failed_login_count + 1 WHERE email = 'ada@example.org'");
  await two.query("UPDATE users SET failed_login_count = failed_login_count + 1 WHERE email = 'grace@example.org'");
  const outcomes = await Promise.allSettled([one.query("COMMIT"), two.query("COMMIT")]);
  assert.deepEqual(outcomes.map(({ reason }) => reason?.code).filter(Boolean), ["40001"]);
  await Promise.all([one.end(), two.end()]);
});

test("workers that skip locked rows never take the same one", async () => {
  const workers = await Promise.all([newClient(), newClient(), newClient()]);
  const taken = [];
  for (const worker of workers) {
    await worker.query("BEGIN");
    const { rows } = await worker.query("SELECT email FROM users ORDER BY email LIMIT 1 FOR UPDATE SKIP LOCKED");
    taken.push(rows[0].email);
  }
  assert.equal(new Set(taken).size, 3);
  await Promise.all(workers.map((worker) => worker.end()));
});

test("LISTEN hears NOTIFY, when the transaction commits", async () => {
  const listener = await newClient();
  await listener.query("LISTEN jobs");
  const heard = [];
  listener.on("notification", ({ channel, payload }) => heard.push([channel, payload]));
  const sender = await pool.connect();
  await sender.query("BEGIN");
  await sender.query("SELECT pg_notify('jobs', $1)", ['{"id":1}']);
  await listener.query("SELECT 1");
  assert.deepEqual(heard, [], "not before the commit");
  await sender.query("COMMIT");
  sender.release();
  await waitUntil(() => heard.length > 0, "the notification", 20);
  assert.deepEqual(heard, [["jobs", '{"id":1}']]);
  await listener.end();
});

test("COPY takes 5,000 rows in and gives them back", async () => {
  const client = await newClient();
  await client.query("CREATE TEMP TABLE numbers (n int, text text)");
  await pipeline(Readable.from(Array.from({ length: 5_000 }, (_, n) => `${n}\trow ${n}\n`)), client.query(copyFrom("COPY numbers FROM STDIN")));
  let copied = "";
  for await (const part of client.query(copyTo("COPY (SELECT * FROM numbers ORDER BY n) TO STDOUT WITH (FORMAT csv)"))) copied += part;
  const lines = copied.trimEnd().split("\n");
  assert.deepEqual([lines.length, lines[0], lines.at(-1)], [5_000, "0,row 0", "4999,row 4999"]);
  await client.end();
});

test("a bad row of COPY leaves none", async () => {
  const client = await newClient();
  await client.query("CREATE TEMP TABLE numbers (n int)");
  await refuses(pipeline(Readable.from(["1\n", "two\n"]), client.query(copyFrom("COPY numbers FROM STDIN"))), "22P02");
  assert.equal((await client.query("SELECT count(*)::int AS n FROM numbers")).rows[0].n, 0);
  await client.end();
});

test("a query is cancelled from beside", async () => {
  const client = await newClient();
  const sleeping = refuses(client.query("SELECT pg_sleep(60)"), "57014");
  await waitUntil(async () => (await pool.query("SELECT pg_cancel_backend($1) AS done FROM pg_stat_activity WHERE pid = $1 AND state = 'active'", [client.processID])).rows[0]?.done, "the query runs");
  await sleeping;
  await client.end();
});

test("a statement's own limit of time holds", async () => {
  const client = await newClient({ connectionString: variables.DATABASE_URL, statement_timeout: 100 });
  await refuses(client.query("SELECT pg_sleep(60)"), "57014");
  await client.end();
});

test("the pool hands connections on under load", async () => {
  const answers = await Promise.all(Array.from({ length: 300 }, (_, n) => pool.query("SELECT $1::int AS n", [n])));
  assert.equal(new Set(answers.map((answer) => answer.rows[0].n)).size, 300);
  assert.ok(pool.totalCount <= 8);
});

test("the services' role changes no table and reads no file", async () => {
  await refuses(pool.query("CREATE TABLE mine (id int)"), "42501");
  await refuses(pool.query("DROP TABLE users"), "42501");
  await refuses(pool.query("SELECT pg_read_file('/etc/passwd')"), "42501");
  await refuses(pool.query("COPY users TO PROGRAM 'cat'"), "42501");
});

test("the other databases are reached with the same login", async () => {
  const other = new URL(variables.DATABASE_URL);
  other.pathname = "/flowmaster_workflow";
  const client = await newClient({ connectionString: other.href });
  assert.equal((await client.query("SELECT current_database() AS name")).rows[0].name, "flowmaster_workflow");
  await client.end();
});

test("after the server was killed: an open transaction is gone, what was committed is there", async () => {
  const client = await newClient();
  await client.query("BEGIN");
  await addUser(client, "open@example.org");
  const ended = nextEvent(client, "end");
  await killService(stack, "postgres");
  await ended;
  await waitUntil(() => countUsers().then(() => true, () => false), "the pool connects again");
  assert.equal(await countUsers(), people + 3);
});

test("after the server was killed: the pool writes on, and a listener listens anew", async () => {
  await addUser(pool, "after@example.org");
  assert.equal(await countUsers(), people + 4);
  const listener = await newClient();
  await listener.query("LISTEN jobs");
  const heard = nextEvent(listener, "notification");
  await pool.query("NOTIFY jobs, 'again'");
  assert.equal((await heard)[0].payload, "again");
  await listener.end();
});

await runCases(cases, async () => {
  await pool.end();
  stack.close();
});
