// iOS: load a .tflite file and ask it about images. An example: it was never compiled here.
//
// Podfile:  pod 'TensorFlowLiteSwift', '~> 2.17'
// Bundle:   float32.tflite (or float16.tflite, dynamic_range.tflite) and labels.txt, which is in
//           each of these files: `unzip float32.tflite labels.txt`.

import CoreGraphics
import Foundation
import TensorFlowLite

/// One model, for one thread at a time.
final class Classifier {
    private let interpreter: Interpreter
    private let labels: [String]
    private let size: Int
    private let channels: Int
    private let background: CGFloat

    /// `background`, 0 to 255, is the grey that shows where an image is transparent: see `facts` in
    /// manifest.json. A CGImage has no EXIF: turn a camera's picture before you give it here.
    init(model: String = "float32", background: Int = 255, bundle: Bundle = .main) throws {
        self.background = CGFloat(background) / 255
        guard let file = bundle.path(forResource: model, ofType: "tflite"),
            let list = bundle.path(forResource: "labels", ofType: "txt")
        else { throw CocoaError(.fileNoSuchFile) }
        labels = try String(contentsOfFile: list, encoding: .utf8).components(separatedBy: "\n")
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
