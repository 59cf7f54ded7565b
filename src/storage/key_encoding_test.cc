#include "storage/key_encoding.h"

#include <gtest/gtest.h>

#include <random>

#include "value/json.h"
#include "value/order.h"

namespace workerdb::storage {
namespace {

using value::Buffer;
using value::Builder;
using value::Slice;

std::string encoded(Slice value) {
  std::string bytes;
  append_encoded(value, bytes);
  return bytes;
}

std::string hex(std::string_view bytes) {
  std::string text;
  for (unsigned char byte : bytes) {
    if (!text.empty()) text += ' ';
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

std::string hex_of_json(std::string_view json) { return hex(encoded(value::parse_json(json).value().slice())); }

TEST(KeyEncoding, GoldenBytes) {
  EXPECT_EQ(hex_of_json("null"), "10");
  EXPECT_EQ(hex_of_json("false"), "20");
  EXPECT_EQ(hex_of_json("true"), "21");
  EXPECT_EQ(hex_of_json("0"), "30 80 00 00 00 00 00 00 00");
  EXPECT_EQ(hex_of_json("-0.0"), "30 80 00 00 00 00 00 00 00");
  EXPECT_EQ(hex_of_json("1"), "30 bf f0 00 00 00 00 00 00");
  EXPECT_EQ(hex_of_json("-1.5"), "30 40 07 ff ff ff ff ff ff");
  EXPECT_EQ(hex_of_json("9007199254740993"), "30 c3 40 00 00 00 00 00 00 00 01");
  EXPECT_EQ(hex_of_json("18446744073709551615"), "30 c3 ef ff ff ff ff ff ff 07 ff");
  EXPECT_EQ(hex_of_json("-9223372036854775808"), "30 3c 1f ff ff ff ff ff ff 00 00");
  EXPECT_EQ(hex_of_json("1e300"), "30 fe 37 e4 3c 88 00 75 9c");
  EXPECT_EQ(hex_of_json("\"\""), "40 00 02");
  EXPECT_EQ(hex_of_json("\"running\""), "40 72 75 6e 6e 69 6e 67 00 02");
  EXPECT_EQ(hex_of_json("\"a\\u0001\""), "40 61 00 03 61 01 00 01");
  EXPECT_EQ(hex_of_json("\"\\u0000b\""), "40 62 00 01 00 ff 62 00 01");
  EXPECT_EQ(hex_of_json("\"\\n\""), "40 1f 03 06 01 05 01 05 00 0a 00 01");
  EXPECT_EQ(hex_of_json("\"日\""), "40 7f fa e8 c2 01 05 01 05 00 e6 97 a5 00 01");
  EXPECT_EQ(hex_of_json("[\"Zoë\",2.5]"),
            "50 40 5a 6f 65 01 01 43 96 01 08 00 5a 6f c3 ab 00 01 30 c0 04 00 00 00 00 00 00 00");
  EXPECT_EQ(hex_of_json("[1,null,null]"), "50 30 bf f0 00 00 00 00 00 00 00");
  EXPECT_EQ(hex_of_json("{\"b\":true,\"a\":null}"), "60 bf 9d ff fd 21 00");
}

// Values that are close to each other, so that all kinds of ties come up.
class Values {
 public:
  Slice next(Builder& builder) {
    builder.clear();
    append(builder, 0);
    return builder.slice();
  }
  std::string text() {
    static const std::vector<std::string> pieces = {"a",
                                                    "b",
                                                    "A",
                                                    "B",
                                                    "z",
                                                    "~",
                                                    " ",
                                                    "-",
                                                    "_",
                                                    "0",
                                                    "9",
                                                    "/",
                                                    "é",
                                                    "e",
                                                    "e\u0301",
                                                    "ö",
                                                    "ß",
                                                    "ss",
                                                    "日",
                                                    "本",
                                                    "\u00ad",
                                                    "\x01",
                                                    std::string(1, '\0'),
                                                    "\n",
                                                    "\x7f",
                                                    "α",
                                                    "Ω",
                                                    "ж",
                                                    "ﬁ",
                                                    "\u212a",
                                                    "K",
                                                    "k",
                                                    "😀",
                                                    "\u200b",
                                                    "Å",
                                                    "\u0301",
                                                    "١",
                                                    "1",
                                                    "å",
                                                    "한",
                                                    "ก",
                                                    "์",
                                                    "\uffff",
                                                    "\ufffe"};
    std::string result;
    for (size_t size = pick(random_) % 5; size > 0; --size) result += pieces[pick(random_) % pieces.size()];
    if (pick(random_) % 40 == 0) result.append(30 + pick(random_) % 120, 'a');
    return result;
  }
  void append_number(Builder& builder) {
    static constexpr double kEdges[] = {0.0,
                                        1.0,
                                        0.5,
                                        9007199254740992.0,
                                        9223372036854775808.0,
                                        18446744073709551616.0,
                                        1e300,
                                        4e-320,
                                        36028797018963968.0};
    switch (pick(random_) % 4) {
      case 0: return builder.integer(int64_t(pick(random_) % 5) - 2);
      case 1: {
        double edge = kEdges[pick(random_) % std::size(kEdges)];
        if (pick(random_) % 3 == 0) edge = std::nextafter(edge, pick(random_) % 2 == 0 ? 1e308 : -1e308);
        return builder.number(pick(random_) % 2 == 0 ? edge : -edge);
      }
      case 2: {
        uint64_t magnitude = (uint64_t(1) << (pick(random_) % 64)) + pick(random_) % 5 - 2;
        if (pick(random_) % 2 == 0) return builder.unsigned_integer(magnitude);
        return builder.integer(-int64_t(magnitude >> 1));
      }
      default: return builder.integer(pick(random_) % 2 == 0 ? INT64_MAX : INT64_MIN);
    }
  }

 private:
  void append(Builder& builder, int depth) {
    switch (pick(random_) % (depth < 3 ? 8 : 6)) {
      case 0: return builder.null();
      case 1: return builder.boolean(pick(random_) % 2 == 0);
      case 2:
      case 3: return append_number(builder);
      case 4:
      case 5: return builder.string(text());
      case 6:
        builder.open_array();
        for (size_t size = pick(random_) % 4; size > 0; --size) append(builder, depth + 1);
        return builder.close();
      default:
        builder.open_object();
        for (size_t size = pick(random_) % 4; size > 0; --size) {
          builder.key(text());
          append(builder, depth + 1);
        }
        return builder.close();
    }
  }

  std::mt19937_64 random_{20260131};
  std::uniform_int_distribution<uint32_t> pick;
};

int sign(int number) { return number < 0 ? -1 : number > 0; }

void expect_same_order(Slice a, Slice b) {
  std::string left = encoded(a), right = encoded(b);
  ASSERT_EQ(sign(left.compare(right)), sign(value::compare(a, b)))
      << value::to_json(a) << " and " << value::to_json(b) << "\n"
      << hex(left) << "\n"
      << hex(right);
  // What follows an encoding must not matter.
  if (left != right) {
    ASSERT_FALSE(left.starts_with(right) || right.starts_with(left)) << hex(left) << "\n" << hex(right);
  }
}

TEST(KeyEncoding, OrdersAsCompareDoes) {
  Values values;
  Builder left, right;
  for (int i = 0; i < 60'000; ++i) expect_same_order(values.next(left), values.next(right));
}

TEST(KeyEncoding, OrdersStringsAsCompareDoes) {
  Values values;
  Builder left, right;
  for (int i = 0; i < 60'000; ++i) {
    left.clear(), right.clear();
    left.string(values.text()), right.string(values.text());
    expect_same_order(left.slice(), right.slice());
  }
}

TEST(KeyEncoding, OrdersNumbersAsCompareDoes) {
  Values values;
  Builder left, right;
  for (int i = 0; i < 60'000; ++i) {
    left.clear(), right.clear();
    values.append_number(left), values.append_number(right);
    expect_same_order(left.slice(), right.slice());
  }
}

TEST(KeyEncoding, DecodesWhatItEncoded) {
  Values values;
  Builder builder, decoded;
  for (int i = 0; i < 30'000; ++i) {
    Slice original = values.next(builder);
    std::string bytes = encoded(original) + "behind";
    std::string_view rest = bytes, skipped = bytes;
    decoded.clear();
    ASSERT_TRUE(decode(rest, decoded)) << hex(bytes);
    EXPECT_EQ(rest, "behind");
    ASSERT_TRUE(skip_encoded(skipped));
    EXPECT_EQ(skipped, "behind");
    ASSERT_TRUE(value::equal(decoded.slice(), original)) << hex(bytes);
    if (decodes_exactly(original) && original.is_double() && original.as_double() != 0) {
      EXPECT_EQ(value::to_json(decoded.slice()), value::to_json(original));
    }
  }
}

TEST(KeyEncoding, RefusesCorruptBytesWithoutReadingBeyondThem) {
  Values values;
  Builder builder, decoded;
  std::mt19937 random(7);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = encoded(values.next(builder));
    bytes[random() % bytes.size()] ^= char(1u << (random() % 8));
    bytes.resize(random() % (bytes.size() + 1));
    std::string_view rest(bytes);
    decoded.clear();
    Builder fresh;
    if (!decode(rest, fresh)) SUCCEED();
  }
  std::string deep(100'000, '\x50');
  std::string_view rest(deep);
  Builder fresh;
  EXPECT_FALSE(decode(rest, fresh));
}

}  // namespace
}  // namespace workerdb::storage
