// The platform's document operations through arangojs, as its services run them.
import { readFileSync } from "node:fs";
import { Database } from "arangojs";

const db = new Database({
  url: process.env.ARANGO_URL,
  databaseName: process.env.ARANGO_DATABASE,
  auth: {
    username: process.env.ARANGO_USERNAME,
    password: readFileSync(process.env.ARANGO_PASSWORD_FILE, "utf8").trim(),
  },
});

const definitions = db.collection("process_definitions");
const inserted = await definitions.save({
  _key: "workflow_123",
  name: "Approval Workflow",
  version: "1.0",
  type: "workflow",
  definition: {},
});

const found = await db.query(`FOR doc IN process_definitions
FILTER doc.type == "workflow"
RETURN doc`);
const keys = (await found.all()).map((doc) => doc._key);

await db.collection("process_instances").saveAll(
  Array.from({ length: 12 }, (_, n) => ({
    definition_key: "workflow_123",
    status: "running",
    started_at: new Date(n * 1000).toISOString(),
  })),
);
const running = await db.query(`FOR doc IN process_instances
FILTER doc.status == "running"
LIMIT 10
RETURN doc`);
const statuses = (await running.all()).map((doc) => doc.status);

console.log(JSON.stringify({ inserted: inserted._id, definitions: keys, running: statuses }));
db.close();
