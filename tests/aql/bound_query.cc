#include "bound_query.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "random_source.h"
#include "value/json.h"

namespace workerdb::aqltest {
namespace {

using value::Slice;

// The end of the literal that begins at `from`; nothing if none does.
std::optional<size_t> literal_end(std::string_view text, size_t from) {
  size_t end = from;
  if (text[from] == '"') {
    end = text.find('"', from + 1) + 1;
  } else if (text[from] == '[') {
    end = text.find(']', from) + 1;
  } else {
    while (end < text.size() && (isalnum(text[end]) != 0 || text[end] == '-' || text[end] == '.')) ++end;
  }
  // A range, or something that goes on behind the literal: [1, 2][*].
  bool is_whole = end == text.size() || text[end] == ' ' || text[end] == ')' || text[end] == ',' || text[end] == '\n';
  if (end <= from || !is_whole || !value::parse_json(text.substr(from, end - from))) return std::nullopt;
  return end;
}

void add_other(Slice value, RandomSource& random, bool all_alike, value::Builder& to) {
  if (value.is_string()) {
    to.string(all_alike ? "re%" : random.pick({"red", "re%", "%", "b%", "blue", "a", "zz"}));
  } else if (value.is_number()) {
    to.integer(all_alike ? 2 : int64_t(random.below(6)));
  } else if (value.is_array()) {
    to.open_array();
    for (value::ArrayIterator item(value); item.valid(); item.next()) add_other(item.value(), random, all_alike, to);
    to.close();
  } else {
    to.slice(value);
  }
}

}  // namespace

BoundQuery bound_query(const std::string& text, uint64_t seed) {
  RandomSource random(seed ^ 0x5bd1e995);
  bool all_alike = random.chance(30);
  value::Builder values, others;
  values.open_object();
  others.open_object();
  BoundQuery result;
  size_t copied = 0;
  int parameters = 0;
  constexpr std::string_view kSigns[] = {" == ", " != ", " < ", " <= ", " > ", " >= ", " IN ", " LIKE "};
  for (size_t at = 0; at < text.size(); ++at) {
    auto sign =
        std::ranges::find_if(kSigns, [&](std::string_view one) { return text.compare(at, one.size(), one) == 0; });
    if (sign == std::end(kSigns)) continue;
    size_t begin = at + sign->size();
    auto end = begin < text.size() ? literal_end(text, begin) : std::nullopt;
    if (!end) continue;
    std::string name = "p" + std::to_string(++parameters);
    value::Buffer value = *value::parse_json(text.substr(begin, *end - begin));
    values.add(name, value.slice());
    others.key(name);
    add_other(value.slice(), random, all_alike, others);
    result.text += text.substr(copied, begin - copied) + "@" + name;
    copied = *end;
    at = *end - 1;
  }
  result.text += text.substr(copied);
  values.close();
  others.close();
  result.values = values.take();
  result.others = others.take();
  return result;
}

}  // namespace workerdb::aqltest
