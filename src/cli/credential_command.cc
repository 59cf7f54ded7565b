#include "cli/credential_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include "access/credentials/lease.h"
#include "base/number.h"
#include "base/private_file.h"
#include "base/time.h"
#include "catalog/environment_class.h"
#include "cli/credential_rotation.h"
#include "cli/output.h"
#include "cli/stack/ports.h"
#include "cli/stack/state_file.h"
#include "net/url.h"
#include "value/json.h"

namespace workerdb::cli {

using access::Lease;
using access::LeaseAccount;
using access::LeaseScope;
using access::PrincipalKind;
using access::StoreKind;
using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

int64_t now_s() { return base::unix_time_ms() / 1000; }

Result<> check_place_of_secret(const Door& door, const LeaseOptions& options) {
  if (options.output.empty() == !options.show) {
    return Error(ErrorCode::kBadParameter,
                 "say where the password goes: --output FILE (mode 0600), or --show for a person on a terminal");
  }
  bool is_person =
      door.principal().kind == PrincipalKind::kPerson && is_terminal(stdout) && ::isatty(STDIN_FILENO) == 1;
  if (options.show && !is_person) {
    return Error(ErrorCode::kForbidden, "--show prints a password for a person on a terminal only; take --output FILE");
  }
  return {};
}

Result<size_t> sweep(Door& door, StoreKind store, int64_t at_s, bool all) {
  switch (store) {
    case StoreKind::kDocuments: return access::sweep_documents(door.session().documents(), at_s, all);
    case StoreKind::kRelational: return access::sweep_relational(door.session().relational(), at_s, all);
    case StoreKind::kCache: return access::sweep_cache(door.session().cache(), at_s, all);
  }
  return size_t(0);
}

Result<std::optional<base::EnvironmentClass>> class_of(Door& door, StoreKind store, const std::string& database) {
  switch (store) {
    case StoreKind::kDocuments: return catalog::environment_of(door.session().documents(), database);
    case StoreKind::kRelational: {
      auto connection = TRY(door.session().relational().connect(database));
      return catalog::environment_of(connection);
    }
    case StoreKind::kCache: break;
  }
  return catalog::environment_of(door.session().cache());
}

LeaseScope scope_of(const Door& door, const LeaseOptions& options) {
  LeaseScope scope{options.database, options.objects, options.channels, door.options().write};
  if (options.store == StoreKind::kDocuments)
    scope.database = door.database_or(options.store, options.database, "flowmaster");
  if (options.store == StoreKind::kRelational)
    scope.database = door.database_or(options.store, options.database, "flowmaster_core");
  return scope;
}

Result<Passage> enter_for_lease(Door& door, const LeaseOptions& options, const LeaseScope& scope) {
  Intent intent;
  intent.store = options.store;
  intent.database = options.store == StoreKind::kCache ? "redis" : scope.database;
  intent.operation = access::Operation::kCredential;
  intent.command = "credential lease";
  intent.objects = scope.objects;
  intent.objects.insert(intent.objects.end(), scope.channels.begin(), scope.channels.end());
  intent.parameters = fmt::format("{} {} {}", scope.database, scope.may_write, options.lifetime_s);
  intent.data_class = TRY(class_of(door, options.store, scope.database));
  return door.enter(intent);
}

Result<Passage> enter_for(Door& door, const char* command, access::Operation operation, std::optional<StoreKind> store,
                          const std::string& parameters = "") {
  Intent intent;
  intent.store = store.value_or(StoreKind::kDocuments);
  intent.operation = operation;
  intent.command = command;
  intent.parameters = fmt::format("{} {}", store ? access::name_of(*store) : "all", parameters);
  // The accounts of a server belong to no database, so the context's own class counts.
  intent.data_class = door.context().environment;
  return door.enter(intent);
}

Result<Lease> make_lease(Door& door, StoreKind store, const LeaseScope& scope, int64_t lifetime_s) {
  switch (store) {
    case StoreKind::kDocuments: return access::lease_documents(door.session().documents(), scope, lifetime_s);
    case StoreKind::kRelational: return access::lease_relational(door.session().relational(), scope, lifetime_s);
    case StoreKind::kCache: break;
  }
  return access::lease_cache(door.session().cache(), scope, lifetime_s);
}

Result<> end_lease(Door& door, StoreKind store, std::string_view account) {
  switch (store) {
    case StoreKind::kDocuments: return access::end_documents_lease(door.session().documents(), account);
    case StoreKind::kRelational: return access::end_relational_lease(door.session().relational(), account);
    case StoreKind::kCache: return access::end_cache_lease(door.session().cache(), account);
  }
  return {};
}

Result<std::vector<LeaseAccount>> accounts_of(Door& door, StoreKind store) {
  switch (store) {
    case StoreKind::kDocuments: return access::list_documents_leases(door.session().documents());
    case StoreKind::kRelational: return access::list_relational_leases(door.session().relational());
    case StoreKind::kCache: return access::list_cache_leases(door.session().cache());
  }
  return std::vector<LeaseAccount>();
}

// Host and port as this process reaches the store; a tunnel's end where there is one.
void add_place(const StoreEndpoints& endpoints, Lease& lease) {
  switch (lease.store) {
    case StoreKind::kDocuments:
      lease.credential.host = endpoints.documents.host;
      lease.credential.port = endpoints.documents.port;
      break;
    case StoreKind::kRelational: {
      // "host=H port=P", as composition and tunnels write it; a URL keeps its place for itself.
      std::string_view text = endpoints.relational.conninfo;
      auto word = [&](std::string_view name) {
        size_t at = text.find(name);
        return at == text.npos ? std::string_view()
                               : text.substr(at + name.size(), text.find(' ', at) - at - name.size());
      };
      if (text.starts_with("host=")) lease.credential.host = word("host=");
      lease.credential.port = base::parse_integer<uint16_t>(word("port=")).value_or(0);
      break;
    }
    case StoreKind::kCache:
      lease.credential.host = endpoints.cache.host;
      lease.credential.port = uint16_t(endpoints.cache.port);
      break;
  }
}

std::string secret_text(const Lease& lease, bool as_url) {
  std::string password(lease.credential.secret.expose());
  if (!as_url) return lease.credential.user + ":" + password + "\n";
  constexpr const char* kSchemes[] = {"http", "postgresql", "redis"};
  net::Url url;
  url.scheme = kSchemes[size_t(lease.store)];
  url.user = lease.credential.user;
  url.password = password;
  url.host = lease.credential.host;
  url.port = lease.credential.port;
  std::string database = lease.scope.database.empty() ? "0" : lease.scope.database;
  url.path = lease.store == StoreKind::kDocuments ? "/_db/" + database : "/" + database;
  std::string text = net::format_url(url) + "\n";
  base::Secret::wipe(password);
  return text;
}

value::Buffer description_of(const Lease& lease, const std::string& output) {
  value::Builder to;
  to.open_object();
  to.add("store", access::name_of(lease.store));
  to.add("user", lease.credential.user);
  if (!lease.credential.host.empty()) to.add("host", lease.credential.host);
  if (lease.credential.port != 0) to.add("port", int(lease.credential.port));
  to.add("database", lease.scope.database);
  to.key("objects");
  to.open_array();
  for (const std::string& object : lease.scope.objects) to.string(object);
  to.close();
  to.add("may_write", lease.scope.may_write);
  to.add("expires", base::format_iso8601(lease.expires_unix_s * 1000));
  if (!output.empty()) to.add("password_file", output);
  to.close();
  return to.take();
}

OutputFormat format_of(bool as_json) { return as_json ? OutputFormat::kJsonLines : OutputFormat::kAutomatic; }

void print_one(const value::Buffer& row, bool as_json) {
  RowPrinter printer(stdout, format_of(as_json));
  printer.print(row.slice());
}

}  // namespace

Result<> lease_credential(Door& door, const LeaseOptions& options) {
  TRY(check_place_of_secret(door, options));
  if (!door.has(options.store)) {
    return Error(ErrorCode::kBadParameter, fmt::format("the context '{}' has no store '{}'", door.context().name,
                                                       access::name_of(options.store)));
  }
  LeaseScope scope = scope_of(door, options);
  auto passage = TRY(enter_for_lease(door, options, scope));
  if (passage.is_read_only()) scope.may_write = false;
  if (auto swept = sweep(door, options.store, now_s(), false); !swept) {
    fmt::print(stderr, "note: logins that are over were not all removed: {}\n", swept.error().message());
  }
  Lease lease = TRY(make_lease(door, options.store, scope, options.lifetime_s));
  add_place(door.session().endpoints(), lease);
  std::string text = secret_text(lease, options.as_url);
  if (options.show) {
    fmt::print("{}", text);
  } else if (auto written = base::replace_private_file(options.output, text); !written) {
    (void)end_lease(door, lease.store, lease.credential.user);
    return written;
  }
  base::Secret::wipe(text);
  print_one(description_of(lease, options.output), options.as_json);
  for (const std::string& sentence : lease.beyond_scope) fmt::print(stderr, "note: {}\n", sentence);
  return passage.finish();
}

Result<> list_leases(Door& door, bool as_json) {
  auto passage = TRY(enter_for(door, "credential list", access::Operation::kDescribe, std::nullopt));
  RowPrinter printer(stdout, format_of(as_json));
  std::optional<Error> first;
  for (StoreKind store : access::kStoreKinds) {
    if (!door.has(store)) continue;
    auto accounts = accounts_of(door, store);
    if (!accounts) {
      if (!first) first = std::move(accounts).error().with_context(access::name_of(store));
      continue;
    }
    for (const LeaseAccount& account : *accounts) {
      value::Builder row;
      row.open_object();
      row.add("store", access::name_of(store));
      row.add("user", account.name);
      row.add("expires", base::format_iso8601(account.expires_unix_s * 1000));
      row.add("seconds_left", std::max<int64_t>(0, account.expires_unix_s - now_s()));
      row.close();
      printer.print(row.slice());
    }
  }
  printer.finish();
  if (first) return *std::move(first);
  return passage.finish();
}

Result<> revoke_leases(Door& door, const std::string& account, bool all, std::optional<StoreKind> only) {
  if (account.empty() != all) return Error(ErrorCode::kBadParameter, "name one login, or say --all");
  auto passage = TRY(enter_for(door, "credential revoke", access::Operation::kAdminister, only, account));
  size_t removed = 0;
  for (StoreKind store : access::kStoreKinds) {
    if (!door.has(store) || (only && *only != store)) continue;
    if (all) {
      removed += TRY(sweep(door, store, now_s(), true));
      continue;
    }
    for (const LeaseAccount& found : TRY(accounts_of(door, store))) {
      if (found.name != account) continue;
      TRY(end_lease(door, store, account));
      ++removed;
    }
  }
  if (removed == 0 && !all)
    return Error(ErrorCode::kUserNotFound, fmt::format("there is no login '{}' of a lease", account));
  fmt::print("{} removed\n", removed);
  return passage.finish();
}

Result<> rotate_local(Door& door, std::optional<StoreKind> only) {
  if (!door.context().is_local) {
    return Error(ErrorCode::kBadParameter,
                 "only the local stack's passwords are rotated here; those of another context belong to who runs it");
  }
  DataFolder folder = TRY(find_data_folder(door.options().data));
  StackState state = TRY(read_state(folder));
  if (!supervise::is_alive(state.process)) {
    return Error(ErrorCode::kFileNotFound,
                 fmt::format("nothing is up on '{0}'; start it with `workerdb up --data {0}`", folder.path));
  }
  auto passage = TRY(enter_for(door, "credential rotate", access::Operation::kAdminister, only));
  auto rotated = TRY(rotate_credentials({folder, client_address(state.bind_address), state.ports}, only));
  for (const std::string& login : rotated) fmt::print("{}\n", login);
  fmt::print(stderr, "{} logins have new passwords, in {}\n", rotated.size(), folder.secrets());
  return passage.finish();
}

Result<> check_credential(const std::string& source, bool as_json) {
  auto credential = TRY(access::resolve_credential(source));
  value::Builder row;
  row.open_object();
  row.add("user", credential.user);
  row.add("has_secret", !credential.secret.empty());
  if (!credential.host.empty()) row.add("host", credential.host);
  if (credential.port != 0) row.add("port", int(credential.port));
  if (!credential.database.empty()) row.add("database", credential.database);
  if (credential.expires_unix_s) row.add("expires", base::format_iso8601(*credential.expires_unix_s * 1000));
  row.close();
  print_one(row.take(), as_json);
  return {};
}

Result<int64_t> parse_lifetime(const std::string& text) {
  std::string_view digits = text;
  int64_t unit_s = 1;
  if (!digits.empty()) {
    char last = digits.back();
    if (last == 's' || last == 'm' || last == 'h') {
      unit_s = last == 's' ? 1 : last == 'm' ? 60 : 3600;
      digits.remove_suffix(1);
    }
  }
  auto count = base::parse_integer<int64_t>(digits);
  if (!count || *count < 1 || *count > access::kLongestLeaseS || *count * unit_s > access::kLongestLeaseS) {
    return Error(ErrorCode::kBadParameter, "a lifetime is a number with s, m or h, at most 1h: 15m");
  }
  return *count * unit_s;
}

}  // namespace workerdb::cli
