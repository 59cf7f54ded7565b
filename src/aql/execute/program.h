#pragma once
// What compile() makes of a plan.
#include "aql/execute/execution.h"
#include "aql/execute/steps.h"

namespace workerdb::aql::execute {

class Program {
 public:
  std::shared_ptr<const plan::Plan> plan;
  std::unique_ptr<const CompiledPlan> root;
  size_t register_count = 0, local_count = 0;
  std::vector<std::string> parameters;  // names of the bind parameters that it reads when it runs, by number
};

}  // namespace workerdb::aql::execute
