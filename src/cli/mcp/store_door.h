#pragma once
// The MCP tools' way to the stores of one context: each call is decided by the guard, held to reading by the store
// itself, and written into the audit log.
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "access/audit/audit.h"
#include "access/context/context.h"
#include "access/credentials/lease.h"
#include "access/guard/guard.h"
#include "base/thread_annotations.h"
#include "catalog/model.h"
#include "cli/session.h"
#include "mcp/data_door.h"

namespace workerdb::cli {

struct StoreDoorOptions {
  access::Context context;
  // Where the stores are and with which logins, asked at each access: a password may have been changed.
  std::function<base::Result<StoreEndpoints>()> endpoints;
  catalog::Catalog catalog;  // descriptions, key spaces; may be empty
  std::string audit_folder;
};

// Thread-safe. Connects when it is first asked.
class StoreDoor : public mcp::DataDoor {
 public:
  explicit StoreDoor(StoreDoorOptions options);

  base::Result<mcp::ContextSummary> context(const mcp::Call& call) override;
  base::Result<std::vector<mcp::DatabaseSummary>> databases(const mcp::Call& call) override;
  base::Result<std::vector<mcp::ObjectSummary>> objects(const mcp::Call& call, access::StoreKind store,
                                                        std::string_view database) override;
  base::Result<mcp::ObjectDetail> describe(const mcp::Call& call, access::StoreKind store, std::string_view database,
                                           std::string_view object) override;
  base::Result<mcp::RowSet> query_documents(const mcp::Call& call, std::string_view database, std::string_view text,
                                            value::Slice bind, const mcp::ReadLimits& limits) override;
  base::Result<mcp::RowSet> query_relational(const mcp::Call& call, std::string_view database, std::string_view text,
                                             value::Slice parameters, const mcp::ReadLimits& limits) override;
  base::Result<mcp::CacheValue> read_cache(const mcp::Call& call, const mcp::CacheRequest& request,
                                           const mcp::ReadLimits& limits) override;
  base::Result<mcp::QueryPlan> explain(const mcp::Call& call, access::StoreKind store, std::string_view database,
                                       std::string_view text, value::Slice bind) override;
  base::Result<mcp::IssuedCredential> issue_credential(const mcp::Call& call,
                                                       const mcp::CredentialRequest& request) override;
  bool may_publish(const access::Principal& principal) override;
  base::Result<uint64_t> publish(const mcp::Call& call, std::string_view channel, std::string_view payload) override;

 private:
  // What a call wants, for guard and audit log.
  struct Wish {
    access::StoreKind store;
    std::string database;
    access::Operation operation;
    std::vector<std::string> objects;
    std::string statement_digest;
  };
  // An access that was allowed, as it stands in the audit log.
  struct Access {
    access::AuditEntry entry;
    access::Limits limits;
    int64_t started_ns;
  };
  // Asks the guard and writes its answer down.
  base::Result<Access> admit(const mcp::Call& call, Wish wish);
  // How it ended; must succeed before a result leaves.
  base::Result<> note(Access access, std::optional<uint64_t> rows, const base::Error* failure);
  std::optional<base::EnvironmentClass> data_class(access::StoreKind store, const std::string& database);

  // A login that can only read, for SQL that a model wrote: the stack's own one could do anything.
  base::Result<stores::relational::ConnectionOptions> reader(const std::string& database) EXCLUDES(mutex_);
  // The same for Redis: an ACL user that reads the keys of the declared key spaces.
  base::Result<std::shared_ptr<stores::cache::CacheStore>> cache_reader() EXCLUDES(mutex_);

  base::Result<std::vector<mcp::DatabaseSummary>> document_databases();
  base::Result<std::vector<mcp::DatabaseSummary>> relational_databases();
  base::Result<std::vector<mcp::ObjectSummary>> collections(const std::string& database);
  base::Result<std::vector<mcp::ObjectSummary>> tables(const std::string& database);
  std::vector<mcp::ObjectSummary> key_spaces() const;
  base::Result<mcp::ObjectDetail> describe_collection(const std::string& database, const std::string& name,
                                                      const mcp::Call& call);
  base::Result<mcp::ObjectDetail> describe_table(const std::string& database, const std::string& name);
  base::Result<mcp::ObjectDetail> describe_key_space(const std::string& name) const;
  base::Result<mcp::RowSet> run_aql(const std::string& database, std::string_view text, value::Slice bind,
                                    const mcp::ReadLimits& limits, const access::Limits& most, const mcp::Call& call);
  base::Result<mcp::RowSet> run_sql(const std::string& database, std::string_view text, value::Slice parameters,
                                    const mcp::ReadLimits& limits, const access::Limits& most, const mcp::Call& call);
  base::Result<access::Lease> make_lease(const mcp::CredentialRequest& request);

  // Connections with one set of logins.
  struct Stores {
    explicit Stores(StoreEndpoints given);
    const StoreEndpoints endpoints;
    const std::unique_ptr<stores::documents::DocumentStore> documents;
    stores::relational::RelationalStore relational;
    stores::cache::CacheStore cache;
  };
  // Those of the logins that hold now; of the last known ones while they cannot be asked. They live as long as the
  // door, as what is running may use the ones before.
  Stores& stores() EXCLUDES(mutex_);

  const StoreDoorOptions options_;
  access::AuditLog audit_;

  struct Reader {
    stores::relational::ConnectionOptions login;
    int64_t expires_unix_s = 0;
  };
  base::Mutex mutex_;
  std::deque<Stores> stores_ GUARDED_BY(mutex_);  // one more after each change of a password
  std::map<std::string, Reader> readers_ GUARDED_BY(mutex_);
  std::shared_ptr<stores::cache::CacheStore> cache_reader_ GUARDED_BY(mutex_);
  int64_t cache_reader_expires_unix_s_ GUARDED_BY(mutex_) = 0;
};

}  // namespace workerdb::cli
