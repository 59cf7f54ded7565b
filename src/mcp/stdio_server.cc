#include "mcp/stdio_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <deque>
#include <map>
#include <thread>

#include "base/log.h"
#include "value/json.h"

namespace workerdb::mcp {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

RpcError make_error(RpcErrorNumber number, std::string message) {
  RpcError error;
  error.number = number;
  error.message = std::move(message);
  return error;
}

// The writing side: whole lines, one at a time, from any thread.
class LineWriter {
 public:
  explicit LineWriter(int output) : output_(output) {}

  void write(std::string line) EXCLUDES(mutex_) {
    line += '\n';
    base::MutexLock lock(mutex_);
    std::string_view rest(line);
    while (!rest.empty() && !is_broken_.load()) {
      ssize_t written = ::write(output_, rest.data(), rest.size());
      if (written > 0) {
        rest.remove_prefix(static_cast<size_t>(written));
      } else if (errno == EAGAIN) {
        pollfd wait{output_, POLLOUT, 0};
        ::poll(&wait, 1, 1'000);
      } else if (errno != EINTR) {
        is_broken_ = true;
      }
    }
  }
  bool is_broken() const { return is_broken_.load(); }

 private:
  const int output_;
  base::Mutex mutex_;
  std::atomic<bool> is_broken_ = false;
};

// What runs and waits. Ids are their JSON texts.
class Requests {
 public:
  Requests(Protocol& protocol, const access::Principal& principal, LineWriter& writer, const StdioOptions& options)
      : protocol_(protocol), principal_(principal), writer_(writer), options_(options) {
    for (int at = 0; at < options.threads; ++at) threads_.emplace_back([this] { work(); });
  }

  // Waits for what is under way, at most `drain_ms`; then cancels it and waits for that.
  ~Requests() {
    {
      base::MutexLock lock(mutex_);
      auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(options_.drain_ms);
      while ((!under_way_.empty() || running_ > 0) && !writer_.is_broken()) {
        if (changed_.wait_until(lock, end) == std::cv_status::timeout) break;
      }
      is_closing_ = true;
      waiting_.clear();
      for (auto& [id, cancelled] : under_way_) cancelled->store(true);
      changed_.notify_all();
      end = std::chrono::steady_clock::now() + std::chrono::milliseconds(options_.stuck_ms);
      while (options_.on_stuck && running_ > 0) {
        if (changed_.wait_until(lock, end) == std::cv_status::timeout) break;
      }
      if (options_.on_stuck && running_ > 0) options_.on_stuck();
    }
    for (std::thread& thread : threads_) thread.join();
  }

  // `version`: empty for the stateless generation.
  void add(Message message, std::string version) EXCLUDES(mutex_) {
    std::string problem;
    {
      base::MutexLock lock(mutex_);
      if (under_way_.size() >= options_.waiting_requests + static_cast<size_t>(options_.threads)) {
        problem = "too many requests at once; wait for answers";
      } else if (under_way_.contains(message.id)) {
        problem = "a request with this id is still running";
      } else {
        auto cancelled = std::make_shared<std::atomic<bool>>(false);
        under_way_[message.id] = cancelled;
        waiting_.push_back({std::move(message), std::move(version), std::move(cancelled)});
      }
    }
    if (!problem.empty()) {
      writer_.write(encode_error(message.id, make_error(RpcErrorNumber::kInvalidRequest, problem)));
    } else {
      changed_.notify_all();
    }
  }

  // An unknown id is ignored, as the answer may have crossed it.
  void cancel(const std::string& id) EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    auto found = under_way_.find(id);
    if (found != under_way_.end()) found->second->store(true);
  }

 private:
  struct Job {
    Message message;
    std::string version;
    std::shared_ptr<std::atomic<bool>> cancelled;
  };

  void work() EXCLUDES(mutex_) {
    while (true) {
      Job job;
      {
        base::MutexLock lock(mutex_);
        while (!is_closing_ && waiting_.empty()) changed_.wait(lock);
        if (is_closing_) return;
        job = std::move(waiting_.front());
        waiting_.pop_front();
        ++running_;
      }
      run(job);
      {
        base::MutexLock lock(mutex_);
        --running_;
      }
      changed_.notify_all();
    }
  }

  void run(const Job& job) {
    Sender sender{principal_, job.cancelled};
    Answer answer;
    if (!job.cancelled->load()) {
      answer = job.version.empty() ? protocol_.answer_stateless(job.message, sender)
                                   : protocol_.answer_handshake(job.message, job.version, sender);
    }
    {
      // Before the answer leaves: its reader may use the id again at once.
      base::MutexLock lock(mutex_);
      under_way_.erase(job.message.id);
    }
    // Nothing more may be sent for a request that was cancelled.
    if (job.cancelled->load()) return;
    for (std::string& notification : answer.notifications) writer_.write(std::move(notification));
    writer_.write(std::move(answer.response));
  }

  Protocol& protocol_;
  const access::Principal& principal_;
  LineWriter& writer_;
  const StdioOptions& options_;
  base::Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Job> waiting_ GUARDED_BY(mutex_);
  std::map<std::string, std::shared_ptr<std::atomic<bool>>> under_way_ GUARDED_BY(mutex_);  // waiting ones too
  bool is_closing_ GUARDED_BY(mutex_) = false;
  int running_ GUARDED_BY(mutex_) = 0;
  std::vector<std::thread> threads_;
};

// Takes lines apart and hands them on. The one thing that is remembered between messages is the version that an
// `initialize` agreed on: in that generation it holds for the process.
class Conversation {
 public:
  Conversation(Protocol& protocol, const access::Principal& principal, LineWriter& writer, Requests& requests,
               const StdioOptions& options)
      : protocol_(protocol), principal_(principal), writer_(writer), requests_(requests), options_(options) {}

  void take_line(std::string_view line) {
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.find_first_not_of(" \t") == std::string_view::npos) return;
    DecodedText decoded = decode_text(line, options_.codec);
    if (!decoded.is_batch) return take(std::move(decoded.messages.front()));
    if (version_ != kOldestVersion) return refuse(batch_refusal());
    take_batch(decoded);
  }

  void refuse(const Refusal& refusal) { writer_.write(encode_error(refusal.id, refusal.error)); }

 private:
  void take(Decoded decoded) {
    if (!decoded) return refuse(decoded.error());
    Message& message = *decoded;
    if (message.kind == MessageKind::kResponse) return;  // this server asks nothing
    if (message.kind == MessageKind::kNotification) return notice(message);
    if (Protocol::is_stateless(message)) return requests_.add(std::move(message), {});
    if (message.method == "initialize") {
      version_ = Protocol::agreed_version(message);
      // Answered in its place: what follows on the stream relies on it.
      return writer_.write(protocol_.answer_handshake(message, version_, {principal_, nullptr}).response);
    }
    if (version_.empty() && message.method != "ping") {
      return refuse(
          {message.id, make_error(RpcErrorNumber::kInvalidParams,
                                  fmt::format("params._meta must have \"{}\" (2026-07-28), or the first request must "
                                              "be \"initialize\" (2025-11-25 and older)",
                                              kVersionKey))});
    }
    requests_.add(std::move(message), version_.empty() ? std::string(kHandshakeVersions[0]) : version_);
  }

  void notice(const Message& message) {
    if (message.method != "notifications/cancelled") return;
    value::Slice id = message.params.slice().get("requestId");
    if (id.is_string() || id.is_int64()) requests_.cancel(value::to_json(id));
  }

  // In order and in this thread: the answers of a batch belong together.
  void take_batch(const DecodedText& decoded) {
    std::string responses;
    for (const Decoded& message : decoded.messages) {
      std::string response;
      if (!message) {
        response = encode_error(message.error().id, message.error().error);
      } else if (message->kind == MessageKind::kRequest) {
        response = protocol_.answer_handshake(*message, kOldestVersion, {principal_, nullptr}).response;
      } else if (message->kind == MessageKind::kNotification) {
        notice(*message);
      }
      if (!response.empty()) responses += (responses.empty() ? "" : ",") + response;
    }
    if (!responses.empty()) writer_.write("[" + responses + "]");
  }

  Protocol& protocol_;
  const access::Principal& principal_;
  LineWriter& writer_;
  Requests& requests_;
  const StdioOptions& options_;
  std::string version_;
};

// Cuts the input into lines. A line that is too long is dropped as a whole, and memory stays bounded.
class LineReader {
 public:
  LineReader(int input, size_t most_bytes) : input_(input), most_bytes_(most_bytes) {}

  // False at the end of the input. `on_line` gets a complete line, `on_overlong` is told of one that was dropped.
  template <typename OnLine, typename OnOverlong>
  Result<bool> read(OnLine on_line, OnOverlong on_overlong) {
    char bytes[16 * 1024];
    ssize_t size = ::read(input_, bytes, sizeof bytes);
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) return true;
    if (size < 0) return Error(ErrorCode::kSysError, fmt::format("cannot read messages: {}", std::strerror(errno)));
    std::string_view rest(bytes, static_cast<size_t>(size));
    while (!rest.empty()) {
      size_t end = rest.find('\n');
      std::string_view part = rest.substr(0, end);
      if (!is_dropping_ && line_.size() + part.size() > most_bytes_) {
        is_dropping_ = true;
        line_.clear();
        on_overlong();
      }
      if (!is_dropping_) line_ += part;
      if (end == std::string_view::npos) break;
      if (!is_dropping_) on_line(std::string_view(line_));
      is_dropping_ = false;
      line_.clear();
      rest.remove_prefix(end + 1);
    }
    if (size == 0 && !line_.empty() && !is_dropping_) on_line(std::string_view(line_));
    return size > 0;
  }

 private:
  const int input_;
  const size_t most_bytes_;
  std::string line_;
  bool is_dropping_ = false;
};

// Waits for input, and looks now and then whether anybody still reads the output.
bool wait_for_input(int input, const LineWriter& writer) {
  while (!writer.is_broken()) {
    pollfd wait{input, POLLIN, 0};
    if (::poll(&wait, 1, 500) != 0) return true;
  }
  return false;
}

}  // namespace

Result<> serve_stdio(int input, int output, Protocol& protocol, const access::Principal& principal,
                     const StdioOptions& options) {
  LineWriter writer(output);
  Requests requests(protocol, principal, writer, options);
  Conversation conversation(protocol, principal, writer, requests, options);
  LineReader reader(input, options.codec.message_bytes);
  auto overlong = [&] {
    conversation.refuse({{},
                         make_error(RpcErrorNumber::kInvalidRequest,
                                    fmt::format("a message has at most {} bytes", options.codec.message_bytes))});
  };
  while (wait_for_input(input, writer)) {
    bool more = TRY(reader.read([&](std::string_view line) { conversation.take_line(line); }, overlong));
    if (!more) break;
  }
  return {};
}

Result<int> claim_standard_output() {
  std::fflush(stdout);
  int channel = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  if (channel < 0 || ::dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
    return Error(ErrorCode::kSysError, fmt::format("standard output cannot be taken over: {}", std::strerror(errno)));
  }
  return channel;
}

}  // namespace workerdb::mcp
