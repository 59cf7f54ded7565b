#include "stores/documents/local/local_descriptions.h"

#include <algorithm>
#include <array>
#include <utility>

namespace workerdb::stores::documents {
namespace {

using base::ErrorCode;

constexpr std::array<std::pair<engine::KeyGenerator, std::string_view>, 4> kGenerators = {{
    {engine::KeyGenerator::kTraditional, "traditional"},
    {engine::KeyGenerator::kAutoincrement, "autoincrement"},
    {engine::KeyGenerator::kPadded, "padded"},
    {engine::KeyGenerator::kUuid, "uuid"},
}};

value::Buffer key_options_json(const engine::KeyOptions& options) {
  auto generator =
      std::ranges::find(kGenerators, options.generator, &std::pair<engine::KeyGenerator, std::string_view>::first);
  value::Builder builder;
  builder.open_object();
  builder.add("type", generator->second);
  builder.add("allowUserKeys", options.allow_user_keys);
  if (options.generator == engine::KeyGenerator::kAutoincrement) {
    builder.add("increment", options.increment);
    builder.add("offset", options.offset);
  }
  builder.close();
  return builder.take();
}

base::Result<uint64_t> whole_number(value::Slice number, uint64_t otherwise) {
  if (number.is_null()) return otherwise;
  if (!number.is_int64() || number.as_int64() < 0) return ErrorCode::kInvalidKeyGenerator;
  return static_cast<uint64_t>(number.as_int64());
}

base::Result<engine::KeyOptions> key_options_of(value::Slice json) {
  engine::KeyOptions options;
  if (json.is_null()) return options;
  if (!json.is_object()) return ErrorCode::kInvalidKeyGenerator;
  if (value::Slice type = json.get("type"); !type.is_null()) {
    auto known = std::ranges::find_if(
        kGenerators, [&](const auto& entry) { return type.is_string() && entry.second == type.as_string(); });
    if (known == kGenerators.end()) return ErrorCode::kInvalidKeyGenerator;
    options.generator = known->first;
  }
  if (value::Slice allow = json.get("allowUserKeys"); !allow.is_null()) options.allow_user_keys = allow.is_true();
  options.increment = TRY(whole_number(json.get("increment"), options.increment));
  options.offset = TRY(whole_number(json.get("offset"), options.offset));
  return options;
}

}  // namespace

CollectionDescription description_of(const engine::Collection& collection) {
  const auto& engine_form = collection.description();
  return {.name = engine_form.name,
          .type = engine_form.type == engine::CollectionType::kEdge ? CollectionType::kEdge : CollectionType::kDocument,
          .is_system = engine_form.is_system,
          .wait_for_sync = engine_form.wait_for_sync,
          // A buffer that was never filled is none; the port says null.
          .schema = engine_form.schema.slice().is_none() ? value::Buffer(value::Slice::null()) : engine_form.schema,
          .key_options = key_options_json(engine_form.key_options)};
}

base::Result<engine::CollectionOptions> options_of(const CollectionDescription& description) {
  engine::CollectionOptions options;
  options.type =
      description.type == CollectionType::kEdge ? engine::CollectionType::kEdge : engine::CollectionType::kDocument;
  options.is_system = description.is_system;
  options.wait_for_sync = description.wait_for_sync;
  options.schema = description.schema;
  options.key_options = TRY(key_options_of(description.key_options.slice()));
  return options;
}

}  // namespace workerdb::stores::documents
