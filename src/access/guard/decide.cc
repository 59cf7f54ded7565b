#include <fmt/format.h>

#include <algorithm>

#include "access/guard/guard.h"
#include "access/guard/policy.h"
#include "base/digest.h"

namespace workerdb::access {

using base::EnvironmentClass;

namespace {

// Of names that reach a reason: they may come from the outside.
std::string shown(std::string_view name) {
  std::string text;
  for (char c : name.substr(0, 128)) text += static_cast<unsigned char>(c) < ' ' || c == 127 ? '?' : c;
  return text;
}

std::string where(const AccessRequest& request) {
  std::string environment(base::name_of(class_of(request)));
  if (!request.context->is_local) return fmt::format("context '{}' ({})", shown(request.context->name), environment);
  if (!request.data_class) return "the local stack (data without a class, which counts as production)";
  return fmt::format("the local stack ({} data)", environment);
}

Decision deny(std::string reason) { return {Verdict::kDeny, {}, std::move(reason)}; }

Decision step_up(const AccessRequest& request, const Limits& limits) {
  if (request.principal.kind == PrincipalKind::kAgent) {
    return deny(
        fmt::format("{} on {} needs an approval, which an agent can neither give nor use; ask a person to do it",
                    name_of(request.operation), where(request)));
  }
  return {Verdict::kStepUp, limits,
          fmt::format("{}{} on {} needs a person's approval of exactly this: workerdb approve -- <the same command>",
                      name_of(request.operation), request.database.empty() ? "" : " '" + shown(request.database) + "'",
                      where(request))};
}

Decision need_write(const AccessRequest& request) {
  return deny(fmt::format("{} is not allowed on {} unless the command says --write", name_of(request.operation),
                          where(request)));
}

}  // namespace

std::string_view name_of(Operation operation) {
  switch (operation) {
    case Operation::kDescribe: return "describe";
    case Operation::kRead: return "read";
    case Operation::kWrite: return "write";
    case Operation::kPublish: return "publish";
    case Operation::kShape: return "shape";
    case Operation::kDestroy: return "destroy";
    case Operation::kAdminister: return "administer";
    case Operation::kCredential: return "credential";
  }
  return "destroy";
}

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAllow: return "allowed";
    case Verdict::kAllowReadOnly: return "allowed read-only";
    case Verdict::kStepUp: return "needs approval";
    case Verdict::kDeny: return "denied";
  }
  return "denied";
}

EnvironmentClass class_of(const AccessRequest& request) {
  bool is_local = request.context != nullptr && request.context->is_local;
  if (is_local || request.context == nullptr) return request.data_class.value_or(EnvironmentClass::kProduction);
  EnvironmentClass declared = request.context->environment;
  return request.data_class ? std::max(*request.data_class, declared) : declared;
}

std::optional<EnvironmentClass> strictest_class(const Context& context,
                                                std::span<const std::optional<EnvironmentClass>> classes) {
  std::optional<EnvironmentClass> strictest;
  for (const auto& environment : classes) {
    EnvironmentClass counted =
        environment.value_or(context.is_local ? EnvironmentClass::kProduction : context.environment);
    strictest = std::max(strictest.value_or(counted), counted);
  }
  return strictest;
}

Decision decide(const AccessRequest& request) {
  if (request.context == nullptr) return deny("an access without a context is not allowed");
  EnvironmentClass environment = class_of(request);
  bool is_local = request.context->is_local;
  const PolicyRow& row = policy_row(request.operation, is_local, environment);
  Limits limits = limits_of(request.principal.kind, is_local, environment);
  std::string allowed = fmt::format("{} on {}", name_of(request.operation), where(request));
  switch (ruling_of(row, request.principal.kind)) {
    case Ruling::kYes: return {Verdict::kAllow, limits, allowed};
    case Ruling::kReadOnly:
      if (request.operation == Operation::kCredential && request.wants_write) {
        return deny(fmt::format("{}s get logins for reading on {}; ask without --write",
                                name_of(request.principal.kind), where(request)));
      }
      return {Verdict::kAllowReadOnly, limits, allowed};
    case Ruling::kWithWrite:
      if (!request.wants_write) return need_write(request);
      return {Verdict::kAllow, limits, allowed};
    case Ruling::kOwn:
      if (request.owns_objects) return {Verdict::kAllow, limits, allowed};
      return deny(fmt::format("{} on {} is allowed on what the catalog declares as '{}' own; declare an owner there",
                              name_of(request.operation), where(request), shown(request.principal.name) + "'s"));
    case Ruling::kStepUp: return step_up(request, limits);
    case Ruling::kReadOnlyOrWrite:
      return {request.wants_write ? Verdict::kAllow : Verdict::kAllowReadOnly, limits, allowed};
    case Ruling::kReadOnlyOrStepUp:
      if (request.wants_write) return step_up(request, limits);
      return {Verdict::kAllowReadOnly, limits, allowed};
    case Ruling::kNo: break;
  }
  return deny(fmt::format("{} on {} is not for {}s; `workerdb guard` shows what is", name_of(request.operation),
                          where(request), name_of(request.principal.kind)));
}

std::string digest_of(const AccessRequest& request) {
  // Each field with its length in front, so that no two requests give the same bytes.
  std::string bytes = "workerdb approval 2\n";
  auto add = [&](std::string_view field) { bytes += fmt::format("{}:{}\n", field.size(), field); };
  add(request.context != nullptr ? request.context->name : "");
  add(request.context != nullptr && request.context->is_local ? "local stack" : "remote");
  add(base::name_of(class_of(request)));
  add(name_of(request.store));
  add(request.place);
  add(request.database);
  add(name_of(request.operation));
  add(request.command);
  add(request.wants_write ? "write" : "");
  std::vector<std::string> objects = request.objects;
  std::ranges::sort(objects);
  for (const std::string& object : objects) add(object);
  add(fmt::format("{} objects", objects.size()));
  add(request.parameters_digest);
  return base::sha256_hex(bytes);
}

}  // namespace workerdb::access
