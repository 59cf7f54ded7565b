"""`workerdb import` with good and bad files."""
import glob
import hashlib
import json
import os
import unittest

import stack as stacks

stack = None
MODELS = sorted(glob.glob(os.path.join(os.environ.get("WORKERDB_BPMN_DIR") or "/nonexistent", "*.bpmn")))
MODELS = MODELS or [os.path.join(stacks.SOURCE, "tests", "data", "approval.bpmn")]


def setUpModule():
    global stack
    stack = stacks.Stack()
    unittest.addModuleCleanup(stack.close)
    stack.up()


def rows(query, *options):
    done = stack.workerdb("aql", query, *options)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def write(name, content):
    path = os.path.join(stack.folder, name)
    with open(path, "wb") as file:
        file.write(content)
    return path


class JsonLines(unittest.TestCase):
    def test_bad_records_are_named_by_line_and_the_good_ones_stay(self):
        file = write("items.jsonl", b'{"_key": "one", "n": 1}\n\n{"_key": "two", \n{"_key": "three", "n": 3}\n[4]\n'
                                    b'{"_key": "bad \xff"}\n{"_key": "one", "n": 7}\n')
        done = stack.workerdb("import", file, "--collection", "imported_lines", "--create-collection", "-d", "flowmaster_dev")
        self.assertEqual(done.returncode, 10, done.stderr)
        for line in (3, 5, 6, 7):
            self.assertIn(f"{file}:{line}: ", done.stderr)
        for line in (1, 2, 4):
            self.assertNotIn(f"{file}:{line}: ", done.stderr)
        self.assertIn("2 created, 0 ignored, 4 failed", done.stderr)
        self.assertEqual(rows("FOR i IN imported_lines SORT i.n RETURN [i._key, i.n]", "-d", "flowmaster_dev"),
                         [["one", 1], ["three", 3]])

    def test_standard_input_and_on_duplicate(self):
        for mode, expected in (("ignore", 1), ("replace", 2)):
            line = json.dumps({"_key": "same", "n": expected if mode == "replace" else 1})
            done = stack.workerdb("import", "-", "--format", "jsonl", "-c", "imported_twice", "--create-collection",
                                  "-d", "flowmaster_dev", "--on-duplicate", mode, input=line + "\n")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(rows('RETURN DOCUMENT("imported_twice/same").n', "-d", "flowmaster_dev"), [expected])

    def test_missing_file_collection_and_schema(self):
        self.assertEqual(stack.workerdb("import", "/nonexistent.jsonl", "-c", "schedules").returncode, 5)
        file = write("wrong.jsonl", b'{"definition": {}}\n')
        missing = stack.workerdb("import", file, "-c", "no_such_collection")
        self.assertEqual(missing.returncode, 5, missing.stderr)
        refused = stack.workerdb("import", file, "-c", "process_definitions", "-d", "flowmaster_test")
        self.assertEqual(refused.returncode, 10, refused.stderr)
        self.assertIn(f"{file}:1: ", refused.stderr)
        self.assertIn("needs name, version and type", refused.stderr)
        self.assertEqual(rows("RETURN LENGTH(process_definitions)", "-d", "flowmaster_test"), [0])


class Csv(unittest.TestCase):
    def test_quotes_line_breaks_and_a_record_with_too_few_fields(self):
        file = write("people.csv", 'name,age,note\r\n"Ada, Lady",36,"two\nlines"\r\nshort\r\nGrace,85,"say ""hi"""\r\n'.encode())
        done = stack.workerdb("import", file, "-c", "imported_csv", "--create-collection", "-d", "flowmaster_dev")
        self.assertEqual(done.returncode, 10, done.stderr)
        self.assertIn(f"{file}:4: ", done.stderr)
        people = rows("FOR p IN imported_csv SORT p.name RETURN [p.name, TO_STRING(p.age), p.note]", "-d", "flowmaster_dev")
        self.assertEqual(people, [["Ada, Lady", "36", "two\nlines"], ["Grace", "85", 'say "hi"']])


class Models(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.done = stack.workerdb("import", *MODELS)

    def test_all_models_are_taken(self):
        self.assertEqual(self.done.returncode, 0, self.done.stderr)
        self.assertEqual(len(rows("FOR d IN process_definitions FILTER d.bpmn_xml != null RETURN 1")), len(MODELS))

    def test_the_xml_is_kept_byte_for_byte(self):
        # Digests, because unittest takes minutes to describe how two large texts differ.
        kept = rows("FOR d IN process_definitions FILTER d.bpmn_xml != null RETURN d.bpmn_xml")
        originals = []
        for model in MODELS:
            with open(model, "rb") as file:
                originals.append(file.read())
        self.assertEqual(sorted(hashlib.sha256(xml.encode()).hexdigest() for xml in kept),
                         sorted(hashlib.sha256(xml).hexdigest() for xml in originals))
        self.assertEqual(sorted(rows("FOR d IN process_definitions FILTER d.bpmn_xml != null RETURN d.sha256")),
                         sorted(hashlib.sha256(xml).hexdigest() for xml in originals))

    def test_flows_are_edges_between_nodes_that_exist(self):
        count = rows("RETURN LENGTH(process_flows)")[0]
        self.assertGreater(count, 0)
        self.assertEqual(rows("FOR f IN process_flows FILTER DOCUMENT(f._from) == null OR DOCUMENT(f._to) == null RETURN f"), [])
        inside = rows("FOR f IN process_flows FILTER DOCUMENT(f._from).definition == f.definition "
                      "AND DOCUMENT(f._to).definition == f.definition COLLECT WITH COUNT INTO n RETURN n")
        self.assertEqual(inside, [count])

    def test_a_second_import_is_refused_or_ignored_and_doubles_nothing(self):
        before = rows("RETURN [LENGTH(process_definitions), LENGTH(process_nodes), LENGTH(process_flows)]")
        again = stack.workerdb("import", MODELS[0])
        self.assertEqual(again.returncode, 10, again.stderr)
        ignored = stack.workerdb("import", MODELS[0], "--on-duplicate", "ignore")
        self.assertEqual(ignored.returncode, 0, ignored.stderr)
        self.assertRegex(ignored.stderr, r"(?m)^0 created, [1-9]\d* ignored, 0 failed$")
        self.assertEqual(rows("RETURN [LENGTH(process_definitions), LENGTH(process_nodes), LENGTH(process_flows)]"), before)

    def test_xml_that_is_no_model_is_refused(self):
        before = rows("RETURN LENGTH(process_nodes)")
        for name, content in (("broken.bpmn", b"<definitions><process></definitions>"), ("other.bpmn", b"<html/>"),
                              ("empty.bpmn", b"")):
            file = write(name, content)
            done = stack.workerdb("import", file)
            self.assertEqual(done.returncode, 10, f"{name}: {done.stderr}")
            self.assertIn(f"{file}:", done.stderr)
        self.assertEqual(rows("RETURN LENGTH(process_nodes)"), before)


if __name__ == "__main__":
    stacks.main(__name__)
