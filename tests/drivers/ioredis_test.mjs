// What services do with ioredis, against the Redis of a whole stack, with the REDIS_URL that `workerdb env` gives.
// Run: node tests/drivers/ioredis_test.mjs
import assert from "node:assert/strict";
import Redis from "ioredis";
import { killService, nextEvent, runCases, startStack, waitUntil } from "./stack.mjs";

const stack = await startStack();
const url = stack.variables().REDIS_URL;
const clients = [];
function connect(options = {}, to = url) {
  const client = new Redis(to, { retryStrategy: () => 100, ...options });
  client.on("error", () => {}); // a connection that is refused while the server is away
  clients.push(client);
  return client;
}
// The platform's spaces refuse keys without an end, so each key here gets one.
const redis = connect();
const space = (name) => connect({ username: name, password: stack.secret(`redis-space-${name}`) }, `redis://127.0.0.1:${stack.ports.redis}`);

const cases = [];
const test = (name, run) => cases.push([name, run]);

test("connects with the URL, and knows the server", async () => {
  assert.equal(await redis.ping(), "PONG");
  assert.match(await redis.info("server"), /redis_version:7\./);
  assert.equal(await redis.call("ACL", "WHOAMI").catch((error) => error.message.split(" ")[0]), "default");
});

test("a wrong password is refused", async () => {
  const wrong = new URL(url);
  wrong.password = "wrong";
  const client = connect({ retryStrategy: null, lazyConnect: true, maxRetriesPerRequest: 0 }, wrong.href);
  await assert.rejects(client.connect().then(() => client.ping()), /WRONGPASS|NOAUTH|closed/);
  client.disconnect();
});

test("texts, numbers, ends", async () => {
  assert.equal(await redis.set("session:a", "größe", "EX", 600), "OK");
  assert.equal(await redis.get("session:a"), "größe");
  assert.ok((await redis.ttl("session:a")) > 590);
  assert.equal(await redis.incrby("session:count", 41), 41);
  assert.equal(await redis.incr("session:count"), 42);
  assert.equal(await redis.get("session:nothing"), null);
  assert.equal(await redis.set("session:a", "x", "NX"), null);
});

test("bytes come back as they were", async () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, n) => n));
  await redis.set("session:bytes", bytes, "EX", 600);
  assert.deepEqual(await redis.getBuffer("session:bytes"), bytes);
});

test("a value of 8 MiB", async () => {
  const large = Buffer.alloc(8 * 1024 * 1024, "large ");
  await redis.set("session:large", large, "EX", 600);
  assert.ok((await redis.getBuffer("session:large")).equals(large));
});

test("hashes, lists, sets, sorted sets", async () => {
  await redis.hset("session:hash", { user: "u1", role: "admin" });
  assert.deepEqual(await redis.hgetall("session:hash"), { user: "u1", role: "admin" });
  await redis.rpush("job:list", "a", "b", "c");
  assert.deepEqual(await redis.lrange("job:list", 0, -1), ["a", "b", "c"]);
  await redis.sadd("session:set", "x", "y", "x");
  assert.equal(await redis.scard("session:set"), 2);
  await redis.zadd("job:due", 3, "late", 1, "early");
  assert.deepEqual(await redis.zrange("job:due", 0, 0), ["early"]);
});

test("a pipeline of 2,000 commands keeps their order", async () => {
  const pipeline = redis.pipeline();
  for (let n = 0; n < 1_000; ++n) pipeline.set(`job:p:${n}`, n, "EX", 600).get(`job:p:${n}`);
  const answers = await pipeline.exec();
  assert.equal(answers.length, 2_000);
  assert.deepEqual(answers.filter((_, at) => at % 2 === 1).map(([, value]) => Number(value)), Array.from({ length: 1_000 }, (_, n) => n));
});

test("commands of one tick share a pipeline", async () => {
  const automatic = connect({ enableAutoPipelining: true });
  await automatic.ping();
  const values = await Promise.all(Array.from({ length: 50 }, (_, n) => automatic.get(`job:p:${n}`)));
  assert.deepEqual(values, Array.from({ length: 50 }, (_, n) => String(n)));
});

test("an error in a pipeline stops nothing else", async () => {
  const [first, second, third] = await redis.pipeline().set("session:e", "1", "EX", 600).lpush("session:e", "x").get("session:e").exec();
  assert.equal(first[1], "OK");
  assert.match(second[0].message, /WRONGTYPE/);
  assert.equal(third[1], "1");
});

test("a transaction runs as a whole", async () => {
  const answers = await redis.multi().set("job:t", 1, "EX", 600).incr("job:t").get("job:t").exec();
  assert.deepEqual(answers.map(([, value]) => value), ["OK", 2, "2"]);
});

test("a watched key that changes ends the transaction", async () => {
  const watcher = connect();
  await watcher.watch("job:t");
  await redis.set("job:t", "other");
  assert.equal(await watcher.multi().set("job:t", "mine").exec(), null);
  assert.equal(await redis.get("job:t"), "other");
});

test("a bad command discards the transaction", async () => {
  await assert.rejects(redis.multi().set("job:t", "lost").call("set", "job:t").exec(), /EXECABORT|wrong number/);
  assert.equal(await redis.get("job:t"), "other");
});

test("scripts run by their digest", async () => {
  redis.defineCommand("addAll", { numberOfKeys: 1, lua: "local s = 0 for _, v in ipairs(ARGV) do s = s + v end redis.call('set', KEYS[1], s, 'EX', 600) return s" });
  assert.equal(await redis.addAll("job:sum", 1, 2, 3), 6);
  assert.equal(await redis.addAll("job:sum", 4, 5), 9);
  assert.equal(await redis.get("job:sum"), "9");
});

test("messages reach subscribers of channels and of patterns", async () => {
  const channel = connect(), pattern = connect();
  await channel.subscribe("events:orders");
  await pattern.psubscribe("events:*");
  const heard = Promise.all([nextEvent(channel, "message"), nextEvent(pattern, "pmessage")]);
  assert.equal(await redis.publish("events:orders", JSON.stringify({ id: 7 })), 2);
  const [[name, text], [glob, matched, same]] = await heard;
  assert.deepEqual([name, JSON.parse(text).id, glob, matched, same], ["events:orders", 7, "events:*", "events:orders", text]);
  await pattern.punsubscribe();
  await channel.unsubscribe();
  assert.equal(await channel.ping(), "PONG", "no subscriber any more");
});

test("a stream with a group: read, acknowledge, claim", async () => {
  await redis.xgroup("CREATE", "events:stream", "workers", "$", "MKSTREAM");
  for (let n = 0; n < 5; ++n) await redis.xadd("events:stream", "*", "n", n);
  const [[, entries]] = await redis.xreadgroup("GROUP", "workers", "w1", "COUNT", 3, "STREAMS", "events:stream", ">");
  assert.deepEqual(entries.map(([, fields]) => fields), [["n", "0"], ["n", "1"], ["n", "2"]]);
  assert.equal(await redis.xack("events:stream", "workers", entries[0][0]), 1);
  const [, claimed] = await redis.xautoclaim("events:stream", "workers", "w2", 0, "0");
  assert.deepEqual(claimed.map(([id]) => id), [entries[1][0], entries[2][0]]);
  assert.equal((await redis.xpending("events:stream", "workers"))[0], 2);
});

test("a blocked reader hears of an entry", async () => {
  const reader = connect();
  await reader.ping();
  const waiting = reader.xread("BLOCK", 10_000, "STREAMS", "events:stream", "$");
  await waitUntil(async () => (await redis.info("clients")).match(/blocked_clients:1/), "the reader waits");
  await redis.xadd("events:stream", "*", "n", "last");
  assert.deepEqual((await waiting)[0][1][0][1], ["n", "last"]);
});

test("a queue hands an entry to a waiting worker", async () => {
  const worker = connect();
  const waiting = worker.blpop("job:queue", 10);
  await redis.rpush("job:queue", "work");
  assert.deepEqual(await waiting, ["job:queue", "work"]);
});

test("SCAN finds every key of a space", async () => {
  const keys = new Set();
  for await (const some of redis.scanStream({ match: "job:p:*", count: 200 })) some.forEach((key) => keys.add(key));
  assert.equal(keys.size, 1_000);
});

test("a service's own user has its keys and no others", async () => {
  const scheduling = space("scheduling");
  assert.equal(await scheduling.set("job:mine", "1", "EX", 60), "OK");
  await assert.rejects(scheduling.set("session:theirs", "1"), /NOPERM/);
  await assert.rejects(scheduling.flushall(), /NOPERM/);
});

test("nobody who has the URL runs the server", async () => {
  await assert.rejects(redis.config("SET", "dir", "/tmp"), /NOPERM/);
  await assert.rejects(redis.shutdown(), /NOPERM/);
});

test("after the server was killed: the same client goes on, with what was written", async () => {
  await redis.set("session:kept", "before", "EX", 600);
  await new Promise((resolve) => setTimeout(resolve, 1_100)); // the append-only file is synced once a second
  const subscriber = connect();
  await subscriber.subscribe("events:after");
  const again = nextEvent(redis, "ready");
  await killService(stack, "redis");
  await again;
  assert.equal(await redis.get("session:kept"), "before");
  // A subscriber subscribes again by itself.
  const heard = nextEvent(subscriber, "message");
  await waitUntil(async () => (await redis.publish("events:after", "hello")) === 1, "the subscriber is back");
  assert.deepEqual(await heard, ["events:after", "hello"]);
});

test("after the server was killed: streams and groups are there", async () => {
  assert.equal(await redis.xlen("events:stream"), 6);
  assert.equal((await redis.xpending("events:stream", "workers"))[0], 2);
  const [[, entries]] = await redis.xreadgroup("GROUP", "workers", "w3", "STREAMS", "events:stream", ">");
  assert.equal(entries.length, 3);
});

test("a command that is asked while the server is away waits for it", async () => {
  const before = stack.service("redis").pid;
  process.kill(before, "SIGKILL");
  await nextEvent(redis, "close");
  assert.equal(await redis.incr("session:count"), 43);
  assert.notEqual(stack.service("redis").pid, before);
});

await runCases(cases, () => {
  clients.forEach((client) => client.disconnect());
  stack.close();
});
