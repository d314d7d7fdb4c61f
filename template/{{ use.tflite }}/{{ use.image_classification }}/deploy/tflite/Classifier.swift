// iOS: load a .tflite file and ask it about images. An example: it was never compiled here.
//
// Podfile:  pod 'TensorFlowLiteSwift', '~> 2.17'
// Bundle:   float32.tflite (or float16.tflite, dynamic_range.tflite) and the manifest.json beside it.
// Pixels.swift goes with this file.

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
    private let background: Int

    /// manifest.json says what the classes are called, and which grey shows where an image is
    /// transparent. A CGImage has no EXIF: turn a camera's picture before you give it here.
    init(model: String = "float32", bundle: Bundle = .main) throws {
        guard let file = bundle.path(forResource: model, ofType: "tflite"),
            let about = bundle.url(forResource: "manifest", withExtension: "json")
        else { throw CocoaError(.fileNoSuchFile) }
        let manifest = try JSONDecoder().decode(Manifest.self, from: Data(contentsOf: about))
        background = manifest.facts.background
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
        let values = try toInput(image, size: size, channels: channels, background: background)
        try interpreter.copy(values.withUnsafeBufferPointer { Data(buffer: $0) }, toInputAt: 0)
        try interpreter.invoke()
        let answer = try interpreter.output(at: 0).data
        let probabilities = answer.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        let best = probabilities.indices.max { probabilities[$0] < probabilities[$1] }!
        return (labels[best], probabilities[best])
    }
}
