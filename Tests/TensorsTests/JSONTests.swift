import MartletTensors
import Testing

@Suite struct JSONTests {
  @Test func textsReadBackAsTheSameValue() throws {
    let value: JSON = [
      "z": 1, "a": -2.5, "small": 1e-7, "flag": true, "none": .null, "empty": [:], "list": [1, "two", []],
      "text": "quote \" back \\ line \n tab \t bell \u{7} ü 🐦",
    ]
    #expect(try JSON(parsing: value.text) == value)
    #expect(try JSON(parsing: value.indentedText) == value)
    #expect(value.text.hasPrefix(#"{"z":1,"a":-2.5,"small":1e-07,"flag":true,"none":null,"empty":{},"#))
    #expect(JSON.number(.nan).text == "null")
    #expect(try JSON(parsing: #" "\u00e9\ud83d\ude00\/\b" "#) == "é😀/\u{8}")
    #expect(try JSON(parsing: "[9223372036854775808, 1E2, -0]") == [9223372036854775808.0, 100.0, 0])
  }

  @Test func indentation() {
    let value: JSON = ["a": [1, 2], "b": [:]]
    #expect(value.indentedText == "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {}\n}\n")
  }

  @Test(arguments: [
    ("", "the text ends where a value is expected at byte 0"),
    ("{\"a\":1,\"a\":2}", "the key \"a\" appears twice at byte 7"),
    ("[1,]", "expected a value at byte 3"),
    ("{\"a\" 1}", "expected ':' at byte 5"),
    ("{a:1}", "expected a key in quotes at byte 1"),
    ("[1 2]", "expected ',' or ']' at byte 3"),
    ("01", "a number starts with a needless zero at byte 2"),
    ("1.", "expected a digit after the point at byte 2"),
    ("1e", "expected a digit in the exponent at byte 2"),
    ("-", "expected a digit at byte 1"),
    ("1e999", "the number is too large at byte 0"),
    ("tru", "expected true at byte 0"),
    ("1 1", "unexpected text after the value at byte 2"),
    ("\"a", "a string does not end at byte 0"),
    ("\"\u{1}\"", "a control character in a string must be escaped at byte 1"),
    ("\"\\x\"", "an unknown escape at byte 3"),
    ("\"\\u+123\"", "expected four hexadecimal digits at byte 3"),
    ("\"\\ud800\"", "half of a surrogate pair at byte 7"),
  ])
  func refused(text: String, reason: String) {
    #expect { try JSON(parsing: text) } throws: { "\($0)" == reason }
  }

  @Test func refusesDeepNestingAndBadUTF8() {
    #expect { try JSON(parsing: [UInt8](repeating: UInt8(ascii: "["), count: 100_000)) } throws: {
      "\($0)" == "nested deeper than 64 at byte 64"
    }
    #expect { try JSON(parsing: [0x22, 0xC3, 0x22]) } throws: {
      "\($0)" == "a string is not valid UTF-8 at byte 0"
    }
  }
}
