// Open a folder, insert, query. Usage: embedded FOLDER
#include <cstdio>

#include "engine/engine.h"

using namespace workerdb;

static base::Result<> run(const char* folder) {
  auto engine = TRY(engine::Engine::open(folder));
  auto shop = TRY(engine->create_database("shop"));
  auto orders = TRY(shop.create_collection("orders"));
  for (int total : {5, 12, 40}) {
    value::Builder order;
    order.open_object();
    order.add("total", total);
    order.close();
    TRY(orders.insert(order.slice()));
  }
  auto cursor = TRY(shop.query("FOR o IN orders FILTER o.total > 10 SORT o.total RETURN o.total"));
  while (TRY(cursor.has_more())) std::puts(value::to_json(TRY(cursor.next())).c_str());
  return {};
}

int main(int argc, char** argv) {
  auto done = run(argc > 1 ? argv[1] : "data");
  if (!done) std::fprintf(stderr, "error %d: %s\n", done.error().number(), done.error().message().c_str());
  return done ? 0 : 1;
}
