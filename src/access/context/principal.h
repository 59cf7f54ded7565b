#pragma once
// Who asks.
#include <string>
#include <string_view>

namespace workerdb::access {

enum class PrincipalKind { kPerson, kService, kAgent };

std::string_view name_of(PrincipalKind kind);

struct Principal {
  PrincipalKind kind = PrincipalKind::kPerson;
  std::string name;  // "alice", "scheduling", "claude-code"
};

// The principal of this process, for commands: $WORKERDB_PRINCIPAL ("agent:NAME", "service:NAME",
// "person:NAME"); an agent also when the environment has one of the variables with which coding agents mark
// the shells that they open (the value of WORKERDB_PRINCIPAL cannot turn such a shell into a person's); else a
// person with the login's name.
Principal current_principal();

}  // namespace workerdb::access
