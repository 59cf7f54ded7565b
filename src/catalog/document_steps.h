#pragma once
// Private to this folder: the documents' part of plan and apply.
#include "catalog/plan.h"

namespace workerdb::catalog {

base::Result<> plan_documents(const Catalog& catalog, stores::documents::DocumentStore& store, Plan& plan);
// Idempotent: a step that was done before by someone else succeeds.
base::Result<> run_document_step(const Catalog& catalog, stores::documents::DocumentStore& store, const Step& step);

}  // namespace workerdb::catalog
