// Computes what the programs for iOS make of cases: `program KIND manifest.json cases.json`; one line of JSON each.

import Foundation

func read(_ place: Int) throws -> Data {
  try Data(contentsOf: URL(fileURLWithPath: CommandLine.arguments[place]))
}

func floats(_ values: [Float]) -> [Double] { values.map(Double.init) }

func answer(_ kind: String, _ given: Data, _ value: Any) throws -> Any {
  switch kind {
  case "texts":
    return try Texts(manifest: given).encode(value as! String)
  case "rows":
    let found = try Rows(manifest: given).encode(value as! [String: String])
    return ["numbers": floats(found.numbers), "codes": found.codes] as [String: Any]
  case "windows":
    let manifest = try JSONSerialization.jsonObject(with: given) as! [String: Any]
    let windows = Windows(manifest: manifest)!
    let one = value as! [String: [Any]]
    let values = one["values"]!.map { $0 as? Double ?? .nan }
    guard let history = windows.history(values) else { return NSNull() }
    let output = one["output"]!.map { Float($0 as! Double) }
    let forecast = windows.forecast(windows.after(output, history: history))
    return [
      "history": floats(history),
      "before": floats(windows.before(history)),
      "after": forecast.flatMap { floats([$0.low, $0.median, $0.high]) },
    ]
  default:
    let one = value as! [String: Any]
    let colours = (one["pixels"] as! [Int]).flatMap { pixel -> [UInt8] in
      [16, 8, 0, 24].map { UInt8(pixel >> $0 & 255) }
    }
    return floats(
      toInput(
        colours, width: one["width"] as! Int, height: one["height"] as! Int, size: one["size"] as! Int,
        channels: one["channels"] as! Int))
  }
}

let manifest = try read(2)
for value in try JSONSerialization.jsonObject(with: read(3)) as! [Any] {
  let found = try answer(CommandLine.arguments[1], manifest, value)
  let line = try JSONSerialization.data(withJSONObject: found, options: .fragmentsAllowed)
  print(String(decoding: line, as: UTF8.self))
}
