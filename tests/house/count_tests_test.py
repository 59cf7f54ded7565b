"""The counter of test cases must not call a run green that was not."""

import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def count(cases):
    """Runs tools/count-tests over a report of (name, status, output) and returns (exit code, last line)."""
    body = "".join(
        f'<testcase name="{name}" time="0.1" status="{status}">'
        + ('<failure message=""/>' if status == "fail" else "")
        + f"<system-out>{output}</system-out></testcase>"
        for name, status, output in cases
    )
    with tempfile.NamedTemporaryFile("w", suffix=".xml") as report:
        report.write(f"<testsuite>{body}</testsuite>")
        report.flush()
        return run(report.name)


def run(path):
    done = subprocess.run(
        [sys.executable, os.path.join(ROOT, "tools", "count-tests"), path], capture_output=True, text=True
    )
    return done.returncode, done.stdout.splitlines()[-1]


class CountTests(unittest.TestCase):
    def test_a_case_counts_once(self):
        self.assertEqual(count([("base/A.b", "run", "ok"), ("base/A.c", "run", "")]), (0, "2 passed, 0 failed"))

    def test_a_failed_case_fails_the_run(self):
        self.assertEqual(count([("base/A.b", "run", ""), ("base/A.c", "fail", "no")]), (1, "1 passed, 1 failed"))

    def test_a_case_that_did_not_run_has_failed(self):
        self.assertEqual(count([("base/A.b", "notrun", "")]), (1, "0 passed, 1 failed"))
        self.assertEqual(count([("base/A.b", "disabled", "")]), (1, "0 passed, 1 failed"))

    def test_the_count_of_a_program_with_many_cases_is_taken(self):
        self.assertEqual(count([("aql/x", "run", "case\n40 passed, 0 failed\n")]), (0, "40 passed, 0 failed"))
        self.assertEqual(count([("aql/x", "fail", "39 passed, 1 failed")]), (1, "39 passed, 1 failed"))

    def test_an_exit_code_outweighs_the_count(self):
        self.assertEqual(count([("aql/x", "fail", "40 passed, 0 failed")]), (1, "40 passed, 1 failed"))

    def test_a_failure_in_the_count_outweighs_the_exit_code(self):
        self.assertEqual(count([("aql/x", "run", "39 passed, 1 failed")]), (1, "39 passed, 1 failed"))

    def test_no_report_and_no_case_are_failures(self):
        self.assertEqual(run("/nonexistent/report.xml"), (1, "0 passed, 1 failed"))
        self.assertEqual(count([]), (1, "0 passed, 0 failed"))


if __name__ == "__main__":
    unittest.main()
