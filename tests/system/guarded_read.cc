// Runs read attempts through access/guard/read_only.h against the stores of a stack, for bypass_test.py.
//
//   guarded_read on|off CONFIG < ATTEMPTS > ANSWERS
//
// CONFIG is a JSON file with logins and scopes; ATTEMPTS has a JSON object a line. `off` switches the second layer
// (the analysis of the query) off, so that only the store itself stands in the way. No answer is longer than
// 64 KiB.
#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <sstream>

#include "access/guard/read_only.h"
#include "stores/documents/remote/remote_store.h"
#include "stores/relational/rows_json.h"
#include "value/json.h"

namespace {

using workerdb::access::ReadOutcome;
using workerdb::access::ReadScope;
using workerdb::base::Result;
using workerdb::value::Buffer;
using workerdb::value::Builder;
using workerdb::value::Slice;

std::string text_of(Slice value) { return value.is_string() ? std::string(value.as_string()) : ""; }

std::vector<std::string> texts_of(Slice list) {
  std::vector<std::string> texts;
  if (!list.is_array()) return texts;
  for (workerdb::value::ArrayIterator item(list); item.valid(); item.next()) texts.push_back(text_of(item.value()));
  return texts;
}

class Reader {
 public:
  Reader(Slice config, workerdb::access::SecondLayer layer) : config_(config), layer_(layer) {
    Slice login = config.get("documents");
    workerdb::stores::documents::RemoteOptions options;
    options.port = uint16_t(login.get("port").as_int64());
    options.user = text_of(login.get("user"));
    options.password = text_of(login.get("password"));
    documents_ = workerdb::stores::documents::make_remote_store(options);
  }

  Result<ReadOutcome> read(Slice attempt, std::vector<std::string>& rows) {
    std::string store = text_of(attempt.get("store"));
    if (store == "sql") return read_relational(attempt, rows);
    if (store == "aql") return read_documents(attempt, rows);
    return read_cache(attempt, rows);
  }

 private:
  ReadScope scope(const char* store) const {
    ReadScope scope;
    scope.limits = {100, 60'000, 800};
    scope.objects = texts_of(config_.get(store).get("objects"));
    scope.second_layer = layer_;
    return scope;
  }

  Result<ReadOutcome> read_relational(Slice attempt, std::vector<std::string>& rows) {
    Slice login = config_.get("relational");
    workerdb::stores::relational::ConnectionOptions options;
    options.conninfo = fmt::format("host=127.0.0.1 port={}", login.get("port").as_int64());
    options.user = text_of(login.get("user"));
    options.password = text_of(login.get("password"));
    options.database = text_of(login.get("database"));
    std::vector<workerdb::stores::relational::Parameter> parameters;
    for (std::string& text : texts_of(attempt.get("parameters"))) parameters.emplace_back(std::move(text));
    return workerdb::access::read_relational(options, text_of(attempt.get("text")), parameters, scope("relational"),
                                             [&](const workerdb::stores::relational::Rows& row) -> Result<> {
                                               Builder json;
                                               workerdb::stores::relational::append_row(row, 0, json);
                                               rows.push_back(workerdb::value::to_json(json.slice()));
                                               return {};
                                             });
  }

  Result<ReadOutcome> read_documents(Slice attempt, std::vector<std::string>& rows) {
    auto database = TRY(documents_->open(text_of(config_.get("documents").get("database"))));
    return workerdb::access::read_documents(*database, text_of(attempt.get("text")), attempt.get("bind"),
                                            scope("documents"), {}, [&](Slice row) -> Result<> {
                                              rows.push_back(workerdb::value::to_json(row));
                                              return {};
                                            });
  }

  Result<ReadOutcome> read_cache(Slice attempt, std::vector<std::string>& rows) {
    Slice login = config_.get("cache");
    workerdb::stores::cache::CacheOptions options;
    options.port = int(login.get("port").as_int64());
    options.user = text_of(login.get("user"));
    options.password = text_of(login.get("password"));
    auto outcome = TRY(workerdb::access::read_cache(options, texts_of(attempt.get("command")), scope("cache")));
    Builder json;
    workerdb::stores::cache::append_reply(outcome.reply, json);
    rows.push_back(workerdb::value::to_json(json.slice()));
    return ReadOutcome{1, rows.back().size(), outcome.truncated, {}};
  }

  Slice config_;
  workerdb::access::SecondLayer layer_;
  std::unique_ptr<workerdb::stores::documents::DocumentStore> documents_;
};

std::string answer_of(Reader& reader, std::string_view line) {
  Builder answer;
  answer.open_object();
  auto attempt = workerdb::value::parse_json(line);
  std::vector<std::string> rows;
  auto outcome = attempt ? reader.read(attempt->slice(), rows) : Result<ReadOutcome>(attempt.error());
  answer.add("ok", bool(outcome));
  if (!outcome) answer.add("error", fmt::format("{} {}", outcome.error().number(), outcome.error().message()));
  if (outcome && outcome->truncated) answer.add("truncated", *outcome->truncated);
  answer.key("rows");
  answer.open_array();
  for (const std::string& row : rows) answer.string(row.substr(0, 65'536));
  answer.close();
  answer.close();
  return workerdb::value::to_json(answer.slice());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  std::ifstream file(argv[2]);
  std::stringstream text;
  text << file.rdbuf();
  auto config = workerdb::value::parse_json(text.str());
  if (!config) return 2;
  bool is_on = std::string_view(argv[1]) == "on";
  Reader reader(config->slice(), is_on ? workerdb::access::SecondLayer::kOn : workerdb::access::SecondLayer::kOff);
  for (std::string line; std::getline(std::cin, line);) std::cout << answer_of(reader, line) << std::endl;
  return 0;
}
