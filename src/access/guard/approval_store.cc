#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "access/guard/guard.h"
#include "base/digest.h"
#include "base/private_file.h"
#include "base/random.h"
#include "base/secret.h"
#include "base/time.h"
#include "value/json.h"
#include "value/text.h"

namespace workerdb::access {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

namespace fs = std::filesystem;

constexpr size_t kKeyBytes = 32, kIdBytes = 16;
constexpr size_t kMostApprovals = 10'000;

Error forbidden(std::string message) { return Error(ErrorCode::kForbidden, std::move(message)); }

// An id becomes a file's name, and may come from the outside.
bool is_id(std::string_view id) {
  return id.size() == 2 * kIdBytes &&
         std::ranges::all_of(id, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// The key of this machine's approvals, made by whoever needs it first. link() never replaces a name, so that of
// two who make one at the same time both take the winner's.
Result<base::Secret> machine_key(const std::string& folder) {
  std::string path = folder + "/key";
  auto found = base::read_private_file(path);
  if (!found && found.error().code() == ErrorCode::kFileNotFound) {
    std::string own = fmt::format("{}.{}", path, base::random_hex(6));
    TRY(base::replace_private_file(own, base::random_hex(kKeyBytes)));
    int linked = ::link(own.c_str(), path.c_str());
    int number = errno;
    ::unlink(own.c_str());
    if (linked != 0 && number != EEXIST) {
      return Error(ErrorCode::kCannotWriteFile, fmt::format("cannot write '{}': {}", path, ::strerror(number)));
    }
    TRY(base::sync_folder(folder));
    found = base::read_private_file(path);
  }
  if (!found) return std::move(found).error();
  base::Secret key(std::move(*found));
  if (key.expose().size() != 2 * kKeyBytes) {
    return forbidden(
        fmt::format("the key of approvals, '{}', is damaged; remove it (all approvals end with it)", path));
  }
  return key;
}

std::string seal_of(const Approval& approval, const base::Secret& key) {
  std::string text = fmt::format("workerdb approval 1\n{}\n{}\n{}:{}\n{}\n", approval.id, approval.request_digest,
                                 approval.approved_by.size(), approval.approved_by, approval.expires_unix_s);
  unsigned char sealed[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  ::HMAC(::EVP_sha256(), key.expose().data(), int(key.expose().size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), sealed, &length);
  return base::hex({reinterpret_cast<const char*>(sealed), length});
}

std::string written(const Approval& approval, const base::Secret& key) {
  value::Builder builder;
  builder.open_object();
  builder.add("id", approval.id);
  builder.add("request", approval.request_digest);
  builder.add("approved_by", approval.approved_by);
  builder.add("expires_unix_s", approval.expires_unix_s);
  builder.add("expires", base::format_iso8601(approval.expires_unix_s * 1000));
  builder.add("seal", seal_of(approval, key));
  builder.close();
  return value::to_json(builder.slice()) + "\n";
}

// Nothing when the text is not what written() gave for it under this key.
std::optional<Approval> read_sealed(std::string_view text, const base::Secret& key) {
  auto parsed = value::parse_json(text);
  if (!parsed || !parsed->slice().is_object() || !parsed->slice().get("expires_unix_s").is_int64()) return std::nullopt;
  value::Slice fields = parsed->slice();
  Approval approval{
      std::string(value::text_or_empty(fields.get("id"))), std::string(value::text_or_empty(fields.get("request"))),
      std::string(value::text_or_empty(fields.get("approved_by"))), fields.get("expires_unix_s").as_int64()};
  std::string seal = std::string(value::text_or_empty(fields.get("seal"))), expected = seal_of(approval, key);
  if (seal.size() != expected.size() || ::CRYPTO_memcmp(seal.data(), expected.data(), seal.size()) != 0)
    return std::nullopt;
  return approval;
}

// What is over can be told from its seal alone; the files of a month ago are only clutter.
void remove_old(const std::string& folder) {
  std::error_code ignored;
  auto oldest = fs::file_time_type::clock::now() - std::chrono::seconds(2 * kLongestApprovalS);
  for (const char* below : {"/open", "/used"}) {
    for (const auto& entry : fs::directory_iterator(folder + below, ignored)) {
      std::error_code failed;
      auto changed = entry.last_write_time(failed);
      if (!failed && changed < oldest) fs::remove(entry.path(), failed);
    }
  }
}

Result<> prepare(const std::string& folder) {
  for (const char* below : {"", "/open", "/used"}) TRY(base::make_private_folder(folder + below));
  return {};
}

}  // namespace

ApprovalStore::ApprovalStore(std::string folder, std::function<int64_t()> now_unix_s)
    : folder_(std::move(folder)), now_unix_s_(std::move(now_unix_s)) {
  if (!now_unix_s_) now_unix_s_ = [] { return base::unix_time_ms() / 1000; };
}

Result<Approval> ApprovalStore::approve(const AccessRequest& request, const Principal& by, bool at_terminal,
                                        int64_t lifetime_s) {
  if (by.kind != PrincipalKind::kPerson) {
    return forbidden(fmt::format("only a person can approve, and this is {} '{}'",
                                 by.kind == PrincipalKind::kAgent ? "the agent" : "the service", by.name));
  }
  if (!at_terminal)
    return forbidden("approving needs a person at a terminal; standard input and output lead elsewhere");
  if (lifetime_s < 1 || lifetime_s > kLongestApprovalS) {
    return Error(ErrorCode::kBadParameter,
                 fmt::format("an approval lives from 1 second to 24 hours, not {} seconds", lifetime_s));
  }
  TRY(prepare(folder_));
  base::Secret key = TRY(machine_key(folder_));
  remove_old(folder_);
  Approval approval{base::random_hex(kIdBytes), digest_of(request), by.name, now_unix_s_() + lifetime_s};
  TRY(base::replace_private_file(fmt::format("{}/open/{}", folder_, approval.id), written(approval, key)));
  return approval;
}

Result<std::optional<std::string>> ApprovalStore::find(const AccessRequest& request) const {
  auto key = base::read_private_file(folder_ + "/key");
  if (!key) {
    if (key.error().code() == ErrorCode::kFileNotFound) return std::optional<std::string>();
    return std::move(key).error();
  }
  base::Secret secret(std::move(*key));
  std::string wanted = digest_of(request);
  std::error_code failed;
  size_t seen = 0;
  for (const auto& entry : fs::directory_iterator(folder_ + "/open", failed)) {
    if (++seen > kMostApprovals) break;
    auto text = base::read_private_file(entry.path());
    auto approval = text ? read_sealed(*text, secret) : std::nullopt;
    if (!approval || approval->id != entry.path().filename() || approval->request_digest != wanted) continue;
    if (approval->expires_unix_s > now_unix_s_()) return std::optional(approval->id);
  }
  return std::optional<std::string>();
}

Result<> ApprovalStore::use(std::string_view id, const AccessRequest& request) {
  if (request.principal.kind == PrincipalKind::kAgent) {
    return forbidden("an agent cannot use an approval; the person who gave it, or a service, can");
  }
  if (!is_id(id)) return forbidden("no approval has such an id; it is the 32 digits that `workerdb approve` printed");
  TRY(prepare(folder_));
  std::string open = fmt::format("{}/open/{}", folder_, id), used = fmt::format("{}/used/{}", folder_, id);
  auto text = base::read_private_file(open);
  if (!text) {
    if (text.error().code() != ErrorCode::kFileNotFound) return std::move(text).error();
    if (::access(used.c_str(), F_OK) == 0)
      return forbidden(fmt::format("the approval {} was used before; approve once more", id));
    return forbidden(
        fmt::format("there is no approval {}; it may have been removed, or belong to another machine or user", id));
  }
  base::Secret key = TRY(machine_key(folder_));
  std::optional<Approval> approval = read_sealed(*text, key);
  if (!approval || approval->id != id) {
    return forbidden(fmt::format("the approval {} is not as it was sealed on this machine; approve once more", id));
  }
  if (approval->request_digest != digest_of(request)) {
    return forbidden(
        fmt::format("the approval {} is for another request: context, database, command and every parameter must be "
                    "the approved ones",
                    id));
  }
  if (approval->expires_unix_s <= now_unix_s_()) {
    return forbidden(fmt::format("the approval {} was over at {}; approve once more", id,
                                 base::format_iso8601(approval->expires_unix_s * 1000)));
  }
  // Exactly one of any number of callers moves the name, and none can when a used one of that name is there
  // (somebody put a copy back).
  if (::renameat2(AT_FDCWD, open.c_str(), AT_FDCWD, used.c_str(), RENAME_NOREPLACE) != 0) {
    if (errno == ENOENT || errno == EEXIST)
      return forbidden(fmt::format("the approval {} was used before; approve once more", id));
    return Error(ErrorCode::kCannotWriteFile, fmt::format("cannot use the approval {}: {}", id, ::strerror(errno)));
  }
  TRY(base::sync_folder(folder_ + "/used"));
  return base::sync_folder(folder_ + "/open");
}

bool is_at_terminal() { return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1; }

}  // namespace workerdb::access
