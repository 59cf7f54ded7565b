#pragma once
// Private to this folder: PostgreSQL's part of plan and apply.
#include "catalog/plan.h"

namespace workerdb::catalog {

base::Result<> plan_relational(const Catalog& catalog, stores::relational::RelationalStore& store,
                               const Passwords& passwords, Plan& plan);
base::Result<> run_relational_step(const Catalog& catalog, stores::relational::RelationalStore& store,
                                   const Passwords& passwords, const Step& step);

}  // namespace workerdb::catalog
