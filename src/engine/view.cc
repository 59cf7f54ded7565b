#include "engine/view.h"

#include <fmt/format.h>

#include "engine/core.h"
#include "engine/database.h"
#include "search/analyzers.h"
#include "search/view.h"

namespace workerdb::engine {
namespace {

constexpr std::string_view kSearchType = "arangosearch";

// `analyzers` outlives the result.
search::Names names_of(const storage::Store& store, const storage::Database& database, search::Analyzers& analyzers) {
  return {[&](std::string_view name) -> Result<uint64_t> {
            auto found = store.find_collection(database, name);
            if (found == nullptr) {
              return Error(ErrorCode::kCollectionNotFound, fmt::format("collection or view not found: {}", name));
            }
            return found->id;
          },
          [&](std::string_view name) { return analyzers.find(name); }};
}

Error missing(std::string_view name) {
  return Error(ErrorCode::kCollectionNotFound, fmt::format("collection or view not found: {}", name));
}

}  // namespace

Buffer View::properties() const {
  Builder to;
  to.open_object();
  auto name_of = [this](uint64_t id) {
    auto found = core_->store->find_collection(*database_, std::to_string(id));
    return found != nullptr ? found->name : std::string();
  };
  search::append_view_properties(view_->properties.slice(), name_of, to);
  to.close();
  return to.take();
}

std::vector<std::string> View::collections() const {
  std::vector<std::string> result;
  for (const auto& link : search::links_of(view_->properties.slice())) {
    auto found = core_->store->find_collection(*database_, std::to_string(link.collection_id));
    if (found != nullptr) result.push_back(found->name);
  }
  return result;
}

Result<View> View::change(Slice properties, bool replaces) {
  auto current = core_->store->find_view(*database_, view_->name);
  if (current == nullptr || current->id != view_->id) return missing(view_->name);
  search::Analyzers analyzers(*core_->store, *database_);
  auto changed = TRY(search::change_view_properties(current->properties.slice(), properties, replaces,
                                                    names_of(*core_->store, *database_, analyzers)));
  return View(core_, database_, TRY(core_->store->change_view(*database_, view_->name, changed.slice())));
}

Result<View> View::rename(std::string_view new_name) {
  return View(core_, database_, TRY(core_->store->rename_view(*database_, view_->name, new_name)));
}

Result<View> Database::view(std::string_view name) const {
  auto found = core_->store->find_view(*database_, name);
  if (found == nullptr) return missing(name);
  return View(core_, database_, std::move(found));
}

std::vector<View> Database::views() const {
  std::vector<View> result;
  for (auto& found : core_->store->views(*database_)) result.push_back(View(core_, database_, std::move(found)));
  return result;
}

Result<View> Database::create_view(std::string_view name, Slice definition) {
  if (!definition.is_object()) return Error(ErrorCode::kBadParameter, "view: a definition is an object");
  Slice type = definition.get("type");
  if (!type.is_string()) return Error(ErrorCode::kBadParameter, "view: the 'type' must be a string");
  if (type.as_string() == "search-alias") {
    return Error(ErrorCode::kNotImplemented,
                 "view: search-alias needs inverted indexes, which this server does not have");
  }
  if (type.as_string() != kSearchType) {
    return Error(ErrorCode::kBadParameter, fmt::format("view: there is no type '{}'", type.as_string()));
  }
  storage::View made;
  made.name = name;
  made.type = type.as_string();
  search::Analyzers analyzers(*core_->store, *database_);
  made.properties = TRY(search::make_view_properties(definition, names_of(*core_->store, *database_, analyzers)));
  return View(core_, database_, TRY(core_->store->create_view(*database_, made)));
}

Result<> Database::drop_view(std::string_view name) { return core_->store->drop_view(*database_, name); }

}  // namespace workerdb::engine
