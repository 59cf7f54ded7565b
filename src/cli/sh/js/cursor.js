// Results of queries: the server's cursor, fetched batch by batch, and the lazy one of all() and byExample().
(function (shell) {
  'use strict';

  const kShownRows = 10;

  class ArangoQueryCursor {
    #answer;
    #rows;
    #position = 0;
    #database;
    #transaction;
    #is_disposed = false;

    constructor(answer, database, transaction) {
      this.#answer = answer;
      this.#rows = answer.result || [];
      this.#database = database;
      this.#transaction = transaction;
    }
    #require_open() {
      if (this.#is_disposed) shell.fail(1600, 'cursor has been disposed', 404);
    }
    // An error of the server in the middle of a result ends the cursor.
    #fetch() {
      const answer = shell.request('POST', `/_api/cursor/${shell.encode(this.#answer.id)}`,
                                   {database: this.#database, transaction: this.#transaction});
      this.#rows = answer.result;
      this.#position = 0;
      this.#answer = Object.assign({}, answer, {count: this.#answer.count, extra: answer.extra || this.#answer.extra});
    }
    hasNext() {
      this.#require_open();
      while (this.#position >= this.#rows.length && this.#answer.hasMore) this.#fetch();
      return this.#position < this.#rows.length;
    }
    next() {
      if (!this.hasNext()) throw new Error('the cursor has no more documents');
      return this.#rows[this.#position++];
    }
    toArray() {
      const all = [];
      while (this.hasNext()) {
        for (; this.#position < this.#rows.length; ++this.#position) all.push(this.#rows[this.#position]);
      }
      return all;
    }
    count() {
      this.#require_open();
      return this.#answer.count;
    }
    getExtra() { return this.#answer.extra || {}; }
    dispose() {
      if (this.#is_disposed) return;
      this.#is_disposed = true;
      if (!this.#answer.hasMore) return;
      const {status, answer} = shell.send('DELETE', `/_api/cursor/${shell.encode(this.#answer.id)}`,
                                          {database: this.#database, transaction: this.#transaction});
      if (status >= 400 && status !== 404) throw new shell.ArangoError(answer);
    }
    *[Symbol.iterator]() {
      while (this.hasNext()) yield this.next();
    }
    toString() {
      const count = this.#answer.count === undefined ? '' : `count: ${this.#answer.count}, `;
      return `[object ArangoQueryCursor, ${count}cached: ${!!this.#answer.cached}, hasMore: ${!!this.#answer.hasMore}]`;
    }
    // The next rows without taking them.
    [shell.shown_as](show) {
      if (this.#is_disposed) return '[object ArangoQueryCursor, disposed]';
      const shown = this.#rows.slice(this.#position, this.#position + kShownRows);
      const left = this.#rows.length - this.#position - shown.length;
      const warnings = (this.getExtra().warnings || []).map(({code, message}) => `\nwarning ${code}: ${shell.safe(message)}`);
      return show(shown) + (left > 0 || this.#answer.hasMore ? '\n… more with .toArray() or .next()' : '') +
        `\n${this}` + warnings.join('');
    }
  }

  // What collection.all() and byExample() return: FOR d IN c FILTER … LIMIT … RETURN d, run when first read.
  class SimpleQuery {
    #collection;
    #filter;
    #bind;
    #skip = 0;
    #limit;
    #cursor;

    constructor(collection, filter, bind) {
      this.#collection = collection;
      this.#filter = filter;
      this.#bind = bind;
    }
    #change(name, count) {
      if (this.#cursor) throw new Error(`${name}() comes before the first document is read`);
      if (!Number.isSafeInteger(count) || count < 0) throw new TypeError(`${name}() takes a whole number that is not negative`);
      return count;
    }
    skip(count) {
      this.#skip = this.#change('skip', count);
      return this;
    }
    limit(count) {
      this.#limit = this.#change('limit', count);
      return this;
    }
    execute(batchSize) {
      if (this.#cursor) return this;
      const bind = Object.assign({'@collection': this.#collection.name()}, this.#bind);
      let limit = '';
      if (this.#skip > 0 || this.#limit !== undefined) {
        limit = ' LIMIT @skip, @limit';
        bind.skip = this.#skip;
        bind.limit = this.#limit === undefined ? Number.MAX_SAFE_INTEGER - this.#skip : this.#limit;
      }
      this.#cursor = this.#collection._run(`FOR d IN @@collection${this.#filter}${limit} RETURN d`, bind,
                                           {count: true, batchSize});
      return this;
    }
    hasNext() { return this.execute().#cursor.hasNext(); }
    next() { return this.execute().#cursor.next(); }
    toArray() { return this.execute().#cursor.toArray(); }
    count() { return this.execute().#cursor.count(); }
    getExtra() { return this.execute().#cursor.getExtra(); }
    dispose() { if (this.#cursor) this.#cursor.dispose(); }
    [Symbol.iterator]() { return this.execute().#cursor[Symbol.iterator](); }
    toString() { return `[object SimpleQuery of ${this.#collection.name()}]`; }
    [shell.shown_as](show) { return this.execute().#cursor[shell.shown_as](show); }
  }

  shell.ArangoQueryCursor = ArangoQueryCursor;
  shell.SimpleQuery = SimpleQuery;

  // Settings that stand beside a cursor request's options, wherever the caller put them.
  const main_names = ['count', 'batchSize', 'ttl', 'cache', 'memoryLimit'];

  const split_query = (query, rest) => {
    if (typeof query === 'string') return {query, bindVars: rest.shift() || {}, rest};
    if (query !== null && typeof query === 'object' && typeof query.query === 'string') {
      return {query: query.query, bindVars: query.bindVars || {}, given: query.options, rest};
    }
    throw new TypeError('a query is a string or an object with query and bindVars, as aql`…` makes it');
  };

  // (text, bindVars, [main,] options) or (queryObject, [main,] options): one body for the cursor's route.
  shell.query_body = (query, ...others) => {
    const {query: text, bindVars, given, rest} = split_query(query, others);
    const all = Object.assign({}, given, ...rest.slice(0, 2).filter((part) => part !== null && typeof part === 'object'));
    const body = {query: text, bindVars};
    for (const name of main_names) {
      if (all[name] !== undefined) body[name] = all[name];
      delete all[name];
    }
    body.options = all;
    return body;
  };
  shell.run_query = (body, transaction) => {
    const database = shell.database;
    return new ArangoQueryCursor(shell.request('POST', '/_api/cursor', {body, transaction}), database, transaction);
  };
})
