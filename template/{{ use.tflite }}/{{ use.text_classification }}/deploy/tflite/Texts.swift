// From a text to the model's input, and from its output to an answer; on iOS and macOS, by the facts
// in manifest.json. The same numbers as tokens.py makes.
//
// cases.json, beside manifest.json, has texts with the inputs and the answers that must come out.

import Foundation

/// What a model of texts takes and gives.
struct Texts {
  struct Facts: Decodable {
    let classes: [String]
    let length: Int
  }
  struct Manifest: Decodable {
    let facts: Facts
  }

  let facts: Facts

  /// `manifest` is the content of manifest.json.
  init(manifest: Data) throws {
    facts = try JSONDecoder().decode(Manifest.self, from: manifest).facts
  }

  /// The input `tokens` of one text: the bytes of UTF-8, each plus one; 0 fills up.
  func encode(_ text: String) -> [Int32] {
    var codes = [Int32](repeating: 0, count: facts.length)
    for (place, byte) in Texts.toBytes(text).prefix(facts.length).enumerated() {
      codes[place] = Int32(byte) + 1
    }
    return codes
  }

  /// The most probable class and its probability.
  func answer(_ output: [Float]) -> (label: String, probability: Float) {
    let best = output.indices.max { output[$0] < output[$1] }!
    return (facts.classes[best], output[best])
  }

  /// A text as the network reads it, before it is cut: in normal form NFC, as bytes of UTF-8.
  static func toBytes(_ text: String) -> [UInt8] {
    Array(text.precomposedStringWithCanonicalMapping.utf8)
  }
}
