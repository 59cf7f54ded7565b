#include "cli/door.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "access/credentials/credential.h"
#include "base/digest.h"
#include "base/private_file.h"
#include "base/time.h"
#include "catalog/load.h"
#include "cli/composition.h"
#include "cli/output.h"
#include "cli/remote_endpoints.h"
#include "cli/stack/owned_folder.h"
#include "cli/stack/secrets.h"

namespace workerdb::cli {

using access::Operation;
using access::Verdict;
using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

std::string approval_folder() { return base::state_folder() + "/approvals"; }

// What a person types to allow something: the name of what loses, so that it was read.
Result<> ask_person(const access::AccessRequest& request, const access::Decision& decision) {
  const std::string& name = request.database.empty() ? request.context->name : request.database;
  fmt::print(stderr, "{}\n{} {}", decision.reason, request.command, access::name_of(request.operation));
  for (const std::string& object : request.objects) fmt::print(stderr, " '{}'", object);
  fmt::print(stderr, "\nType the name '{}' to allow it once: ", name);
  std::string typed;
  std::getline(std::cin, typed);
  if (typed == name) return {};
  return Error(ErrorCode::kApprovalNeeded, fmt::format("'{}' was not typed: nothing was done", name));
}

// What an approval is bound to beside the context's name.
std::string place_of(const access::Context& context, access::StoreKind store, const std::string& data_folder) {
  if (context.is_local) {
    auto folder = find_data_folder(data_folder);
    return folder ? folder->path : data_folder;
  }
  auto found = context.stores.find(store);
  if (found == context.stores.end()) return "";
  const access::StorePlace& place = found->second;
  std::string through = context.ssh ? fmt::format(" through {}@{}", context.ssh->user, context.ssh->host) : "";
  return fmt::format("{}{} {} port {}{}", place.url, place.service, context.kubernetes_namespace, place.port, through);
}

access::AuditEntry entry_of(const access::AccessRequest& request, const Intent& intent,
                            const access::Decision& decision) {
  access::AuditEntry entry;
  entry.time_unix_ms = base::unix_time_ms();
  entry.principal = request.principal;
  entry.context = request.context->name;
  entry.environment = base::name_of(access::class_of(request));
  entry.store = request.store;
  entry.database = request.database;
  entry.operation = access::name_of(request.operation);
  entry.command = request.command;
  entry.objects = request.objects;
  entry.statement_digest = intent.statement_digest;
  entry.decision = access::name_of(decision.verdict);
  entry.reason = decision.reason;
  return entry;
}

// Beside contexts.yaml: one folder a context, with the passwords that `apply` gave.
Result<DataFolder> folder_of(const access::Context& context) {
  std::filesystem::path place =
      std::filesystem::path(access::contexts_file()).parent_path() / "contexts" / context.name;
  std::error_code problem;
  std::filesystem::create_directories(place, problem);
  DataFolder folder{place.string()};
  TRY(make_folder(folder.secrets(), 0700));
  return folder;
}

}  // namespace

Result<Door> Door::open(const CommonOptions& options) {
  auto contexts = TRY(access::load_contexts(access::contexts_file()));
  auto context = TRY(access::find_context(contexts, options.context));
  if (context.is_local) {
    auto endpoints = TRY(stack_endpoints(options.data));
    return Door(options, std::move(context), std::move(endpoints));
  }
  auto endpoints = TRY(remote_endpoints(context));
  Door door(options, std::move(context), std::move(endpoints));
  fmt::print(stderr, "{}\n", door.label());
  return door;
}

Door::Door(CommonOptions options, access::Context context, StoreEndpoints endpoints)
    : options_(std::move(options)),
      context_(std::move(context)),
      principal_(access::current_principal()),
      audit_folder_(access::audit_folder()),
      session_(std::move(endpoints)) {}

std::string Door::prompt(const std::string& command, const std::string& database) const {
  std::string text = database.empty() ? command : command + " " + database;
  if (context_.is_local) return text + "> ";
  bool is_production = context_.environment == base::EnvironmentClass::kProduction;
  // Readline counts the columns of a prompt: what draws nothing stands between \001 and \002.
  std::string name = is_production ? "\001\033[31m\002" + context_.name + "\001\033[0m\002" : context_.name;
  return name + " " + text + "> ";
}

bool declares_as_own(const catalog::Catalog& catalog, const access::Principal& principal, access::StoreKind store,
                     const std::string& database, const std::vector<std::string>& objects) {
  auto is_own = [&](const std::string& object) {
    switch (store) {
      case access::StoreKind::kDocuments: {
        const auto* collection = catalog::find_named(catalog.collections, object);
        return collection != nullptr && collection->owner == principal.name;
      }
      case access::StoreKind::kRelational: {
        const auto* declared = catalog::find_named(catalog.relational_databases, database);
        return declared != nullptr && declared->owner == principal.name;
      }
      case access::StoreKind::kCache:
        return std::ranges::any_of(catalog.cache.key_spaces, [&](const catalog::KeySpaceDeclaration& space) {
          auto begins = [&](const std::string& prefix) { return object.starts_with(prefix); };
          return space.owner == principal.name &&
                 (std::ranges::any_of(space.prefixes, begins) || std::ranges::any_of(space.channels, begins));
        });
    }
    return false;
  };
  return !objects.empty() && std::ranges::all_of(objects, is_own);
}

bool Door::owns(const Intent& intent) const {
  // Only those to whom ownership gives a right.
  if (principal_.kind == access::PrincipalKind::kPerson) return false;
  auto folder = find_catalog("");
  if (!folder) return false;
  auto catalog = catalog::load_catalog(*folder);
  return catalog && declares_as_own(*catalog, principal_, intent.store, intent.database, intent.objects);
}

Result<> Door::approve_only(const access::AccessRequest& request, const access::Decision& decision) {
  if (decision.verdict != Verdict::kStepUp) {
    return Error(decision.verdict == Verdict::kDeny ? ErrorCode::kForbidden : ErrorCode::kBadParameter,
                 decision.verdict == Verdict::kDeny ? decision.reason : "this needs no approval: " + decision.reason);
  }
  TRY(ask_person(request, decision));
  auto approval = TRY(access::ApprovalStore(approval_folder())
                          .approve(request, principal_, access::is_at_terminal(), options_.approve_for_s));
  fmt::print("{}\n", approval.id);
  fmt::print(stderr, "Allowed once within {} s: repeat the command with --approval {}\n", options_.approve_for_s,
             approval.id);
  return Error(ErrorCode::kNoError, "");
}

Result<> Door::step_up(const access::AccessRequest& request, const access::Decision& decision) {
  access::ApprovalStore approvals(approval_folder());
  if (!options_.approval.empty()) return approvals.use(options_.approval, request);
  if (principal_.kind != access::PrincipalKind::kPerson || !access::is_at_terminal()) {
    return Error(ErrorCode::kApprovalNeeded, decision.reason);
  }
  TRY(ask_person(request, decision));
  auto approval = TRY(approvals.approve(request, principal_, true, 60));
  return approvals.use(approval.id, request);
}

Result<Passage> Door::enter(const Intent& intent) {
  access::AccessRequest request;
  request.principal = principal_;
  request.context = &context_;
  request.data_class = intent.data_class;
  request.store = intent.store;
  request.place = place_of(context_, intent.store, options_.data);
  request.database = intent.database;
  request.operation = intent.operation;
  request.command = intent.command;
  request.objects = intent.objects;
  request.parameters_digest = base::sha256_hex(intent.parameters);
  request.wants_write = options_.write;
  request.owns_objects = owns(intent);
  access::Decision decision = access::decide(request);
  if (options_.approve_for_s > 0) {
    TRY(approve_only(request, decision));
  }
  access::AuditEntry entry = entry_of(request, intent, decision);
  if (options_.audit_values) entry.values = intent.values;
  auto refuse = [&](Error error) -> Error {
    entry.decision = "denied";
    entry.reason = error.message();
    auto written = access::AuditLog(audit_folder_).append(entry);
    return written ? std::move(error) : std::move(written).error();
  };
  if (decision.verdict == Verdict::kDeny) return refuse(Error(ErrorCode::kForbidden, decision.reason));
  if (decision.verdict == Verdict::kStepUp) {
    if (auto allowed = step_up(request, decision); !allowed) return refuse(std::move(allowed).error());
    entry.decision = "approved";
  }
  TRY(access::AuditLog(audit_folder_).append(entry));
  return Passage(std::move(entry), std::move(decision), audit_folder_);
}

std::string Door::label() const {
  std::string text = fmt::format("context {} ({})", context_.name, base::name_of(context_.environment));
  return context_.environment == base::EnvironmentClass::kProduction ? styled(stderr, text, kRed) : text;
}

bool Door::has(access::StoreKind store) const { return context_.is_local || context_.stores.contains(store); }

std::string Door::database_or(access::StoreKind store, const std::string& given, const char* otherwise) const {
  if (!given.empty()) return given;
  auto place = context_.stores.find(store);
  return place != context_.stores.end() && !place->second.database.empty() ? place->second.database : otherwise;
}

Result<catalog::Passwords> Door::catalog_passwords(const std::string& catalog_folder) const {
  if (context_.is_local) return stack_passwords(options_.data, catalog_folder);
  auto catalog = TRY(catalog::load_catalog(catalog_folder));
  std::optional<DataFolder> folder;
  if (context_.role_passwords.empty()) folder = TRY(folder_of(context_));
  auto password = [&](const std::string& name) -> Result<std::string> {
    if (folder) return load_or_make_secret(*folder, name);
    return std::string(TRY(access::resolve_credential(context_.role_passwords + "#" + name)).secret.expose());
  };
  catalog::Passwords passwords;
  for (const auto& role : catalog.relational_roles)
    passwords.relational_roles[role.name] = TRY(password("relational-" + role.name));
  for (const auto& user : catalog.cache.users) passwords.cache_users[user.name] = TRY(password("cache-" + user.name));
  return passwords;
}

}  // namespace workerdb::cli
