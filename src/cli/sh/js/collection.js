// Collections: documents, indexes and properties over the documented routes; what has no route is an AQL query.
(function (shell) {
  'use strict';

  const path_of = (name) => `/_api/collection/${shell.encode(name)}`;
  const documents_of = (name) => `/_api/document/${shell.encode(name)}`;

  const split_id = (id) => {
    const slash = id.indexOf('/');
    return slash < 0 ? {key: id} : {collection: id.slice(0, slash), key: id.slice(slash + 1)};
  };
  shell.split_id = split_id;

  // {key, revision, collection} of a key, an identifier or an object with _id or _key.
  const read_selector = (selector) => {
    let found;
    if (typeof selector === 'string') found = split_id(selector);
    else if (selector !== null && typeof selector === 'object') {
      if (typeof selector._id === 'string') found = split_id(selector._id);
      else if (typeof selector._key === 'string') found = {key: selector._key};
      if (found && typeof selector._rev === 'string') found.revision = selector._rev;
    }
    if (!found || found.key === '' || found.collection === '' || found.key.includes('/')) {
      shell.fail(1205, 'illegal document identifier');
    }
    return found;
  };
  shell.read_selector = read_selector;

  // The options object of a call, also where older scripts pass booleans in the order `names`.
  const options_of = (given, names) => {
    if (given.length > 0 && typeof given[0] === 'boolean') {
      return Object.fromEntries(names.map((name, index) => [name, given[index]]));
    }
    return given[0] === undefined || given[0] === null ? {} : given[0];
  };
  const parameter_names = ['waitForSync', 'silent', 'returnNew', 'returnOld', 'overwrite', 'overwriteMode', 'keepNull',
                           'mergeObjects', 'versionAttribute', 'refillIndexCaches', 'ignoreRevs'];
  const parameters_of = (options, ...left_out) =>
    Object.fromEntries(parameter_names.filter((name) => !left_out.includes(name)).map((name) => [name, options[name]]));

  // FILTER conditions of an example; "a.b" is a path, and names travel as bind parameters.
  const filter_of = (args) => {
    let example = args[0];
    if (typeof example === 'string') {
      example = {};
      for (let index = 0; index + 1 < args.length; index += 2) example[args[index]] = args[index + 1];
    }
    if (example === null || typeof example !== 'object' || Array.isArray(example)) {
      throw new TypeError('an example is an object, or paths and values in turn');
    }
    const bind = {}, conditions = [];
    Object.entries(example).forEach(([path, value], index) => {
      const names = path.split('.').map((name, part) => {
        bind[`name${index}_${part}`] = name;
        return `.@name${index}_${part}`;
      });
      bind[`example${index}`] = value;
      conditions.push(`d${names.join('')} == @example${index}`);
    });
    return {text: conditions.length ? ` FILTER ${conditions.join(' && ')}` : '', bind};
  };

  class ArangoCollection {
    #description;
    #database = shell.database;
    #transaction;

    constructor(description, transaction) {
      this.#description = description;
      this.#transaction = transaction;
    }
    #send(method, path, options = {}) {
      return shell.send(method, path, {database: this.#database, transaction: this.#transaction, ...options});
    }
    #request(method, path, options = {}) {
      return shell.request(method, path, {database: this.#database, transaction: this.#transaction, ...options});
    }
    get #path() { return path_of(this.name()); }
    get #documents() { return documents_of(this.name()); }
    #select(selector) {
      const found = read_selector(selector);
      if (found.collection !== undefined && found.collection !== this.name()) {
        shell.fail(1213, `cross collection request: '${found.collection}' is not '${this.name()}'`);
      }
      return found;
    }
    #document_path(key) { return `${this.#documents}/${shell.encode(key)}`; }
    // Arrays go to the server as they are, with keys in place of identifiers.
    #selectors(list) {
      return list.map((item) => {
        if (typeof item === 'string') return this.#select(item).key;
        if (item !== null && typeof item === 'object' && item._key === undefined && typeof item._id === 'string') {
          return Object.assign({}, item, {_key: split_id(item._id).key});
        }
        return item;
      });
    }

    get _id() { return this.#description.id; }
    get isArangoCollection() { return true; }
    name() { return this.#description.name; }
    type() { return this.#description.type; }
    status() { return this.#description.status; }
    toString() { return `[object ArangoCollection "${this.name()}"]`; }
    toJSON() { return this.#description; }
    [shell.shown_as]() {
      const type = this.type() === 3 ? 'edge' : 'document';
      return `[ArangoCollection ${this._id}, "${shell.safe(this.name())}" (type ${type}, status loaded)]`;
    }

    // An AQL query in this collection's database and transaction.
    _run(query, bindVars, options = {}) {
      const body = shell.query_body(query, bindVars, options);
      return new shell.ArangoQueryCursor(this.#request('POST', '/_api/cursor', {body}), this.#database, this.#transaction);
    }
    _in(transaction) { return new ArangoCollection(this.#description, transaction); }

    // ---- documents ----
    insert(data, ...given) {
      const options = options_of(given, ['waitForSync']);
      const answer = this.#request('POST', this.#documents, {body: data, parameters: parameters_of(options)});
      return options.silent && !Array.isArray(answer) ? undefined : answer;
    }
    save(...args) { return this.insert(...args); }
    document(selector) {
      if (Array.isArray(selector)) {
        return this.#request('PUT', this.#documents, {body: this.#selectors(selector), parameters: {onlyget: true}});
      }
      const {key, revision} = this.#select(selector);
      return this.#request('GET', this.#document_path(key), {revision});
    }
    exists(selector) {
      const {key, revision: wanted} = this.#select(selector);
      const {status, revision} = this.#send('HEAD', this.#document_path(key), {revision: wanted});
      if (status === 404) {
        // HEAD has no body that says whether it is the document or the collection.
        this.#request('GET', this.#path);
        return false;
      }
      if (status === 412) shell.fail(1200, 'conflict', 412);
      if (status >= 400) this.document(selector);
      return {_id: `${this.name()}/${key}`, _key: key, _rev: revision};
    }
    #write(method, selector, data, options) {
      if (Array.isArray(selector)) {
        if (!Array.isArray(data) || data.length !== selector.length) {
          throw new TypeError('the array of documents and the array of data must have the same length');
        }
        const body = data.map((item, index) => {
          const {key, revision} = this.#select(selector[index]);
          const copy = Object.assign(shell.without(item, '_id', '_rev'), {_key: key});
          return revision === undefined ? copy : Object.assign(copy, {_rev: revision});
        });
        const parameters = Object.assign(parameters_of(options, 'overwrite', 'overwriteMode'), {ignoreRevs: !!options.overwrite});
        return this.#request(method, this.#documents, {body, parameters});
      }
      const {key, revision} = this.#select(selector);
      const answer = this.#request(method, this.#document_path(key), {
        body: shell.without(data, '_id', '_key', '_rev'), revision: options.overwrite ? undefined : revision,
        parameters: parameters_of(options, 'overwrite', 'overwriteMode')});
      return options.silent ? undefined : answer;
    }
    update(selector, data, ...given) {
      return this.#write('PATCH', selector, data, options_of(given, ['overwrite', 'keepNull', 'waitForSync']));
    }
    replace(selector, data, ...given) {
      return this.#write('PUT', selector, data, options_of(given, ['overwrite', 'waitForSync']));
    }
    remove(selector, ...given) {
      const options = options_of(given, ['overwrite', 'waitForSync']);
      const parameters = parameters_of(options, 'overwrite', 'overwriteMode');
      if (Array.isArray(selector)) {
        return this.#request('DELETE', this.#documents, {
          body: this.#selectors(selector), parameters: Object.assign(parameters, {ignoreRevs: !!options.overwrite})});
      }
      const {key, revision} = this.#select(selector);
      const answer = this.#request('DELETE', this.#document_path(key),
                                   {revision: options.overwrite ? undefined : revision, parameters});
      return options.silent ? undefined : answer;
    }
    documents(keys) {
      return {documents: this._run('FOR d IN @@c FILTER d._key IN @keys RETURN d', {'@c': this.name(), keys}).toArray()};
    }
    removeByKeys(keys) {
      const executed = this._run('FOR d IN @@c FILTER d._key IN @keys REMOVE d IN @@c',
                                 {'@c': this.name(), keys}).getExtra().stats.writesExecuted;
      return {removed: executed, ignored: keys.length - executed};
    }
    documentId(key) {
      if (typeof key !== 'string' || key === '' || key.includes('/')) shell.fail(1221, 'illegal document key');
      return `${this.name()}/${key}`;
    }
    count() { return this.#request('GET', `${this.#path}/count`).count; }
    all() { return new shell.SimpleQuery(this, '', {}); }
    any() {
      const [document = null] = this._run('FOR d IN @@c SORT RAND() LIMIT 1 RETURN d', {'@c': this.name()}).toArray();
      return document;
    }
    toArray() { return this.all().toArray(); }
    iterate(visit, options = {}) {
      const {limit, probability = 1} = options;
      let index = 0;
      for (const document of this.all()) {
        if (limit !== undefined && index >= limit) break;
        if (probability >= 1 || Math.random() < probability) visit(document, index++);
      }
    }

    // ---- examples ----
    byExample(...args) {
      const {text, bind} = filter_of(args);
      return new shell.SimpleQuery(this, text, bind);
    }
    firstExample(...args) {
      const [document = null] = this.byExample(...args).limit(1).toArray();
      return document;
    }
    #write_by_example(example, operation, values, options) {
      const {text, bind} = filter_of([example]);
      Object.assign(bind, {'@c': this.name()}, values);
      let limit = '';
      if (options.limit !== undefined && options.limit !== null) {
        limit = ' LIMIT @limit';
        bind.limit = options.limit;
      }
      const kept = {};
      for (const name of ['waitForSync', 'keepNull', 'mergeObjects']) {
        if (options[name] !== undefined) kept[name] = !!options[name];
      }
      return this._run(`FOR d IN @@c${text}${limit} ${operation} IN @@c OPTIONS ${JSON.stringify(kept)}`, bind)
        .getExtra().stats.writesExecuted;
    }
    removeByExample(example, ...given) {
      const options = typeof given[0] === 'object' ? given[0] || {} : {waitForSync: given[0], limit: given[1]};
      return this.#write_by_example(example, 'REMOVE d', {}, options);
    }
    replaceByExample(example, newValue, ...given) {
      const options = typeof given[0] === 'object' ? given[0] || {} : {waitForSync: given[0], limit: given[1]};
      return this.#write_by_example(example, 'REPLACE d WITH @newValue', {newValue}, options);
    }
    updateByExample(example, newValue, ...given) {
      const options = typeof given[0] === 'object' ? given[0] || {} :
        {keepNull: given[0], waitForSync: given[1], limit: given[2]};
      return this.#write_by_example(example, 'UPDATE d WITH @newValue', {newValue}, options);
    }

    // ---- edges ----
    #edges(vertices, condition) {
      if (this.type() !== 3) shell.fail(1218, `'${this.name()}' is not an edge collection`);
      const ids = (Array.isArray(vertices) ? vertices : [vertices])
        .map((vertex) => typeof vertex === 'string' ? vertex : (vertex || {})._id);
      if (ids.some((id) => typeof id !== 'string' || !id.includes('/'))) shell.fail(1205, 'illegal document identifier');
      return this._run(`FOR e IN @@c FILTER ${condition} RETURN e`, {'@c': this.name(), ids}).toArray();
    }
    edges(vertices) { return this.#edges(vertices, 'e._from IN @ids || e._to IN @ids'); }
    inEdges(vertices) { return this.#edges(vertices, 'e._to IN @ids'); }
    outEdges(vertices) { return this.#edges(vertices, 'e._from IN @ids'); }

    // ---- indexes ----
    ensureIndex(description) {
      return shell.without(this.#request('POST', '/_api/index', {body: description, parameters: {collection: this.name()}}),
                           'error', 'code');
    }
    indexes(withStats, withHidden) {
      return this.#request('GET', '/_api/index', {parameters: {collection: this.name(), withStats, withHidden}}).indexes;
    }
    getIndexes(...args) { return this.indexes(...args); }
    #index_path(index) { return shell.index_path(index, this.name()); }
    index(index) { return shell.without(this.#request('GET', this.#index_path(index)), 'error', 'code'); }
    dropIndex(index) {
      const {status, answer} = this.#send('DELETE', this.#index_path(index));
      if (status === 404) return false;
      if (status >= 400) throw new shell.ArangoError(answer);
      return true;
    }

    // ---- the collection itself ----
    properties(changes) {
      const answer = changes === undefined ? this.#request('GET', `${this.#path}/properties`) :
        this.#request('PUT', `${this.#path}/properties`, {body: changes});
      return shell.without(answer, 'error', 'code', 'id', 'name', 'type', 'status', 'statusString');
    }
    figures(details) { return this.#request('GET', `${this.#path}/figures`, {parameters: {details}}).figures; }
    revision() { return this.#request('GET', `${this.#path}/revision`).revision; }
    checksum(withRevisions, withData) {
      const answer = this.#request('GET', `${this.#path}/checksum`, {parameters: {withRevisions, withData}});
      return {checksum: answer.checksum, revision: answer.revision};
    }
    truncate(options) {
      const {waitForSync, compact} = typeof options === 'boolean' ? {waitForSync: options} : options || {};
      this.#request('PUT', `${this.#path}/truncate`, {body: {}, parameters: {waitForSync, compact}});
    }
    drop(options) {
      const {status, answer} = this.#send('DELETE', this.#path, {parameters: {isSystem: options && options.isSystem}});
      if (status >= 400 && status !== 404) throw new shell.ArangoError(answer);
      shell.forget_collection(this.name());
    }
    rename(name) {
      const answer = this.#request('PUT', `${this.#path}/rename`, {body: {name}});
      shell.forget_collection(this.name());
      this.#description = Object.assign({}, this.#description, {name: answer.name});
    }
    load() { this.#request('PUT', `${this.#path}/load`, {body: {}}); }
    unload() { this.#request('PUT', `${this.#path}/unload`, {body: {}}); }
    loadIndexesIntoMemory() {
      return {result: this.#request('PUT', `${this.#path}/loadIndexesIntoMemory`, {body: {}}).result};
    }
    recalculateCount() { this.#request('PUT', `${this.#path}/recalculateCount`, {body: {}}); }
    compact() { this.#request('PUT', `${this.#path}/compact`, {body: {}}); }
  }

  // "collection/number", a number or name in this collection, or an object with id.
  shell.index_path = (index, collection) => {
    const id = index !== null && typeof index === 'object' ? index.id || index.name : String(index);
    const parts = typeof id === 'string' ? split_id(id) : {};
    const owner = parts.collection === undefined ? collection : parts.collection;
    if (!owner || !parts.key) shell.fail(1214, 'illegal index identifier');
    return `/_api/index/${shell.encode(owner)}/${shell.encode(parts.key)}`;
  };
  shell.ArangoCollection = ArangoCollection;
  shell.is_collection = (value) => value instanceof ArangoCollection;
  shell.collection_path = path_of;
})
