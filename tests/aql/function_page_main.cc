// aql_function_page FILE: writes the documentation page of AQL's functions.
#include <cstdio>
#include <fstream>

#include "aql/functions/function_page.h"

int main(int count, char** arguments) {
  if (count != 2) {
    std::fputs("usage: aql_function_page FILE\n", stderr);
    return 2;
  }
  std::ofstream file(arguments[1], std::ios::binary);
  file << workerdb::aql::functions::function_page();
  file.close();
  return file ? 0 : 1;
}
