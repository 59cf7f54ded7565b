#pragma once
// One view: a search over linked collections. A cheap handle, like Collection.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/types.h"

namespace workerdb::engine {

struct Core;

class View {
 public:
  const std::string& name() const { return view_->name; }
  uint64_t id() const { return view_->id; }
  const std::string& type() const { return view_->type; }
  // Complete, as an object; links by the present names of their collections, without those that were dropped.
  Buffer properties() const;
  // The names of the linked collections.
  std::vector<std::string> collections() const;

  // `replaces`: what is not given goes back to its default. kBadParameter; kCollectionNotFound for a link to nothing,
  // or when the view was dropped.
  Result<View> change(Slice properties, bool replaces);
  // kDuplicateName, kIllegalName.
  Result<View> rename(std::string_view new_name);

 private:
  friend class Database;
  View(std::shared_ptr<Core> core, storage::DatabasePtr database, storage::ViewPtr view)
      : core_(std::move(core)), database_(std::move(database)), view_(std::move(view)) {}

  std::shared_ptr<Core> core_;
  storage::DatabasePtr database_;
  storage::ViewPtr view_;
};

}  // namespace workerdb::engine
