#include "stores/documents/remote/remote_documents.h"

#include <fmt/format.h>

#include <random>

#include "base/time.h"
#include "net/percent.h"
#include "value/json.h"
#include "value/order.h"
#include "value/text.h"

namespace workerdb::stores::documents {

using base::Error;
using base::ErrorCode;
using base::Result;
using net::HttpMethod;
using value::Buffer;
using value::Builder;
using value::Slice;
using value::text_or_empty;

namespace {

// One request of a bulk insert: bounded, so that repeating it after a failure is cheap.
constexpr size_t kStepDocuments = 5'000, kStepBytes = size_t(8) << 20;
// How long a collection's key generator is taken to be what it was. It is fixed when a collection is made, so
// only a collection that was dropped and made anew could differ.
constexpr int64_t kKeyChoiceKept_ns = 10'000'000'000;

const char* mode_name(OverwriteMode mode) {
  switch (mode) {
    case OverwriteMode::kConflict: return "conflict";
    case OverwriteMode::kIgnore: return "ignore";
    case OverwriteMode::kReplace: return "replace";
    case OverwriteMode::kUpdate: return "update";
  }
  return "";
}

std::string write_parameters(const WriteOptions& options) {
  return fmt::format("?waitForSync={}&keepNull={}&mergeObjects={}", options.wait_for_sync, options.keep_null,
                     options.merge_objects);
}

WrittenDocument written_of(Slice answer) {
  return {std::string(text_or_empty(answer.get("_key"))), std::string(text_or_empty(answer.get("_rev")))};
}

// Keys that nobody else makes: milliseconds first, so that they grow like the server's own.
std::string unique_key() {
  thread_local std::mt19937_64 random = [] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device(), device(), device()};
    return std::mt19937_64(seed);
  }();
  return fmt::format("{:012x}{:016x}{:08x}", uint64_t(base::unix_time_ms()), random(), uint32_t(random()));
}

bool is_meta(std::string_view name) { return name == "_key" || name == "_id" || name == "_rev"; }

// The same but for what the server adds.
bool has_contents_of(Slice found, Slice sent) {
  Builder left, right;
  for (auto [from, to] : {std::pair{found, &left}, std::pair{sent, &right}}) {
    to->open_object();
    for (value::ObjectIterator attribute(from); attribute.valid(); attribute.next()) {
      if (!is_meta(attribute.name())) to->add(attribute.name(), attribute.value());
    }
    to->close();
  }
  return value::equal(left.slice(), right.slice());
}

bool may_be_an_echo(ErrorCode code) {
  return code == ErrorCode::kUniqueConstraintViolated || code == ErrorCode::kConflict;
}

struct SentDocument {
  std::string key;  // empty: the server makes one
  bool is_chosen_here = false;
  Buffer document;
};

// What a refused repetition of an insert means: the document that is there is ours, or it is not.
Result<WrittenDocument> settle(const SentDocument& sent, Slice found, const Error& refusal) {
  if (!found.is_object()) return refusal;  // another unique index objects
  if (sent.is_chosen_here || has_contents_of(found, sent.document.slice())) return written_of(found);
  return unknown_effect(refusal);
}

}  // namespace

struct RemoteDocuments::Outgoing {
  std::vector<SentDocument> items;
  bool is_repeatable = true;
};

std::string RemoteDocuments::document_target(std::string_view collection, std::string_view key) const {
  return fmt::format("{}/_api/document/{}/{}", prefix_, net::percent_encode(collection), net::percent_encode(key));
}

std::string RemoteDocuments::insert_target(std::string_view collection, const WriteOptions& options) const {
  return fmt::format("{}/_api/document/{}{}&overwriteMode={}", prefix_, net::percent_encode(collection),
                     write_parameters(options), mode_name(options.overwrite));
}

bool RemoteDocuments::may_choose_keys(std::string_view collection) {
  int64_t now_ns = base::steady_time_ns();
  {
    base::MutexLock lock(mutex_);
    auto known = key_choices_.find(collection);
    if (known != key_choices_.end() && known->second.known_until_ns > now_ns) return known->second.is_free;
  }
  auto answer =
      channel_->read(fmt::format("{}/_api/collection/{}/properties", prefix_, net::percent_encode(collection)));
  if (!answer) return false;  // the insert will say what is wrong
  Slice options = answer->slice().get("keyOptions"), shards = answer->slice().get("shardKeys");
  std::string_view type = text_or_empty(options.get("type"));
  bool is_free = (type.empty() || type == "traditional" || type == "uuid") &&
                 !(options.get("allowUserKeys").is_bool() && !options.get("allowUserKeys").is_true());
  // A cluster takes keys from outside only where it distributes documents by them.
  if (shards.is_array()) is_free = is_free && shards.size() == 1 && text_or_empty(shards.at(0)) == "_key";
  base::MutexLock lock(mutex_);
  if (key_choices_.size() > 1000) key_choices_.clear();
  key_choices_[std::string(collection)] = {is_free, now_ns + kKeyChoiceKept_ns};
  return is_free;
}

Result<RemoteDocuments::Outgoing> RemoteDocuments::prepare(std::string_view collection,
                                                           std::span<const Slice> documents, size_t& taken) {
  Outgoing outgoing;
  size_t bytes = 0;
  for (taken = 0; taken < documents.size() && taken < kStepDocuments && (taken == 0 || bytes < kStepBytes); ++taken) {
    Slice document = documents[taken];
    SentDocument sent;
    bytes += document.byte_size();
    bool has_no_key = document.is_object() && document.get("_key").is_none();
    if (has_no_key && may_choose_keys(collection)) {
      sent.key = unique_key();
      sent.is_chosen_here = true;
      Builder with_key;
      with_key.open_object();
      with_key.add("_key", sent.key);
      for (value::ObjectIterator attribute(document); attribute.valid(); attribute.next()) {
        with_key.add(attribute.name(), attribute.value());
      }
      with_key.close();
      sent.document = with_key.take();
    } else {
      sent.key = text_or_empty(document.is_object() ? document.get("_key") : Slice());
      sent.document = Buffer(document);
      outgoing.is_repeatable = outgoing.is_repeatable && !has_no_key;
    }
    outgoing.items.push_back(std::move(sent));
  }
  return outgoing;
}

Result<std::optional<Buffer>> RemoteDocuments::read(std::string_view collection, std::string_view key) {
  auto answer = channel_->read(document_target(collection, key));
  if (!answer && answer.error().code() == ErrorCode::kDocumentNotFound) return std::nullopt;
  if (!answer) return std::move(answer).error();
  return *std::move(answer);
}

Result<WrittenDocument> RemoteDocuments::insert(std::string_view collection, Slice document,
                                                const WriteOptions& options) {
  // An array would be taken for several documents.
  if (!document.is_object()) return ErrorCode::kDocumentTypeInvalid;
  size_t taken = 0;
  Outgoing outgoing = TRY(prepare(collection, std::span(&document, 1), taken));
  const SentDocument& sent = outgoing.items.front();
  Request request{.method = HttpMethod::kPost,
                  .target = insert_target(collection, options),
                  .body = value::to_json(sent.document.slice()),
                  .repeat = outgoing.is_repeatable ? Repeat::kIdempotent : Repeat::kUnsafe};
  Answer answer = TRY(channel_->exchange(request));
  if (!answer.is_error()) return written_of(answer.body.slice());
  if (!answer.may_have_run || !may_be_an_echo(answer.code())) return answer.error();
  auto found = TRY(read(collection, sent.key));
  return settle(sent, found ? found->slice() : Slice(), answer.error());
}

// With an expected revision a repetition cannot change anything twice: the first one that runs ends the
// revision.
Result<Answer> RemoteDocuments::write_with_revision(Request request, const WriteOptions& options) {
  if (!options.expected_revision.empty()) {
    request.headers.push_back({"If-Match", '"' + options.expected_revision + '"'});
    request.repeat = Repeat::kIdempotent;
  }
  return channel_->exchange(request);
}

Result<WrittenDocument> RemoteDocuments::update(std::string_view collection, std::string_view key, Slice patch,
                                                const WriteOptions& options) {
  Answer answer = TRY(write_with_revision({.method = HttpMethod::kPatch,
                                           .target = document_target(collection, key) + write_parameters(options),
                                           .body = value::to_json(patch)},
                                          options));
  if (!answer.is_error()) return written_of(answer.body.slice());
  return answer.may_have_run ? unknown_effect(answer.error()) : answer.error();
}

Result<WrittenDocument> RemoteDocuments::replace(std::string_view collection, std::string_view key, Slice document,
                                                 const WriteOptions& options) {
  Answer answer = TRY(write_with_revision({.method = HttpMethod::kPut,
                                           .target = document_target(collection, key) + write_parameters(options),
                                           .body = value::to_json(document)},
                                          options));
  if (!answer.is_error()) return written_of(answer.body.slice());
  if (!answer.may_have_run) return answer.error();
  auto found = TRY(read(collection, key));
  if (found && has_contents_of(found->slice(), document)) return written_of(found->slice());
  return unknown_effect(answer.error());
}

Result<> RemoteDocuments::remove(std::string_view collection, std::string_view key, const WriteOptions& options) {
  Answer answer = TRY(write_with_revision(
      {.method = HttpMethod::kDelete, .target = document_target(collection, key) + write_parameters(options)},
      options));
  if (!answer.is_error()) return {};
  return answer.may_have_run ? unknown_effect(answer.error()) : answer.error();
}

Result<BulkResult> RemoteDocuments::insert_many(std::string_view collection, std::span<const Slice> documents,
                                                const WriteOptions& options) {
  BulkResult outcome;
  size_t taken = 0;
  for (size_t first = 0; first < documents.size(); first += taken) {
    Outgoing outgoing = TRY(prepare(collection, documents.subspan(first), taken));
    TRY(insert_step(collection, outgoing, first, options, outcome));
  }
  return outcome;
}

Result<> RemoteDocuments::insert_step(std::string_view collection, const Outgoing& outgoing, size_t first,
                                      const WriteOptions& options, BulkResult& outcome) {
  Request request{.method = HttpMethod::kPost,
                  .target = insert_target(collection, options),
                  .body = "[",
                  .repeat = outgoing.is_repeatable ? Repeat::kIdempotent : Repeat::kUnsafe};
  for (const SentDocument& sent : outgoing.items) {
    if (request.body.size() > 1) request.body += ',';
    value::append_json(sent.document.slice(), request.body);
  }
  request.body += ']';
  Answer answer = TRY(channel_->exchange(request));
  if (answer.is_error()) return answer.error();
  if (!answer.body.slice().is_array() || answer.body.slice().size() != outgoing.items.size()) {
    return unknown_effect(
        Error(ErrorCode::kSimpleClientCouldNotRead,
              fmt::format("{} documents were sent, but another number of answers came back", outgoing.items.size())));
  }
  size_t position = 0;
  for (value::ArrayIterator item(answer.body.slice()); item.valid(); item.next(), ++position) {
    const SentDocument& sent = outgoing.items[position];
    if (!item.value().get("error").is_true()) {
      // A document that was there before has an old revision, and with kIgnore nothing else was done. Under a
      // key that was chosen here it can only be the one that an earlier attempt wrote.
      bool was_there = item.value().get("_oldRev").is_string() && !(sent.is_chosen_here && answer.may_have_run);
      ++(was_there && options.overwrite == OverwriteMode::kIgnore ? outcome.ignored : outcome.created);
      continue;
    }
    Slice number = item.value().get("errorNum");
    Error refusal(number.is_int64() ? ErrorCode(number.as_int64()) : ErrorCode::kInternal,
                  std::string(text_or_empty(item.value().get("errorMessage"))));
    if (answer.may_have_run && may_be_an_echo(refusal.code())) {
      auto found = TRY(read(collection, sent.key));
      auto settled = settle(sent, found ? found->slice() : Slice(), refusal);
      if (settled) {
        ++outcome.created;
        continue;
      }
      refusal = settled.error();
    }
    outcome.errors.push_back({first + position, std::move(refusal)});
  }
  return {};
}

}  // namespace workerdb::stores::documents
