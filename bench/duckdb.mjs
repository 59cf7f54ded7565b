// DuckDB behind standard input: each line {"sql", "bind"} is answered by a line {"rows", "ms"} or {"error"}.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

// The packages of the tests' drivers are used, and stand elsewhere.
const packages = createRequire(new URL('../tests/drivers/package.json', import.meta.url));
const { default: duckdb } = await import(pathToFileURL(packages.resolve('@duckdb/node-api')));

const instance = await duckdb.DuckDBInstance.create(':memory:');
const connection = await instance.connect();
const prepared = new Map();

async function ask({ sql, bind }) {
  if (!/^\s*(select|with)/i.test(sql)) {
    await connection.run(sql);
    return { rows: [], ms: 0 };
  }
  if (!prepared.has(sql)) prepared.set(sql, await connection.prepare(sql));
  const statement = prepared.get(sql);
  statement.bind(Object.fromEntries(Object.entries(bind).filter(([name]) => sql.includes(`$${name}`))));
  const start = performance.now();
  const rows = await (await statement.run()).getRows();
  const ms = performance.now() - start;
  return { rows: rows.map((row) => row.map((cell) => (typeof cell === 'bigint' ? Number(cell) : cell))), ms };
}

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    answer = await ask(JSON.parse(line));
  } catch (error) {
    answer = { error: String(error?.message ?? error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
