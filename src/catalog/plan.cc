#include "catalog/plan.h"

#include <fmt/format.h>

#include "catalog/cache_steps.h"
#include "catalog/document_steps.h"
#include "catalog/relational_steps.h"

namespace workerdb::catalog {

using base::Result;

std::string_view name_of(StoreKind store) {
  constexpr std::string_view kNames[] = {"postgres", "documents", "redis"};
  return kNames[static_cast<size_t>(store)];
}

namespace {
std::string_view name_of(StepKind kind) {
  constexpr std::string_view kNames[] = {
      "create-role",      "alter-role",    "create-database",   "create-records", "set-environment",
      "grant-privileges", "run-migration", "create-collection", "set-schema",     "drop-collection",
      "create-index",     "replace-index", "drop-index",        "set-user",       "publish-key-spaces"};
  return kNames[static_cast<size_t>(kind)];
}
}  // namespace

Result<Plan> make_plan(const Catalog& catalog, const LiveStores& stores, const Passwords& passwords) {
  Plan plan;
  if (stores.relational != nullptr) TRY(plan_relational(catalog, *stores.relational, passwords, plan));
  if (stores.documents != nullptr) TRY(plan_documents(catalog, *stores.documents, plan));
  if (stores.cache != nullptr && catalog.cache.is_declared) TRY(plan_cache(catalog, *stores.cache, passwords, plan));
  return plan;
}

std::string plan_text(const Plan& plan) {
  std::string text;
  for (const Step& step : plan.steps) {
    text += fmt::format("{} {}{}{}: {}\n", step.is_destructive() ? '!' : '+', name_of(step.store),
                        step.database.empty() ? "" : " ", step.database, step.text);
    if (step.is_destructive()) text += fmt::format("    destroys: {}\n", step.destroys);
  }
  for (const std::string& note : plan.notes) text += fmt::format("  note: {}\n", note);
  return text;
}

value::Buffer plan_json(const Plan& plan) {
  value::Builder builder;
  builder.open_object();
  builder.key("steps");
  builder.open_array();
  for (const Step& step : plan.steps) {
    builder.open_object();
    builder.add("store", name_of(step.store));
    builder.add("database", step.database);
    builder.add("action", name_of(step.kind));
    builder.add("object", step.object);
    if (!step.index.empty()) builder.add("index", step.index);
    builder.add("text", step.text);
    builder.add("destructive", step.is_destructive());
    if (step.is_destructive()) builder.add("destroys", step.destroys);
    builder.close();
  }
  builder.close();
  builder.key("notes");
  builder.open_array();
  for (const std::string& note : plan.notes) builder.string(note);
  builder.close();
  builder.close();
  return builder.take();
}

}  // namespace workerdb::catalog
