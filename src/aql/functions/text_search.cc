// ArangoSearch's functions outside of a search: those that have a value of their own compute it, the others
// end the query. Inside of SEARCH these calls are not evaluated but read by the search.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "aql/functions/edit_distance.h"
#include "aql/functions/implementation.h"
#include "aql/functions/utf8.h"
#include "search/analysis/analyzer.h"

namespace workerdb::aql::functions {
namespace {

using search::analysis::Analyzer;
using search::analysis::Term;
using value::ArrayIterator;
using value::Slice;

constexpr size_t kDeepestInput = 64;          // arrays inside one another that TOKENS walks through
constexpr uint64_t kLargestTable = 16 << 20;  // pairs of terms that NGRAM_MATCH compares

// Null, with the query ended, where there is no analyzer of that name; null with a warning for anything but a
// name.
const Analyzer* analyzer_of(Context& context, Slice name, std::string_view function) {
  if (!name.is_string()) {
    wrong_type(context, function);
    return nullptr;
  }
  std::string_view text = name.as_string();
  // Built-in analyzers belong to every database.
  if (text.starts_with("_system::")) text.remove_prefix(9);
  if (text.starts_with("::")) text.remove_prefix(2);
  const Analyzer* analyzer = search::analysis::built_in_analyzer(text);
  if (analyzer == nullptr && context.data != nullptr) analyzer = context.data->analyzer(name.as_string());
  if (analyzer == nullptr) {
    context.fail({base::ErrorCode::kBadParameter,
                  fmt::format("in function '{}()': there is no analyzer '{}'", function, name.as_string())});
  }
  return analyzer;
}

// Writes the terms of a text, or of each member of an array as an array. False for any other type.
bool write_terms(Context& context, const Analyzer& analyzer, Slice input, size_t depth, value::Builder& to) {
  if (input.is_string()) {
    std::vector<Term> terms;
    analyzer.analyze(input.as_string(), terms);
    to.open_array();
    for (const Term& term : terms) to.string(term.text);
    to.close();
    return true;
  }
  if (!input.is_array() || depth == kDeepestInput) return false;
  to.open_array();
  for (ArrayIterator item(input); item.valid(); item.next()) {
    if (context.should_stop() || !write_terms(context, analyzer, item.value(), depth + 1, to)) return false;
  }
  to.close();
  return true;
}

Slice tokens(Context& context, Arguments arguments) {
  constexpr std::string_view kName = "TOKENS";
  const Analyzer* analyzer = analyzer_of(context, arguments[1], kName);
  if (analyzer == nullptr) return Slice::null();
  if (!write_terms(context, *analyzer, arguments[0], 0, context.scratch())) {
    context.scratch().clear();
    return wrong_type(context, kName);
  }
  return context.finish();
}

// ANALYZER and BOOST tell a search something; elsewhere they are their first argument.
Slice analyzer(Context& context, Arguments arguments) {
  return analyzer_of(context, arguments[1], "ANALYZER") == nullptr ? Slice::null() : arguments[0];
}
Slice boost(Context& context, Arguments arguments) {
  return arguments[1].is_number() ? arguments[0] : wrong_type(context, "BOOST");
}

struct Name {
  static constexpr char kBm25[] = "BM25", kExists[] = "EXISTS", kOffsetInfo[] = "OFFSET_INFO", kPhrase[] = "PHRASE",
                        kTfidf[] = "TFIDF";
};

template <const char* kName>
Slice only_in_search(Context& context, Arguments) {
  context.fail({base::ErrorCode::kNotImplemented,
                fmt::format("{}() has a meaning only in a SEARCH operation on a view, or for its documents", kName)});
  return Slice::null();
}

Slice levenshtein_match(Context& context, Arguments arguments) {
  constexpr std::string_view kName = "LEVENSHTEIN_MATCH";
  Slice given_prefix = argument(arguments, 5), most_terms = argument(arguments, 4);
  if (!arguments[0].is_string() || !arguments[1].is_string() || !arguments[2].is_number() ||
      !(most_terms.is_none() || most_terms.is_number()) || !(given_prefix.is_none() || given_prefix.is_string())) {
    return wrong_type(context, kName);
  }
  bool with_swaps = arguments.size() < 4 || flag(arguments, 3);
  int64_t most = to_integer(arguments[2]);
  if (most < 0 || most > (with_swaps ? 3 : 4)) return wrong_type(context, kName);
  std::string_view text = arguments[0].as_string();
  std::string_view prefix = given_prefix.is_string() ? given_prefix.as_string() : std::string_view();
  if (!text.starts_with(prefix)) return Slice::boolean(false);
  std::u32string left = to_characters(text.substr(prefix.size())), right = to_characters(arguments[1].as_string());
  size_t difference = left.size() > right.size() ? left.size() - right.size() : right.size() - left.size();
  if (difference > size_t(most)) return Slice::boolean(false);
  std::optional<uint32_t> distance = edit_distance(context, left, right, with_swaps, kName);
  return distance ? Slice::boolean(*distance <= uint64_t(most)) : Slice::null();
}

// The arguments that NGRAM_MATCH and MINHASH_MATCH share: the threshold may be left out.
struct Comparison {
  std::vector<Term> terms, target;
  double threshold;

  // False, with a warning or an error on the query.
  bool read(Context& context, Arguments arguments, double usual_threshold, std::string_view function) {
    Slice name = arguments.back();
    bool has_threshold = arguments.size() == 4;
    if (arguments.size() < 3 || !name.is_string()) {
      context.fail({base::ErrorCode::kBadParameter,
                    fmt::format("in function '{}()': an analyzer must be named outside of a search", function)});
      return false;
    }
    if (!arguments[0].is_string() || !arguments[1].is_string() || (has_threshold && !arguments[2].is_number())) {
      wrong_type(context, function);
      return false;
    }
    threshold = has_threshold ? arguments[2].as_double() : usual_threshold;
    if (!(threshold >= 0 && threshold <= 1)) {
      wrong_type(context, function);
      return false;
    }
    const Analyzer* analyzer = analyzer_of(context, name, function);
    if (analyzer == nullptr) return false;
    analyzer->analyze(arguments[0].as_string(), terms);
    analyzer->analyze(arguments[1].as_string(), target);
    return true;
  }
};

// The longest sequence of terms that both have in this order, as a share of the target's terms.
Slice ngram_match(Context& context, Arguments arguments) {
  constexpr std::string_view kName = "NGRAM_MATCH";
  Comparison texts;
  if (!texts.read(context, arguments, 0.7, kName)) return Slice::null();
  if (uint64_t(texts.terms.size()) * texts.target.size() > kLargestTable)
    return warned(context, base::ErrorCode::kResourceLimit, kName);
  if (texts.target.empty()) return Slice::boolean(false);
  std::vector<uint32_t> row(texts.target.size() + 1), above(texts.target.size() + 1);
  for (const Term& term : texts.terms) {
    if (context.should_stop()) return Slice::null();
    std::swap(row, above);
    for (size_t i = 0; i < texts.target.size(); ++i) {
      bool is_same = term.text == texts.target[i].text;
      row[i + 1] = is_same ? above[i] + 1 : std::max(row[i], above[i + 1]);
    }
  }
  return Slice::boolean(double(row.back()) / double(texts.target.size()) >= texts.threshold);
}

// Jaccard's share of common terms; of a minhash analyzer's signatures it is the approximation.
Slice minhash_match(Context& context, Arguments arguments) {
  Comparison texts;
  if (!texts.read(context, arguments, 1.0, "MINHASH_MATCH")) return Slice::null();
  std::unordered_set<std::string_view> left, right;
  for (const Term& term : texts.terms) left.insert(term.text);
  for (const Term& term : texts.target) right.insert(term.text);
  auto common = size_t(std::ranges::count_if(left, [&](std::string_view term) { return right.contains(term); }));
  size_t all = left.size() + right.size() - common;
  return Slice::boolean(all > 0 && double(common) / double(all) >= texts.threshold);
}

constexpr std::string_view kCategory = "arangosearch";
constexpr Function kFunctions[] = {
    {"ANALYZER", kCategory, 2, 2, kDeterministic, "expr: any, analyzer: string",
     "The expression; in a search, evaluated with an analyzer.", "RETURN ANALYZER(1 == 1, \"text_en\")", "[true]",
     analyzer},
    {"BM25", kCategory, 1, 3, 0, "doc: object, k?: number, b?: number",
     "How well a document of a view meets its SEARCH, by Okapi BM25; an error elsewhere.", "RETURN BM25({})", "error 9",
     only_in_search<Name::kBm25>},
    {"BOOST", kCategory, 2, 2, kDeterministic, "expr: any, boost: number",
     "The expression; in a search, with another weight for scores.", "RETURN BOOST(1 == 1, 2.5)", "[true]", boost},
    {"EXISTS", kCategory, 1, 3, 0, "path: any, type?: string, analyzer?: string",
     "Whether a search finds an attribute at all, or of a type; an error elsewhere.", "RETURN EXISTS({a: 1}.a)",
     "error 9", only_in_search<Name::kExists>},
    {"LEVENSHTEIN_MATCH", kCategory, 3, 6, kDeterministic,
     "path: any, target: string, distance: number, transpositions?: bool, maxTerms?: number, prefix?: string",
     "Whether so many edits, exchanges of neighbours included unless told otherwise, make the target of a "
     "text.",
     "RETURN [LEVENSHTEIN_MATCH(\"quick\", \"quikc\", 1), LEVENSHTEIN_MATCH(\"quick\", \"quikc\", 1, false)]",
     "[[true,false]]", levenshtein_match},
    {"MINHASH_MATCH", kCategory, 3, 4, kDeterministic,
     "path: any, target: string, threshold?: number, analyzer: string",
     "Whether two texts share at least this part of the terms that an analyzer makes of them.",
     "RETURN MINHASH_MATCH(\"quick brown fox\", \"brown fox\", 0.5, \"text_en\")", "[true]", minhash_match},
    {"NGRAM_MATCH", kCategory, 2, 4, kDeterministic, "path: any, target: string, threshold?: number, analyzer?: string",
     "Whether a text has at least this part of the target's terms in their order, by default 0.7.",
     "RETURN NGRAM_MATCH(\"quick brown fox\", \"quick fox\", \"text_en\")", "[true]", ngram_match},
    {"OFFSET_INFO", kCategory, 2, 2, 0, "doc: object, paths: string|array",
     "Where in a document of a view its SEARCH matched; an error elsewhere.", "RETURN OFFSET_INFO({}, \"a\")",
     "error 9", only_in_search<Name::kOffsetInfo>},
    {"PHRASE", kCategory, 2, kUnlimited, 0, "path: any, phrasePart: string|array|object, …",
     "Whether a search finds words in this order; an error elsewhere.", "RETURN PHRASE(\"a b\", \"a b\", \"text_en\")",
     "error 9", only_in_search<Name::kPhrase>},
    {"TFIDF", kCategory, 1, 2, 0, "doc: object, normalize?: bool",
     "How well a document of a view meets its SEARCH, by TF-IDF; an error elsewhere.", "RETURN TFIDF({})", "error 9",
     only_in_search<Name::kTfidf>},
    {"TOKENS", "string", 2, 2, kDeterministic, "input: string|array, analyzer: string",
     "The terms that an analyzer makes of a text, or of every text in nested arrays.",
     "RETURN TOKENS(\"quick brown foxes\", \"text_en\")", "[[\"quick\",\"brown\",\"fox\"]]", tokens},
};

}  // namespace

std::span<const Function> text_search_functions() { return kFunctions; }

}  // namespace workerdb::aql::functions
