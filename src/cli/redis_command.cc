#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "access/credentials/lease.h"
#include "access/guard/read_only.h"
#include "catalog/environment_class.h"
#include "cli/query_commands.h"
#include "cli/shell.h"
#include "value/json.h"

namespace workerdb::cli {

using base::Error;
using base::ErrorCode;
using base::Result;
using stores::cache::Reply;
using stores::cache::ReplyType;

namespace {

// As redis-cli splits a line: blanks separate, double quotes with escapes, single quotes without.
Result<std::vector<std::string>> split_words(const std::string& line) {
  std::vector<std::string> words;
  size_t at = 0;
  while ((at = line.find_first_not_of(" \t\r\n", at)) != line.npos) {
    std::string word;
    char quote = line[at] == '"' || line[at] == '\'' ? line[at] : '\0';
    if (quote != '\0') ++at;
    for (;; ++at) {
      bool at_end = at >= line.size();
      if (quote == '\0' && (at_end || line[at] == ' ' || line[at] == '\t' || line[at] == '\n')) break;
      if (at_end) return Error(ErrorCode::kIllegalOption, "a quote is not closed");
      if (quote != '\0' && line[at] == quote) {
        ++at;
        break;
      }
      if (quote == '"' && line[at] == '\\' && at + 1 < line.size()) {
        ++at;
        word += line[at] == 'n' ? '\n' : line[at] == 't' ? '\t' : line[at] == 'r' ? '\r' : line[at];
      } else {
        word += line[at];
      }
    }
    words.push_back(std::move(word));
  }
  return words;
}

// As redis-cli shows replies on a terminal.
void append_text(const Reply& reply, int indent, std::string& to) {
  switch (reply.type) {
    case ReplyType::kNil: to += "(nil)\n"; return;
    case ReplyType::kStatus: to += reply.text + "\n"; return;
    case ReplyType::kError: to += "(error) " + reply.text + "\n"; return;
    case ReplyType::kInteger: to += fmt::format("(integer) {}\n", reply.integer); return;
    case ReplyType::kString: {
      value::Builder json;
      stores::cache::append_reply(reply, json);
      value::append_json(json.slice(), to);
      to += '\n';
      return;
    }
    case ReplyType::kArray: {
      if (reply.elements.empty()) to += "(empty array)\n";
      for (size_t i = 0; i < reply.elements.size(); ++i) {
        if (i > 0) to.append(size_t(indent), ' ');
        std::string number = fmt::format("{}) ", i + 1);
        to += number;
        append_text(reply.elements[i], indent + int(number.size()), to);
      }
      return;
    }
  }
}

// What a program reads with: an ACL user that can do no more, where the context's own login may make one. Made at the
// first read, gone with its scope.
class ReaderLogin {
 public:
  explicit ReaderLogin(Door& door) : door_(door) {}
  ~ReaderLogin() {
    // A failure is the sweeper's to mend: the login ends by itself.
    if (lease_) (void)access::end_cache_lease(door_.session().cache(), lease_->credential.user);
  }
  ReaderLogin(const ReaderLogin&) = delete;
  ReaderLogin& operator=(const ReaderLogin&) = delete;

  Result<stores::cache::CacheOptions> options() {
    auto login = door_.session().endpoints().cache;
    if (door_.principal().kind == access::PrincipalKind::kPerson) return login;
    if (!lease_) {
      access::LeaseScope scope{std::to_string(login.database), {"*"}, {}, false};
      auto lease = access::lease_cache(door_.session().cache(), scope, access::kLongestLeaseS);
      if (!lease && lease.error().code() == ErrorCode::kForbidden) return login;
      lease_ = TRY(std::move(lease));
    }
    login.user = lease_->credential.user;
    login.password = std::string(lease_->credential.secret.expose());
    return login;
  }

 private:
  Door& door_;
  std::optional<access::Lease> lease_;
};

Result<> run_one(Door& door, ReaderLogin& reader, const std::vector<std::string>& arguments,
                 const QueryOptions& options) {
  if (arguments.empty()) return {};
  Intent intent;
  intent.store = access::StoreKind::kCache;
  intent.database = "redis";
  auto analysis = TRY(access::analyze_command(door.session().cache(), arguments));
  intent.operation = analysis.operation;
  intent.command = "redis";
  intent.objects = analysis.keys;
  intent.parameters = access::digest_of_parameters(arguments);
  intent.statement_digest = analysis.command;
  intent.values = fmt::format("{}", fmt::join(arguments, " "));
  intent.data_class = TRY(catalog::environment_of(door.session().cache()));
  auto passage = TRY(door.enter(intent));
  Reply reply;
  if (passage.is_read_only()) {
    auto outcome =
        TRY(access::read_cache(TRY(reader.options()), arguments, {.limits = passage.limits(), .objects = {}}));
    tell_cut(outcome.truncated, outcome.reply.elements.size());
    reply = std::move(outcome.reply);
  } else {
    reply = TRY(door.session().cache().command(arguments));
  }
  if (reply.is_error()) return stores::cache::error_of_reply(reply);
  std::string text;
  bool as_text =
      options.format == OutputFormat::kTable || (options.format == OutputFormat::kAutomatic && is_terminal(stdout));
  if (as_text) {
    append_text(reply, 0, text);
  } else {
    value::Builder json;
    stores::cache::append_reply(reply, json);
    value::append_json(json.slice(), text);
    text += '\n';
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  return passage.finish();
}

}  // namespace

Result<> run_redis(Door& door, const std::vector<std::string>& arguments, const QueryOptions& options) {
  ReaderLogin reader(door);
  if (!arguments.empty()) return run_one(door, reader, arguments, options);
  auto run_line = [&](const std::string& line) -> Result<> {
    return run_one(door, reader, TRY(split_words(line)), options);
  };
  if (!is_terminal(stdin)) {
    std::string text = TRY(read_standard_input());
    for (size_t at = 0; at < text.size();) {
      size_t end = std::min(text.find('\n', at), text.size());
      TRY(run_line(text.substr(at, end - at)));
      at = end + 1;
    }
    return {};
  }
  ShellOptions shell;
  shell.name = "redis";
  shell.prompt = door.prompt("redis", "");
  shell.ends_with_semicolon = false;
  shell.words = {"GET",    "SET",      "DEL",     "EXISTS", "EXPIRE", "TTL",  "SCAN", "HGETALL",
                 "LRANGE", "SMEMBERS", "PUBLISH", "XADD",   "XRANGE", "INFO", "PING"};
  return run_shell(shell, run_line);
}

}  // namespace workerdb::cli
