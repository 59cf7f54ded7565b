// How values look: JSON-like, one line when it fits, else indented. On a terminal with colours and limits; what
// goes to a file or a pipe is complete.
(function (shell, native) {
  'use strict';

  const {colours, is_terminal, width} = native;
  const limits = is_terminal ? {depth: 12, items: 200, characters: 20000} : {depth: 200, items: Infinity, characters: Infinity};
  const styles = {key: '34', string: '32', number: '33', word: '36', note: '2'};
  const paint = (style, text) => colours ? `\u001b[${styles[style]}m${text}\u001b[0m` : text;

  // Text of documents must not steer the terminal: control characters are shown, not sent.
  // eslint-disable-next-line no-control-regex
  const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
  const safe = (text) => is_terminal ? text.replace(controls, (c) => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0')) : text;
  const cut = (text) => text.length <= limits.characters ? text :
    text.slice(0, limits.characters) + `… (${text.length - limits.characters} more characters)`;
  const quoted = (text) => safe(JSON.stringify(cut(text)));

  // A tree first, text second: {text, length} is a leaf, {open, close, parts} is laid out by width.
  const leaf = (style, text) => ({text: style ? paint(style, text) : text, length: text.length});

  const tree_of_list = (open, close, items, count, tree_of) => {
    const parts = [];
    for (const item of items) {
      if (parts.length >= limits.items) break;
      parts.push(tree_of(item));
    }
    if (count > parts.length) parts.push(leaf('note', `… ${count - parts.length} more`));
    return {open, close, parts};
  };

  const own_text = (value, show) => {
    if (typeof value[shell.shown_as] === 'function') return value[shell.shown_as](show);
    if (value instanceof Error) return `[${shell.error_text(value)}]`;
    if (value instanceof Date) return JSON.stringify(Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString());
    if (value instanceof RegExp || value instanceof Number || value instanceof String || value instanceof Boolean) return safe(String(value));
    if (value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet) return Object.prototype.toString.call(value);
    return undefined;
  };

  const tree_of_object = (value, depth, above) => {
    if (above.includes(value)) return leaf('note', '[cycle]');
    const inner = above.concat([value]);
    const child = (item) => tree_of(item, depth + 1, inner);
    const text = own_text(value, (item) => layout(tree_of(item, 0, inner), 0));
    if (text !== undefined) return leaf('', text);
    const is_list = Array.isArray(value) || ArrayBuffer.isView(value);
    if (depth >= limits.depth) return leaf('note', is_list ? '[…]' : '{…}');
    if (is_list) return tree_of_list('[', ']', value, value.length, child);
    if (value instanceof Map) return tree_of_list(`Map(${value.size}) [`, ']', value, value.size, child);
    if (value instanceof Set) return tree_of_list(`Set(${value.size}) [`, ']', value, value.size, child);
    const names = Object.keys(value);
    return tree_of_list('{', '}', names, names.length, (name) => {
      const key = quoted(name);
      return {key: `${paint('key', key)} : `, key_length: key.length + 3, value: child(value[name])};
    });
  };

  const tree_of = (value, depth, above) => {
    switch (typeof value) {
      case 'string': return leaf('string', quoted(value));
      // The digits that the server stores, not JavaScript's notation with an n behind them.
      case 'bigint': return leaf('number', value.toString());
      case 'number': return leaf('number', Object.is(value, -0) ? '-0' : String(value));
      case 'function': return leaf('note', `[Function ${safe(value.name) || 'anonymous'}]`);
      case 'symbol': return leaf('word', safe(String(value)));
      case 'object': if (value !== null) return tree_of_object(value, depth, above);
    }
    return leaf('word', String(value));
  };

  const flat_length = (tree) => {
    if (tree.flat !== undefined) return tree.flat;
    let length;
    if (tree.text !== undefined) length = tree.text.includes('\n') ? Infinity : tree.length;
    else if (tree.key !== undefined) length = tree.key_length + flat_length(tree.value);
    else length = tree.parts.reduce((sum, part) => sum + flat_length(part) + 2, tree.open.length + tree.close.length);
    tree.flat = length;
    return length;
  };
  const layout = (tree, indent, before = 0) => {
    if (tree.text !== undefined) return tree.text;
    if (tree.key !== undefined) return tree.key + layout(tree.value, indent, tree.key_length);
    if (tree.parts.length === 0) return tree.open + tree.close;
    const blank = tree.open === '[' ? '' : ' ';
    if (indent + before + flat_length(tree) <= width) {
      return tree.open + blank + tree.parts.map((part) => layout(part, indent)).join(', ') + blank + tree.close;
    }
    const space = ' '.repeat(indent + 2);
    return tree.open + '\n' + tree.parts.map((part) => space + layout(part, indent + 2)).join(',\n') + '\n' + ' '.repeat(indent) + tree.close;
  };

  shell.show = (value) => {
    if (typeof value === 'string') return safe(cut(value));
    return layout(tree_of(value, 0, []), 0);
  };
  shell.safe = safe;
  shell.print_line = (text) => native.write(text + '\n');
  shell.print = (...values) => shell.print_line(values.map(shell.show).join(' '));

  // "ArangoError 1202: document not found", "TypeError: x is null".
  shell.error_text = (error) => {
    if (error instanceof shell.ArangoError) return safe(`${error}`);
    return safe(`${error.name || 'Error'}: ${error.message}`);
  };
  // An uncaught exception: message, then where in the caller's code it came from.
  shell.describe_exception = (error, stack) => {
    const text = error instanceof Error ? shell.error_text(error) : `uncaught: ${shell.show(error)}`;
    const lines = (error instanceof Error && typeof error.stack === 'string' && error.stack ? error.stack : stack || '')
      .split('\n').filter((line) => line !== '' && !line.includes('@workerdb:'));
    if (error instanceof SyntaxError && error.fileName) lines.unshift(`${error.fileName}:${error.lineNumber}:${error.columnNumber + 1}`);
    return [text, ...lines.slice(0, 20).map((line) => '    at ' + safe(line.trim().replace(/^@/, '')))].join('\n');
  };

  // %s %d %i %f %j %o %O %%; what is left over stands behind.
  shell.format = (text, ...values) => {
    if (typeof text !== 'string') return [text, ...values].map(shell.show).join(' ');
    const rest = [...values];
    const formatted = text.replace(/%([sdifjoO%])/g, (whole, kind) => {
      if (kind === '%') return '%';
      if (rest.length === 0) return whole;
      const value = rest.shift();
      if (kind === 's') return typeof value === 'object' && value !== null ? shell.show(value) : String(value);
      if (kind === 'j') return shell.to_json(value);
      if (kind === 'd' || kind === 'f') return typeof value === 'bigint' ? String(value) : String(Number(value));
      if (kind === 'i') return typeof value === 'bigint' ? String(value) : String(Math.trunc(Number(value)));
      return shell.show(value);
    });
    return [safe(formatted), ...rest.map(shell.show)].join(' ');
  };
})
