#include "access/context/context.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace workerdb::access {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {
constexpr std::string_view kNames[] = {"documents", "relational", "cache"};
}

std::string_view name_of(StoreKind kind) { return kNames[static_cast<size_t>(kind)]; }

std::optional<StoreKind> parse_store_kind(std::string_view name) {
  for (StoreKind kind : kStoreKinds) {
    if (name_of(kind) == name) return kind;
  }
  return std::nullopt;
}

std::string service_host(const Context& context, const StorePlace& place) {
  return fmt::format("{}.{}.svc.cluster.local", place.service, context.kubernetes_namespace);
}

bool is_inside_cluster() {
  // Set by the kubelet in every pod; the token's folder is there unless the pod gave it up.
  return std::getenv("KUBERNETES_SERVICE_HOST") != nullptr;
}

std::string contexts_file() {
  auto variable = [](const char* name) -> std::string {
    const char* text = std::getenv(name);
    return text == nullptr ? "" : text;
  };
  if (std::string given = variable("WORKERDB_CONTEXTS"); !given.empty()) return given;
  if (std::string folder = variable("XDG_CONFIG_HOME"); !folder.empty()) return folder + "/workerdb/contexts.yaml";
  return variable("HOME") + "/.config/workerdb/contexts.yaml";
}

Result<Context> find_context(const Contexts& contexts, std::string_view name) {
  std::string wanted(name);
  if (wanted.empty()) {
    const char* variable = std::getenv("WORKERDB_CONTEXT");
    wanted = variable != nullptr && *variable != '\0' ? variable : contexts.current;
  }
  std::string known;
  for (const Context& context : contexts.contexts) {
    if (context.name == wanted) return context;
    known += (known.empty() ? "" : ", ") + context.name;
  }
  return Error(ErrorCode::kFileNotFound,
               fmt::format("there is no context '{}' (there are: {}); see `workerdb context add`", wanted, known));
}

}  // namespace workerdb::access
