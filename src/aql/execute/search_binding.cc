// From a condition and the values of one outer row to a filter.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "aql/execute/search_condition.h"
#include "aql/execute/search_geo.h"
#include "aql/functions/edit_distance.h"
#include "aql/functions/matcher.h"
#include "aql/functions/utf8.h"
#include "value/order.h"

namespace workerdb::aql::execute {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
using functions::GeoShape;
using search::DefinitionPtr;
using search::FieldRule;
using search::Path;
using search::analysis::Term;
using syntax::BinaryOperator;
using syntax::Quantifier;
using value::Slice;
using Kind = SearchCondition::Kind;

constexpr uint64_t kMostPhraseParts = 10'000;

bool holds(BinaryOperator op, int order) {
  switch (op) {
    case BinaryOperator::kEqual: return order == 0;
    case BinaryOperator::kLess: return order < 0;
    case BinaryOperator::kLessEqual: return order <= 0;
    case BinaryOperator::kGreater: return order > 0;
    default: return order >= 0;
  }
}

// Terms and numbers within bounds of their own type.
struct Bounds {
  Slice low, high;
  bool with_low = true, with_high = true;
};

struct Members {
  explicit Members(Slice given) : list(given.is_array() ? given : Slice::empty_array()) {
    for (value::ArrayIterator item(list.slice()); item.valid(); item.next()) {
      if (item.value().is_string()) {
        texts.insert(item.value().as_string());
      } else if (!item.value().is_array() && !item.value().is_object()) {
        values.insert(item.value());
      }
    }
  }
  struct Hash {
    size_t operator()(Slice value) const { return value::hash(value); }
  };
  struct Equal {
    bool operator()(Slice left, Slice right) const { return value::equal(left, right); }
  };

  value::Buffer list;  // what both sets point into
  std::unordered_set<std::string_view> texts;
  std::unordered_set<Slice, Hash, Equal> values;
};

class Binder {
 public:
  Binder(SearchRun& run, search::Analyzers& analyzers)
      : run_(run), analyzers_(analyzers), analyzer_(search::analysis::built_in_definition("identity")) {}

  Result<SearchFilterPtr> bind(const SearchCondition& condition) {
    switch (condition.kind) {
      case Kind::kConstant: return make_constant_filter(value::is_truthy(operand(condition, 0)));
      case Kind::kAnd: return combine(condition, condition.children.size(), condition.children.size());
      case Kind::kOr: return combine(condition, condition.children.size(), 1);
      case Kind::kNot: return make_not_filter(TRY(bind(condition.children[0])));
      case Kind::kCompare: return compare(path_of(condition), condition.op, operand(condition, 0));
      case Kind::kInBounds: return in_bounds(path_of(condition), {operand(condition, 0), operand(condition, 1)});
      case Kind::kArray: return compare_array(condition);
      case Kind::kDistance: return distance(condition);
      case Kind::kFunction: return call(condition);
    }
    return make_constant_filter(false);
  }

 private:
  static Error wrong(const SearchCondition& condition, std::string_view what) {
    return Error(ErrorCode::kBadParameter, fmt::format("{}() in SEARCH: {}", condition.function, what));
  }

  Slice operand(const SearchCondition& condition, size_t which) const {
    if (which >= condition.operands.size()) return {};
    return condition.operands[which]->evaluate(run_.runtime.evaluation);
  }

  Path path_of(const SearchCondition& condition) const {
    Path path;
    for (const SearchStep& step : condition.path) {
      Slice computed = step.computed ? step.computed->evaluate(run_.runtime.evaluation) : Slice();
      if (!step.computed) {
        path.push_back({step.name, std::nullopt});
      } else if (computed.is_string()) {
        path.push_back({std::string(computed.as_string()), std::nullopt});
      } else {
        // A position that no array has where it is no whole number from 0 on.
        bool is_position = computed.is_int64() && computed.as_int64() >= 0;
        path.push_back({{}, is_position ? size_t(computed.as_int64()) : SIZE_MAX});
      }
    }
    return path;
  }

  Result<DefinitionPtr> analyzer_named(const SearchCondition& condition, Slice name) {
    if (name.is_none()) return analyzer_;
    if (!name.is_string()) return wrong(condition, "an analyzer's name must be a string");
    DefinitionPtr found = analyzers_.find(name.as_string());
    if (found == nullptr) return wrong(condition, fmt::format("there is no analyzer '{}'", name.as_string()));
    return found;
  }

  Result<SearchFilterPtr> combine(const SearchCondition& condition, size_t count, size_t least) {
    std::vector<SearchFilterPtr> parts;
    for (size_t i = 0; i < count; ++i) parts.push_back(TRY(bind(condition.children[i])));
    return make_minimum_filter(std::move(parts), least);
  }

  SearchFilterPtr terms(const Path& path, const DefinitionPtr& analyzer, TermTest test) {
    return make_term_filter(run_.field(path, analyzer), std::move(test), boost_);
  }

  Result<SearchFilterPtr> compare(const Path& path, BinaryOperator op, Slice with) {
    if (op == BinaryOperator::kNotEqual) return make_not_filter(TRY(compare(path, BinaryOperator::kEqual, with)));
    if (op == BinaryOperator::kIn) return compare_members(path, with);
    if (op == BinaryOperator::kLike) return like(path, with);
    if (with.is_array() || with.is_object()) return make_constant_filter(false);  // no value is indexed as one
    if (with.is_string()) {
      return terms(path, analyzer_, [op, text = std::string(with.as_string())](std::string_view term) {
        return op == BinaryOperator::kEqual ? term == text : holds(op, term.compare(text));
      });
    }
    auto kept = std::make_shared<value::Buffer>(with.is_none() ? Slice::null() : with);
    return make_value_filter(path, false, [op, kept](Slice value, const FieldRule&) {
      Slice with = kept->slice();
      return value.type() == with.type() && holds(op, value::compare(value, with));
    });
  }

  // One look into a set for each term or value, however long the list is.
  Result<SearchFilterPtr> compare_members(const Path& path, Slice list) {
    auto members = std::make_shared<Members>(list);
    std::vector<SearchFilterPtr> parts;
    if (!members->texts.empty()) {
      parts.push_back(
          terms(path, analyzer_, [members](std::string_view term) { return members->texts.contains(term); }));
    }
    if (!members->values.empty()) {
      parts.push_back(make_value_filter(path, false, [members](Slice value, const FieldRule&) {
        return !value.is_string() && members->values.contains(value);
      }));
    }
    return make_minimum_filter(std::move(parts), 1);
  }

  Result<SearchFilterPtr> like(const Path& path, Slice pattern) {
    if (!pattern.is_string()) return make_constant_filter(false);
    return terms(path, analyzer_,
                 [&context = run_.runtime.functions, text = std::string(pattern.as_string())](std::string_view term) {
                   return functions::matches_like(context, term, text);
                 });
  }

  Result<SearchFilterPtr> in_bounds(const Path& path, const Bounds& bounds) {
    if (bounds.low.type() != bounds.high.type()) {
      return Error(ErrorCode::kBadParameter, "SEARCH: both ends of a range must be of one type");
    }
    BinaryOperator low = bounds.with_low ? BinaryOperator::kGreaterEqual : BinaryOperator::kGreater;
    BinaryOperator high = bounds.with_high ? BinaryOperator::kLessEqual : BinaryOperator::kLess;
    if (bounds.low.is_array() || bounds.low.is_object()) return make_constant_filter(false);
    if (bounds.low.is_string()) {
      return terms(
          path, analyzer_,
          [=, from = std::string(bounds.low.as_string()), to = std::string(bounds.high.as_string())](
              std::string_view term) { return holds(low, term.compare(from)) && holds(high, term.compare(to)); });
    }
    auto from = std::make_shared<value::Buffer>(bounds.low), to = std::make_shared<value::Buffer>(bounds.high);
    return make_value_filter(path, false, [=](Slice value, const FieldRule&) {
      return value.type() == from->slice().type() && holds(low, value::compare(value, from->slice())) &&
             holds(high, value::compare(value, to->slice()));
    });
  }

  Result<SearchFilterPtr> compare_array(const SearchCondition& condition) {
    Slice list = operand(condition, 0);
    if (!list.is_array()) {
      return Error(ErrorCode::kBadParameter, "SEARCH: the left side of ALL, ANY, NONE and AT LEAST must be an array");
    }
    Path path = path_of(condition);
    bool is_any = condition.quantifier == Quantifier::kAny, is_none = condition.quantifier == Quantifier::kNone;
    if (condition.op == BinaryOperator::kEqual && (is_any || is_none)) {
      auto some = TRY(compare_members(path, list));
      return is_any ? std::move(some) : make_not_filter(std::move(some));
    }
    std::vector<SearchFilterPtr> parts;
    for (value::ArrayIterator item(list); item.valid(); item.next()) {
      parts.push_back(TRY(compare(path, condition.op, item.value())));
    }
    size_t all = parts.size();
    switch (condition.quantifier) {
      case Quantifier::kAll: return make_minimum_filter(std::move(parts), all);
      case Quantifier::kNone: return make_not_filter(make_minimum_filter(std::move(parts), 1));
      case Quantifier::kAtLeast: {
        Slice least = operand(condition, 1);
        if (!least.is_number()) return Error(ErrorCode::kBadParameter, "SEARCH: AT LEAST takes a number");
        return make_minimum_filter(std::move(parts), count_of(least));
      }
      default: return make_minimum_filter(std::move(parts), 1);
    }
  }

  // 0 for negative numbers.
  static size_t count_of(Slice number) {
    double value = number.as_double();
    return value <= 0 ? 0 : value >= 1e9 ? size_t(1e9) : size_t(value);
  }

  Result<SearchFilterPtr> call(const SearchCondition& condition) {
    const std::string& name = condition.function;
    if (name == "ANALYZER") return with_analyzer(condition);
    if (name == "BOOST") return with_boost(condition);
    if (name == "MIN_MATCH") {
      Slice least = operand(condition, 0);
      if (!least.is_number()) return wrong(condition, "the last argument must be a number");
      return combine(condition, condition.children.size(), count_of(least));
    }
    if (name == "EXISTS") return exists(condition);
    if (name == "IN_RANGE") {
      Slice with_low = operand(condition, 2), with_high = operand(condition, 3);
      if (!with_low.is_bool() || !with_high.is_bool())
        return wrong(condition, "includeLow and includeHigh must be booleans");
      return in_bounds(path_of(condition),
                       {operand(condition, 0), operand(condition, 1), with_low.is_true(), with_high.is_true()});
    }
    if (name == "LIKE") {
      if (!operand(condition, 0).is_string()) return wrong(condition, "the pattern must be a string");
      return like(path_of(condition), operand(condition, 0));
    }
    if (name == "STARTS_WITH") return starts_with(condition);
    if (name == "LEVENSHTEIN_MATCH") return levenshtein_match(condition);
    if (name == "NGRAM_MATCH") return ngram_match(condition);
    if (name == "PHRASE") return phrase(condition);
    return geo(condition);
  }

  Result<SearchFilterPtr> with_analyzer(const SearchCondition& condition) {
    DefinitionPtr before = analyzer_;
    analyzer_ = TRY(analyzer_named(condition, operand(condition, 0)));
    auto inside = bind(condition.children[0]);
    analyzer_ = std::move(before);
    return inside;
  }

  Result<SearchFilterPtr> with_boost(const SearchCondition& condition) {
    Slice factor = operand(condition, 0);
    if (!factor.is_number()) return wrong(condition, "the boost must be a number");
    double before = boost_;
    boost_ *= factor.as_double();
    auto inside = bind(condition.children[0]);
    boost_ = before;
    return inside;
  }

  Result<SearchFilterPtr> exists(const SearchCondition& condition) {
    Slice type = operand(condition, 0);
    if (!type.is_none() && !type.is_string()) return wrong(condition, "the type must be a string");
    std::string_view name = type.is_string() ? type.as_string() : "";
    ValueTest test;
    if (name.empty()) {
      test = [](Slice value, const FieldRule& rule) {
        if (value.is_object()) return value.size() > 0 && (rule.includes_all || !rule.fields.empty() || rule.has_geo());
        return !value.is_array() || value.size() > 0;
      };
    } else if (name == "null") {
      test = [](Slice value, const FieldRule&) { return value.is_null(); };
    } else if (name == "bool" || name == "boolean") {
      test = [](Slice value, const FieldRule&) { return value.is_bool(); };
    } else if (name == "numeric") {
      test = [](Slice value, const FieldRule&) { return value.is_number(); };
    } else if (name == "type") {
      test = [](Slice value, const FieldRule&) { return value.is_null() || value.is_bool() || value.is_number(); };
    } else if (name == "string") {
      test = [](Slice value, const FieldRule& rule) { return value.is_string() && !rule.analyzers.empty(); };
    } else if (name == "analyzer") {
      test = [analyzer = TRY(analyzer_named(condition, operand(condition, 1)))](Slice value, const FieldRule& rule) {
        bool is_used =
            std::ranges::any_of(rule.analyzers, [&](const auto& one) { return one->name == analyzer->name; });
        return is_used && (value.is_string() || analyzer->is_geo);
      };
    } else if (name == "nested") {
      return make_constant_filter(false);  // no link indexes nested fields
    } else {
      return wrong(condition, fmt::format("there is no type '{}'", name));
    }
    auto kept = [test = std::move(test)](Slice value, const FieldRule& rule) {
      return rule.stores_values && test(value, rule);
    };
    return make_value_filter(path_of(condition), name.empty(), std::move(kept));
  }

  SearchFilterPtr prefix(const Path& path, Slice text) {
    return terms(path, analyzer_,
                 [start = std::string(text.as_string())](std::string_view term) { return term.starts_with(start); });
  }

  Result<SearchFilterPtr> starts_with(const SearchCondition& condition) {
    Slice prefixes = operand(condition, 0), least = operand(condition, 1);
    Path path = path_of(condition);
    if (!least.is_none() && !least.is_number()) return wrong(condition, "minMatchCount must be a number");
    if (prefixes.is_string()) return prefix(path, prefixes);
    if (!prefixes.is_array()) return wrong(condition, "the prefix must be a string or an array of strings");
    std::vector<SearchFilterPtr> parts;
    for (value::ArrayIterator item(prefixes); item.valid(); item.next()) {
      if (!item.value().is_string()) return wrong(condition, "each prefix must be a string");
      parts.push_back(prefix(path, item.value()));
    }
    return make_minimum_filter(std::move(parts), least.is_none() ? 1 : count_of(least));
  }

  // The arguments behind the path, as a list of values: target, distance, transpositions?, maxTerms?, prefix?
  Result<TermTest> levenshtein_test(const SearchCondition& condition, std::vector<Slice> given) {
    given.resize(5);
    Slice target = given[0], distance = given[1], swaps = given[2], most_terms = given[3], prefix = given[4];
    if (!target.is_string() || !distance.is_number() || !(swaps.is_none() || swaps.is_bool()) ||
        !(most_terms.is_none() || most_terms.is_number()) || !(prefix.is_none() || prefix.is_string())) {
      return wrong(condition, "takes a target, a distance, and transpositions, maxTerms and prefix if at all");
    }
    bool with_swaps = !swaps.is_bool() || swaps.is_true();
    double most = distance.as_double();
    if (!(most >= 0 && most <= (with_swaps ? 3 : 4))) {
      return wrong(condition, "the distance is from 0 to 4, with transpositions to 3");
    }
    return TermTest([&context = run_.runtime.functions, with_swaps, most = size_t(most),
                     text = functions::to_characters(target.as_string()),
                     start = std::string(prefix.is_string() ? prefix.as_string() : "")](std::string_view term) {
      if (!term.starts_with(start)) return false;
      std::u32string rest = functions::to_characters(term.substr(start.size()));
      size_t difference = std::max(rest.size(), text.size()) - std::min(rest.size(), text.size());
      if (difference > most) return false;
      auto found = functions::edit_distance(context, rest, text, with_swaps, "LEVENSHTEIN_MATCH");
      return found && *found <= most;
    });
  }

  Result<SearchFilterPtr> levenshtein_match(const SearchCondition& condition) {
    std::vector<Slice> given;
    for (size_t i = 0; i < condition.operands.size(); ++i) given.push_back(operand(condition, i));
    return terms(path_of(condition), analyzer_, TRY(levenshtein_test(condition, std::move(given))));
  }

  Result<SearchFilterPtr> ngram_match(const SearchCondition& condition) {
    Slice target = operand(condition, 0), second = operand(condition, 1), third = operand(condition, 2);
    if (second.is_string() && third.is_none()) std::swap(second, third);
    if (!target.is_string() || !(second.is_none() || second.is_number())) {
      return wrong(condition, "takes a target, and a threshold and an analyzer if at all");
    }
    double threshold = second.is_number() ? second.as_double() : 0.7;
    if (!(threshold >= 0 && threshold <= 1)) return wrong(condition, "the threshold is from 0 to 1");
    DefinitionPtr analyzer = TRY(analyzer_named(condition, third));
    if (!analyzer->features.position || !analyzer->features.frequency) return make_constant_filter(false);
    std::vector<std::string> texts;
    for (Term& term : analyzed(analyzer, target)) texts.push_back(std::move(term.text));
    return make_ngram_filter(run_.field(path_of(condition), analyzer), std::move(texts), threshold, boost_);
  }

  static std::vector<Term> analyzed(const DefinitionPtr& analyzer, Slice text) {
    std::vector<Term> result;
    analyzer->analyzer->analyze(text.as_string(), result);
    return result;
  }

  // A phrase while its parts are read: each stands behind the last one, further by the numbers between them.
  struct Phrase {
    const DefinitionPtr& analyzer;
    std::vector<PhrasePart> parts;
    int64_t skipped = 0;

    void add(TermTest test, int64_t behind = -1) {
      int64_t last = parts.empty() ? -1 : parts.back().offset;
      int64_t step = behind >= 0 ? behind : skipped < 0 ? skipped : skipped + 1;
      parts.push_back({last + step, std::move(test)});
      skipped = 0;
    }
  };

  Result<SearchFilterPtr> phrase(const SearchCondition& condition) {
    size_t count = condition.operands.size();
    // Parts and numbers take turns, so a last operand too many names the analyzer.
    bool has_analyzer = count % 2 == 0;
    DefinitionPtr analyzer = TRY(analyzer_named(condition, has_analyzer ? operand(condition, count - 1) : Slice()));
    Phrase phrase{analyzer, {}, 0};
    for (size_t i = 0; i < count - (has_analyzer ? 1 : 0); ++i) {
      Slice part = operand(condition, i);
      if (part.is_number() != (i % 2 == 1))
        return wrong(condition, "phrase parts and numbers of skipped terms take turns");
      TRY(add_part(condition, part, false, phrase));
    }
    if (!analyzer->features.position || !analyzer->features.frequency || phrase.parts.empty()) {
      return make_constant_filter(false);
    }
    return make_phrase_filter(run_.field(path_of(condition), analyzer), std::move(phrase.parts), boost_);
  }

  Result<> add_part(const SearchCondition& condition, Slice part, bool is_member, Phrase& phrase) {
    if (phrase.parts.size() > kMostPhraseParts) return wrong(condition, "the phrase has too many parts");
    if (part.is_number()) {
      phrase.skipped += int64_t(std::clamp(part.as_double(), -1e9, 1e9));
    } else if (part.is_string()) {
      uint32_t position = 0;
      bool is_first = true;
      for (Term& term : analyzed(phrase.analyzer, part)) {
        int64_t behind = is_first ? -1 : int64_t(term.position) - position;
        position = term.position;
        is_first = false;
        phrase.add([text = std::move(term.text)](std::string_view other) { return other == text; }, behind);
      }
    } else if (part.is_array() && is_member) {
      TRY(add_alternatives(condition, part, true, phrase));
    } else if (part.is_array()) {
      for (value::ArrayIterator item(part); item.valid(); item.next())
        TRY(add_part(condition, item.value(), true, phrase));
    } else if (part.is_object() && part.size() == 1) {
      TRY(add_object(condition, part, phrase));
    } else {
      return wrong(condition, "a phrase part is a string, an array or an object token");
    }
    return {};
  }

  Result<> add_alternatives(const SearchCondition& condition, Slice list, bool analyzes, Phrase& phrase) {
    std::vector<std::string> texts;
    for (value::ArrayIterator item(list); item.valid(); item.next()) {
      if (!item.value().is_string()) return wrong(condition, "alternatives are strings");
      if (!analyzes) {
        texts.emplace_back(item.value().as_string());
        continue;
      }
      for (Term& term : analyzed(phrase.analyzer, item.value())) texts.push_back(std::move(term.text));
    }
    if (list.size() == 0) return {};
    phrase.add(
        [texts = std::move(texts)](std::string_view term) { return std::ranges::find(texts, term) != texts.end(); });
    return {};
  }

  Result<> add_object(const SearchCondition& condition, Slice token, Phrase& phrase) {
    value::ObjectIterator only(token);
    std::string name(only.name());
    for (char& c : name) c = c >= 'a' && c <= 'z' ? char(c - 32) : c;
    std::vector<Slice> given;
    if (!only.value().is_array()) given.push_back(only.value());
    for (value::ArrayIterator item(only.value()); item.valid(); item.next()) given.push_back(item.value());
    if (given.empty()) return wrong(condition, "an object token must hold something");
    if (name == "TERMS") return add_alternatives(condition, only.value(), false, phrase);
    if (name == "LEVENSHTEIN_MATCH") {
      phrase.add(TRY(levenshtein_test(condition, std::move(given))));
      return {};
    }
    if (!given[0].is_string()) return wrong(condition, "an object token begins with a string");
    std::string text(given[0].as_string());
    if (name == "TERM") {
      phrase.add([text = std::move(text)](std::string_view term) { return term == text; });
    } else if (name == "STARTS_WITH") {
      phrase.add([text = std::move(text)](std::string_view term) { return term.starts_with(text); });
    } else if (name == "WILDCARD") {
      phrase.add([text = std::move(text), &context = run_.runtime.functions](std::string_view term) {
        return functions::matches_like(context, term, text);
      });
    } else if (name == "IN_RANGE") {
      given.resize(4);
      if (!given[1].is_string()) return wrong(condition, "the ends of a range in a phrase are strings");
      BinaryOperator low = given[2].is_true() ? BinaryOperator::kGreaterEqual : BinaryOperator::kGreater;
      BinaryOperator high = given[3].is_true() ? BinaryOperator::kLessEqual : BinaryOperator::kLess;
      phrase.add([=, from = std::move(text), to = std::string(given[1].as_string())](std::string_view term) {
        return holds(low, term.compare(from)) && holds(high, term.compare(to));
      });
    } else {
      return wrong(condition, fmt::format("there is no object token '{}'", name));
    }
    return {};
  }

  Result<std::shared_ptr<const GeoShape>> shape_operand(const SearchCondition& condition) {
    std::string problem;
    auto shape = GeoShape::parse(operand(condition, 0), problem);
    if (shape == nullptr) return Error(ErrorCode::kBadParameter, "SEARCH: not a shape: " + problem);
    return shape;
  }

  Result<SearchFilterPtr> distance(const SearchCondition& condition) {
    auto shape = TRY(shape_operand(condition));
    Slice metres = operand(condition, 1);
    if (!metres.is_number()) return Error(ErrorCode::kBadParameter, "SEARCH: a distance is compared with a number");
    auto test = [shape, limit = metres.as_double(), op = condition.op](const GeoShape& found) {
      double distance = found.distance_metres(*shape, functions::Ellipsoid::kSphere);
      return holds(op, distance < limit ? -1 : distance > limit ? 1 : 0);
    };
    return make_shape_filter(path_of(condition), analyzer_, std::move(test));
  }

  Result<SearchFilterPtr> geo(const SearchCondition& condition) {
    auto shape = TRY(shape_operand(condition));
    ShapeTest test;
    if (condition.function == "GEO_IN_RANGE") {
      Slice low = operand(condition, 1), high = operand(condition, 2);
      Slice with_low = operand(condition, 3), with_high = operand(condition, 4);
      if (!low.is_number() || !high.is_number()) return wrong(condition, "low and high must be numbers");
      test = [shape, from = low.as_double(), to = high.as_double(), with_low = with_low.is_none() || with_low.is_true(),
              with_high = with_high.is_none() || with_high.is_true()](const GeoShape& found) {
        double distance = found.distance_metres(*shape, functions::Ellipsoid::kSphere);
        return (with_low ? distance >= from : distance > from) && (with_high ? distance <= to : distance < to);
      };
    } else if (condition.function == "GEO_INTERSECTS") {
      test = [shape](const GeoShape& found) { return found.intersects(*shape); };
    } else if (condition.path_is_second) {
      if (!shape->is_polygon()) return make_constant_filter(false);
      test = [shape](const GeoShape& found) { return shape->contains(found); };
    } else {
      test = [shape](const GeoShape& found) { return found.is_polygon() && found.contains(*shape); };
    }
    return make_shape_filter(path_of(condition), analyzer_, std::move(test));
  }

  SearchRun& run_;
  search::Analyzers& analyzers_;
  DefinitionPtr analyzer_;
  double boost_ = 1;
};

}  // namespace

Result<SearchFilterPtr> make_filter(const SearchCondition& condition, SearchRun& run, search::Analyzers& analyzers) {
  return Binder(run, analyzers).bind(condition);
}

}  // namespace workerdb::aql::execute
