#pragma once
// How well a term's occurrences in one document speak for it. Source: the 3.12 documentation, "ArangoSearch functions
// in AQL", scoring functions; the example of BOOST() fixes BM25's numbers.
#include <cmath>
#include <cstdint>

namespace workerdb::search {

// A field (path and analyzer) over all documents that have terms in it.
struct FieldStatistics {
  uint64_t documents = 0, terms = 0;
};

struct Occurrences {
  double frequency;    // of the term in the document
  double field_terms;  // all terms of the field there
  uint64_t documents;  // that have the term
};

struct Bm25 {
  double k = 1.2, b = 0.75;
  double idf(const FieldStatistics& field, uint64_t documents) const {
    return std::log1p((double(field.documents - documents) + 0.5) / (double(documents) + 0.5));
  }
  double weight(const FieldStatistics& field, const Occurrences& in, bool has_norm) const {
    double length = 1;
    if (has_norm && field.terms > 0) {
      double average = double(field.terms) / double(field.documents);
      length = 1 - b + b * (1 / std::sqrt(in.field_terms)) / average;
    } else if (has_norm) {
      length = 1 - b;
    }
    return (k + 1) * in.frequency / (in.frequency + k * length);
  }
};

struct Tfidf {
  bool normalizes = false;
  double idf(const FieldStatistics& field, uint64_t documents) const {
    return 1 + std::log(double(field.documents) / double(documents + 1));
  }
  double weight(const FieldStatistics&, const Occurrences& in, bool has_norm) const {
    double weight = std::sqrt(in.frequency);
    return normalizes && has_norm ? weight / std::sqrt(in.field_terms) : weight;
  }
};

}  // namespace workerdb::search
