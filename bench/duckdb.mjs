// DuckDB behind standard input: each line {"sql", "bind"} is answered by a line {"rows", "ms"} or {"error"}.
import duckdb from '@duckdb/node-api';
import { createInterface } from 'node:readline';

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
