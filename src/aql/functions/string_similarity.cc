// How alike two strings are.
#include <algorithm>
#include <unordered_map>

#include "aql/functions/edit_distance.h"
#include "aql/functions/implementation.h"
#include "aql/functions/utf8.h"

namespace workerdb::aql::functions {
namespace {

using value::Slice;

// Cells of the tables below: bounds memory (64 MB) and time.
constexpr uint64_t kLargestTable = 16 << 20;

// False, with a warning, where comparing two texts would take too much.
bool is_comparable(Context& context, const std::u32string& left, const std::u32string& right,
                   std::string_view function) {
  if ((uint64_t(left.size()) + 2) * (uint64_t(right.size()) + 2) <= kLargestTable) return true;
  warned(context, base::ErrorCode::kResourceLimit, function);
  return false;
}

}  // namespace

// The table has one row and column of "infinity" in front of the usual ones, and remembers where each
// character last occurred.
std::optional<uint32_t> edit_distance(Context& context, const std::u32string& left, const std::u32string& right,
                                      bool with_swaps, std::string_view function) {
  if (!is_comparable(context, left, right, function)) return std::nullopt;
  size_t rows = left.size(), columns = right.size(), stride = columns + 2;
  auto infinity = uint32_t(rows + columns);
  std::vector<uint32_t> table((rows + 2) * stride);
  auto cell = [&](size_t row, size_t column) -> uint32_t& { return table[row * stride + column]; };
  for (size_t row = 0; row <= rows; ++row) cell(row + 1, 0) = infinity, cell(row + 1, 1) = uint32_t(row);
  for (size_t column = 0; column <= columns; ++column)
    cell(0, column + 1) = infinity, cell(1, column + 1) = uint32_t(column);

  std::unordered_map<char32_t, size_t> last_row;
  for (size_t row = 1; row <= rows; ++row) {
    if (context.should_stop()) return std::nullopt;
    size_t last_match = 0;
    for (size_t column = 1; column <= columns; ++column) {
      auto known = last_row.find(right[column - 1]);
      size_t other_row = known == last_row.end() ? 0 : known->second, other_column = last_match;
      bool is_same = left[row - 1] == right[column - 1];
      if (is_same) last_match = column;
      uint32_t swapped = with_swaps ? cell(other_row, other_column) + uint32_t(row - other_row - 1) + 1 +
                                          uint32_t(column - other_column - 1)
                                    : UINT32_MAX;
      cell(row + 1, column + 1) = std::min(
          {cell(row, column) + (is_same ? 0u : 1u), cell(row + 1, column) + 1, cell(row, column + 1) + 1, swapped});
    }
    last_row[left[row - 1]] = row;
  }
  return cell(rows + 1, columns + 1);
}

namespace {

Slice levenshtein_distance(Context& context, Arguments arguments) {
  std::optional<uint32_t> distance = edit_distance(context, to_characters(Text(arguments[0])),
                                                   to_characters(Text(arguments[1])), true, "LEVENSHTEIN_DISTANCE");
  return distance ? context.arena().integer(*distance) : Slice::null();
}

char soundex_code(char letter) {
  // For A to Z: 0 are the vowels, which part equal codes; '-' are H and W, which do not.
  constexpr std::string_view kCodes = "01230120022455012623010202";
  if (letter == 'H' || letter == 'W') return '-';
  return kCodes[size_t(letter - 'A')];
}

Slice soundex(Context& context, Arguments arguments) {
  Text text(arguments[0]);
  std::string code;
  char before = '0';
  for (char c : text.view()) {
    char letter = c >= 'a' && c <= 'z' ? char(c - 32) : c;
    if (letter < 'A' || letter > 'Z') continue;
    char digit = soundex_code(letter);
    if (code.empty()) {
      code += letter;
      before = digit;
      continue;
    }
    if (digit == '-') continue;
    if (digit != '0' && digit != before) code += digit;
    before = digit;
    if (code.size() == 4) break;
  }
  if (!code.empty()) code.resize(4, '0');
  return context.arena().string(code);
}

// Kondrak's n-gram similarity: the heaviest common subsequence of n-grams. With kPositional a pair of n-grams
// counts for the share of its equal characters and the longer text is the measure, else only equal ones and
// the target.
template <bool kPositional>
Slice ngram_similarity(Context& context, Arguments arguments) {
  constexpr std::string_view kName = kPositional ? "NGRAM_POSITIONAL_SIMILARITY" : "NGRAM_SIMILARITY";
  if (!arguments[0].is_string() || !arguments[1].is_string() || !arguments[2].is_number()) {
    return wrong_type(context, kName);
  }
  int64_t given_size = to_integer(arguments[2]);
  if (given_size < 1) return wrong_type(context, kName);
  std::u32string input = to_characters(arguments[0].as_string()), target = to_characters(arguments[1].as_string());
  auto size = size_t(given_size);
  if (input.size() < size || target.size() < size) return context.arena().integer(input == target ? 1 : 0);
  if (!is_comparable(context, input, target, kName)) return Slice::null();

  size_t inputs = input.size() - size + 1, targets = target.size() - size + 1;
  std::vector<float> row(targets + 1), above(targets + 1);
  for (size_t i = 0; i < inputs; ++i) {
    if (context.should_stop()) return Slice::null();
    std::swap(row, above);
    for (size_t k = 0; k < targets; ++k) {
      size_t same = 0;
      for (size_t at = 0; at < size; ++at) same += input[i + at] == target[k + at];
      float weight = kPositional ? float(same) / float(size) : (same == size ? 1.0f : 0.0f);
      row[k + 1] = std::max({row[k], above[k + 1], above[k] + weight});
    }
  }
  size_t all = kPositional ? std::max(inputs, targets) : targets;
  return from_double_integral(double(row[targets] / float(all)), context.arena());
}

constexpr Function kFunctions[] = {
    {"LEVENSHTEIN_DISTANCE", "string", 2, 2, kDeterministic, "value1: string, value2: string",
     "The Damerau-Levenshtein distance: insertions, deletions, replacements and swaps between two strings.",
     "RETURN LEVENSHTEIN_DISTANCE(\"foobar\", \"bar\")", "[3]", levenshtein_distance},
    {"NGRAM_POSITIONAL_SIMILARITY", "string", 3, 3, kDeterministic, "input: string, target: string, ngramSize: number",
     "Similarity by n-grams from 0 to 1, partly equal ones counted, relative to the longer text.",
     "RETURN NGRAM_POSITIONAL_SIMILARITY(\"quick fox\", \"quick foxx\", 3)", "[0.875]", ngram_similarity<true>},
    {"NGRAM_SIMILARITY", "string", 3, 3, kDeterministic, "input: string, target: string, ngramSize: number",
     "Similarity by n-grams from 0 to 1, only equal ones counted, relative to the target.",
     "RETURN NGRAM_SIMILARITY(\"quick fox\", \"quirky fox\", 3)", "[0.375]", ngram_similarity<false>},
    {"SOUNDEX", "string", 1, 1, kDeterministic, "value: string", "The Soundex code: how a word sounds in English.",
     "RETURN SOUNDEX(\"example\")", "[\"E251\"]", soundex},
};

}  // namespace

std::span<const Function> string_similarity_functions() { return kFunctions; }

}  // namespace workerdb::aql::functions
