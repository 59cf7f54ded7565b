#pragma once
// How long to wait between attempts to connect. Pure: the caller brings the time.
#include <cstdint>
#include <random>

namespace workerdb::access::tunnel {

// Why an attempt came to nothing.
enum class Setback {
  kUnreachable,  // no route, no answer, refused by the network, cut: time alone may mend it
  kRefused,      // no key, unknown host, wrong configuration: a person must; trying often locks accounts out
};

class RetryPace {
 public:
  explicit RetryPace(uint32_t seed) : random_(seed) {}

  // An outage begins: the next attempt is immediate, the pauses start small again.
  void reset() { failures_ = refusals_ = 0; }
  // The pause after a failed attempt: 100 ms, doubling, half of it at random so that many clients of one
  // server do not come back at once. It stays below half a second for the first ten seconds of an outage and for
  // as long as somebody waits for data (`wanted`), else it grows to 10 s; after a refusal from 2 s to 60 s.
  int64_t pause_ms(Setback setback, bool wanted, int64_t outage_ms);

 private:
  std::minstd_rand random_;
  int failures_ = 0;
  int refusals_ = 0;
};

}  // namespace workerdb::access::tunnel
