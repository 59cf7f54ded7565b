"""Each rule of tools/tidy must be able to fail, and must let good code pass."""

import importlib.machinery
import importlib.util
import os
import sys
import unittest

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LOADER = importlib.machinery.SourceFileLoader("tidy", os.path.join(ROOT, "tools", "tidy"))
tidy = importlib.util.module_from_spec(importlib.util.spec_from_loader("tidy", LOADER))
sys.modules["tidy"] = tidy
LOADER.exec_module(tidy)

README = "# net\n\n## Purpose\nA.\n\n## May include\nB.\n\n## Start here\nC.\n\n## Invariants\n- D.\n"
GOOD = {
    "tools/layers.txt": "# who\nbase:\nnet: base\nstorage: base\nstores/testing: base\n"
                        "stores/cache: base stores/testing\ncli: base net\n",
    "src/base/README.md": README,
    "src/base/error.h": "#pragma once\n#include <string>\nnamespace workerdb::base {}\n",
    "src/base/error.cc": '#include "base/error.h"\n// throw, rand() and std::cout in a comment\n'
                         'const char* text = "assert(x) system(y) \\" throw";\nint big = 1\'000\'000;\n'
                         'auto raw = R"x(throw )" )x";\nvoid f() { snprintf(nullptr, 0, "x"); row.rand(); }\n'
                         "static_assert(true);\n",
    "src/net/README.md": README,
    "src/net/server.h": "// What it is.\n#pragma once\nnamespace workerdb::net {}\n",
    "src/net/server.cc": '#include <boost/asio.hpp>\n\n#include "base/error.h"\n#include "net/server.h"\n',
    "src/cli/README.md": README,
    "src/cli/main.cc": '#include "net/server.h"\nint main() { fmt::print("x"); }\n',
    "README.md": "# x\n\n[base](src/base/README.md#purpose) [web](https://example.org) [here](#x)\n",
}


def findings(changes):
    files = {path: text for path, text in {**GOOD, **changes}.items() if text is not None}
    return [(finding.path, finding.line, finding.rule) for finding in tidy.check(tidy.Tree(files))]


class Tidy(unittest.TestCase):
    def refuses(self, rule, path, text, line=1):
        self.assertEqual(findings({path: text}), [(path, line, rule)])

    def accepts(self, path, text):
        self.assertEqual(findings({path: text}), [])

    def test_good_code_passes(self):
        self.assertEqual(findings({}), [])

    def test_every_rule_is_tried_here(self):
        with open(os.path.abspath(__file__), encoding="utf-8") as file:
            text = file.read()
        for rule in tidy.RULES:
            self.assertIn(f'"{rule.__name__.replace("_", "-")}"', text)

    def test_layers(self):
        self.refuses("layers", "src/base/error.cc", '\n#include "net/server.h"\n', 2)
        self.refuses("layers", "src/base/error.cc", '#include "base/gone.h"\n')
        self.assertEqual(findings({"src/other/README.md": README, "src/other/a.cc": ""}),
                         [("src/other/a.cc", 1, "layers")])

    def test_layers_longest_row_decides(self):
        files = {"src/stores/testing/README.md": README, "src/stores/cache/README.md": README,
                 "src/stores/testing/a.h": "#pragma once\nnamespace workerdb::stores {}\n",
                 "src/stores/cache/b.cc": '#include "stores/testing/a.h"\n',
                 "src/stores/cache/b_test.cc": '#include "stores/testing/a.h"\n'}
        self.assertEqual(findings(files), [("src/stores/cache/b.cc", 1, "layers")])

    def test_owned_header(self):
        self.refuses("owned-header", "src/base/error.cc", "#include <rocksdb/db.h>\n")
        self.refuses("owned-header", "src/net/server.h",
                     "#pragma once\n#include <boost/asio.hpp>\nnamespace workerdb::net {}\n", 2)
        self.accepts("src/base/error.cc", "#include <spdlog/spdlog.h>\n")

    def test_folder_readme(self):
        self.refuses("folder-readme", "src/net/README.md", None)
        self.refuses("folder-readme", "src/net/README.md", README + "\n## More\nX.\n")
        self.refuses("folder-readme", "src/net/README.md", README.replace("## Start here", "## Begin"))
        self.refuses("folder-readme", "src/net/README.md", README.replace("- D.", ""))

    def test_file_length(self):
        self.refuses("file-length", "src/base/error.cc", "\n" * 801, 801)
        self.refuses("file-length", "src/base/error.cc", "\n" * 501, 501)
        self.accepts("src/base/error.cc", "\n" * 500)
        warning, = tidy.check(tidy.Tree({**GOOD, "src/base/error.cc": "\n" * 501}))
        self.assertTrue(warning.warning)

    def test_leftover_marker(self):
        for marker in ["TO" "DO", "FIX" "ME", "XX" "X", "HA" "CK", "Not impl" "emented yet", "a place" "holder",
                       "for n" "ow"]:
            self.refuses("leftover-marker", "src/base/error.cc", f"\n// {marker} later\n", 2)
            self.refuses("leftover-marker", "README.md", f"{marker}\n")
        self.accepts("src/base/error.cc", '// mkstemp("aXXXXXX"), for nowhere, hack\n')

    def test_banned_call(self):
        for code in ["std::cout << 1;", 'printf("x");', 'fmt::print("x");', "std::fprintf(file);", "std::stoi(x);",
                     "::atoi(x);", "strcpy(a, b);", "sprintf(a, b);", "std::system(a);", "popen(a);", "rand();",
                     "srand(1);", "std::regex x;", "assert(x);", "throw 1;", "gmtime(&x);", "GTEST_SKIP();",
                     "TEST(A, DISABLED_b) {}", "#include <iostream>"]:
            self.refuses("banned-call", "src/base/error.cc", f"int a;\n{code}\n", 2)
        self.accepts("src/cli/main.cc", "std::cout << 1;\n")
        self.refuses("banned-call", "src/cli/main.cc", "int x = std::stoi(y);\n")

    def test_banned_call_with_a_reason(self):
        self.accepts("src/base/error.cc", "// tidy: allow banned-call, the library demands it\nthrow 1;\n")
        self.refuses("banned-call", "src/base/error.cc", "// tidy: allow banned-call\nthrow 1;\n", 2)
        self.refuses("banned-call", "src/base/error.cc", "// tidy: allow layers, other rule\nthrow 1;\n", 2)

    def test_header_form(self):
        self.refuses("header-form", "src/net/server.h", "namespace workerdb::net {}\n")
        self.refuses("header-form", "src/net/server.h",
                     "#pragma once\nnamespace workerdb::net { using namespace std; }\n", 2)
        self.refuses("header-form", "src/net/server.h", "#pragma once\nnamespace workerdb::storage {}\n")

    def test_machine_path(self):
        for text in ["/wor" "k/shared/data", "see /ho" "me/anna/x", "https://regis" "try.example.org/x"]:
            self.refuses("machine-path", "src/base/error.cc", f"// {text}\n")
        self.accepts("src/base/error.cc", "// src/wor" "k/x and https://example.org/wor" "k/x\n")

    def test_dead_link(self):
        self.refuses("dead-link", "README.md", "\n[x](docs/gone.md)\n", 2)
        self.refuses("dead-link", "src/net/README.md", README.replace("C.", "[c](gone.h)"), 10)
        self.accepts("src/net/README.md", README.replace("C.", "[c](server.h) `[x](y)`\n```\n[a](b)\n```")
                     .replace("`[x](y)`", ""))

    def test_large_file(self):
        self.refuses("large-file", "docs/x.png", b"\0" * 70000)
        self.accepts("docs/x.png", b"\0" * 60000)
        self.refuses("large-file", "docs/x.txt", "x" * (1024 * 1024 + 1))


if __name__ == "__main__":
    unittest.main()
