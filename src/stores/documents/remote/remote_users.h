#pragma once
// Logins of a document server over its user API. Private to this folder.
// Source: the 3.12 documentation, "HTTP interface for user management".
#include "stores/documents/document_store.h"
#include "stores/documents/remote/http_channel.h"

namespace workerdb::stores::documents {

// See document_store.h. A creation whose answer was lost is found again by its `extra`; all others may be repeated.
base::Result<std::vector<UserDescription>> list_users(HttpChannel& channel);
base::Result<> create_remote_user(HttpChannel& channel, std::string_view user, std::string_view password,
                                  value::Slice extra);
base::Result<> set_remote_password(HttpChannel& channel, std::string_view user, std::string_view password);
base::Result<> drop_remote_user(HttpChannel& channel, std::string_view user);
base::Result<> grant_remote(HttpChannel& channel, std::string_view user, std::string_view database,
                            std::string_view collection, UserRight right);

}  // namespace workerdb::stores::documents
