// What Tab offers for the end of a line: words after a dot are looked up without running anything that the user
// wrote; only db's collections cost a request.
(function (shell) {
  'use strict';

  const words = ['await', 'break', 'catch', 'class', 'const', 'continue', 'delete', 'else', 'false', 'finally', 'for', 'function',
                 'if', 'instanceof', 'let', 'new', 'null', 'return', 'switch', 'this', 'throw', 'true', 'try', 'typeof', 'var', 'while'];
  const collection_names = () => {
    try {
      return shell.request('GET', '/_api/collection', {parameters: {excludeSystem: true}}).result.map(({name}) => name)
        .filter((name) => /^[A-Za-z_$][\w$]*$/.test(name));
    } catch (error) {
      return [];
    }
  };

  const names_of = (value) => {
    const names = new Set();
    let at = Object(value);
    for (let depth = 0; at !== null && at !== Object.prototype && depth < 10; ++depth) {
      for (const name of Object.getOwnPropertyNames(at)) if (/^[A-Za-z_$][\w$]*$/.test(name)) names.add(name);
      at = Object.getPrototypeOf(at);
    }
    names.delete('constructor');
    return [...names];
  };
  // A data property anywhere in the chain; a getter is left alone.
  const data_property = (value, name) => {
    for (let at = Object(value); at !== null; at = Object.getPrototypeOf(at)) {
      const found = Object.getOwnPropertyDescriptor(at, name);
      if (found) return found.value;
    }
    return undefined;
  };
  const evaluate = eval;
  const variable = (name) => {
    try {
      return evaluate(`typeof ${name} === 'undefined' ? undefined : ${name}`);
    } catch (error) {
      return undefined;
    }
  };
  const resolve = (path) => {
    let value = path[0] === 'this' ? globalThis : variable(path[0]);
    for (const name of path.slice(1)) {
      if (value === undefined || value === null) return undefined;
      value = value === shell.db ? shell.db[name] : data_property(value, name);
    }
    return value;
  };

  // All completions of `word`, each with what stands before the last dot.
  shell.complete = (word) => {
    const parts = word.split('.');
    const start = parts.pop();
    if (![...parts, start || 'a'].every((part) => /^[A-Za-z_$][\w$]*$/.test(part))) return [];
    let names;
    if (parts.length === 0) {
      names = [...words, ...Object.getOwnPropertyNames(globalThis)];
    } else {
      const value = resolve(parts);
      if (value === undefined || value === null) return [];
      names = value === shell.db ? [...shell.database_methods, ...collection_names()] : names_of(value);
    }
    const prefix = parts.length ? parts.join('.') + '.' : '';
    return [...new Set(names)].filter((name) => name.startsWith(start) && (start !== '' || parts.length)).sort().map((name) => prefix + name);
  };
})
