#include "cli/door.h"

#include <fmt/format.h>

#include <filesystem>

#include "catalog/load.h"
#include "cli/composition.h"
#include "cli/output.h"
#include "cli/remote_endpoints.h"
#include "cli/stack/private_file.h"
#include "cli/stack/secrets.h"

namespace workerdb::cli {

using base::Result;

namespace {

// Beside contexts.yaml: one folder a context, with the passwords that `apply` gave.
Result<DataFolder> folder_of(const access::Context& context) {
  std::filesystem::path place = std::filesystem::path(access::contexts_file()).parent_path() / "contexts" / context.name;
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
  DataFolder folder = TRY(folder_of(context_));
  catalog::Passwords passwords;
  for (const auto& role : catalog.relational_roles) {
    passwords.relational_roles[role.name] = TRY(load_or_make_secret(folder, "relational-" + role.name));
  }
  for (const auto& user : catalog.cache.users) {
    passwords.cache_users[user.name] = TRY(load_or_make_secret(folder, "cache-" + user.name));
  }
  return passwords;
}

}  // namespace workerdb::cli
