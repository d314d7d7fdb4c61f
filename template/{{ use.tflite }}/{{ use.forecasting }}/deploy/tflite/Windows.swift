// From the last values of a series to the model's input, and from its output to a forecast; on iOS and macOS,
// by the facts in manifest.json. The same as histories.py and scaling.py make.
//
// cases.json, beside manifest.json, has the tensors that must come out, and the forecasts.

import Foundation

/// What a model of series takes and gives.
struct Windows {
    let length: Int
    let horizon: Int
    private let log: Bool
    private let least: Double
    private let floor: Double

    static let least = 0.5 // share of a history that must be known
    static let most = 80.0 // of a logarithm

    /// `manifest` is the content of manifest.json, from JSONSerialization; nil where it is another's.
    init?(manifest: [String: Any]) {
        guard let facts = manifest["facts"] as? [String: Any],
            let scale = facts["scale"] as? [String: Double],
            let length = facts["length"] as? Int,
            let horizon = facts["horizon"] as? Int,
            let log = facts["log"] as? Bool,
            let least = scale["least"],
            let floor = scale["floor"]
        else { return nil }
        (self.length, self.horizon, self.log, self.least, self.floor) = (length, horizon, log, least, floor)
    }

    /// The input `history`: the last values, one for each step; NaN where a value is missing. nil where too few are known.
    func history(_ values: [Double]) -> [Float]? {
        let missing = [Double](repeating: .nan, count: max(length - values.count, 0))
        let seen = (missing + values).suffix(length).map { Double(Float($0)) }
        let known = seen.indices.filter { !seen[$0].isNaN }
        guard Double(known.count) >= Windows.least * Double(length), let first = known.first else { return nil }
        return seen.indices.map { place in
            let left = known.last { $0 <= place } ?? first
            let right = known.first { $0 >= place } ?? left
            let share = Double(place - left) / Double(max(right - left, 1))
            return Float(seen[left] + share * (seen[right] - seen[left]))
        }
    }

    /// The history as a model takes it that is scaled `outside`, as manifest.json says of float16 and int8.
    func before(_ history: [Float]) -> [Float] {
        let (level, spread) = measure(history)
        return history.map { Float((value($0) - level) / spread) }
    }

    /// The output of such a model in the series' own unit; `history` is the one before the scaling.
    func after(_ output: [Float], history: [Float]) -> [Float] {
        let (level, spread) = measure(history)
        return output.map {
            let found = Double($0) * spread + level
            return Float(log ? exp(min(max(found, -Windows.most), Windows.most)) : found)
        }
    }

    /// Low, median and high of each step to come; eight of ten values should lie between low and high.
    func forecast(_ output: [Float]) -> [(low: Float, median: Float, high: Float)] {
        (0..<horizon).map { (output[3 * $0], output[3 * $0 + 1], output[3 * $0 + 2]) }
    }

    private func value(_ number: Float) -> Double {
        log ? Foundation.log(max(Double(number), floor)) : Double(number)
    }

    private func measure(_ history: [Float]) -> (Double, Double) {
        let values = history.map(value)
        let level = values.reduce(0, +) / Double(values.count)
        let variance = values.reduce(0) { $0 + ($1 - level) * ($1 - level) } / Double(values.count)
        return (level, (variance + least * least).squareRoot())
    }
}
