// Objects out of others: merged, and with attributes kept or removed.
#include <algorithm>

#include "aql/functions/implementation.h"
#include "aql/functions/value_set.h"

namespace workerdb::aql::functions {
namespace {

using value::ArrayIterator;
using value::ObjectIterator;
using value::Slice;

void write_merged(Slice left, Slice right, value::Builder& builder);

// An attribute of the result: both sides' objects merged, else the later value.
void write_attribute(std::string_view name, Slice left, Slice right, value::Builder& builder) {
  builder.key(name);
  if (left.is_object() && right.is_object()) {
    write_merged(left, right, builder);
  } else {
    builder.slice(right.is_none() ? left : right);
  }
}

void write_merged(Slice left, Slice right, value::Builder& builder) {
  builder.open_object();
  for (ObjectIterator attribute(left); attribute.valid(); attribute.next()) {
    write_attribute(attribute.name(), attribute.value(), right.get(attribute.name()), builder);
  }
  for (ObjectIterator attribute(right); attribute.valid(); attribute.next()) {
    if (left.get(attribute.name()).is_none()) builder.add(attribute.name(), attribute.value());
  }
  builder.close();
}

// The documents to merge: the arguments, or the members of one array. False, with a warning, for anything
// else.
bool read_documents(Context& context, Arguments arguments, std::string_view function, std::vector<Slice>& to) {
  if (arguments.size() == 1 && arguments[0].is_array()) {
    for (ArrayIterator item(arguments[0]); item.valid(); item.next()) to.push_back(item.value());
  } else {
    to.assign(arguments.begin(), arguments.end());
  }
  if (std::ranges::all_of(to, &Slice::is_object)) return true;
  wrong_type(context, function);
  return false;
}

Slice merge(Context& context, Arguments arguments) {
  std::vector<Slice> documents;
  if (!read_documents(context, arguments, "MERGE", documents)) return Slice::null();
  if (documents.size() == 1) return documents[0];
  value::Builder& builder = context.scratch();
  builder.open_object();
  // Of two attributes with one name the builder lets the last win.
  for (Slice document : documents) {
    for (ObjectIterator attribute(document); attribute.valid(); attribute.next()) {
      builder.add(attribute.name(), attribute.value());
    }
  }
  builder.close();
  return context.finish();
}

Slice merge_recursive(Context& context, Arguments arguments) {
  std::vector<Slice> documents;
  if (!read_documents(context, arguments, "MERGE_RECURSIVE", documents)) return Slice::null();
  Slice merged = documents.empty() ? Slice::empty_object() : documents[0];
  for (size_t i = 1; i < documents.size(); ++i) {
    if (context.should_stop()) return Slice::null();
    write_merged(merged, documents[i], context.scratch());
    merged = context.finish();
  }
  return merged;
}

// The names that KEEP and UNSET take: arguments, or one array.
class Names {
 public:
  // False where one is no string.
  bool read(Arguments arguments) {
    for (Slice argument : arguments) {
      if (argument.is_array()) {
        for (ArrayIterator item(argument); item.valid(); item.next()) {
          if (!add(item.value())) return false;
        }
      } else if (!add(argument)) {
        return false;
      }
    }
    std::ranges::sort(names_);
    return true;
  }
  bool contain(std::string_view name) const { return std::ranges::binary_search(names_, name); }

 private:
  bool add(Slice name) {
    if (name.is_string()) names_.push_back(name.as_string());
    return name.is_string();
  }
  std::vector<std::string_view> names_;
};

void write_selected(Slice object, const Names& names, bool keeps, bool is_recursive, value::Builder& builder);

// Inside of arrays the recursive forms look for objects too.
void write_nested(Slice value, const Names& names, bool keeps, value::Builder& builder) {
  if (value.is_object()) {
    write_selected(value, names, keeps, true, builder);
  } else if (value.is_array()) {
    builder.open_array();
    for (ArrayIterator item(value); item.valid(); item.next()) write_nested(item.value(), names, keeps, builder);
    builder.close();
  } else {
    builder.slice(value);
  }
}

void write_selected(Slice object, const Names& names, bool keeps, bool is_recursive, value::Builder& builder) {
  builder.open_object();
  for (ObjectIterator attribute(object); attribute.valid(); attribute.next()) {
    if (names.contain(attribute.name()) != keeps) continue;
    builder.key(attribute.name());
    if (is_recursive) {
      write_nested(attribute.value(), names, keeps, builder);
    } else {
      builder.slice(attribute.value());
    }
  }
  builder.close();
}

Slice select(Context& context, Arguments arguments, std::string_view function, bool keeps, bool is_recursive) {
  Names names;
  if (!arguments[0].is_object() || !names.read(arguments.subspan(1))) return wrong_type(context, function);
  write_selected(arguments[0], names, keeps, is_recursive, context.scratch());
  return context.finish();
}

Slice keep(Context& context, Arguments arguments) { return select(context, arguments, "KEEP", true, false); }
Slice keep_recursive(Context& context, Arguments arguments) {
  return select(context, arguments, "KEEP_RECURSIVE", true, true);
}
Slice unset(Context& context, Arguments arguments) { return select(context, arguments, "UNSET", false, false); }
Slice unset_recursive(Context& context, Arguments arguments) {
  return select(context, arguments, "UNSET_RECURSIVE", false, true);
}

constexpr std::string_view kCategory = "document-object";
constexpr Function kFunctions[] = {
    {"KEEP", kCategory, 2, kUnlimited, kDeterministic, "document: object, attributeName: string|array, …",
     "The object with only these attributes.", "RETURN KEEP({a: 1, b: 2, c: 3}, \"a\", \"c\")", "[{\"a\":1,\"c\":3}]",
     keep},
    {"KEEP_RECURSIVE", kCategory, 2, kUnlimited, kDeterministic, "document: object, attributeName: string|array, …",
     "The object with only these attributes, at every level.", "RETURN KEEP_RECURSIVE({a: {a: 1, b: 2}, b: 3}, \"a\")",
     "[{\"a\":{\"a\":1}}]", keep_recursive},
    {"MERGE", kCategory, 1, kUnlimited, kDeterministic, "document: object|array, …",
     "The attributes of all objects in one; a later object's wins.", "RETURN MERGE({a: 1, b: 2}, {b: 3})",
     "[{\"a\":1,\"b\":3}]", merge},
    {"MERGE_RECURSIVE", kCategory, 1, kUnlimited, kDeterministic, "document: object, …",
     "The attributes of all objects in one, objects inside them merged as well.",
     "RETURN MERGE_RECURSIVE({a: {b: 1}}, {a: {c: 2}})", "[{\"a\":{\"b\":1,\"c\":2}}]", merge_recursive},
    {"UNSET", kCategory, 2, kUnlimited, kDeterministic, "document: object, attributeName: string|array, …",
     "The object without these attributes.", "RETURN UNSET({a: 1, b: 2}, [\"a\"])", "[{\"b\":2}]", unset},
    {"UNSET_RECURSIVE", kCategory, 2, kUnlimited, kDeterministic, "document: object, attributeName: string|array, …",
     "The object without these attributes, at every level.",
     "RETURN UNSET_RECURSIVE({a: {a: 1, b: 2}, b: {a: 3}}, \"a\")", "[{\"b\":{}}]", unset_recursive},
};

}  // namespace

std::span<const Function> object_merge_functions() { return kFunctions; }

}  // namespace workerdb::aql::functions
