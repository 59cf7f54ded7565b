#pragma once
// The parser's state: recursive descent for statements, precedence climbing for operators. Internal to this folder.
#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "aql/syntax/statement.h"
#include "aql/syntax/token.h"

namespace workerdb::aql::syntax {

class Parser {
 public:
  explicit Parser(std::string_view text) : lexer_(text) {}
  base::Result<std::unique_ptr<Query>> parse_all();

 private:
  template <typename T>
  using Result = base::Result<T>;

  // tokens
  base::Result<> fill(size_t count);
  const Token& token() const { return tokens_.front(); }
  // The token `ahead` places behind the current one; an error of the lexer counts as the end and is found later.
  const Token& peek(size_t ahead = 1);
  bool is(TokenKind kind) const { return token().kind == kind; }
  bool is_word(const Token& token, std::string_view upper) const;
  base::Result<> advance();
  base::Result<bool> accept(TokenKind kind);
  base::Result<> expect(TokenKind kind);
  base::Error unexpected() const { return unexpected(token()); }
  base::Error unexpected(const Token& token) const;
  base::Error too_deep() const;

  // expressions (expression_parser.cc); each leaves its tree's height in height_
  Result<ExpressionPtr> parse_expression();
  Result<ExpressionPtr> parse_binary(int lowest_level);
  Result<ExpressionPtr> parse_chain(ExpressionPtr first, BinaryOperator op, TokenKind sign, TokenKind word, int level);
  Result<ExpressionPtr> parse_array_comparison(ExpressionPtr left);
  Result<ExpressionPtr> parse_unary();
  Result<ExpressionPtr> parse_postfix(ExpressionPtr object);
  Result<ExpressionPtr> parse_brackets(ExpressionPtr object, bool& is_expansion);
  Result<ExpressionPtr> parse_expansion(ExpressionPtr array, Position at);
  Result<ExpressionPtr> parse_question_mark(ExpressionPtr array, Position at);
  // primaries (primary_parser.cc)
  Result<ExpressionPtr> parse_primary();
  Result<ExpressionPtr> parse_parenthesis();
  Result<ExpressionPtr> parse_subquery();
  Result<ExpressionPtr> parse_call();
  Result<ExpressionPtr> parse_array();
  Result<ExpressionPtr> parse_object();
  Result<ObjectLiteral::Attribute> parse_attribute();

  // statements (statement_parser.cc, clause_parser.cc)
  Result<std::unique_ptr<Query>> parse_block();
  Result<Statement> parse_statement();
  Result<Statement::Node> parse_for();
  // graph_parser.cc: what stands between IN and the end of a FOR over a graph, `depth` being read already
  Result<Statement::Node> parse_graph_for(Target first, std::vector<Declaration> others, ExpressionPtr depth,
                                          const std::optional<Token>& comma);
  base::Result<> parse_graph_source(GraphSource& source);
  base::Result<> parse_prune(Traverse& traverse);
  Result<Statement::Node> parse_find_paths(FindPaths paths);
  base::Result<> parse_let(Query& query);
  Result<Statement::Node> parse_sort();
  Result<Statement::Node> parse_limit();
  Result<Statement::Node> parse_collect();
  base::Result<> parse_collect_into(Collect& collect);
  Result<Statement::Node> parse_window();
  Result<Statement::Node> parse_return();
  Result<Statement::Node> parse_insert();
  Result<Statement::Node> parse_update(bool replaces);
  Result<Statement::Node> parse_remove();
  Result<Statement::Node> parse_upsert();
  Result<Statement::Node> parse_with();
  Result<Target> parse_target(uint32_t level = 0);
  Result<Declaration> parse_declaration();
  Result<std::vector<Assignment>> parse_assignments(bool aggregates);
  Result<CollectionName> parse_collection_name();
  base::Result<> parse_into_collection(CollectionName& collection, ExpressionPtr& options);
  Result<ExpressionPtr> parse_options();
  // Up to INTO or IN, which is then no operator.
  Result<ExpressionPtr> parse_document();

  static bool starts_statement(TokenKind kind);
  static bool is_direction(TokenKind kind);
  base::Result<> raise_height(uint32_t height);

  Lexer lexer_;
  std::deque<Token> tokens_;
  uint32_t depth_ = 0;   // of the recursion
  uint32_t height_ = 0;  // of the tree that was returned last
  bool in_is_operator_ = true;
  std::optional<base::Error> lexer_error_;  // met while looking ahead; what stands behind it is never read
  friend class DepthGuard;
};

class DepthGuard {
 public:
  explicit DepthGuard(Parser& parser) : parser_(parser) { ++parser_.depth_; }
  ~DepthGuard() { --parser_.depth_; }
  DepthGuard(const DepthGuard&) = delete;
  DepthGuard& operator=(const DepthGuard&) = delete;
  bool is_too_deep() const { return parser_.depth_ > kMaxNesting; }

 private:
  Parser& parser_;
};

// Sets a flag for the time of a scope.
class FlagScope {
 public:
  FlagScope(bool& flag, bool value) : flag_(flag), before_(flag) { flag_ = value; }
  ~FlagScope() { flag_ = before_; }
  FlagScope(const FlagScope&) = delete;
  FlagScope& operator=(const FlagScope&) = delete;

 private:
  bool& flag_;
  bool before_;
};

}  // namespace workerdb::aql::syntax
