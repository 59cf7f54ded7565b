// A whole stack of its own for a test file, and the file's end.
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const program = process.env.WORKERDB ?? "build/dev/workerdb";

async function freePorts(count) {
  const servers = await Promise.all(Array.from({ length: count }, () => new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => resolve(server));
  })));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

export async function startStack() {
  const folder = mkdtempSync(join(tmpdir(), "workerdb-drivers-"));
  chmodSync(folder, 0o755); // PostgreSQL's user must be able to enter it
  const data = join(folder, "data");
  // The person's own contexts and audit log stay out of it.
  const environment = { ...process.env, HOME: folder, XDG_STATE_HOME: join(folder, "state"), XDG_CONFIG_HOME: join(folder, "config") };
  const workerdb = (...words) => execFileSync(program, [...words, "--data", data], { env: environment, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  const [documents, postgres, redis, control] = await freePorts(4);
  workerdb("up", "--detach", "--documents-port", documents, "--postgres-port", postgres, "--redis-port", redis, "--control-port", control);
  return {
    data,
    environment,
    workerdb,
    ports: { documents, postgres, redis, control },
    secret: (name) => readFileSync(join(data, "secrets", name), "utf8").trim(),
    // What a shell has after eval "$(workerdb env)".
    variables() {
      const shown = execFileSync("sh", ["-c", 'eval "$("$0" env --data "$1")" && env -0', program, data], { env: environment, encoding: "utf8" });
      return Object.fromEntries(shown.split("\0").filter(Boolean).map((line) => line.split(/=([^]*)/, 2)));
    },
    // What `workerdb status` says of a service; it fails while one is not ready, and says why all the same.
    service(name) {
      const { stdout } = spawnSync(program, ["status", "--json", "--data", data], { env: environment, encoding: "utf8" });
      return stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line)).find((line) => line.name === name);
    },
    close() {
      workerdb("down");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function waitUntil(condition, what, seconds = 60) {
  for (const end = Date.now() + seconds * 1_000; ;) {
    const answer = await condition();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} seconds`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

// The next event of a name. Unlike events.once() it takes no error for an end: errors are what a test provokes.
export const nextEvent = (emitter, name) => new Promise((resolve) => emitter.once(name, (...values) => resolve(values)));

// Kills a child of the supervisor outright and waits for the next one.
export async function killService(stack, name) {
  const before = stack.service(name);
  process.kill(before.pid, "SIGKILL");
  await waitUntil(() => {
    const now = stack.service(name);
    return now?.state === "ready" && now.pid !== before.pid;
  }, `${name} is ready again`);
}

// Runs the cases in order; prints a line for each and the one that the test counter reads.
export async function runCases(cases, close) {
  let failed = 0;
  for (const [name, run] of cases) {
    try {
      await run();
      console.log(`ok ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`not ok ${name}: ${error.stack}`);
    }
  }
  await close();
  console.log(`${cases.length - failed} passed, ${failed} failed`);
  process.exit(failed === 0 && cases.length > 0 ? 0 : 1);
}
