// The official MCP clients against a whole stack: both generations of the protocol, over standard streams and over
// HTTP, list every tool and call every tool. Run: node tests/drivers/mcp_test.mjs
import assert from "node:assert/strict";
import { Client as NewClient, StreamableHTTPClientTransport as NewHttp } from "@modelcontextprotocol/client";
import { StdioClientTransport as NewStdio } from "@modelcontextprotocol/client/stdio";
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as OldStdio } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as OldHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { Database } from "arangojs";
import Redis from "ioredis";
import { program, startStack } from "./stack.mjs";

const stack = await startStack();
const { data, environment, secret, ports } = stack;

const db = new Database({ url: `http://127.0.0.1:${ports.documents}`, databaseName: "flowmaster", auth: { username: "root", password: secret("documents-root") } });
await db.collection("process_definitions").saveAll(
  Array.from({ length: 60 }, (_, n) => ({ _key: `p${n}`, name: `Process ${n}`, version: "1.0", type: "workflow", definition: {} })),
);
const redis = new Redis({ host: "127.0.0.1", port: ports.redis, username: "platform", password: secret("redis-space-platform") });
await redis.set("session:user_123", "hello", "EX", 600);
await redis.rpush("job:list", ...Array.from({ length: 50 }, (_, n) => `job ${n}`));
await redis.expire("job:list", 600);

const url = new URL(`http://127.0.0.1:${ports.control}/mcp`);
const overHttp = { requestInit: { headers: { Authorization: `Bearer ${secret("mcp-token")}` } } };
const overStdio = { command: program, args: ["mcp", "--data", data], env: environment, stderr: "inherit" };
const me = { name: "workerdb-tests", version: "1.0.0" };
const stateless = () => new NewClient(me, { versionNegotiation: { mode: { pin: "2026-07-28" } } });

const kinds = [
  ["client 2.x, 2026-07-28, HTTP", stateless, () => new NewHttp(url, overHttp), "2026-07-28"],
  ["client 2.x, 2026-07-28, stdio", stateless, () => new NewStdio(overStdio), "2026-07-28"],
  ["client 2.x, either, HTTP", () => new NewClient(me, { versionNegotiation: { mode: "auto" } }), () => new NewHttp(url, overHttp), "2026-07-28"],
  ["client 2.x, 2025-11-25, HTTP", () => new NewClient(me), () => new NewHttp(url, overHttp), "2025-11-25"],
  ["SDK 1.x, 2025-11-25, HTTP", () => new OldClient(me), () => new OldHttp(url, overHttp), "2025-11-25"],
  ["SDK 1.x, 2025-11-25, stdio", () => new OldClient(me), () => new OldStdio(overStdio), "2025-11-25"],
];

const toolNames = ["get_context_databases", "describe", "query_documents", "query_relational", "explain", "cache_get", "get_credential", "publish_event"];

// A call that must succeed. The clients check the answer against the tool's output schema themselves.
async function call(client, name, args) {
  const result = await client.callTool({ name, arguments: args });
  assert.ok(!result.isError, `${name}: ${result.content?.[0]?.text}`);
  assert.deepEqual(JSON.parse(result.content[1].text), result.structuredContent);
  return result.structuredContent;
}

async function complaint(client, name, args) {
  const result = await client.callTool({ name, arguments: args });
  assert.equal(result.isError, true, JSON.stringify(result));
  return result.content[0].text;
}

const checks = {
  async "lists every tool"(client) {
    const { tools } = await client.listTools();
    assert.deepEqual(tools.map((tool) => tool.name), toolNames);
    for (const tool of tools) {
      assert.equal(tool.inputSchema.additionalProperties, false);
      assert.equal(tool.outputSchema.type, "object");
      assert.equal(tool.annotations.readOnlyHint, !["get_credential", "publish_event"].includes(tool.name));
    }
  },
  async "get_context_databases"(client) {
    const { databases, context } = await call(client, "get_context_databases", {});
    assert.equal(context.name, "local");
    assert.deepEqual(databases.filter((one) => one.store === "documents").map((one) => one.name), ["flowmaster", "flowmaster_dev", "flowmaster_test"]);
    assert.equal(databases.find((one) => one.name === "flowmaster").environment, "production");
    const { objects } = await call(client, "get_context_databases", { database: "flowmaster", detail: true });
    const definitions = objects.find((one) => one.name === "process_definitions");
    assert.equal(definitions.rows, 60);
    assert.ok(definitions.description.length > 10 && definitions.owner);
    const first = await call(client, "get_context_databases", { database: "flowmaster", limit: 2 });
    const second = await call(client, "get_context_databases", { database: "flowmaster", limit: 2, cursor: first.next_cursor });
    assert.deepEqual([...first.objects, ...second.objects], objects.slice(0, 4).map(({ name, kind, rows }) => ({ name, kind, rows })));
    assert.ok((await call(client, "get_context_databases", { store: "cache", database: "cache" })).objects.some((one) => one.name === "sessions"));
  },
  async "describe"(client) {
    const collection = await call(client, "describe", { store: "documents", database: "flowmaster", object: "process_definitions" });
    assert.ok(collection.sample_shape.some((one) => one.name === "name" && one.type === "string"));
    assert.ok(!JSON.stringify(collection).includes("Process 1"), "a shape holds no values");
    const table = await call(client, "describe", { store: "relational", database: "flowmaster_core", object: "users" });
    assert.ok(table.attributes.some((one) => one.name === "email"));
    assert.ok(table.indexes.some((one) => one.unique));
    assert.deepEqual((await call(client, "describe", { store: "cache", object: "sessions" })).key_prefixes, ["session:", "agent:"]);
    assert.match(await complaint(client, "describe", { store: "documents", database: "flowmaster", object: "nothing" }), /Allowed: .*process_definitions/);
  },
  async "query_documents"(client) {
    const query = "FOR d IN process_definitions SORT d.name RETURN KEEP(d, '_key', 'name')";
    const keys = [];
    for (let cursor; ;) {
      const page = await call(client, "query_documents", { query, limit: 25, ...(cursor && { cursor }) });
      keys.push(...page.rows.map((row) => row._key));
      if (!(cursor = page.next_cursor)) break;
    }
    assert.equal(new Set(keys).size, 60);
    const bound = await call(client, "query_documents", { database: "flowmaster", query: "FOR d IN @@c FILTER d._key == @k RETURN d.name", bind: { "@c": "process_definitions", k: "p7" } });
    assert.deepEqual(bound.rows, ["Process 7"]);
    for (const writes of ["REMOVE 'p1' IN process_definitions", "INSERT {a: 1} INTO process_definitions", "FOR d IN process_definitions UPDATE d WITH {x: 1} IN process_definitions"]) {
      assert.match(await complaint(client, "query_documents", { query: writes }), /Rule: These tools read/);
    }
    assert.match(await complaint(client, "query_documents", { query: "FOR d IN" }), /error 1501/);
    assert.equal((await db.collection("process_definitions").count()).count, 60);
  },
  async "query_relational"(client) {
    const page = await call(client, "query_relational", { query: "SELECT n, n AS n FROM generate_series(1, 30) n ORDER BY 1", limit: 20 });
    assert.deepEqual(page.columns.map((column) => column.name), ["n", "n"]);
    assert.equal(page.rows.length, 20);
    const rest = await call(client, "query_relational", { query: "SELECT n, n AS n FROM generate_series(1, 30) n ORDER BY 1", limit: 20, cursor: page.next_cursor });
    assert.deepEqual(rest.rows.at(-1), [30, 30]);
    assert.ok((await call(client, "query_relational", { database: "flowmaster_core", query: "SELECT name FROM roles ORDER BY name" })).row_count > 0);
    assert.deepEqual((await call(client, "query_relational", { query: "SELECT $1::int + 1 AS next", parameters: [41] })).rows, [[42]]);
    for (const writes of ["DELETE FROM users", "SELECT 1; DROP TABLE users", "WITH x AS (DELETE FROM users RETURNING 1) SELECT * FROM x", "COPY users TO PROGRAM 'id'", "SELECT pg_read_file('/etc/passwd')"]) {
      assert.ok(await complaint(client, "query_relational", { query: writes }));
    }
  },
  async "explain"(client) {
    assert.match((await call(client, "explain", { store: "documents", database: "flowmaster", query: "FOR d IN process_definitions RETURN d" })).plan, /process_definitions/);
    assert.match((await call(client, "explain", { store: "relational", query: "SELECT * FROM users WHERE id IS NULL" })).plan, /users/);
  },
  async "cache_get"(client) {
    const value = await call(client, "cache_get", { key: "session:user_123" });
    assert.deepEqual([value.type, value.value], ["string", "hello"]);
    assert.ok(value.ttl_s > 0 && value.ttl_s <= 600);
    const first = await call(client, "cache_get", { key: "job:list", as: "list", limit: 30 });
    const second = await call(client, "cache_get", { key: "job:list", as: "list", limit: 30, cursor: first.next_cursor });
    assert.deepEqual([first.value.length, second.value.length, second.value.at(-1)], [30, 20, "job 49"]);
    assert.equal((await call(client, "cache_get", { key: "session:absent" })).type, "none");
    assert.match(await complaint(client, "cache_get", { key: "workerdb:environment" }), /session:/);
  },
  async "get_credential"(client) {
    const login = await call(client, "get_credential", { store: "documents", database: "flowmaster", objects: ["process_definitions"], lifetime_s: 60 });
    const reader = new Database({ url: `http://${login.host}:${login.port}`, databaseName: "flowmaster", auth: { username: login.user, password: login.password } });
    assert.equal((await reader.collection("process_definitions").document("p1")).name, "Process 1");
    await assert.rejects(reader.collection("process_definitions").save({ name: "x" }));
    assert.ok(Date.parse(login.expires_at) - Date.now() < 61_000);
    const cache = await call(client, "get_credential", { store: "cache", objects: ["session:*"], lifetime_s: 60 });
    const scoped = new Redis({ host: cache.host, port: cache.port, username: cache.user, password: cache.password, lazyConnect: true, enableReadyCheck: false });
    await scoped.connect();
    assert.equal(await scoped.get("session:user_123"), "hello");
    await assert.rejects(scoped.get("job:1"), /NOPERM/);
    await assert.rejects(scoped.set("session:user_123", "x"), /NOPERM/);
    scoped.disconnect();
    const relational = await call(client, "get_credential", { store: "relational", database: "flowmaster_core", objects: ["users"], lifetime_s: 60 });
    assert.ok(relational.user && relational.password && relational.port === ports.postgres);
    for (const long of ["documents-root", "postgres-superuser", "postgres-app", "redis-admin"]) {
      assert.ok(!JSON.stringify([login, cache, relational]).includes(secret(long)));
    }
  },
  async "publish_event"(client) {
    const listener = redis.duplicate();
    await listener.subscribe("events:workflow");
    const heard = new Promise((resolve) => listener.once("message", (_, message) => resolve(JSON.parse(message))));
    const { receivers } = await call(client, "publish_event", { channel: "events:workflow", payload: { type: "started", id: "123" } });
    assert.equal(receivers, 1);
    assert.deepEqual(await heard, { type: "started", id: "123" });
    listener.disconnect();
    assert.match(await complaint(client, "publish_event", { channel: "elsewhere", payload: {} }), /events:/);
  },
  async "errors say how to mend the call"(client) {
    assert.match(await complaint(client, "query_documents", { qury: "RETURN 1" }), /did you mean 'query'\?/);
    assert.match(await complaint(client, "query_documents", { query: "RETURN 1", limit: 5000 }), /'limit' must be at most 200/);
    await assert.rejects(client.callTool({ name: "no_such_tool", arguments: {} }), (error) => error.code === -32602);
  },
  async "many calls at once"(client) {
    const answers = await Promise.all(Array.from({ length: 6 }, (_, n) => call(client, "query_documents", { query: `RETURN ${n}` })));
    assert.deepEqual(answers.map((answer) => answer.rows[0]), [0, 1, 2, 3, 4, 5]);
  },
};

let passed = 0, failed = 0;
try {
  for (const [kind, makeClient, makeTransport, version] of kinds) {
    const client = makeClient();
    try {
      const transport = makeTransport();
      await client.connect(transport);
      assert.equal(client.getServerVersion().name, "workerdb");
      const negotiated = client.getNegotiatedProtocolVersion?.() ?? transport.protocolVersion;
      if (negotiated) assert.equal(negotiated, version);
    } catch (error) {
      console.log(`not ok ${kind}: connect: ${error.stack}`);
      failed += Object.keys(checks).length;
      continue;
    }
    for (const [name, check] of Object.entries(checks)) {
      try {
        await check(client);
        passed += 1;
        console.log(`ok ${kind}: ${name}`);
      } catch (error) {
        failed += 1;
        console.log(`not ok ${kind}: ${name}: ${error.stack}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 1_000)); // the calls that a principal may make refill
    }
    await client.close();
  }
} finally {
  redis.disconnect();
  stack.close();
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
