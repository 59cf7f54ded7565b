// What a document store says that has no logins of its own.
#include "stores/documents/document_store.h"

namespace workerdb::stores::documents {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

Error without_users() {
  return Error(ErrorCode::kNotImplemented,
               "this document store has no users: the engine inside a program knows no logins; make them through its "
               "HTTP server");
}

}  // namespace

Result<std::vector<UserDescription>> DocumentStore::users() { return without_users(); }
Result<> DocumentStore::create_user(std::string_view, std::string_view, value::Slice) { return without_users(); }
Result<> DocumentStore::set_user_password(std::string_view, std::string_view) { return without_users(); }
Result<> DocumentStore::drop_user(std::string_view) { return without_users(); }
Result<> DocumentStore::grant(std::string_view, std::string_view, std::string_view, UserRight) {
  return without_users();
}

}  // namespace workerdb::stores::documents
