// The aql template tag: values become bind parameters, collections @@parameters, nested aql is merged.
(function (shell) {
  'use strict';

  // Only what these tags made is ever put into a query's text: an object that looks alike is a value.
  const sources = new WeakMap();
  const literals = new WeakSet();

  class AqlLiteral {
    constructor(text) {
      this.text = String(text);
      literals.add(this);
      Object.freeze(this);
    }
    toAQL() { return this.text; }
    toString() { return this.text; }
  }

  class Parts {
    query = '';
    bindVars = {};
    names = new Map();
    count = 0;

    bind(value) {
      const is_collection = shell.is_collection(value);
      const known = this.names.get(value);
      const name = known || `${is_collection ? '@' : ''}value${this.count++}`;
      if (!known) {
        this.names.set(value, name);
        this.bindVars[name] = is_collection ? value.name() : value;
      }
      this.query += `@${name}`;
    }
    add_value(value) {
      if (value === undefined) return;
      const is_object = value !== null && typeof value === 'object';
      if (is_object && literals.has(value)) this.query += value.text;
      else if (is_object && sources.has(value)) this.add_template(...sources.get(value));
      else this.bind(value);
    }
    add_template(strings, values) {
      strings.forEach((text, index) => {
        this.query += text;
        if (index < values.length) this.add_value(values[index]);
      });
    }
  }

  const build = (strings, values) => {
    const parts = new Parts();
    parts.add_template(strings, values);
    const result = {query: parts.query, bindVars: parts.bindVars};
    sources.set(result, [strings, values]);
    return result;
  };

  const aql = (strings, ...values) => {
    if (!Array.isArray(strings) || !Array.isArray(strings.raw)) {
      throw new TypeError('aql is a template tag: aql`RETURN ${value}`; a query in a variable goes to db._query(text)');
    }
    // Backslashes belong to AQL, so the text is taken as it was typed.
    return build([...strings.raw], values);
  };
  aql.literal = (value) => new AqlLiteral(value);
  aql.join = (values, separator = ' ') => {
    if (values.length === 0) return build([''], []);
    return build(['', ...Array(values.length - 1).fill(String(separator)), ''], [...values]);
  };
  shell.aql = aql;
})
