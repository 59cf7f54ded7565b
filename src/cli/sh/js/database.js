// The object db: databases, collections as properties, queries, transactions, views.
(function (shell) {
  'use strict';

  const collections = new Map();
  shell.forget_collection = (name) => collections.delete(name);

  const read_collection = (name) => {
    const {status, answer} = shell.send('GET', shell.collection_path(name));
    if (status === 404) return null;
    if (status >= 400) throw new shell.ArangoError(answer);
    const collection = new shell.ArangoCollection(answer);
    collections.set(answer.name, collection);
    return collection;
  };
  const create = (name, properties, type) => {
    const body = Object.assign({}, properties, {name, type});
    const collection = new shell.ArangoCollection(shell.request('POST', '/_api/collection', {body}));
    collections.set(name, collection);
    return collection;
  };
  const type_number = (type) => {
    if (type === undefined || type === null || type === 2 || type === 'document') return 2;
    if (type === 3 || type === 'edge') return 3;
    return shell.fail(1218, `no such type of collection: ${type}`);
  };
  const owner_of = (selector) => {
    const found = shell.read_selector(selector);
    if (found.collection === undefined) shell.fail(1205, 'illegal document identifier');
    return db._collection(found.collection) || shell.fail(1203, `collection or view not found: ${found.collection}`, 404);
  };
  const current = () => shell.request('GET', '/_api/database/current').result;

  // ---- statements ----
  class ArangoStatement {
    #query;
    #bind = {};
    #options;

    constructor(description) {
      const body = shell.query_body(description, ...(typeof description === 'string' ? [{}] : []));
      this.#query = body.query;
      this.#bind = Object.assign({}, body.bindVars);
      this.#options = Object.assign({}, body.options);
      for (const name of ['count', 'batchSize', 'ttl', 'cache', 'memoryLimit']) {
        const value = typeof description === 'string' ? undefined : description[name];
        if (value !== undefined || body[name] !== undefined) this.#options[name] = value === undefined ? body[name] : value;
      }
    }
    bind(name, value) {
      if (name !== null && typeof name === 'object') Object.assign(this.#bind, name);
      else this.#bind[name] = value;
      return this;
    }
    getQuery() { return this.#query; }
    getBindVariables() { return Object.assign({}, this.#bind); }
    getCount() { return !!this.#options.count; }
    setCount(value) { this.#options.count = !!value; }
    getBatchSize() { return this.#options.batchSize; }
    setBatchSize(value) { this.#options.batchSize = value; }
    getOptions() { return Object.assign({}, this.#options); }
    setOptions(options) { Object.assign(this.#options, options); }
    execute(options) { return shell.run_query(shell.query_body(this.#query, this.#bind, Object.assign({}, this.#options, options))); }
    parse() { return db._parse(this.#query); }
    explain(options) { return shell.explain(shell.query_body(this.#query, this.#bind, Object.assign({}, this.#options, options))); }
    toString() { return '[object ArangoStatement]'; }
    [shell.shown_as](show) { return `[ArangoStatement ${show({query: this.#query, bindVars: this.#bind})}]`; }
  }

  // ---- stream transactions ----
  class ArangoTransaction {
    #id;
    #path() { return `/_api/transaction/${shell.encode(this.#id)}`; }
    constructor(id) { this.#id = id; }
    id() { return this.#id; }
    status() { return shell.request('GET', this.#path()).result.status; }
    commit() { return shell.request('PUT', this.#path()).result; }
    abort() { return shell.request('DELETE', this.#path()).result; }
    collection(name) {
      const collection = db._collection(name);
      return collection === null ? null : collection._in(this.#id);
    }
    query(...args) { return shell.run_query(shell.query_body(...args), this.#id); }
    toString() { return `[object ArangoTransaction ${this.#id}]`; }
    [shell.shown_as]() { return `[ArangoTransaction ${this.#id}]`; }
  }
  const transaction_body = (options) => {
    const names = options.collections || {};
    const names_of = (list) => (list === undefined ? undefined : [].concat(list).map((item) => shell.is_collection(item) ? item.name() : item));
    const declared = {read: names_of(names.read), write: names_of(names.write), exclusive: names_of(names.exclusive),
                      allowImplicit: names.allowImplicit};
    return Object.assign({}, options, {collections: declared});
  };

  // ---- views ----
  class ArangoView {
    #description;
    constructor(description) { this.#description = description; }
    get #path() { return `/_api/view/${shell.encode(this.name())}`; }
    get _id() { return this.#description.id; }
    name() { return this.#description.name; }
    type() { return this.#description.type; }
    properties(changes, partly) {
      const answer = changes === undefined ? shell.request('GET', `${this.#path}/properties`) :
        shell.request(partly ? 'PATCH' : 'PUT', `${this.#path}/properties`, {body: changes});
      return shell.without(answer, 'error', 'code', 'id', 'name', 'type', 'globallyUniqueId');
    }
    rename(name) { this.#description = shell.request('PUT', `${this.#path}/rename`, {body: {name}}); }
    drop() { shell.request('DELETE', this.#path); }
    toString() { return `[object ArangoView "${this.name()}"]`; }
    [shell.shown_as]() { return `[ArangoView ${this._id}, "${this.name()}" (type ${this.type()})]`; }
  }
  const read_view = (name) => {
    const {status, answer} = shell.send('GET', `/_api/view/${shell.encode(name)}`);
    if (status === 404) return null;
    if (status >= 400) throw new shell.ArangoError(answer);
    return new ArangoView(answer);
  };

  const methods = {
    // ---- databases ----
    _name: () => shell.database,
    _id: () => current().id,
    _isSystem: () => current().isSystem,
    _path: () => current().path,
    _properties: () => current(),
    _databases: () => shell.request('GET', '/_api/database').result,
    _useDatabase(name) {
      shell.request('GET', '/_api/database/current', {database: String(name)});
      shell.database = String(name);
      collections.clear();
      return true;
    },
    _createDatabase: (name, options = {}, users) => shell.request('POST', '/_api/database', {body: {name, options, users}}).result,
    _dropDatabase: (name) => shell.request('DELETE', `/_api/database/${shell.encode(name)}`).result,
    _version(details) {
      const answer = shell.request('GET', '/_api/version', {parameters: {details}});
      return details ? answer : answer.version;
    },
    _engine: () => shell.request('GET', '/_api/engine'),
    _engineStats: () => shell.request('GET', '/_api/engine/stats'),
    _compact: (options) => { shell.request('PUT', '/_admin/compact', {database: null, body: {}, parameters: options}); },
    _getLicense: () => shell.request('GET', '/_admin/license'),

    // ---- collections ----
    _collections: () => shell.request('GET', '/_api/collection').result.map((item) => new shell.ArangoCollection(item))
      .sort((left, right) => left.name() < right.name() ? -1 : 1),
    _collection: (name) => read_collection(String(name)),
    _create: (name, properties, type) => create(name, properties, type_number(typeof properties === 'string' ? properties : type)),
    _createDocumentCollection: (name, properties) => create(name, properties, 2),
    _createEdgeCollection: (name, properties) => create(name, properties, 3),
    _drop(name, options) {
      const collection = shell.is_collection(name) ? name : read_collection(String(name));
      if (collection !== null) collection.drop(options);
    },
    _truncate(name) {
      const collection = shell.is_collection(name) ? name : read_collection(String(name));
      if (collection === null) shell.fail(1203, `collection or view not found: ${name}`, 404);
      collection.truncate();
    },

    // ---- documents by identifier ----
    _document: (selector) => owner_of(selector).document(selector),
    _exists: (selector) => owner_of(selector).exists(selector),
    _update: (selector, ...rest) => owner_of(selector).update(selector, ...rest),
    _replace: (selector, ...rest) => owner_of(selector).replace(selector, ...rest),
    _remove: (selector, ...rest) => owner_of(selector).remove(selector, ...rest),

    // ---- indexes ----
    _index: (index) => shell.without(shell.request('GET', shell.index_path(index)), 'error', 'code'),
    _dropIndex(index) {
      const {status, answer} = shell.send('DELETE', shell.index_path(index));
      if (status >= 400 && status !== 404) throw new shell.ArangoError(answer);
      return status < 400;
    },

    // ---- queries ----
    _query: (...args) => shell.run_query(shell.query_body(...args)),
    _createStatement: (description) => new ArangoStatement(description),
    _parse(query) {
      const text = typeof query === 'string' ? query : query.query;
      return shell.without(shell.request('POST', '/_api/query', {body: {query: text}}), 'error');
    },
    _explain(query, ...rest) { shell.print_line(shell.explanation(shell.query_body(query, ...rest))); },
    _profileQuery(query, ...rest) { shell.print_line(shell.profile(shell.query_body(query, ...rest))); },

    // ---- transactions ----
    _createTransaction(options) {
      const answer = shell.request('POST', '/_api/transaction/begin', {body: transaction_body(options)});
      return new ArangoTransaction(answer.result.id);
    },
    _executeTransaction(options) {
      const action = typeof options.action === 'function' ? String(options.action) : options.action;
      return shell.request('POST', '/_api/transaction', {body: Object.assign(transaction_body(options), {action})}).result;
    },
    _transactions: () => shell.request('GET', '/_api/transaction').transactions,

    // ---- views ----
    _views: () => shell.request('GET', '/_api/view').result.map((item) => new ArangoView(item)),
    _view: (name) => read_view(String(name)),
    _createView: (name, type, properties) =>
      new ArangoView(shell.request('POST', '/_api/view', {body: Object.assign({}, properties, {name, type})})),
    _dropView(name) {
      const {status, answer} = shell.send('DELETE', `/_api/view/${shell.encode(name)}`);
      if (status >= 400 && status !== 404) throw new shell.ArangoError(answer);
    },
    toString: () => `[object ArangoDatabase "${shell.database}"]`,
    [shell.shown_as]: () => `[ArangoDatabase "${shell.database}"]`,
  };

  // Names that the language itself asks for must not become requests.
  const language_names = new Set(['toJSON', 'then', 'constructor', 'valueOf', 'hasOwnProperty', 'inspect', 'length', '__proto__']);

  const db = new Proxy(Object.freeze(methods), {
    get(target, name) {
      if (typeof name !== 'string' || Object.hasOwn(target, name) || language_names.has(name)) return Reflect.get(target, name);
      if (collections.has(name)) return collections.get(name);
      return read_collection(name) || (name.startsWith('_') ? undefined : read_view(name) || undefined);
    },
    set(target, name) { throw new TypeError(`db.${String(name)} cannot be set; db._create() makes a collection`); },
    deleteProperty(target, name) { throw new TypeError(`db.${String(name)} cannot be deleted; db._drop() drops a collection`); },
    defineProperty(target, name) { throw new TypeError(`db.${String(name)} cannot be set`); },
  });
  shell.db = db;
  shell.database_methods = Object.keys(methods);
})
