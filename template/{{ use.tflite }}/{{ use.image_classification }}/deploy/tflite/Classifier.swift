// iOS: load a .tflite file and ask it about images. An example: it was never compiled here.
//
// Podfile:  pod 'TensorFlowLiteSwift', '~> 2.17'
// Bundle:   float32.tflite (or float16.tflite, dynamic_range.tflite) and the manifest.json beside it.

import CoreGraphics
import Foundation
import TensorFlowLite

/// One model, for one thread at a time.
final class Classifier {
    private struct Manifest: Decodable {
        struct Facts: Decodable {
            let background: Int
        }
        struct Tensor: Decodable {
            let labels: [String]
        }
        struct Signature: Decodable {
            let outputs: [Tensor]
        }
        let facts: Facts
        let signature: Signature
    }

    private let interpreter: Interpreter
    private let labels: [String]
    private let size: Int
    private let channels: Int
    private let background: CGFloat

    /// manifest.json says what the classes are called, and which grey shows where an image is
    /// transparent. A CGImage has no EXIF: turn a camera's picture before you give it here.
    init(model: String = "float32", bundle: Bundle = .main) throws {
        guard let file = bundle.path(forResource: model, ofType: "tflite"),
            let about = bundle.url(forResource: "manifest", withExtension: "json")
        else { throw CocoaError(.fileNoSuchFile) }
        let manifest = try JSONDecoder().decode(Manifest.self, from: Data(contentsOf: about))
        background = CGFloat(manifest.facts.background) / 255
        labels = manifest.signature.outputs[0].labels
        var options = Interpreter.Options()
        options.threadCount = 1
        interpreter = try Interpreter(modelPath: file, options: options)
        try interpreter.allocateTensors()
        let shape = try interpreter.input(at: 0).shape.dimensions  // 1, height, width, channels
        size = shape[1]
        channels = shape[3]
    }

    /// The most probable label and its probability.
    func classify(_ image: CGImage) throws -> (label: String, probability: Float) {
        let values = try pixels(image)
        try interpreter.copy(values.withUnsafeBufferPointer { Data(buffer: $0) }, toInputAt: 0)
        try interpreter.invoke()
        let answer = try interpreter.output(at: 0).data
        let probabilities = answer.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        let best = probabilities.indices.max { probabilities[$0] < probabilities[$1] }!
        return (labels[best], probabilities[best])
    }

    /// The middle square, scaled, as rows of pixels with their channels side by side (NHWC), 0 to 1.
    private func pixels(_ image: CGImage) throws -> [Float] {
        let side = min(image.width, image.height)
        let square = CGRect(
            x: (image.width - side) / 2, y: (image.height - side) / 2, width: side, height: side)
        var bytes = [UInt8](repeating: 0, count: size * size * 4)
        guard let cropped = image.cropping(to: square),
            let context = CGContext(
                data: &bytes, width: size, height: size, bitsPerComponent: 8,
                bytesPerRow: size * 4, space: CGColorSpaceCreateDeviceRGB(),
                bitmapInfo: CGImageAlphaInfo.noneSkipLast.rawValue)
        else { throw CocoaError(.coderInvalidValue) }
        let whole = CGRect(x: 0, y: 0, width: size, height: size)
        context.setFillColor(red: background, green: background, blue: background, alpha: 1)
        context.fill(whole)
        context.interpolationQuality = .medium
        context.draw(cropped, in: whole)
        return (0..<size * size).flatMap { place -> [Float] in
            let rgb = (0..<3).map { Float(bytes[place * 4 + $0]) / 255 }
            return channels == 3 ? rgb : [0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]]
        }
    }
}
