#!/usr/bin/env python3
"""Every command of the command line and every tool of the MCP server has a row in the guard's table (docs/GUARD.md,
which a unit test holds to the program's own), and every row is a command or a tool that there is."""
import glob
import os
import re
import unittest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GROUPS = ("credential", "audit")  # whose subcommands have rows of their own


def text_of(pattern):
    texts = []
    for path in sorted(glob.glob(os.path.join(SOURCE, pattern))):
        with open(path, encoding="utf-8") as file:
            texts.append(file.read())
    return "\n".join(texts)


def commands_in(command_line):
    """The words behind `workerdb`, as add_subcommand and its like declare them."""
    names = set(re.findall(r'\bapp\.add_subcommand\(\s*"([a-z]+)"', command_line))
    if "app.add_subcommand(access::kCarryArguments[0]" in command_line:  # the one whose name the tunnel's child knows, too
        names.add("tunnel")
    return names - set(GROUPS)


def subcommands_in(group, text):
    return {f"{group} {name}" for name in re.findall(r'add_(?:subcommand\(|audit\(\*audit, line, )"([a-z]+)"', text)} - {f"{group} {group}", f"{group} guard"}


def tools_in(registry):
    return {f"mcp {name}" for name in re.findall(r'\.name = "([a-z_]+)",\s*\.title', registry)}


def rows_in(page):
    table = page.split("## What the commands and tools are", 1)[1].split("\n## ", 1)[0]
    return set(re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE))


class Guard(unittest.TestCase):
    def test_each_command_and_tool_has_a_row(self):
        there = commands_in(text_of("src/cli/command_line/*.cc"))
        there |= subcommands_in("credential", text_of("src/cli/command_line/credentials.cc"))
        there |= subcommands_in("audit", text_of("src/cli/command_line/guard.cc"))
        tools = tools_in(text_of("src/mcp/registry.cc"))
        self.assertGreater(len(there), 20, "the commands were not found")
        self.assertGreater(len(tools), 5, "the tools were not found")
        rows = rows_in(text_of("docs/GUARD.md"))
        self.assertEqual(sorted((there | tools) - rows), [], "without a row in src/access/guard/policy.cc")
        self.assertEqual(sorted(rows - there - tools), [], "rows of what there is not")

    def test_a_missing_row_is_seen(self):
        self.assertEqual(commands_in('app.add_subcommand("format", "x"); context->add_subcommand("list", "y")'), {"format"})
        self.assertEqual(rows_in("## What the commands and tools are\n| `aql` | read | x |\n\n## Next\n| `sql` | y |\n"), {"aql"})
        self.assertEqual(tools_in('{.name = "explain",\n .title = "x"}'), {"mcp explain"})


if __name__ == "__main__":
    result = unittest.TextTestRunner(verbosity=2).run(unittest.defaultTestLoader.loadTestsFromModule(__import__("__main__")))
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    raise SystemExit(1 if failed else 0)
