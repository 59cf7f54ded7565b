"""Rounds, medians and ratios; the comparison of results and plans; the table."""
import dataclasses
import statistics
import sys

PEERS = ["PostgreSQL", "SQLite", "DuckDB"]


class Difference(Exception):
    """Stores disagree, or a plan is not as expected: nothing that was measured means anything."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def rounds(count, actions):
    """The figures of each action by name. One after the other in each round, so that what else the machine does meets all."""
    figures = {name: [] for name in actions}
    for _ in range(count):
        for name, action in actions.items():
            figures[name].append(action())
    return figures


# ---- results and plans ---------------------------------------------------------------------------------

def normal(row):
    row = row if isinstance(row, list) else [row]
    return [{name: value for name, value in cell.items() if name not in ("_id", "_rev")} if isinstance(cell, dict)
            else round(cell, 6) if isinstance(cell, float) else cell for cell in row]


def require_same(name, answers, has_order):
    """Answers by store; each like the first one."""
    first_store, first = None, None
    for store, rows in answers.items():
        rows = [normal(row) for row in rows]
        if not has_order:
            rows.sort(key=repr_of_row)
        if first is None:
            first_store, first = store, rows
            if not rows:
                raise Difference(f"{name}: no rows")
        elif rows != first:
            raise Difference(f"{name}: {first_store} and {store} disagree:\n{difference(first, rows)}")


def repr_of_row(row):
    # 3 and 3.0 are one value.
    return repr([float(cell) if isinstance(cell, int) else cell for cell in row])


def difference(left, right):
    for which, (mine, other) in enumerate(zip(left, right)):
        if mine != other:
            return f"row {which}: {mine} and {other}"
    return f"{len(left)} and {len(right)} rows"


def require_plan(name, store, plan, pieces):
    for text in plan if isinstance(plan, list) else [plan]:
        for piece in pieces:
            if (piece.removeprefix("!") in text) == piece.startswith("!"):
                raise Difference(f"{name}: the plan of {store} {'has' if piece[0] == '!' else 'lacks'} '{piece.strip('!')}': {text}")


# ---- the table -----------------------------------------------------------------------------------------

@dataclasses.dataclass
class Row:
    name: str
    unit: str
    ours: float
    peers: dict          # the median of each
    ratios: dict         # above 1 where workerdb is better
    targets: dict        # the wanted ratio, by peer
    least: float = None  # or figures of our own to reach
    most: float = None

    def misses(self):
        missed = [f"{self.ratios[peer]:.2f} of {target:g}x {peer}" for peer, target in self.targets.items()
                  if peer in self.ratios and self.ratios[peer] < target]
        if self.least is not None and self.ours < self.least:
            missed.append(f"below {self.least:,.0f}")
        if self.most is not None and self.ours > self.most:
            missed.append(f"above {self.most:,.0f}")
        return missed

    def target(self):
        wanted = [f"{target:g}x {peer}" for peer, target in self.targets.items()]
        wanted += [f"at least {self.least:,.0f}"] if self.least is not None else []
        wanted += [f"below {self.most:,.0f}"] if self.most is not None else []
        return ", ".join(wanted)

    def verdict(self):
        if not self.target():
            return ""
        return "missed" if self.misses() else "reached"


def figure(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:,.1f}" if value >= 10 else f"{value:,.2f}"


class Report:
    def __init__(self):
        self.rows, self.notes = [], []

    def add(self, name, unit, figures, targets=None, lower_is_better=False, least=None, most=None):
        """Figures of all rounds by store; the first is ours. Ratios are taken within each round."""
        (_, ours), *peers = figures.items()
        ratios = {peer: statistics.median(other / own if lower_is_better else own / other for own, other in zip(ours, values))
                  for peer, values in peers}
        row = Row(name, unit, statistics.median(ours), {peer: statistics.median(values) for peer, values in peers}, ratios,
                  targets or {}, least, most)
        self.rows.append(row)
        peers = ", ".join(f"{peer} {figure(value)} (ratio {ratios[peer]:.2f})" for peer, value in row.peers.items())
        say(f"{name}: workerdb {figure(row.ours)} {unit}{'; ' + peers if peers else ''}"
            f"{'; target ' + row.target() + ' ' + row.verdict() if row.target() else ''}")
        return row

    def note(self, text):
        self.notes.append(text)
        say(text)

    def table(self):
        shown = [peer for peer in PEERS if any(peer in row.peers for row in self.rows)]
        head = ["what", "unit", "workerdb"] + [cell for peer in shown for cell in (peer, "ratio")] + ["target", ""]
        lines = [head]
        for row in self.rows:
            cells = [row.name, row.unit, figure(row.ours)]
            for peer in shown:
                cells += [figure(row.peers[peer]), f"{row.ratios[peer]:.2f}"] if peer in row.peers else ["", ""]
            lines.append(cells + [row.target(), row.verdict()])
        return lines

    def markdown(self):
        head, *rows = self.table()
        lines = [head, ["---"] * len(head), *rows]
        text = "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
        return text + "".join(f"\n\n{note}" for note in self.notes)

    def text(self):
        table = self.table()
        widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
        lines = ["  ".join(cell.ljust(width) if column < 2 or column >= len(widths) - 2 else cell.rjust(width)
                           for column, (cell, width) in enumerate(zip(row, widths))).rstrip() for row in table]
        lines.insert(1, "-" * len(lines[0]))
        return "\n".join(lines + [""] + self.notes)
