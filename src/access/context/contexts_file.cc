// contexts.yaml as text: strict reading, and writing as a whole.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "access/context/configuration_file.h"
#include "access/context/context.h"
#include "access/context/store_url.h"
#include "base/private_file.h"
#include "yaml/map_reader.h"

namespace workerdb::access {

using base::EnvironmentClass;
using base::Error;
using base::ErrorCode;
using base::Result;
using yaml::Complaints;
using yaml::MapReader;
using yaml::YamlValue;

namespace {

constexpr size_t kMostContexts = 1000;
constexpr std::string_view kLocal = "local";

bool is_plain_name(std::string_view name) {
  // It becomes a file's name, too.
  return !name.empty() && name.size() <= 64 && std::isalnum(static_cast<unsigned char>(name[0])) != 0 &&
         std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.'; });
}

// A DNS label: what Kubernetes allows as a namespace's and a service's name (RFC 1123).
bool is_dns_label(std::string_view name) {
  return !name.empty() && name.size() <= 63 && name.front() != '-' && name.back() != '-' &&
         std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '-'; });
}

SshHost read_ssh(const YamlValue& value, Complaints& complaints) {
  MapReader reader(value, "an ssh host", complaints);
  SshHost host;
  host.host = reader.required_text("host");
  host.user = reader.text("user");
  host.config_file = reader.text("config");
  if (auto port = reader.integer("port", 1, 65535)) host.port = uint16_t(*port);
  // ssh would read it as an option.
  if (!host.host.empty() && host.host[0] == '-') reader.complain("host", "a host does not start with '-'");
  if (!host.user.empty() && host.user[0] == '-') reader.complain("user", "a user does not start with '-'");
  reader.finish();
  return host;
}

StorePlace read_store(StoreKind kind, const YamlValue& value, const Context& context, Complaints& complaints) {
  MapReader reader(value, "a store", complaints);
  StorePlace place;
  place.url = reader.text("url");
  place.service = reader.text("service");
  place.user = reader.text("user");
  place.database = reader.text("database");
  if (auto port = reader.integer("port", 1, 65535)) place.port = uint16_t(*port);
  if (auto port = reader.integer("local_port", 1, 65535)) place.local_port = uint16_t(*port);
  if (place.url.empty() == place.service.empty()) {
    complaints.add(reader.place(), "a store has either a url or a service");
  } else if (!place.service.empty()) {
    if (!is_dns_label(place.service)) reader.complain("service", "a service's name is a DNS label");
    if (context.kubernetes_namespace.empty()) reader.complain("service", "a service needs the context's namespace");
  } else if (auto checked = check_store_url(kind, place.url); !checked) {
    reader.complain("url", checked.error().message());
  }
  reader.finish();
  return place;
}

void read_credentials(const YamlValue& value, Context& context, Complaints& complaints) {
  MapReader reader(value, "credentials", complaints);
  context.role_passwords = reader.text("roles");
  if (!context.role_passwords.empty() && !context.role_passwords.starts_with("kubernetes:")) {
    reader.complain("roles", "roles are read from a mounted Secret: kubernetes:DIR");
  }
  for (StoreKind kind : kStoreKinds) {
    std::string source = reader.text(name_of(kind));
    if (source.empty()) continue;
    auto store = context.stores.find(kind);
    if (store == context.stores.end()) {
      reader.complain(name_of(kind), "the context has no such store");
    } else {
      store->second.credential = source;
    }
  }
  reader.finish();
}

Context read_context(const std::string& name, const YamlValue& value, Complaints& complaints) {
  MapReader reader(value, "a context", complaints);
  Context context;
  context.name = name;
  if (!is_plain_name(name))
    complaints.add(
        value.place,
        "a context's name begins with a letter or digit and has letters, digits, '-', '_' and '.', at most 64");
  if (name == kLocal) complaints.add(value.place, "'local' is the supervised stack and cannot be declared");
  context.environment = reader.choice<EnvironmentClass>("class", {{"local", EnvironmentClass::kLocal},
                                                                  {"dev", EnvironmentClass::kDev},
                                                                  {"test", EnvironmentClass::kTest},
                                                                  {"production", EnvironmentClass::kProduction}});
  context.kubernetes_namespace = reader.text("namespace");
  if (!context.kubernetes_namespace.empty() && !is_dns_label(context.kubernetes_namespace)) {
    reader.complain("namespace", "a namespace's name is a DNS label");
  }
  if (const YamlValue* ssh = reader.map("ssh")) context.ssh = read_ssh(*ssh, complaints);
  for (StoreKind kind : kStoreKinds) {
    if (const YamlValue* store = reader.map(name_of(kind)))
      context.stores[kind] = read_store(kind, *store, context, complaints);
  }
  if (context.stores.empty()) complaints.add(value.place, "a context has at least one store");
  if (const YamlValue* credentials = reader.map("credentials")) read_credentials(*credentials, context, complaints);
  reader.finish();
  return context;
}

Result<std::string> read_text(const std::string& file) {
  auto text = read_configuration(file);
  if (!text && text.error().code() == ErrorCode::kFileNotFound) return std::string();
  return text;
}

// Always quoted, so that no name can be taken for something else.
std::string yaml_text(std::string_view text) {
  std::string result = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (static_cast<unsigned char>(c) < ' ') {
      result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      result += c;
    }
  }
  return result + '"';
}

void write_store(StoreKind kind, const StorePlace& place, std::string& to) {
  std::vector<std::string> members;
  auto add = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) members.push_back(fmt::format("{}: {}", key, yaml_text(value)));
  };
  add("url", place.url);
  add("service", place.service);
  if (place.port != 0) members.push_back(fmt::format("port: {}", place.port));
  add("user", place.user);
  add("database", place.database);
  if (place.local_port) members.push_back(fmt::format("local_port: {}", *place.local_port));
  to += fmt::format("    {}: {{", name_of(kind));
  for (size_t i = 0; i < members.size(); ++i) to += (i == 0 ? "" : ", ") + members[i];
  to += "}\n";
}

void write_context(const Context& context, std::string& to) {
  to += fmt::format("  {}:\n    class: {}\n", yaml_text(context.name), name_of(context.environment));
  if (!context.kubernetes_namespace.empty())
    to += fmt::format("    namespace: {}\n", yaml_text(context.kubernetes_namespace));
  if (context.ssh) {
    to += fmt::format("    ssh: {{host: {}", yaml_text(context.ssh->host));
    if (!context.ssh->user.empty()) to += fmt::format(", user: {}", yaml_text(context.ssh->user));
    if (context.ssh->port) to += fmt::format(", port: {}", *context.ssh->port);
    if (!context.ssh->config_file.empty()) to += fmt::format(", config: {}", yaml_text(context.ssh->config_file));
    to += "}\n";
  }
  std::string credentials;
  for (const auto& [kind, place] : context.stores) {
    write_store(kind, place, to);
    if (!place.credential.empty())
      credentials += fmt::format("      {}: {}\n", name_of(kind), yaml_text(place.credential));
  }
  if (!context.role_passwords.empty())
    credentials += fmt::format("      roles: {}\n", yaml_text(context.role_passwords));
  if (!credentials.empty()) to += "    credentials:\n" + credentials;
}

std::string file_text(const Contexts& contexts) {
  std::string text = "# Written by `workerdb context`, which keeps no comments.\n";
  text += fmt::format("current: {}\n", yaml_text(contexts.current));
  std::string declared;
  for (const Context& context : contexts.contexts) {
    if (!context.is_local) write_context(context, declared);
  }
  if (!declared.empty()) text += "contexts:\n" + declared;
  return text;
}

Result<Contexts> parse_contexts(const std::string& text, const std::string& file) {
  Contexts contexts;
  Context local;
  local.name = kLocal;
  local.is_local = true;
  local.environment = EnvironmentClass::kLocal;
  contexts.contexts.push_back(std::move(local));
  if (text.empty()) return contexts;
  YamlValue tree = TRY(yaml::parse_yaml(text, file));
  Complaints complaints;
  MapReader reader(tree, "the contexts file", complaints);
  contexts.current = reader.text("current", kLocal);
  const YamlValue* declared = reader.map("contexts");
  for (size_t i = 0; declared != nullptr && i < declared->keys.size(); ++i) {
    contexts.contexts.push_back(read_context(declared->keys[i], declared->items[i], complaints));
  }
  if (contexts.contexts.size() > kMostContexts) complaints.add(tree.place, "more than 1000 contexts");
  auto is_current = [&](const Context& context) { return context.name == contexts.current; };
  if (std::none_of(contexts.contexts.begin(), contexts.contexts.end(), is_current)) {
    reader.complain("current", "no context has this name");
  }
  reader.finish();
  TRY(complaints.result());
  std::sort(contexts.contexts.begin() + 1, contexts.contexts.end(),
            [](const Context& a, const Context& b) { return a.name < b.name; });
  return contexts;
}

}  // namespace

Result<Contexts> load_contexts(const std::string& file) { return parse_contexts(TRY(read_text(file)), file); }

Result<> check_contexts(const Contexts& contexts) {
  TRY(parse_contexts(file_text(contexts), "the context"));
  return {};
}

Result<> save_contexts(const std::string& file, const Contexts& contexts) {
  std::error_code ignored;  // writing names the folder that is not there
  std::filesystem::path folder = std::filesystem::path(file).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, ignored);
  return base::replace_private_file(file, file_text(contexts));
}

}  // namespace workerdb::access
