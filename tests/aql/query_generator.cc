#include "query_generator.h"

#include <fmt/format.h>

#include "random_source.h"

namespace workerdb::aqltest {
namespace {

const std::vector<std::string> kCollections = {"people", "items", "knows"};

// What a block may refer to at a place of it.
struct Scope {
  std::vector<std::string> documents;  // variables that hold documents
  std::vector<std::string> values;     // variables that hold anything
  std::vector<std::string> order;      // expressions that, together, tell all rows apart (equal rows aside)
};

class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  RandomQuery generate() {
    RandomQuery query;
    Scope scope;
    query.writes = random_.chance(12);
    if (query.writes) {
      is_writing_ = true;
      query.text = write();
      return query;
    }
    query.text = block(scope, 2, query.is_ordered);
    return query;
  }

 private:
  std::string fresh(const char* prefix) { return prefix + std::to_string(++last_variable_); }

  // --- values ---
  std::string constant() {
    return random_.pick(
        {"null", "true",  "false", "0",       "1",         "2",        "3",  "4",   "-1",     "1.5", "9007199254740993",
         "\"\"", "\"a\"", "\"b\"", "\"red\"", "\"green\"", "\"blue\"", "[]", "[1]", "[1, 2]", "{}",  "{x: 1}"});
  }
  std::string path() { return random_.pick({"a", "b", "c", "n", "d.x", "d.y", "e", "_key", "u", "missing"}); }
  std::string attribute(const Scope& scope) { return random_.pick(scope.documents) + "." + path(); }
  std::string leaf(const Scope& scope) {
    size_t which = random_.below(10);
    if (which < 6 && !scope.documents.empty()) return attribute(scope);
    if (which < 8 && !scope.values.empty()) return random_.pick(scope.values);
    return constant();
  }
  std::string number(const Scope& scope) {
    if (!scope.documents.empty() && random_.chance(70)) {
      return random_.pick(scope.documents) + "." + random_.pick({"n", "u", "b"});
    }
    return random_.number(9);
  }
  std::string expression(const Scope& scope, int depth) {
    if (depth <= 0 || random_.chance(30)) return leaf(scope);
    auto inner = [&] { return expression(scope, depth - 1); };
    switch (random_.below(13)) {
      case 0: return fmt::format("({} {} {})", number(scope), random_.pick({"+", "-", "*", "%"}), number(scope));
      case 1: return condition(scope, depth - 1);
      case 2: return fmt::format("({} ? {} : {})", condition(scope, depth - 1), inner(), inner());
      case 3: return fmt::format("({} {} {})", inner(), random_.pick({"&&", "||"}), inner());
      case 4: return fmt::format("[{}, {}]", inner(), inner());
      case 5: return fmt::format("{{p: {}, q: {}}}", inner(), inner());
      case 6: return fmt::format("CONCAT({}, \"-\", {})", inner(), inner());
      case 7: return fmt::format("LENGTH(TO_ARRAY({}))", inner());
      case 8: return fmt::format("TYPENAME({})", inner());
      case 9: return fmt::format("({} || {})", inner(), constant());
      case 10: return fmt::format("TO_ARRAY({})[* FILTER CURRENT {} {}]", inner(), comparison(), leaf(scope));
      case 11: return fmt::format("TO_ARRAY({})[{}]", inner(), random_.pick({"0", "1", "-1"}));
      default: return fmt::format("NOT_NULL({}, {})", inner(), inner());
    }
  }

  // --- conditions ---
  std::string comparison() { return random_.pick({"==", "!=", "<", "<=", ">", ">="}); }
  // A comparison that some documents pass.
  std::string likely_condition(const Scope& scope) {
    const std::string& document = random_.pick(scope.documents);
    switch (random_.below(7)) {
      case 6: return fmt::format("!({}.{} {} {})", document, path(), random_.pick({"==", "<", ">=", "IN"}), constant());
      case 0:
        return fmt::format("{}.c {} {}", document, comparison(),
                           random_.pick({"\"red\"", "\"green\"", "\"blue\"", "\"re\""}));
      case 1: return fmt::format("{}.c IN [\"red\", \"blue\", null]", document);
      case 2: return fmt::format("{}.a {} {}", document, comparison(), constant());
      case 3:
        return fmt::format("{}.{} IN [{}, {}, {}]", document, random_.pick({"a", "b", "n", "d.x"}), random_.number(5),
                           random_.number(5), constant());
      case 4:
        return fmt::format("{} {} {}.{}", random_.number(5), comparison(), document, random_.pick({"b", "n", "d.x"}));
      default:
        return fmt::format("{}.{} {} {}", document, random_.pick({"b", "n", "d.x"}), comparison(), random_.number(5));
    }
  }
  std::string simple_condition(const Scope& scope) {
    if (!scope.documents.empty() && random_.chance(60)) return likely_condition(scope);
    std::string left = leaf(scope);
    switch (random_.below(9)) {
      case 0: return fmt::format("{} IN [{}, {}, {}]", left, constant(), constant(), constant());
      case 1: return fmt::format("{} IN {}", leaf(scope), "TO_ARRAY(" + left + ")");
      case 2: return fmt::format("{} LIKE \"{}\"", left, random_.pick({"re%", "%e%", "r_d", "blue", "a%", "%"}));
      case 3: return fmt::format("{} NOT IN [{}, {}]", left, constant(), constant());
      case 4:
        return scope.documents.empty() ? left
                                       : fmt::format("{} IN {}.e[*]", leaf(scope), random_.pick(scope.documents));
      case 5: return fmt::format("{} {} {}", left, comparison(), leaf(scope));
      default: return fmt::format("{} {} {}", left, random_.pick({"==", "==", "<", ">", ">=", "<=", "!="}), constant());
    }
  }
  std::string condition(const Scope& scope, int depth) {
    if (depth <= 0 || random_.chance(40)) return simple_condition(scope);
    switch (random_.below(4)) {
      case 0: return fmt::format("({} && {})", condition(scope, depth - 1), condition(scope, depth - 1));
      case 1: return fmt::format("({} || {})", condition(scope, depth - 1), condition(scope, depth - 1));
      case 2: return fmt::format("NOT ({})", condition(scope, depth - 1));
      default: return fmt::format("({} && {})", simple_condition(scope), simple_condition(scope));
    }
  }

  // --- loops ---
  std::string options() {
    if (!random_.chance(12)) return "";
    return random_.pick({" OPTIONS {disableIndex: true}", " OPTIONS {indexHint: \"by_b\"}",
                         " OPTIONS {indexHint: [\"by_b_c\", \"by_c\"]}", " OPTIONS {maxProjections: 0}",
                         " OPTIONS {useCache: false}"});
  }
  std::string loop(Scope& scope, bool& is_document) {
    std::string variable = fresh("v");
    is_document = true;
    size_t which = random_.below(22);
    if (which >= 20 && !scope.documents.empty()) {
      std::string value = fresh("w");
      scope.values.insert(scope.values.end(), {variable, value});
      scope.order.push_back(variable);
      is_document = false;
      return fmt::format("FOR [{}, {}] IN ENTRIES(UNSET({}, \"_rev\", \"_id\"))", variable, value,
                         random_.pick(scope.documents));
    }
    if (which < 15 || scope.documents.empty()) {
      std::string text = fmt::format("FOR {} IN {}{}", variable, random_.pick(kCollections), options());
      scope.documents.push_back(variable);
      scope.order.push_back(variable + "._key");
      return text;
    }
    if (which < 17) return traversal(scope);
    is_document = false;
    std::string text = which == 17 ? fmt::format("FOR {} IN {}..{}", variable, random_.below(3), random_.below(4))
                       : which == 18
                           ? fmt::format("FOR {} IN UNIQUE(TO_ARRAY({}.e))", variable, random_.pick(scope.documents))
                           : fmt::format("FOR {} IN [1, \"red\", null, [1]]", variable);
    scope.values.push_back(variable);
    scope.order.push_back(variable);
    return text;
  }
  std::string traversal(Scope& scope) {
    std::string vertex = fresh("v"), edge = fresh("e");
    std::string text =
        fmt::format("FOR {}, {} IN 1..{} {} CONCAT(\"people/\", {}._key) knows", vertex, edge, 1 + random_.below(2),
                    random_.pick({"OUTBOUND", "INBOUND", "ANY"}), random_.pick(scope.documents));
    scope.documents.push_back(vertex);
    scope.documents.push_back(edge);
    scope.order.push_back(vertex + "._key");
    scope.order.push_back(edge + "._key");
    return text;
  }
  // An equality that joins two documents, so that loops in loops stay small.
  std::string join(const Scope& scope) {
    const std::string& last = scope.documents.back();
    const std::string& other = scope.documents[random_.below(scope.documents.size() - 1)];
    if (random_.chance(15)) return fmt::format("FILTER {}._from == CONCAT(\"people/\", {}._key)", last, other);
    std::string left = last + "." + random_.pick({"a", "b", "c", "d.x", "_key", "u", "n"});
    std::string right = other + "." + random_.pick({"a", "b", "c", "d.x", "_key", "u", "n"});
    return random_.chance(50) ? fmt::format("FILTER {} == {}", left, right)
                              : fmt::format("FILTER {} == {}", right, left);
  }

  // --- clauses ---
  std::string total_order(const Scope& scope) {
    std::string text = "SORT ";
    for (size_t i = random_.below(3); i > 0; --i) {
      text += leaf(scope) + random_.pick({"", " DESC", " ASC"}) + ", ";
    }
    for (const std::string& key : scope.order) text += key + (random_.chance(20) ? " DESC, " : ", ");
    text.resize(text.size() - 2);
    return text;
  }
  std::string limit() {
    return random_.chance(50) ? fmt::format("LIMIT {}", random_.below(12))
                              : fmt::format("LIMIT {}, {}", random_.below(5), random_.below(9));
  }
  std::string collect(Scope& scope) {
    std::string text = "COLLECT ";
    Scope inner;
    size_t groups = random_.below(3);
    for (size_t i = 0; i < groups; ++i) {
      std::string name = fresh("g");
      text += fmt::format("{}{} = {}", i > 0 ? ", " : "", name, leaf(scope));
      inner.values.push_back(name);
      inner.order.push_back(name);
    }
    if (groups > 0 && random_.chance(25)) {
      std::string count = fresh("n");
      text += fmt::format(" WITH COUNT INTO {}", count);
      inner.values.push_back(count);
    } else if (groups > 0 && random_.chance(25)) {
      std::string into = fresh("i"), names = fresh("l");
      text += fmt::format(" INTO {} = {} LET {} = SORTED({})", into, leaf(scope), names, into);
      inner.values.push_back(names);
    } else if (groups == 0 || random_.chance(60)) {
      text += groups > 0 ? " AGGREGATE " : "AGGREGATE ";
      for (size_t i = 0, count = 1 + random_.below(2); i < count; ++i) {
        std::string name = fresh("n");
        text += fmt::format("{}{} = {}", i > 0 ? ", " : "", name, aggregate(scope));
        inner.values.push_back(name);
      }
    }
    if (random_.chance(30)) text = with_options(text);
    if (groups == 0) inner.order.clear();
    scope = std::move(inner);
    return text;
  }
  // OPTIONS stand in front of the LET that sorts what INTO gathered.
  std::string with_options(std::string text) {
    std::string option =
        random_.pick({" OPTIONS {method: \"sorted\"}", " OPTIONS {method: \"hash\"}", " OPTIONS {disableIndex: true}"});
    size_t let = text.find(" LET ");
    return let == std::string::npos ? text + option : text.insert(let, option);
  }
  std::string aggregate(const Scope& scope) {
    switch (random_.below(6)) {
      case 0: return fmt::format("SUM({})", number(scope));
      case 1: return fmt::format("AVG({})", number(scope));
      case 2: return fmt::format("MIN({})", leaf(scope));
      case 3: return fmt::format("MAX({})", leaf(scope));
      case 4: return fmt::format("COUNT_DISTINCT({})", leaf(scope));
      default: return "LENGTH()";
    }
  }
  std::string subquery(const Scope& outer) {
    Scope scope = outer;
    std::string text = fmt::format("FOR {} IN {}", fresh("s"), random_.pick(kCollections));
    std::string variable = "s" + std::to_string(last_variable_);
    scope.documents.push_back(variable);
    if (scope.documents.size() > 1 && random_.chance(70)) text += " " + join(scope);
    if (random_.chance(60)) text += " FILTER " + condition(scope, 1);
    switch (random_.below(6)) {
      case 0: return fmt::format("LENGTH({} RETURN 1)", text);
      case 1: return fmt::format("(LENGTH({} RETURN {}._key) > 0)", text, variable);
      case 2: return fmt::format("(LENGTH({} LIMIT 1 RETURN 1) == 0)", text);
      case 3:
        return fmt::format("FIRST({} SORT {}.b, {}._key RETURN {})", text, variable, variable, expression(scope, 1));
      case 4: return fmt::format("FIRST({} COLLECT WITH COUNT INTO k{} RETURN k{})", text, variable, variable);
      default:
        return fmt::format("({} SORT {}._key {} RETURN {})", text, variable, random_.chance(40) ? limit() : "",
                           expression(scope, 1));
    }
  }

  // A page of a collection that an index holds nearly all of: what is asked and sorted by stands in the index, what is
  // given does or does not.
  std::string covered_page(Scope& scope, bool& is_ordered) {
    struct Held {
      const char *collection, *first;
      std::vector<std::string> more;
    };
    static const std::vector<Held> kHeld = {{"people", "b", {"b", "c", "a", "n"}},
                                            {"items", "n", {"n", "d.x", "c"}},
                                            {"people", "a", {"a", "b"}},
                                            {"knows", "b", {"_from", "b"}}};
    const Held& held = kHeld[random_.below(kHeld.size())];
    std::string variable = fresh("v");
    auto attribute = [&] { return variable + "." + random_.pick(held.more); };
    std::string text = fmt::format("FOR {} IN {} FILTER {}.{} {} {} ", variable, held.collection, variable, held.first,
                                   random_.pick({"==", ">", ">=", "<="}), random_.number(5));
    if (random_.chance(50)) text += fmt::format("FILTER {} {} {} ", attribute(), comparison(), constant());
    if (random_.chance(30)) text += fmt::format("LET x{} = {} ", variable, attribute());
    scope.documents.push_back(variable);
    if (random_.chance(30)) text += fmt::format("FILTER LENGTH(TO_STRING({})) > {} ", attribute(), random_.below(4));
    if (random_.chance(75)) {
      text += fmt::format("SORT {}{}, {}._key ", attribute(), random_.pick({"", " DESC"}), variable);
      is_ordered = true;
      if (random_.chance(70)) text += limit() + " ";
      if (random_.chance(20)) text += fmt::format("FILTER {} {} {} ", attribute(), comparison(), constant());
    }
    return text + returned(scope, is_ordered);
  }
  // Two collections by attributes that both have an index on.
  std::string indexed_join(Scope& scope, bool& is_ordered) {
    std::string left = fresh("v"), right = fresh("v");
    std::string pair =
        random_.pick({"people.b items.b", "items.b people.b", "items.n people.b", "items.c items.c", "people.a items.a",
                      "people.a people.a", "people.u items.n", "items.c items._key"});
    size_t dot = pair.find('.'), space = pair.find(' '), last_dot = pair.rfind('.');
    std::string left_path = pair.substr(dot + 1, space - dot - 1), right_path = pair.substr(last_dot + 1);
    std::string text = fmt::format("FOR {} IN {} FOR {} IN {} FILTER {}.{} == {}.{} ", left, pair.substr(0, dot), right,
                                   pair.substr(space + 1, last_dot - space - 1), left, left_path, right, right_path);
    scope.documents.push_back(right);
    if (random_.chance(50)) text += fmt::format("FILTER {} ", likely_condition(scope));
    if (random_.chance(30))
      text += fmt::format("FILTER {}.{} {} {} ", left, left_path, comparison(), random_.number(5));
    if (random_.chance(40)) {
      text += fmt::format("SORT {}.{}, {}._key, {}._key ", left, left_path, right, left);
      if (random_.chance(50)) text += limit() + " ";
      is_ordered = true;
    }
    if (random_.chance(30)) scope.documents.push_back(left);
    return text +
           fmt::format("RETURN [{}.{}, {}]", left, left_path, random_.chance(50) ? right + "._key" : leaf(scope));
  }

  // A block of clauses up to its RETURN.
  std::string block(Scope& scope, int depth, bool& is_ordered) {
    if (random_.chance(8)) return covered_page(scope, is_ordered);
    if (random_.chance(6)) return indexed_join(scope, is_ordered);
    std::string text;
    size_t loops = 1 + random_.below(2);
    for (size_t i = 0; i < loops; ++i) {
      bool is_document = false;
      text += loop(scope, is_document) + " ";
      if (is_document && scope.documents.size() > 1 && random_.chance(75)) text += join(scope) + " ";
      text += clauses(scope, depth);
    }
    if (random_.chance(20)) {
      text += collect(scope) + " ";
      if (random_.chance(40)) text += "FILTER " + condition(scope, 1) + " ";
    }
    if (random_.chance(35)) {
      if (!scope.order.empty()) text += total_order(scope) + " ";
      is_ordered = true;
      if (random_.chance(60)) text += limit() + " ";
    }
    return text + returned(scope, is_ordered);
  }
  std::string clauses(Scope& scope, int depth) {
    std::string text;
    for (size_t i = random_.below(3); i > 0; --i) {
      size_t which = random_.below(10);
      if (which < 6) {
        text += "FILTER " + condition(scope, depth) + " ";
      } else {
        std::string name = fresh("x");
        if (which == 9 && random_.chance(40)) {
          // A list, or an object, that is read in parts. Another loop would let a write meet one document twice.
          bool is_list = random_.chance(60) && !is_writing_;
          text += fmt::format("LET {} = {} ", name,
                              is_list ? "(FOR l IN items RETURN l.n)"
                                      : fmt::format("{{p: {}, q: {}}}", leaf(scope), expression(scope, 1)));
          if (is_list)
            text +=
                fmt::format("FOR z{} IN items FILTER z{}.b {} {} ", name, name, random_.pick({"IN", "NOT IN"}), name);
          if (is_list) scope.documents.push_back("z" + name), scope.order.push_back("z" + name + "._key");
          scope.values.push_back(is_list ? "z" + name + ".b" : name + random_.pick({".p", ".q", ".r", ""}));
          continue;
        }
        text += fmt::format("LET {} = {} ", name, which < 8 ? expression(scope, depth) : subquery(scope));
        scope.values.push_back(name);
      }
    }
    return text;
  }
  std::string returned(const Scope& scope, bool is_ordered) {
    if (!scope.documents.empty() && random_.chance(20)) {
      const std::string& document = random_.pick(scope.documents);
      return fmt::format("RETURN IS_OBJECT({}) ? UNSET({}, \"_rev\") : null", document, document);
    }
    if (!is_ordered && random_.chance(15)) return "RETURN DISTINCT " + leaf(scope);
    if (random_.chance(15) && !scope.documents.empty())
      return fmt::format("RETURN [{}, {}]", leaf(scope), subquery(scope));
    return fmt::format("RETURN [{}, {}]", expression(scope, 2), leaf(scope));
  }

  // --- writes; the caller compares the collections as well ---
  std::string write() {
    Scope scope;
    std::string variable = fresh("v"), collection = random_.pick({"people", "items"});
    std::string text = fmt::format("FOR {} IN {} ", variable, collection);
    scope.documents.push_back(variable);
    scope.order.push_back(variable + "._key");
    text += clauses(scope, 2);
    if (random_.chance(30)) text += total_order(scope) + " " + limit() + " ";
    switch (random_.below(5)) {
      case 0:
        return text + fmt::format("UPDATE {} WITH {{a: {}, w: {}}} IN {} RETURN [OLD.a, NEW.a]", variable,
                                  expression(scope, 1), leaf(scope), collection);
      case 1:
        return text + fmt::format("REPLACE {} WITH {{u: {}.u, b: {}}} IN {} RETURN NEW.b", variable, variable,
                                  leaf(scope), collection);
      case 2: return text + fmt::format("REMOVE {} IN {} RETURN OLD._key", variable, collection);
      case 3:
        return text +
               fmt::format("INSERT {{_key: CONCAT(\"new\", {}._key), u: {}.u + 100, a: {}}} INTO {} RETURN NEW.a",
                           variable, variable, leaf(scope), collection);
      default:
        return text + fmt::format("UPSERT {{u: {}.u}} INSERT {{u: 1000}} UPDATE {{seen: {}}} IN {} RETURN OLD.u",
                                  variable, leaf(scope), collection);
    }
  }

  RandomSource random_;
  int last_variable_ = 0;
  bool is_writing_ = false;
};

}  // namespace

RandomQuery random_query(uint64_t seed) { return Generator(seed).generate(); }

}  // namespace workerdb::aqltest
