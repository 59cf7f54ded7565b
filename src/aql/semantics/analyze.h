#pragma once
// From a parsed query to one whose names mean something: variables numbered, bind parameters and collections put in,
// functions found, constants folded, the language's rules checked.
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aql/functions/context.h"
#include "aql/semantics/catalog_view.h"
#include "aql/syntax/statement.h"
#include "base/result.h"
#include "value/slice.h"

namespace workerdb::aql::semantics {

// Collections that one query may name (limitations.md).
constexpr size_t kMaxCollections = 2048;

// Computes an expression that has no variables. Execution implements it, so that evaluation exists once.
class ConstantEvaluator {
 public:
  virtual ~ConstantEvaluator() = default;
  // None where evaluation warns, fails or would give a value of more than kMaxFoldedBytes: then the expression stays
  // as it is, and what it has to say is said at run time, if it is reached.
  virtual std::optional<value::Buffer> evaluate(const syntax::Expression& expression) = 0;
};
constexpr size_t kMaxFoldedBytes = size_t(64) << 10;

// A bind parameter as the query uses it.
struct ParameterUse {
  std::string name;       // "@c" for @@c
  uint32_t as_value = 0;  // constants that carry its number
  bool decides = false;   // its value is part of the query's shape: a collection, an attribute, LIMIT, OPTIONS
};

struct AnalyzedQuery {
  syntax::Query query;
  std::vector<ParameterUse> parameters;
  bool depends_on_values = false;           // something was folded by the value of a parameter
  std::vector<std::string> variable_names;  // by VariableId
  std::map<std::string, std::shared_ptr<const CollectionInfo>, std::less<>> collections;
  std::map<std::string, std::shared_ptr<const ViewInfo>, std::less<>> views;
  std::vector<std::string> read_collections, written_collections;  // sorted
  std::vector<std::string> graphs;                                 // whose definitions were looked up
  std::vector<functions::Warning> warnings;
};

// `evaluator` may be null: then only literals, accesses to constants and logical operators are folded. `bind_variables`
// is an object, null or none. Thread-safe as far as the catalog and the evaluator are.
// Errors: the documented numbers 1203, 1501, 1504, 1511, 1512, 1522, 1540, 1541, 1550-1553, 1568, 1574, 1575, 1579,
// 1582, 1595, 1218, 1924 and 10, each naming what it is about and where it stands.
base::Result<AnalyzedQuery> analyze(syntax::Query&& query, value::Slice bind_variables, const CatalogView& catalog,
                                    ConstantEvaluator* evaluator);

// Replaces `expression`, whose operands are folded already, by its value where that is known and safe to know: the
// operation is deterministic, touches no data and raises no warning. Ranges and subqueries stay. True if it was
// replaced and a bind parameter's value had a say in that.
bool fold(syntax::ExpressionPtr& expression, ConstantEvaluator* evaluator);

}  // namespace workerdb::aql::semantics
