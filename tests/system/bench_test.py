"""The side-by-side benchmark works on a small data set, and refuses to measure what is not alike. No time is asserted."""
import os
import re
import subprocess
import sys
import unittest

import stack as stacks

BENCH = os.path.join(stacks.SOURCE, "bench")
sys.path.insert(0, BENCH)
import measure  # noqa: E402
import questions  # noqa: E402


class Results(unittest.TestCase):
    def test_rows_in_any_order_and_either_kind_of_number_are_alike(self):
        measure.require_same("q", {"a": [["x", 2], ["y", 1.0]], "b": [["y", 1], ["x", 2.0]]}, False)

    def test_attributes_of_the_system_do_not_differ(self):
        measure.require_same("q", {"a": [{"_key": "1", "_rev": "z"}], "b": [[{"_key": "1"}]]}, True)

    def test_another_value_another_order_and_a_missing_row_differ(self):
        for rows, has_order in (([[1], [3]], False), ([[2], [1]], True), ([[1]], False)):
            with self.assertRaises(measure.Difference):
                measure.require_same("q", {"a": [[1], [2]], "b": rows}, has_order)

    def test_no_rows_at_all_are_no_answer(self):
        with self.assertRaises(measure.Difference):
            measure.require_same("q", {"a": [], "b": []}, False)

    def test_a_plan_without_what_is_expected_or_with_what_is_not_is_refused(self):
        measure.require_plan("q", "s", "IndexNode ReturnNode", ["IndexNode", "!SortNode"])
        for pieces in (["SortNode"], ["!IndexNode"]):
            with self.assertRaises(measure.Difference):
                measure.require_plan("q", "s", "IndexNode ReturnNode", pieces)


class Table(unittest.TestCase):
    def test_ratios_are_above_one_where_workerdb_is_better(self):
        report = measure.Report()
        rate = report.add("rate", "queries/s", {"workerdb": [200, 300, 100], "SQLite": [100, 100, 100]}, {"SQLite": 2})
        time = report.add("time", "us", {"workerdb": [8], "SQLite": [4]}, {"SQLite": 1}, lower_is_better=True, most=10)
        self.assertEqual((rate.ratios["SQLite"], rate.verdict()), (2, "reached"))
        self.assertEqual((time.ratios["SQLite"], time.verdict(), time.target()), (0.5, "missed", "1x SQLite, below 10"))
        self.assertIn("| time | us | 8.00 | 4.00 | 0.50 | 1x SQLite, below 10 | missed |", report.markdown())


class Questions(unittest.TestCase):
    def test_parameters_get_postgres_numbers_and_aql_prefixes(self):
        path = questions.shortest_path(100)
        text, values = path.numbered()
        self.assertIn("CAST($1 AS int)", text)
        self.assertIn("id = $2", text)
        self.assertEqual(values, [path.bind["start"], path.bind["finish"]])
        self.assertEqual(path.aql_bind()["start"], f"nodes/n{path.bind['start']}")
        self.assertIn("(doc->>'priority')::int >= $1", questions.PAGE.numbered()[0])


class Whole(unittest.TestCase):
    def test_every_part_runs_and_all_stores_agree(self):
        build = os.environ.get("WORKERDB_BUILD", os.path.dirname(stacks.PROGRAM))
        done = subprocess.run([sys.executable, os.path.join(BENCH, "run"), "--small", "--markdown", "--build", build],
                              text=True, capture_output=True, timeout=900)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for line in re.findall(r".*(?:is not measured|: not measured)", done.stderr):
            print(line)
        wanted = ["bulk import", "full scan", "join of all executions", "point query", "ten lines"]
        if "wrk is not installed" not in done.stderr:
            wanted += ["read by key", "page of 50", "selective join", "within 1", "within 4", "shortest path"]
        for name in wanted:
            self.assertIn(f"| {name}", done.stdout.replace("filtered, sorted page", "page").replace("| vertices", "|")
                          .replace("| parse, plan and compile of", "|"))


if __name__ == "__main__":
    stacks.main()
