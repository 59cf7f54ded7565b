#pragma once
// How long to wait after a crash, and when to stop trying. Pure: the caller brings the time.
#include <cstdint>
#include <deque>

namespace workerdb::supervise {

struct RestartPolicy {
  int64_t first_backoff_ms = 200;
  int64_t longest_backoff_ms = 10'000;  // the cap of the doubling
  int crashes_allowed = 5;              // more than this within window_ms is a crash loop
  int64_t window_ms = 60'000;
};

class CrashHistory {
 public:
  explicit CrashHistory(RestartPolicy policy) : policy_(policy) {}

  struct Verdict {
    bool give_up = false;
    int64_t backoff_ms = 0;  // meaningful unless give_up
    int crashes = 0;         // within the window, this one included
  };
  // `now_ms` never goes back. The backoff doubles with each crash inside the window, so a service that ran
  // well for a whole window starts again at first_backoff_ms.
  Verdict record(int64_t now_ms);
  // Forgets everything: somebody started the service on purpose.
  void reset() { crashes_ms_.clear(); }

 private:
  RestartPolicy policy_;
  std::deque<int64_t> crashes_ms_;
};

}  // namespace workerdb::supervise
