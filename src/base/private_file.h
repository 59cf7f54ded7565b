#pragma once
// Files of mode 0600 that appear whole or not at all, and that are on the disk when the call returns;
// and small files of any kind.
#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace workerdb::base {

// Where commands keep what belongs to a person and not to a stack (approvals, the audit log):
// $WORKERDB_STATE_HOME, else $XDG_STATE_HOME/workerdb, else ~/.local/state/workerdb.
std::string state_folder();

// The folder and those above it, each made with mode 0700 when it is missing. Fails with
// kCannotCreateDirectory, and with kForbidden when the folder itself belongs to another user or others may write
// to it.
Result<> make_private_folder(const std::string& path);

struct FileOwner {
  uid_t uid = 0;
  gid_t gid = 0;
};

struct ReplaceOptions {
  std::optional<FileOwner> owner;  // who gets the file; root alone may give one away
  bool is_synced = true;           // false for what a crash of the machine makes untrue anyway
};

// Replaces the file by way of a temporary one of a name of its own beside it; file and name are synced. Fails
// with kFilesystemFull or kCannotWriteFile, naming the path.
Result<> replace_private_file(const std::string& path, std::string_view content, const ReplaceOptions& options = {});

// At most 1 MiB. Fails with kFileNotFound, with kForbidden when it belongs to another user or others have rights
// on it, and with kCannotReadFile.
Result<std::string> read_private_file(const std::string& path);

// Any file, at most 1 MiB, whoever may read it. Fails with kFileNotFound and kCannotReadFile, naming the path.
Result<std::string> read_small_file(const std::string& path);

// Makes names of a folder durable.
Result<> sync_folder(const std::string& path);

}  // namespace workerdb::base
