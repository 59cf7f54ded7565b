// Constants, variables and the ways into them.
#include <charconv>

#include "aql/execute/evaluators.h"
#include "aql/functions/conversion.h"
#include "value/attribute_lookup.h"

namespace workerdb::aql::execute {
namespace {

using value::Slice;

class Constant : public Evaluator {
 public:
  explicit Constant(value::Buffer value) : value_(std::move(value)) {}
  Slice evaluate(Evaluation&) const override { return value_.slice(); }
  Slice constant() const override { return value_.slice(); }

 private:
  const value::Buffer value_;
};

class ParameterRead : public Evaluator {
 public:
  explicit ParameterRead(size_t which) : which_(which) {}
  Slice evaluate(Evaluation& evaluation) const override { return evaluation.parameter(which_); }
  std::optional<size_t> parameter() const override { return which_; }

 private:
  const size_t which_;
};

// Where a path starts. Both are one load away from the value.
struct FromRegister {
  Register which;
  Slice read(Evaluation& evaluation) const { return evaluation.at(which); }
};
struct FromLocal {
  size_t which;
  Slice read(Evaluation& evaluation) const { return evaluation.local(which); }
};

class Readable : public Evaluator {
 public:
  // The same with one more attribute behind it.
  virtual EvaluatorPtr extended(std::string name) const = 0;
};

template <typename Source>
class Path : public Readable {
 public:
  Path(Source source, value::AttributePath path) : source_(source), path_(std::move(path)) {}

  Slice evaluate(Evaluation& evaluation) const override {
    Slice value = value::at_path(source_.read(evaluation), path_);
    return value.is_none() ? Slice::null() : value;
  }
  EvaluatorPtr extended(std::string name) const override {
    auto path = path_;
    path.emplace_back(std::move(name));
    return std::make_unique<Path>(source_, std::move(path));
  }

 private:
  const Source source_;
  const value::AttributePath path_;
};

template <typename Source>
class Read : public Readable {
 public:
  explicit Read(Source source) : source_(source) {}
  Slice evaluate(Evaluation& evaluation) const override { return source_.read(evaluation); }
  EvaluatorPtr extended(std::string name) const override {
    return std::make_unique<Path<Source>>(source_, value::AttributePath(1, value::AttributeLookup(std::move(name))));
  }

 private:
  const Source source_;
};

class AttributeAccess : public Evaluator {
 public:
  AttributeAccess(EvaluatorPtr object, std::string name) : object_(std::move(object)), name_(std::move(name)) {}
  Slice evaluate(Evaluation& evaluation) const override {
    Slice value = name_.in(object_->evaluate(evaluation));
    return value.is_none() ? Slice::null() : value;
  }

 private:
  const EvaluatorPtr object_;
  const value::AttributeLookup name_;
};

class IndexedAccess : public Evaluator {
 public:
  IndexedAccess(EvaluatorPtr object, EvaluatorPtr index) : object_(std::move(object)), index_(std::move(index)) {}

  Slice evaluate(Evaluation& evaluation) const override {
    Slice object = object_->evaluate(evaluation);
    if (object.is_array()) return member(object, index_->evaluate(evaluation));
    if (!object.is_object()) return Slice::null();
    Slice index = index_->evaluate(evaluation);
    if (!index.is_string() && !index.is_number()) return Slice::null();
    Slice value = object.get(functions::Text(index).view());
    return value.is_none() ? Slice::null() : value;
  }

 private:
  // Negative positions count from the end; a string that holds an integer is one.
  static Slice member(Slice array, Slice index) {
    int64_t position = 0;
    if (index.is_number()) {
      position = functions::to_integer(index);
    } else if (index.is_string()) {
      std::string_view text = index.as_string();
      auto parsed = std::from_chars(text.data(), text.data() + text.size(), position);
      if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return Slice::null();
    } else {
      return Slice::null();
    }
    auto size = int64_t(array.size());
    if (position < 0) position += size;
    return position < 0 || position >= size ? Slice::null() : array.at(size_t(position));
  }

  const EvaluatorPtr object_, index_;
};

}  // namespace

bool Evaluation::parameter_contains(size_t which, Slice member) {
  constexpr size_t kWorthHashing = 8;
  Slice list = parameters_[which];
  if (!list.is_array()) return false;
  auto& members = parameter_sets_[which];
  if (members == nullptr && list.size() < kWorthHashing) {
    for (value::ArrayIterator item(list); item.valid(); item.next()) {
      if (value::equal(item.value(), member)) return true;
    }
    return false;
  }
  if (members == nullptr) {
    members = std::make_unique<Members>(list.size());
    for (value::ArrayIterator item(list); item.valid(); item.next()) members->insert(item.value());
  }
  return members->contains(member);
}

EvaluatorPtr make_constant(value::Buffer value) { return std::make_unique<Constant>(std::move(value)); }
EvaluatorPtr make_parameter_read(size_t which) { return std::make_unique<ParameterRead>(which); }
EvaluatorPtr make_register_read(Register which) { return std::make_unique<Read<FromRegister>>(FromRegister{which}); }
EvaluatorPtr make_local_read(size_t which) { return std::make_unique<Read<FromLocal>>(FromLocal{which}); }

EvaluatorPtr make_attribute_access(EvaluatorPtr object, std::string name) {
  if (auto* readable = dynamic_cast<const Readable*>(object.get())) return readable->extended(std::move(name));
  return std::make_unique<AttributeAccess>(std::move(object), std::move(name));
}

EvaluatorPtr make_indexed_access(EvaluatorPtr object, EvaluatorPtr index) {
  if (index->constant().is_string() && object->constant().is_none()) {
    // Only an object has names that no integer spells.
    std::string name(index->constant().as_string());
    int64_t position;
    auto parsed = std::from_chars(name.data(), name.data() + name.size(), position);
    if (parsed.ec != std::errc()) return make_attribute_access(std::move(object), std::move(name));
  }
  return std::make_unique<IndexedAccess>(std::move(object), std::move(index));
}

}  // namespace workerdb::aql::execute
