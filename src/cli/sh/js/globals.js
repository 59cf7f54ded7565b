// What a script finds: db, aql, print, require and the rest. Last of the files that fill `shell`.
(function (shell, native) {
  'use strict';

  const help_text = `db                                  the current database
  db._databases()                   all databases (in _system)
  db._useDatabase(name)             go to another database
  db._createDatabase(name)          make a database (in _system)
  db._collections()                 all collections
  db._create(name, properties)      make a collection; db._createEdgeCollection(name)
  db._drop(name)                    drop a collection
  db._query(text, bind, options)    run AQL; also db._query(aql\`FOR d IN \${db.c} RETURN d\`)
  db._explain(text), db._profileQuery(text), db._parse(text)
  db._createTransaction({collections: {write: ["c"]}})
db.<collection>                     a collection
  insert(document), document(key), exists(key), update(key, patch), replace(key, document), remove(key)
  count(), all(), any(), byExample({name: value}), firstExample(…), removeByExample(…), updateByExample(…)
  ensureIndex({type, fields}), indexes(), dropIndex(id), properties(), figures(), truncate(), rename(name), drop()
cursor                              toArray(), next(), hasNext(), count(), getExtra(), dispose(), for … of
aql\`…\${value}…\`, aql.literal(text), aql.join(list, separator)
print(value…), printf(format, value…), console.log(…)
require("@arangodb"), require("@arangodb/users"), require("internal")
arango.GET(path), POST, PUT, PATCH, DELETE(path, body), HEAD
help, exit, quit                    Tab completes; Ctrl-C ends what runs; Ctrl-D leaves`;

  const print = (...values) => { shell.print(...values); };
  const printf = (...values) => { native.write(shell.format(...values)); };
  const log = (...values) => { shell.print_line(shell.format(...values)); };
  const warn = (...values) => { native.write_error(shell.format(...values) + '\n'); };
  const exit = (code = 0) => { native.exit(Number(code) | 0); };
  const time = () => Date.now() / 1000;
  const sleep = (seconds) => { native.sleep(Number(seconds) * 1000); };
  const help = () => { shell.print_line(help_text); };
  help[shell.shown_as] = () => help_text;
  shell.help = help;

  // Direct requests to the server, as arangosh's connection object offers them.
  const direct = (method) => (path, body) => {
    const {status, answer, revision} = shell.send(method, String(path), {
      database: String(path).startsWith('/_db/') ? null : undefined, body});
    return method === 'HEAD' ? {code: status, headers: revision ? {etag: revision} : {}} : answer;
  };
  const arango = Object.freeze({
    GET: direct('GET'), HEAD: direct('HEAD'), POST: direct('POST'), PUT: direct('PUT'), PATCH: direct('PATCH'),
    DELETE: direct('DELETE'), getDatabaseName: () => shell.database, getEndpoint: () => native.endpoint,
    getVersion: () => shell.db._version(), connectedUser: () => native.user, isConnected: () => true,
  });

  const modules = {
    '@arangodb': {db: shell.db, aql: shell.aql, query: shell.aql, print, printf, errors: shell.errors, arango, isServer: false,
                  ArangoError: shell.ArangoError, ArangoCollection: shell.ArangoCollection, time},
    '@arangodb/users': shell.users,
    internal: {db: shell.db, print, printf, time, sleep, wait: sleep, arango, errors: shell.errors, exit,
               colors: {}, isArangod: () => false},
    console: {log, info: log, debug: log, warn, error: warn},
  };
  const require = (name) => {
    const found = Object.hasOwn(modules, name) ? modules[name] : undefined;
    if (found === undefined) {
      throw new Error(`module '${name}' is not offered; there are: ${Object.keys(modules).join(', ')}`);
    }
    return found;
  };

  const globals = {db: shell.db, aql: shell.aql, print, printf, print_r: print, console: modules.console, require, help, exit,
                   quit: exit, arango, ArangoError: shell.ArangoError};
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, {value, writable: true, configurable: true, enumerable: false});
  }

  // A bare word, as people type it.
  shell.show_result = (value) => {
    if (value === undefined) return;
    if (value === exit) exit(0);
    if (value === help) help();
    else shell.print(value);
  };
})
