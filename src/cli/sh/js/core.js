// Requests to the server and its errors. Every file here is one function that takes what the files before it
// have put on `shell`; only `shell` (never a global) leads to the natives of the program.
(function (shell, native) {
  'use strict';

  const {parse, stringify} = JSON;

  class ArangoError extends Error {
    constructor({errorNum = 1, errorMessage = 'failed', code = 500} = {}) {
      super(errorMessage);
      this.error = true;
      this.errorNum = errorNum;
      this.errorMessage = errorMessage;
      this.code = code;
    }
    get name() { return 'ArangoError'; }
    toString() { return `ArangoError ${this.errorNum}: ${this.errorMessage}`; }
  }

  // Whole numbers beyond 2^53 travel as BigInt: the program writes each of them as the string mark + digits
  // before JSON.parse sees the text, and takes mark and quotes off again after JSON.stringify.
  const mark = native.mark;
  const read_marked = (key, value) =>
    typeof value === 'string' && value.startsWith(mark) ? BigInt(value.slice(mark.length)) : value;
  const lowest = -(2n ** 63n), highest = 2n ** 64n - 1n;
  const write_marked = (key, value) => {
    if (typeof value !== 'bigint') return value;
    if (value < lowest || value > highest) throw new RangeError(`${value} does not fit into 64 bits`);
    return mark + value;
  };
  const holds_big_integer = (value) => {
    let found = false;
    stringify(value, (key, part) => {
      if (typeof part !== 'bigint') return part;
      found = true;
      return null;
    });
    return found;
  };

  shell.to_json = (value) => {
    try {
      return stringify(value);
    } catch (error) {
      if (!(error instanceof TypeError) || !holds_big_integer(value)) throw error;
      return native.unmark(stringify(value, write_marked));
    }
  };
  shell.from_json = (text) => {
    const marked = native.mark_big_integers(text);
    return marked === undefined ? parse(text) : parse(marked, read_marked);
  };

  shell.database = native.database;

  // Options of a request: `body`, `parameters` (undefined values are left out), `revision` (If-Match),
  // `transaction` (a stream transaction's id), `database` (a path without /_db when null).
  const query_string = (parameters) => Object.entries(parameters || {})
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
    .join('&');

  shell.send = (method, path, options = {}) => {
    const database = options.database === undefined ? shell.database : options.database;
    const prefix = database === null ? '' : `/_db/${encodeURIComponent(database)}`;
    const query = query_string(options.parameters);
    const body = options.body === undefined ? '' : shell.to_json(options.body);
    const [status, text, revision] = native.request(
      method, prefix + path + (query ? (path.includes('?') ? '&' : '?') + query : ''), body,
      options.revision || '', options.transaction || '');
    let answer;
    if (text !== '') {
      try {
        answer = shell.from_json(text);
      } catch (error) {
        answer = undefined;
      }
    }
    return {status, answer, revision};
  };

  // The parsed answer of a success; an ArangoError for everything else.
  shell.request = (method, path, options) => {
    const {status, answer} = shell.send(method, path, options);
    if (status >= 200 && status < 300) return answer;
    if (answer !== null && typeof answer === 'object' && answer.errorNum !== undefined) throw new ArangoError(answer);
    throw new ArangoError({errorNum: status, code: status, errorMessage: `HTTP status ${status} from ${method} ${path}`});
  };
  shell.fail = (errorNum, errorMessage, code = 400) => { throw new ArangoError({errorNum, errorMessage, code}); };
  shell.without = (object, ...names) => {
    const copy = Object.assign({}, object);
    for (const name of names) delete copy[name];
    return copy;
  };
  shell.encode = encodeURIComponent;
  shell.ArangoError = ArangoError;
  // A method under this symbol says how a value looks in the shell.
  shell.shown_as = Symbol('shown as');
})
