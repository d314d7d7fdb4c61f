// From the texts of a row to the model's inputs, and from its output to an answer; on iOS and macOS, by
// the facts in manifest.json. The same numbers and codes as columns.py makes.
//
// cases.json, beside manifest.json, has rows with the inputs and the answers that must come out.

import Foundation

/// What a model of a table takes and gives.
struct Rows {
  struct Column: Decodable {
    let name: String
    let kind: String  // number, date or category
    let median: Double?
    let mean: Double?
    let scale: Double?
    let decimal: String?
    let format: String?
    let flag: Bool?
    let values: [String]?
    let missing_numbers: [Double]?
    let missing_texts: [String]?
  }
  struct Target: Decodable {
    let classes: [String]?
  }
  struct Facts: Decodable {
    let columns: [Column]
    let target: Target
  }
  struct Manifest: Decodable {
    let facts: Facts
  }
  struct MissingColumn: Error {
    let name: String
  }

  static let farthest = 10.0  // scales from the mean: a number that is farther counts as that far
  static let largest = 3e38  // of what float32 can hold
  static let missing: Set<String> = [
    "", "na", "n/a", "nan", "null", "none", "nil", "?", "-", "--", ".", "#n/a", "<na>",
  ]
  // By what stands before the decimals.
  static let numbers = [
    ".": #"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"#,
    ",": #"[+-]?(([0-9]{1,3}(\.[0-9]{3})+|[0-9]+)(,[0-9]*)?|,[0-9]+)([eE][+-]?[0-9]+)?"#,
  ]
  // What Python's str.strip takes for space.
  static let space = CharacterSet(
    charactersIn: "\t\n\u{b}\u{c}\r\u{1c}\u{1d}\u{1e}\u{1f} \u{85}\u{a0}\u{1680}\u{2028}\u{2029}"
      + "\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}\u{2007}\u{2008}\u{2009}\u{200a}"
      + "\u{202f}\u{205f}\u{3000}")

  let facts: Facts

  /// `manifest` is the content of manifest.json.
  init(manifest: Data) throws {
    facts = try JSONDecoder().decode(Manifest.self, from: manifest).facts
  }

  /// The inputs `numbers` and `codes` of one row; the model has those that are not empty.
  func encode(_ row: [String: String]) throws -> (numbers: [Float], codes: [Int32]) {
    var numbers: [Float] = []
    var codes: [Int32] = []
    for column in facts.columns {
      guard let cell = row[column.name] else { throw MissingColumn(name: column.name) }
      let text = Rows.text(of: cell, in: column)
      if column.kind == "category" {
        let place = column.values!.firstIndex { Rows.same($0, text) }
        codes.append(Int32((place ?? -1) + 1))  // 0: unknown
        continue
      }
      let number = Rows.number(of: column, text)
      let scaled = ((number.isNaN ? column.median! : number) - column.mean!) / column.scale!
      numbers.append(Float(min(max(scaled, -Rows.farthest), Rows.farthest)))
      if column.flag! { codes.append(number.isNaN ? 1 : 0) }
    }
    return (numbers, codes)
  }

  /// The most probable class and its probability; or, of a value, the value alone.
  func answer(_ output: [Float]) -> (label: String?, value: Float) {
    guard let classes = facts.target.classes else { return (nil, output[0]) }
    let best = output.indices.max { output[$0] < output[$1] }!
    return (classes[best], output[best])
  }

  static func text(of cell: String) -> String {
    let text = cell.trimmingCharacters(in: space)
    return missing.contains(text.lowercased()) ? "" : text
  }

  /// Empty, too, where it stands for a missing value in the column.
  static func text(of cell: String, in column: Column) -> String {
    let text = Rows.text(of: cell)
    if let numbers = column.missing_numbers {
      return numbers.contains(number(of: column, text)) ? "" : text
    }
    return (column.missing_texts ?? []).contains { same($0, text) } ? "" : text
  }

  /// By their scalars: "é" in one and in two of them are different texts, as in Python.
  static func same(_ one: String, _ other: String) -> Bool {
    Array(one.unicodeScalars) == Array(other.unicodeScalars)
  }

  static func number(of column: Column, _ text: String) -> Double {
    if column.kind == "date" { return days(text, column.format!) }
    guard groups(numbers[column.decimal!]!, text) != nil else { return .nan }
    let plain =
      column.decimal == ","
      ? text.replacingOccurrences(of: ".", with: "").replacingOccurrences(of: ",", with: ".") : text
    guard let number = Double(plain), abs(number) < largest else { return .nan }
    return number
  }

  /// A date as days since 1970; NaN where there is none.
  static func days(_ text: String, _ format: String) -> Double {
    var pattern = NSRegularExpression.escapedPattern(for: format)
    var codes: [(code: String, place: String.Index)] = []
    for code in ["%Y", "%m", "%d", "%H", "%M", "%S"] {
      guard let place = format.range(of: code) else { continue }
      codes.append((code, place.lowerBound))
      let digits = code == "%Y" ? "([0-9]{4})" : "([0-9]{1,2})"
      pattern = pattern.replacingOccurrences(of: code, with: digits)
    }
    guard let found = groups(pattern, text) else { return .nan }
    let order = codes.sorted { $0.place < $1.place }.map { $0.code }
    let parts = Dictionary(uniqueKeysWithValues: zip(order, found.map { Int($0)! }))
    let (year, month, day) = (parts["%Y"]!, parts["%m"]!, parts["%d"]!)
    let (hour, minute, second) = (parts["%H"] ?? 0, parts["%M"] ?? 0, parts["%S"] ?? 0)
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let lengths = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    guard year > 0, (1...12).contains(month), (1...lengths[month - 1]).contains(day),
      hour < 24, minute < 60, second < 60
    else { return .nan }
    let before = year - 1
    let leaps = before / 4 - before / 100 + before / 400
    let date = before * 365 + leaps + lengths[..<(month - 1)].reduce(0, +) + day - 1
    return Double((date - 719_162) * 86400 + hour * 3600 + minute * 60 + second) / 86400
  }

  /// What the groups of a pattern have in a text that fits it as a whole.
  private static func groups(_ pattern: String, _ text: String) -> [String]? {
    let whole = NSRange(text.startIndex..., in: text)
    guard let regex = try? NSRegularExpression(pattern: "\\A(?:\(pattern))\\z"),
      let match = regex.firstMatch(in: text, range: whole)
    else { return nil }
    return (1..<match.numberOfRanges).map { place in
      Range(match.range(at: place), in: text).map { String(text[$0]) } ?? ""
    }
  }
}
