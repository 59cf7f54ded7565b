// Type checks and casts.
#include "aql/functions/implementation.h"

namespace workerdb::aql::functions {
namespace {

using value::Slice;
using value::Type;

Slice cast_bool(Context&, Arguments arguments) { return Slice::boolean(to_boolean(arguments[0])); }
Slice cast_number(Context& context, Arguments arguments) { return to_number(arguments[0], context.arena()); }
Slice cast_string(Context& context, Arguments arguments) { return to_string(arguments[0], context.arena()); }
Slice cast_array(Context& context, Arguments arguments) { return to_array(arguments[0], context); }

Slice is_null(Context&, Arguments arguments) { return Slice::boolean(arguments[0].is_null()); }
Slice is_bool(Context&, Arguments arguments) { return Slice::boolean(arguments[0].is_bool()); }
Slice is_number(Context&, Arguments arguments) { return Slice::boolean(arguments[0].is_number()); }
Slice is_string(Context&, Arguments arguments) { return Slice::boolean(arguments[0].is_string()); }
Slice is_array(Context&, Arguments arguments) { return Slice::boolean(arguments[0].is_array()); }
Slice is_object(Context&, Arguments arguments) { return Slice::boolean(arguments[0].is_object()); }

// Source: the 3.12 documentation, "Document keys".
Slice is_key(Context&, Arguments arguments) {
  constexpr std::string_view kAllowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-:.@()+,=;$!*'%";
  if (!arguments[0].is_string()) return Slice::boolean(false);
  std::string_view key = arguments[0].as_string();
  return Slice::boolean(!key.empty() && key.size() <= 254 && key.find_first_not_of(kAllowed) == std::string_view::npos);
}

Slice type_name(Context& context, Arguments arguments) {
  constexpr std::string_view kNames[] = {"null", "null", "bool", "number", "string", "array", "object"};
  return context.arena().string(kNames[size_t(arguments[0].type())]);
}

constexpr Function kFunctions[] = {
    {"TO_BOOL", "type-check-cast", 1, 1, kDeterministic, "value: any",
     "The truth of a value: null, 0, false and \"\" are false.", "RETURN [TO_BOOL(0), TO_BOOL([])]", "[[false,true]]",
     cast_bool},
    {"TO_NUMBER", "type-check-cast", 1, 1, kDeterministic, "value: any",
     "The value as a number, 0 where it stands for none.",
     "RETURN [TO_NUMBER(\" 12.5 \"), TO_NUMBER([7]), TO_NUMBER(\"x\")]", "[[12.5,7,0]]", cast_number},
    {"TO_STRING", "type-check-cast", 1, 1, kDeterministic, "value: any",
     "The value as a string; compound values become compact JSON.", "RETURN [TO_STRING(null), TO_STRING([1, 2])]",
     "[[\"\",\"[1,2]\"]]", cast_string},
    {"TO_ARRAY", "type-check-cast", 1, 1, kDeterministic, "value: any",
     "An array of the value, or of an object's attribute values.", "RETURN [TO_ARRAY(5), TO_ARRAY({a: 1, b: 2})]",
     "[[[5],[1,2]]]", cast_array},
    {"TO_LIST", "type-check-cast", 1, 1, kDeterministic, "value: any", "Another name of TO_ARRAY.",
     "RETURN TO_LIST(null)", "[[]]", cast_array},
    {"IS_NULL", "type-check-cast", 1, 1, kDeterministic, "value: any", "Whether the value is null or missing.",
     "RETURN IS_NULL(null)", "[true]", is_null},
    {"IS_BOOL", "type-check-cast", 1, 1, kDeterministic, "value: any", "Whether the value is a boolean.",
     "RETURN IS_BOOL(0)", "[false]", is_bool},
    {"IS_NUMBER", "type-check-cast", 1, 1, kDeterministic, "value: any", "Whether the value is a number.",
     "RETURN IS_NUMBER(1.5)", "[true]", is_number},
    {"IS_STRING", "type-check-cast", 1, 1, kDeterministic, "value: any", "Whether the value is a string.",
     "RETURN IS_STRING(\"\")", "[true]", is_string},
    {"IS_ARRAY", "type-check-cast", 1, 1, kDeterministic, "value: any", "Whether the value is an array.",
     "RETURN IS_ARRAY([])", "[true]", is_array},
    {"IS_LIST", "type-check-cast", 1, 1, kDeterministic, "value: any", "Another name of IS_ARRAY.",
     "RETURN IS_LIST({})", "[false]", is_array},
    {"IS_OBJECT", "type-check-cast", 1, 1, kDeterministic, "value: any", "Whether the value is an object.",
     "RETURN IS_OBJECT({})", "[true]", is_object},
    {"IS_DOCUMENT", "type-check-cast", 1, 1, kDeterministic, "value: any", "Another name of IS_OBJECT.",
     "RETURN IS_DOCUMENT([])", "[false]", is_object},
    {"IS_KEY", "type-check-cast", 1, 1, kDeterministic, "value: any",
     "Whether the value is a string that may be a document's _key.", "RETURN [IS_KEY(\"a:1\"), IS_KEY(\"a/1\")]",
     "[[true,false]]", is_key},
    {"TYPENAME", "type-check-cast", 1, 1, kDeterministic, "value: any", "The name of the value's type.",
     "RETURN [TYPENAME(null), TYPENAME({})]", "[[\"null\",\"object\"]]", type_name},
};

}  // namespace

std::span<const Function> type_functions() { return kFunctions; }

}  // namespace workerdb::aql::functions
