// remove-data-modification-out-variables: OLD and NEW that nobody reads are not read back from the store.
#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

namespace {

bool remove_unread(const Plan& chain, size_t position, std::optional<VariableId>& variable) {
  if (!variable || is_used_from(chain, position + 1, *variable)) return false;
  variable.reset();
  return true;
}

}  // namespace

bool remove_data_modification_out_variables(Context&, Plan& chain) {
  bool changed = false;
  for (size_t i = 0; i < chain.nodes.size(); ++i) {
    Node& node = *chain.nodes[i];
    auto* insert = node.get_if<plan::Insert>();
    auto* update = node.get_if<plan::Update>();
    auto* remove = node.get_if<plan::Remove>();
    auto* upsert = node.get_if<plan::Upsert>();
    if (insert != nullptr) {
      changed |= remove_unread(chain, i, insert->old_variable);
      changed |= remove_unread(chain, i, insert->new_variable);
    } else if (update != nullptr) {
      changed |= remove_unread(chain, i, update->old_variable);
      changed |= remove_unread(chain, i, update->new_variable);
    } else if (remove != nullptr) {
      changed |= remove_unread(chain, i, remove->old_variable);
    } else if (upsert != nullptr) {
      changed |= remove_unread(chain, i, upsert->new_variable);
    }
  }
  return changed;
}

}  // namespace workerdb::aql::optimize
