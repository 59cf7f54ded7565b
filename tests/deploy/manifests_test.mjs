// deploy/k3s against the Kubernetes JSON schemas of the npm package kubernetes-models, unknown attributes included, and
// every reference against its other end.
import { createRequire } from 'node:module';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import assert from 'node:assert/strict';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const folder = join(root, 'deploy', 'k3s');
const require = createRequire(join(root, 'tests', 'drivers', 'package.json'));
const { parse, parseAllDocuments } = require('yaml');
const validator = require('@kubernetes-models/validate');

// The API server drops what it does not know, in silence: a misspelt attribute is an error here.
function closed(schema) {
  if (Array.isArray(schema)) return schema.map(closed);
  if (schema === null || typeof schema !== 'object') return schema;
  const result = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  if (result.type === 'object' && result.properties && result.additionalProperties === undefined) result.additionalProperties = false;
  return result;
}
const register = validator.register;
validator.register = (id, schema) => register(id, closed(schema));

const schemas = {
  'v1/Namespace': 'core.v1.Namespace',
  'v1/Service': 'core.v1.Service',
  'v1/PersistentVolumeClaim': 'core.v1.PersistentVolumeClaim',
  'apps/v1/StatefulSet': 'apps.v1.StatefulSet',
  'batch/v1/Job': 'batch.v1.Job',
  'networking.k8s.io/v1/NetworkPolicy': 'networking.v1.NetworkPolicy',
};

function check(object) {
  const name = schemas[`${object.apiVersion}/${object.kind}`];
  assert.ok(name, `no schema for ${object.apiVersion}/${object.kind}`);
  const file = 'IoK8sApi' + name.split('.').map((part) => part[0].toUpperCase() + part.slice(1)).join('');
  // By its path, as the package does not export it by name.
  require(join(root, 'tests', 'drivers', 'node_modules', 'kubernetes-models', '_schemas', `${file}.js`)).addSchema();
  validator.validate(`io.k8s.api.${name}`, object);
}

const kustomization = parse(readFileSync(join(folder, 'kustomization.yaml'), 'utf8'));
// Anchors are for the writer: merged away, as kustomize does.
const objects = kustomization.resources.flatMap((file) =>
  parseAllDocuments(readFileSync(join(folder, file), 'utf8')).map((document) => {
    assert.deepEqual(document.errors, [], file);
    return { file, ...document.toJS() };
  }));
const pods = objects.filter((object) => object.spec?.template?.spec).map((object) => ({
  name: object.metadata.name, object, labels: object.spec.template.metadata.labels, spec: object.spec.template.spec,
}));
const containersOf = (pod) => [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
const selects = (selector, labels) => Object.entries(selector).every(([key, value]) => labels[key] === value);

let passed = 0;
const failures = [];
function test(name, body) {
  try {
    body();
    passed += 1;
    console.log(`ok   ${name}`);
  } catch (error) {
    failures.push(name);
    console.log(`FAIL ${name}: ${error.message}`);
  }
}

for (const { file, ...object } of objects) {
  test(`${file}: ${object.kind} ${object.metadata.name} is as the schema says`, () => check(object));
}

test('a misspelt attribute and a wrong type are found', () => {
  const service = objects.find((object) => object.kind === 'Service');
  const { file, ...plain } = service;
  assert.throws(() => check({ ...plain, spec: { ...plain.spec, selectr: {} } }));
  assert.throws(() => check({ ...plain, spec: { ...plain.spec, ports: [{ port: 'http' }] } }));
});

test('every manifest belongs to the kustomization', () => {
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml') && !['kustomization.yaml', 'contexts.yaml'].includes(file));
  assert.deepEqual(files.sort(), [...kustomization.resources].sort());
  for (const generator of kustomization.configMapGenerator) {
    for (const file of generator.files) assert.ok(existsSync(join(folder, file)), file);
  }
});

test('every volume that is mounted is there, and every one that is there is mounted', () => {
  for (const pod of pods) {
    const claims = (pod.object.spec.volumeClaimTemplates ?? []).map((claim) => claim.metadata.name);
    const volumes = [...(pod.spec.volumes ?? []).map((volume) => volume.name), ...claims].sort();
    const mounted = [...new Set(containersOf(pod).flatMap((container) => container.volumeMounts.map((mount) => mount.name)))].sort();
    assert.deepEqual(mounted, volumes, pod.name);
  }
});

test('ConfigMaps and claims that are named exist', () => {
  const maps = kustomization.configMapGenerator.map((generator) => generator.name);
  const claims = objects.filter((object) => object.kind === 'PersistentVolumeClaim').map((object) => object.metadata.name);
  for (const volume of pods.flatMap((pod) => pod.spec.volumes ?? [])) {
    if (volume.configMap) assert.ok(maps.includes(volume.configMap.name), volume.name);
    if (volume.persistentVolumeClaim) assert.ok(claims.includes(volume.persistentVolumeClaim.claimName), volume.name);
  }
});

test('Secrets are referred to, never written, and README.md makes each of them', () => {
  assert.deepEqual(objects.filter((object) => object.kind === 'Secret'), []);
  const readme = readFileSync(join(root, 'deploy', 'README.md'), 'utf8');
  const names = pods.flatMap((pod) => pod.spec.volumes ?? []).filter((volume) => volume.secret).map((volume) => volume.secret.secretName);
  assert.ok(names.length > 0);
  for (const name of names) assert.ok(readme.includes(name), name);
  for (const file of readdirSync(folder)) {
    assert.doesNotMatch(readFileSync(join(folder, file), 'utf8'), /(password|secret|token)\s*[:=]\s*["']?[A-Za-z0-9]{8,}/i, file);
  }
});

test('README.md makes a key for every role and cache user of the catalog', () => {
  const readme = readFileSync(join(root, 'deploy', 'README.md'), 'utf8');
  const catalog = join(root, 'catalog', 'flowmaster');
  const users = parse(readFileSync(join(catalog, 'cache.yaml'), 'utf8')).cache.users.map((user) => `cache-${user.name}`);
  const roles = parse(readFileSync(join(catalog, 'relational.yaml'), 'utf8')).relational_roles.map((role) => `relational-${role.name}`);
  assert.ok(users.length > 0 && roles.length > 0);
  for (const key of [...users, ...roles]) assert.ok(readme.includes(`--from-file=${key}=`), key);
});

test('services have the names and ports of the contexts, and lead to pods', () => {
  const { contexts } = parse(readFileSync(join(folder, 'contexts.yaml'), 'utf8'));
  assert.equal(contexts.cluster.namespace, kustomization.namespace);
  for (const store of ['documents', 'relational', 'cache']) {
    const place = contexts.cluster[store];
    const service = objects.find((object) => object.kind === 'Service' && object.metadata.name === place.service);
    assert.ok(service, place.service);
    const [port] = service.spec.ports;
    assert.equal(port.port, place.port);
    const pod = pods.find((candidate) => selects(service.spec.selector, candidate.labels));
    const container = pod.spec.containers.find((candidate) => candidate.ports?.some((open) => open.name === port.targetPort && open.containerPort === port.port));
    assert.ok(container, `${place.service}: no container opens ${port.targetPort}`);
    assert.equal(pod.object.spec.serviceName, place.service);
  }
});

test('network policies name ports and pods that exist, and nothing is open by default', () => {
  const policies = objects.filter((object) => object.kind === 'NetworkPolicy');
  const everything = policies.find((policy) => Object.keys(policy.spec.podSelector).length === 0);
  assert.deepEqual(everything.spec.policyTypes, ['Ingress', 'Egress']);
  assert.equal(everything.spec.ingress, undefined);
  const names = pods.map((pod) => pod.labels['app.kubernetes.io/name']);
  const text = JSON.stringify(policies);
  for (const name of names) assert.ok(text.includes(`"${name}"`), `${name} is in no policy`);
});

test('every pod is bounded, probed and without privileges', () => {
  for (const pod of pods) {
    assert.equal(pod.spec.automountServiceAccountToken, false, pod.name);
    assert.equal(pod.spec.securityContext.runAsNonRoot, true, pod.name);
    assert.equal(pod.spec.securityContext.seccompProfile.type, 'RuntimeDefault', pod.name);
    for (const container of containersOf(pod)) {
      const where = `${pod.name}/${container.name}`;
      assert.equal(container.securityContext.allowPrivilegeEscalation, false, where);
      assert.equal(container.securityContext.readOnlyRootFilesystem, true, where);
      assert.deepEqual(container.securityContext.capabilities.drop, ['ALL'], where);
      assert.ok(container.resources.requests.cpu && container.resources.requests.memory && container.resources.limits.memory, where);
    }
    if (pod.object.kind === 'StatefulSet') {
      for (const container of pod.spec.containers) {
        for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) assert.ok(container[probe], `${pod.name}: ${probe}`);
      }
    }
  }
});

test('the image of the manifests is the one that the Dockerfile makes, and it runs as an ordinary user', () => {
  const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
  const stages = dockerfile.match(/^FROM .*/gm);
  assert.equal(stages.length, 2);
  const user = dockerfile.match(/^USER (\d+):(\d+)/m);
  assert.ok(user && user[1] !== '0');
  const [image] = kustomization.images;
  const version = readFileSync(join(root, 'CMakeLists.txt'), 'utf8').match(/project\(worker-database VERSION ([\d.]+)/)[1];
  assert.equal(image.newTag, version);
  for (const pod of pods) {
    assert.equal(String(pod.spec.securityContext.runAsUser), user[1], pod.name);
    for (const container of containersOf(pod)) assert.equal(container.image, image.name);
  }
});

console.log(`${passed} passed, ${failures.length} failed`);
process.exit(failures.length ? 1 : 0);
