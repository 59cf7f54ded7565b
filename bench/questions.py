"""What is asked, in the words of each store, and the plan by which each is expected to answer."""
import dataclasses
import re


@dataclasses.dataclass
class Question:
    name: str
    aql: str
    postgres: str
    sqlite: str
    duckdb: str
    # Numbers of the parameters; AQL's get the text of `prefixes` in front. Under load each is drawn from its range.
    bind: dict = dataclasses.field(default_factory=dict)
    ranges: dict = dataclasses.field(default_factory=dict)
    prefixes: dict = dataclasses.field(default_factory=dict)
    # By store: pieces that its plan has; with a ! in front: has not.
    plans: dict = dataclasses.field(default_factory=dict)
    has_order: bool = False
    typed: str = ""   # DuckDB, with a column for each attribute

    def aql_bind(self, values=None):
        values = self.bind if values is None else values
        return {name: self.prefixes[name] + str(value) if name in self.prefixes else value for name, value in values.items()}

    def numbered(self):
        """PostgreSQL's text with $1 for the first parameter, and the values in that order."""
        names = []

        def number(match):
            if match.group(1) not in names:
                names.append(match.group(1))
            return f"${names.index(match.group(1)) + 1}"
        text = re.sub(r"(?<!:):([a-z]+)", number, self.postgres)
        return text, [self.bind[name] for name in names]


PAGE = Question(
    "page",
    aql="FOR i IN instances FILTER i.status == 'running' AND i.priority >= @p SORT i.priority, i.created_at LIMIT 50 RETURN i",
    postgres="SELECT doc FROM instances WHERE doc->>'status' = 'running' AND (doc->>'priority')::int >= :p "
             """ORDER BY (doc->>'priority')::int, (doc->>'created_at') COLLATE "C" LIMIT 50""",
    sqlite="SELECT doc FROM instances WHERE json_extract(doc, '$.status') = 'running' AND json_extract(doc, '$.priority') >= :p "
           "ORDER BY json_extract(doc, '$.priority'), json_extract(doc, '$.created_at') LIMIT 50",
    duckdb="SELECT doc FROM instances WHERE (doc->>'$.status') = 'running' AND (doc->>'$.priority')::INTEGER >= $p "
           "ORDER BY (doc->>'$.priority')::INTEGER, doc->>'$.created_at' LIMIT 50",
    bind={"p": 500}, ranges={"p": (0, 900)}, has_order=True,
    plans={"workerdb": ["IndexNode", "!SortNode", "!EnumerateCollectionNode"], "PostgreSQL": ["Index Scan using page", "!Sort"],
           "SQLite": ["USING INDEX page", "!TEMP B-TREE"]})

SCAN = Question(
    "scan",
    aql="FOR i IN instances FILTER i.cost > 5000 COLLECT team = i.owner.team.name AGGREGATE n = COUNT(), average = AVG(i.cost), "
        "most = MAX(i.priority) RETURN [team, n, average, most]",
    postgres="SELECT doc->'owner'->'team'->>'name', count(*), avg((doc->>'cost')::float8), max((doc->>'priority')::int) "
             "FROM instances WHERE (doc->>'cost')::int > 5000 GROUP BY 1",
    sqlite="SELECT json_extract(doc, '$.owner.team.name'), count(*), avg(json_extract(doc, '$.cost')), "
           "max(json_extract(doc, '$.priority')) FROM instances WHERE json_extract(doc, '$.cost') > 5000 GROUP BY 1",
    duckdb="SELECT doc->>'$.owner.team.name', count(*), avg((doc->>'$.cost')::INTEGER), max((doc->>'$.priority')::INTEGER) "
           "FROM instances WHERE (doc->>'$.cost')::INTEGER > 5000 GROUP BY 1",
    typed="SELECT team, count(*), avg(cost), max(priority) FROM typed_instances WHERE cost > 5000 GROUP BY 1",
    plans={"workerdb": ["EnumerateCollectionNode", "CollectNode", "!IndexNode"], "PostgreSQL": ["Parallel Seq Scan on instances"],
           "SQLite": ["SCAN instances"]})

JOIN = Question(
    "join",
    aql="FOR e IN executions FOR i IN instances FILTER i._key == e.instance COLLECT definition = i.definition "
        "AGGREGATE n = COUNT(), average = AVG(e.duration_ms), longest = MAX(e.duration_ms) RETURN [definition, n, average, longest]",
    postgres="SELECT i.doc->>'definition', count(*), avg((e.doc->>'duration_ms')::float8), max((e.doc->>'duration_ms')::int) "
             "FROM executions e JOIN instances i ON i.key = e.doc->>'instance' GROUP BY 1",
    sqlite="SELECT json_extract(i.doc, '$.definition'), count(*), avg(json_extract(e.doc, '$.duration_ms')), "
           "max(json_extract(e.doc, '$.duration_ms')) FROM executions e JOIN instances i ON "
           "i.key = json_extract(e.doc, '$.instance') GROUP BY 1",
    duckdb="SELECT i.doc->>'$.definition', count(*), avg((e.doc->>'$.duration_ms')::INTEGER), "
           "max((e.doc->>'$.duration_ms')::INTEGER) FROM executions e JOIN instances i ON i.key = (e.doc->>'$.instance') GROUP BY 1",
    typed="SELECT definition, count(*), avg(duration_ms), max(duration_ms) FROM typed_executions e JOIN typed_instances i ON "
          "i.key = e.instance GROUP BY 1",
    plans={"workerdb": ["EnumerateCollectionNode", "CollectNode"], "PostgreSQL": ["Hash Join", "Parallel Seq Scan on executions"],
           "SQLite": ["SEARCH"]})

SELECTIVE = Question(
    "selective",
    aql="FOR i IN instances FILTER i.definition == @d AND i.status == 'failed' FOR e IN executions FILTER e.instance == i._key "
        "COLLECT node = e.node AGGREGATE n = COUNT(), total = SUM(e.duration_ms) RETURN [node, n, total]",
    postgres="SELECT e.doc->>'node', count(*), sum((e.doc->>'duration_ms')::int) FROM instances i JOIN executions e ON "
             "e.doc->>'instance' = i.key WHERE i.doc->>'definition' = 'workflow_' || :d AND i.doc->>'status' = 'failed' GROUP BY 1",
    sqlite="SELECT json_extract(e.doc, '$.node'), count(*), sum(json_extract(e.doc, '$.duration_ms')) FROM instances i "
           # CROSS: in this order, where SQLite left to itself reads all executions first. + takes the column's affinity away,
           # with which an index of an expression is not used.
           "CROSS JOIN executions e ON json_extract(e.doc, '$.instance') = +i.key WHERE json_extract(i.doc, '$.definition') = 'workflow_' || :d "
           "AND json_extract(i.doc, '$.status') = 'failed' GROUP BY 1",
    duckdb="SELECT e.doc->>'$.node', count(*), sum((e.doc->>'$.duration_ms')::INTEGER)::BIGINT FROM instances i JOIN executions e ON "
           "(e.doc->>'$.instance') = i.key WHERE (i.doc->>'$.definition') = 'workflow_' || $d::VARCHAR AND (i.doc->>'$.status') = 'failed' "
           "GROUP BY 1",
    bind={"d": 17}, ranges={"d": (0, 199)}, prefixes={"d": "workflow_"},
    plans={"workerdb": ["IndexNode", "!EnumerateCollectionNode"],
           "PostgreSQL": ["Nested Loop", "definition", "Index Scan using instance on executions", "!Seq Scan"],
           "SQLite": ["USING INDEX definition", "USING INDEX instance"]})


def found_within(depth, start, cast="{}"):
    return (f"WITH RECURSIVE found(id, depth) AS (SELECT {cast.format(start)}, 0 UNION SELECT target, depth + 1 FROM found JOIN links "
            f"ON source = id WHERE depth < {depth}) ")


GRAPH_PLANS = {"PostgreSQL": ["Recursive Union", "Index Only Scan using source on links"],
               "SQLite": ["USING COVERING INDEX source"]}
MOST_HOPS = 20


def hops(depth, nodes):
    texts = [found_within(depth, start, cast) + "SELECT count(DISTINCT id) - 1 FROM found" for start, cast in
             ((":start", "CAST({} AS int)"), (":start", "{}"), ("$start", "CAST({} AS INTEGER)"))]
    return Question(
        f"hops {depth}",
        f"FOR v IN 1..{depth} OUTBOUND @start links OPTIONS {{order: 'bfs', uniqueVertices: 'global'}} "
        "COLLECT WITH COUNT INTO n RETURN [n]", *texts, bind={"start": 77}, ranges={"start": (0, nodes - 1)},
        prefixes={"start": "nodes/n"}, plans=GRAPH_PLANS | {"workerdb": ["TraversalNode"]})


def shortest_path(nodes):
    texts = [found_within(MOST_HOPS, start, cast) + f"SELECT coalesce((SELECT depth + 1 FROM found WHERE id = {end} LIMIT 1), 0)"
             for start, end, cast in ((":start", ":finish", "CAST({} AS int)"), (":start", ":finish", "{}"),
                                      ("$start", "$finish", "CAST({} AS INTEGER)"))]
    return Question(
        "shortest path", "FOR v IN OUTBOUND SHORTEST_PATH @start TO @finish links COLLECT WITH COUNT INTO n RETURN [n]", *texts,
        bind={"start": 77, "finish": 102}, ranges={"start": (0, nodes - 1), "finish": (0, nodes - 1)},
        prefixes={"start": "nodes/n", "finish": "nodes/n"}, plans=GRAPH_PLANS | {"workerdb": ["ShortestPathNode"]})
