// Plans of queries as text, for db._explain() and db._profileQuery().
(function (shell) {
  'use strict';

  const table = (headings, rows, right) => {
    const widths = headings.map((heading, column) => Math.max(heading.length, ...rows.map((row) => row[column].length)));
    const line = (cells) => ' ' + cells.map((cell, column) =>
      right.includes(column) ? cell.padStart(widths[column]) : cell.padEnd(widths[column])).join('   ').trimEnd();
    return [line(headings), ...rows.map(line)].join('\n');
  };

  // Nodes in the order of the plan; a node stands further right than what feeds its rows into it.
  const ordered = (nodes) => {
    let depth = 0;
    const list = [];
    for (const node of nodes) {
      if (node.type === 'SubqueryEndNode') --depth;
      list.push({node, depth});
      if (/^(Enumerate|Index|Traversal|ShortestPath|KShortestPaths|SubqueryStart)/.test(node.type)) ++depth;
      if (node.type === 'SubqueryNode' && node.subquery) {
        list.push(...ordered(node.subquery.nodes).map((item) => ({node: item.node, depth: item.depth + depth + 1})));
      }
    }
    return list;
  };

  // What a node does, from the attributes that the HTTP interface documents.
  const comment_of = (node) => {
    // A workerdb says it itself.
    if (typeof node.text === 'string') return node.text + (typeof node.filter === 'string' ? `   FILTER ${node.filter}` : '');
    const variable = (part) => part && part.name;
    switch (node.type) {
      case 'SingletonNode': return 'ROOT';
      case 'EnumerateCollectionNode': return `FOR ${variable(node.outVariable)} IN ${node.collection}   /* full collection scan */`;
      case 'IndexNode':
        return `FOR ${variable(node.outVariable)} IN ${node.collection}   /* ` +
          (node.indexes || []).map((index) => `${index.type} index ${index.name || ''} on ${JSON.stringify(index.fields)}`).join(', ') + ' */';
      case 'EnumerateListNode': return `FOR ${variable(node.outVariable)} IN ${variable(node.inVariable)}`;
      case 'CalculationNode': return `LET ${variable(node.outVariable)} = …   /* ${node.expressionType || 'expression'} */`;
      case 'SubqueryNode': case 'SubqueryEndNode': return `LET ${variable(node.outVariable)} = (…)`;
      case 'FilterNode': return `FILTER ${variable(node.inVariable)}`;
      case 'SortNode':
        return 'SORT ' + (node.elements || []).map((item) => `${variable(item.inVariable)} ${item.ascending ? 'ASC' : 'DESC'}`).join(', ');
      case 'LimitNode': return `LIMIT ${node.offset}, ${node.limit}`;
      case 'CollectNode':
        return 'COLLECT ' + (node.groups || []).map((group) => `${variable(group.outVariable)} = ${variable(group.inVariable)}`).join(', ') +
          (node.collectOptions ? `   /* ${node.collectOptions.method} */` : '');
      case 'ReturnNode': return `RETURN ${variable(node.inVariable)}`;
      case 'InsertNode': case 'UpdateNode': case 'ReplaceNode': case 'RemoveNode': case 'UpsertNode':
        return `${node.type.replace('Node', '').toUpperCase()} IN ${node.collection}`;
      default: return '';
    }
  };

  const whole = (value) => value === undefined ? '' : String(Math.round(Number(value)));
  const seconds = (value) => value === undefined ? '' : Number(value).toFixed(5);

  const plan_text = (body, plan, statistics) => {
    const measured = new Map(((statistics && statistics.nodes) || []).map((item) => [item.id, item]));
    const headings = statistics ? ['Id', 'NodeType', 'Calls', 'Items', 'Runtime [s]', 'Comment'] : ['Id', 'NodeType', 'Est.', 'Comment'];
    const rows = ordered(plan.nodes).map(({node, depth}) => {
      const comment = '  '.repeat(depth) + '- ' + shell.safe(comment_of(node));
      const found = measured.get(node.id) || {};
      const numbers = statistics ? [whole(found.calls), whole(found.items), seconds(found.runtime)] : [whole(node.estimatedNrItems)];
      return [String(node.id), node.type, ...numbers, comment];
    });
    const lines = [`Query (${body.query.length} characters):`, ...body.query.split('\n').map((line) => ' ' + shell.safe(line)), '',
                   'Execution plan:', table(headings, rows, statistics ? [0, 2, 3, 4] : [0, 2]), '',
                   'Optimization rules applied:', ...(plan.rules || []).map((rule) => ' ' + rule)];
    if (!plan.rules || plan.rules.length === 0) lines.push(' none');
    return lines;
  };
  const warning_lines = (warnings) => (warnings || []).length === 0 ? [] :
    ['', 'Warnings:', ...warnings.map(({code, message}) => ` ${code}: ${shell.safe(message)}`)];

  shell.explain = (body) => shell.without(
    shell.request('POST', '/_api/explain', {body: {query: body.query, bindVars: body.bindVars, options: body.options}}), 'error', 'code');
  shell.explanation = (body) => {
    const answer = shell.explain(body);
    const plans = answer.plans || [answer.plan];
    return plans.map((plan) => plan_text(body, plan).join('\n')).concat(warning_lines(answer.warnings)).join('\n');
  };
  shell.profile = (body) => {
    body.options = Object.assign({}, body.options, {profile: 2});
    const cursor = shell.run_query(body);
    while (cursor.hasNext()) cursor.next();
    const {plan, stats = {}, profile = {}, warnings} = cursor.getExtra();
    const lines = plan ? plan_text(body, plan, stats) : [];
    lines.push('', 'Query statistics:', table(
      ['Writes', 'Scan full', 'Scan index', 'Filtered', 'Peak memory [B]', 'Time [s]'],
      [[whole(stats.writesExecuted), whole(stats.scannedFull), whole(stats.scannedIndex), whole(stats.filtered),
        whole(stats.peakMemoryUsage), seconds(stats.executionTime)]], [0, 1, 2, 3, 4, 5]));
    lines.push('', 'Query profile:', table(['Stage', 'Duration [s]'],
                                           Object.entries(profile).map(([name, value]) => [name, seconds(value)]), [1]));
    return lines.concat(warning_lines(warnings)).join('\n');
  };
})
