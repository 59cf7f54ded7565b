// Walks every imported model along its sequence flows, as a workflow engine would, and writes what it did: one
// process instance a model, one node execution a node. Every third instance stops half way and stays running.
// Keys are fixed, so that a second walk changes nothing. Ends with one line of JSON.
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
const all = async (query, bind) => (await db.query(query, bind)).all();

// The nodes in the order in which a token reaches them first.
async function nodesAlongFlows(definition) {
  const nodes = await all(
    "FOR n IN process_nodes FILTER n.definition == @definition SORT n._key RETURN KEEP(n, '_id', 'element', 'type', 'name')",
    { definition },
  );
  const flows = await all(
    `FOR f IN process_flows FILTER f.definition == @definition AND f.type == "sequenceFlow"
     SORT f._key RETURN [f._from, f._to]`,
    { definition },
  );
  const byId = new Map(nodes.map((node) => [node._id, node]));
  const following = Map.groupBy ? Map.groupBy(flows, ([from]) => from) : new Map();
  if (!Map.groupBy) for (const flow of flows) following.set(flow[0], [...(following.get(flow[0]) ?? []), flow]);
  const entered = new Set(flows.map(([, to]) => to));
  const queue = nodes.map((node) => node._id).filter((id) => following.has(id) && !entered.has(id));
  const reached = new Set(queue);
  for (const id of queue) {
    for (const [, next] of following.get(id) ?? []) {
      if (!reached.has(next)) reached.add(next), queue.push(next);
    }
  }
  return queue.map((id) => byId.get(id)).filter((node) => node);
}

const began = Date.now() - 24 * 3_600_000;
const at = (minute) => new Date(began + minute * 60_000).toISOString();
const ignore = { overwriteMode: "ignore" };
const counts = { instances: 0, running: 0, node_executions: 0 };

const definitions = await all(
  'FOR d IN process_definitions FILTER d.bpmn_xml != null SORT d._key RETURN KEEP(d, "_key", "version")',
);
for (const [position, definition] of definitions.entries()) {
  const path = await nodesAlongFlows(definition._key);
  if (path.length === 0) continue;
  const isRunning = position % 3 === 0;
  const walked = isRunning ? path.slice(0, Math.ceil(path.length / 2)) : path;
  const instance = `tour-${definition._key}`;
  await db.collection("process_instances").save(
    {
      _key: instance,
      definition: definition._key,
      definition_version: definition.version,
      status: isRunning ? "running" : "completed",
      started_at: at(0),
      ended_at: isRunning ? null : at(walked.length),
      started_by: "tour",
      current_nodes: isRunning ? [walked.at(-1).element] : [],
    },
    ignore,
  );
  const answers = await db.collection("node_executions").saveAll(
    walked.map((node, step) => {
      const waits = isRunning && step === walked.length - 1;
      return {
        _key: `${instance}-${step}`,
        instance,
        definition: definition._key,
        node: node.element,
        node_type: node.type,
        status: waits ? "waiting" : "completed",
        attempt: 1,
        worker: "tour",
        started_at: at(step),
        ended_at: waits ? null : at(step + 1),
        duration_ms: waits ? 0 : 60_000,
      };
    }),
    ignore,
  );
  const failed = answers.find((answer) => answer.error);
  if (failed) throw new Error(`${instance}: ${failed.errorMessage}`);
  counts.instances += 1;
  counts.running += isRunning ? 1 : 0;
  counts.node_executions += walked.length;
}
console.log(JSON.stringify(counts));
db.close();
