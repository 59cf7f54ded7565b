#pragma once
// New passwords for the local stack's logins while it runs. A kill at any point leaves a login that works:
//
//   1  secrets/NAME.next    the new password, on the disk
//   2  the store            takes it (Redis beside the old one)
//   3  secrets/NAME         replaced by the new one
//   4  Redis                forgets the old one
//   5  NAME.next removed; pgpass and the URL files are written anew
//
// Whoever finds a NAME.next and the lock free finishes what a killed rotation began, always towards the new one: a
// request of the killed command may reach the store later.
#include <optional>
#include <string>
#include <vector>

#include "access/context/context.h"
#include "base/result.h"
#include "cli/stack/data_folder.h"
#include "cli/stack/options.h"

namespace workerdb::cli {

struct RotationPlace {
  DataFolder folder;
  std::string address;
  StackPorts ports;
};

// Nothing: all stores. Returns the logins that have a new password now ("documents root"). Sessions go on, and so do
// tokens of the document server; what logs in by an old password fails from now on. Fails with the store's error; the
// logins before it are rotated then, and the one that failed has its old password or the new one, as its file says.
base::Result<std::vector<std::string>> rotate_credentials(const RotationPlace& place,
                                                          std::optional<access::StoreKind> only);

// Finishes an interrupted rotation. Quick where there is none. Stores that are not reached are left for the next
// time.
base::Result<> settle_rotation(const RotationPlace& place);

}  // namespace workerdb::cli
