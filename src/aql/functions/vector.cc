// Distances between vectors, and scores that decay with distance.
#include <algorithm>
#include <cmath>

#include "aql/functions/implementation.h"

namespace workerdb::aql::functions {
namespace {

using value::ArrayIterator;
using value::Slice;

bool read_vector(Slice value, std::vector<double>& to) {
  to.clear();
  if (!value.is_array()) return false;
  for (ArrayIterator item(value); item.valid(); item.next()) {
    if (!item.value().is_number()) return false;
    to.push_back(item.value().as_double());
  }
  return true;
}

double manhattan(const std::vector<double>& left, const std::vector<double>& right) {
  double sum = 0;
  for (size_t i = 0; i < left.size(); ++i) sum += std::abs(left[i] - right[i]);
  return sum;
}

double euclidean(const std::vector<double>& left, const std::vector<double>& right) {
  double sum = 0;
  for (size_t i = 0; i < left.size(); ++i) sum += (left[i] - right[i]) * (left[i] - right[i]);
  return std::sqrt(sum);
}

double cosine(const std::vector<double>& left, const std::vector<double>& right) {
  double product = 0, left_norm = 0, right_norm = 0;
  for (size_t i = 0; i < left.size(); ++i) {
    product += left[i] * right[i];
    left_norm += left[i] * left[i];
    right_norm += right[i] * right[i];
  }
  double norm = std::sqrt(left_norm * right_norm);
  // Without a direction there is no angle: NaN becomes a warning.
  return norm == 0 ? NAN : std::clamp(product / norm, -1.0, 1.0);
}

double product(const std::vector<double>& left, const std::vector<double>& right) {
  double sum = 0;
  for (size_t i = 0; i < left.size(); ++i) sum += left[i] * right[i];
  return sum;
}

using Measure = double (*)(const std::vector<double>&, const std::vector<double>&);

struct Name {
  static constexpr char kL1[] = "L1_DISTANCE", kL2[] = "L2_DISTANCE", kCosine[] = "COSINE_SIMILARITY",
                        kNearL2[] = "APPROX_NEAR_L2", kNearCosine[] = "APPROX_NEAR_COSINE",
                        kNearProduct[] = "APPROX_NEAR_INNER_PRODUCT";
};

// One of the two may be an array of vectors: then the result is the array of its measures.
template <Measure kMeasure, const char* kName>
Slice measure(Context& context, Arguments arguments) {
  Slice rows = arguments[0], single = arguments[1];
  auto is_matrix = [](Slice value) { return value.is_array() && value.size() > 0 && value.at(0).is_array(); };
  if (is_matrix(single)) std::swap(rows, single);
  std::vector<double> left, right;
  if (!read_vector(single, right)) return wrong_type(context, kName);
  auto result = [&](Slice row) {
    if (!read_vector(row, left) || left.size() != right.size()) return Slice();
    double number = kMeasure(left, right);
    return std::isfinite(number) ? from_double_integral(number, context.arena()) : Slice();
  };
  if (!is_matrix(rows)) {
    Slice number = result(rows);
    return number.is_none() ? wrong_type(context, kName) : number;
  }
  value::Builder& builder = context.scratch();
  builder.open_array();
  for (ArrayIterator row(rows); row.valid(); row.next()) {
    Slice number = context.should_stop() ? Slice() : result(row.value());
    if (number.is_none()) {
      builder.clear();
      return wrong_type(context, kName);
    }
    builder.slice(number);
  }
  builder.close();
  return context.finish();
}

// Without a vector index there is nothing to approximate: the measure itself, of two vectors.
template <Measure kMeasure, const char* kName>
Slice near(Context& context, Arguments arguments) {
  Slice options = argument(arguments, 2);
  bool is_search = options.is_null() || options.is_object();
  if (Slice searched = options.get("nProbe"); is_search && !searched.is_none())
    is_search = searched.is_number() && searched.as_double() >= 1;
  std::vector<double> left, right;
  if (!is_search || !read_vector(arguments[0], left) || !read_vector(arguments[1], right) ||
      left.size() != right.size() || left.empty()) {
    return wrong_type(context, kName);
  }
  double number = kMeasure(left, right);
  return std::isfinite(number) ? from_double_integral(number, context.arena()) : wrong_type(context, kName);
}

enum class Decay { kGauss, kExponential, kLinear };

double decayed(Decay kind, double distance, double scale, double decay) {
  switch (kind) {
    case Decay::kGauss: return std::exp(distance * distance / (scale * scale / std::log(decay)));
    case Decay::kExponential: return std::exp(distance * std::log(decay) / scale);
    case Decay::kLinear: break;
  }
  double width = scale / (1 - decay);
  return std::max(0.0, (width - distance) / width);
}

template <Decay kKind>
Slice decay(Context& context, Arguments arguments) {
  constexpr std::string_view kNames[] = {"DECAY_GAUSS", "DECAY_EXP", "DECAY_LINEAR"};
  constexpr std::string_view kName = kNames[int(kKind)];
  for (size_t i = 1; i < 5; ++i) {
    if (!arguments[i].is_number()) return wrong_type(context, kName);
  }
  double origin = arguments[1].as_double(), scale = arguments[2].as_double(), offset = arguments[3].as_double();
  double share = arguments[4].as_double();
  if (!(scale > 0) || !(offset >= 0) || !(share > 0 && share < 1)) return wrong_type(context, kName);
  auto score = [&](Slice value) {
    double distance = std::max(0.0, std::abs(value.as_double() - origin) - offset);
    return from_double_integral(decayed(kKind, distance, scale, share), context.arena());
  };
  if (arguments[0].is_number()) return score(arguments[0]);
  if (!arguments[0].is_array()) return wrong_type(context, kName);
  value::Builder& builder = context.scratch();
  builder.open_array();
  for (ArrayIterator item(arguments[0]); item.valid(); item.next()) {
    if (!item.value().is_number()) {
      builder.clear();
      return wrong_type(context, kName);
    }
    builder.slice(score(item.value()));
  }
  builder.close();
  return context.finish();
}

constexpr Function kFunctions[] = {
    {"APPROX_NEAR_COSINE", "vector", 2, 3, kDeterministic, "vector1: array, vector2: array, options?: object",
     "The cosine of the angle between two vectors, exact where no vector index serves the query.",
     "RETURN APPROX_NEAR_COSINE([0, 1], [0, 2], {nProbe: 20})", "[1]", near<cosine, Name::kNearCosine>},
    {"APPROX_NEAR_INNER_PRODUCT", "vector", 2, 3, kDeterministic, "vector1: array, vector2: array, options?: object",
     "The dot product of two vectors, exact where no vector index serves the query.",
     "RETURN APPROX_NEAR_INNER_PRODUCT([1, 2], [3, 4])", "[11]", near<product, Name::kNearProduct>},
    {"APPROX_NEAR_L2", "vector", 2, 3, kDeterministic, "vector1: array, vector2: array, options?: object",
     "The Euclidean distance between two vectors, exact where no vector index serves the query.",
     "RETURN APPROX_NEAR_L2([1, 1], [4, 5])", "[5]", near<euclidean, Name::kNearL2>},
    {"COSINE_SIMILARITY", "numeric", 2, 2, kDeterministic, "x: array, y: array",
     "The cosine of the angle between two vectors, or between an array of vectors and one.",
     "RETURN COSINE_SIMILARITY([[0, 1], [-1, 0]], [1, 0])", "[[0,-1]]", measure<cosine, Name::kCosine>},
    {"DECAY_EXP", "numeric", 5, 5, kDeterministic,
     "value: number|array, origin: number, scale: number, offset: number, decay: number",
     "A score that falls exponentially with the distance from an origin.", "RETURN DECAY_EXP(2, 0, 10, 0, 0.2)",
     "[0.7247796636776955]", decay<Decay::kExponential>},
    {"DECAY_GAUSS", "numeric", 5, 5, kDeterministic,
     "value: number|array, origin: number, scale: number, offset: number, decay: number",
     "A score that falls as a bell curve with the distance from an origin.", "RETURN DECAY_GAUSS(41, 40, 5, 5, 0.5)",
     "[1]", decay<Decay::kGauss>},
    {"DECAY_LINEAR", "numeric", 5, 5, kDeterministic,
     "value: number|array, origin: number, scale: number, offset: number, decay: number",
     "A score that falls linearly with the distance from an origin.", "RETURN DECAY_LINEAR(5..7, 0, 10, 0, 0.2)",
     "[[0.6,0.52,0.44]]", decay<Decay::kLinear>},
    {"L1_DISTANCE", "numeric", 2, 2, kDeterministic, "x: array, y: array",
     "The Manhattan distance between two vectors, or between an array of vectors and one.",
     "RETURN L1_DISTANCE([-1, -1], [2, 2])", "[6]", measure<manhattan, Name::kL1>},
    {"L2_DISTANCE", "numeric", 2, 2, kDeterministic, "x: array, y: array",
     "The Euclidean distance between two vectors, or between an array of vectors and one.",
     "RETURN L2_DISTANCE([1, 1], [5, 2])", "[4.123105625617661]", measure<euclidean, Name::kL2>},
};

}  // namespace

std::span<const Function> vector_functions() { return kFunctions; }

}  // namespace workerdb::aql::functions
