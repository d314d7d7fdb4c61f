// Says what is in an image, on iOS and macOS, with ExecuTorch.
//
// This file was written against ExecuTorch's documented Swift interface and is not built or run
// by this project's tests: they have no Xcode.
//
// 1. In Xcode, File > Add Package Dependencies: https://github.com/pytorch/executorch, the branch
//    swiftpm-VERSION, where VERSION is the `engine_version` of artifacts/executorch/manifest.json
// 2. Link executorch, backend_xnnpack and kernels_optimized, with -all_load in "Other Linker Flags"
// 3. Add artifacts/executorch/model.pte and manifest.json to the target's resources
// 4. let answer = try Classifier().classify(image), off the main thread

import CoreGraphics
import ExecuTorch
import Foundation

public struct Answer {
  public let label: String
  public let probability: Float
}

public final class Classifier {
  private struct Manifest: Decodable {
    struct Tensor: Decodable {
      let shape: [Int]
      let labels: [String]
    }
    struct Signature: Decodable {
      let inputs: [Tensor]
      let outputs: [Tensor]
    }
    struct Facts: Decodable {
      let background: Int
    }
    let signature: Signature
    let facts: Facts
  }

  private let module: Module
  private let labels: [String]
  private let height: Int
  private let width: Int
  private let colours: Int
  private let background: CGFloat

  public init(bundle: Bundle = .main) throws {
    guard
      let about = bundle.url(forResource: "manifest", withExtension: "json"),
      let model = bundle.path(forResource: "model", ofType: "pte")
    else {
      throw CocoaError(.fileNoSuchFile)
    }
    let manifest = try JSONDecoder().decode(Manifest.self, from: Data(contentsOf: about))
    // Of one image; one call takes up to details.max_batch of them.
    let shape = manifest.signature.inputs[0].shape
    (height, width, colours) = (shape[0], shape[1], shape[2])
    background = CGFloat(manifest.facts.background) / 255
    labels = manifest.signature.outputs[0].labels
    module = Module(filePath: model)
    try module.load("forward")
  }

  public func classify(_ image: CGImage) throws -> Answer {
    let input = Tensor<Float>(try pixels(image), shape: [1, height, width, colours])
    let output = try Tensor<Float>(module.forward(input))
    let probabilities = output.scalars()
    let best = probabilities.indices.max { probabilities[$0] < probabilities[$1] }!
    return Answer(label: labels[best], probability: probabilities[best])
  }

  // The middle of the image, shrunk, as values in 0..1: what `prepare` in pictures.py does. A CGImage
  // has no EXIF: turn a camera's picture before you give it here.
  private func pixels(_ image: CGImage) throws -> [Float] {
    let part = min(Double(image.width) / Double(width), Double(image.height) / Double(height))
    let across = Double(width) * part
    let down = Double(height) * part
    let middle = CGRect(
      x: (Double(image.width) - across) / 2, y: (Double(image.height) - down) / 2,
      width: across, height: down)
    var bytes = [UInt8](repeating: 0, count: height * width * 4)
    let drawn = bytes.withUnsafeMutableBytes { buffer -> Bool in
      guard
        let cropped = image.cropping(to: middle),
        let context = CGContext(
          data: buffer.baseAddress, width: width, height: height, bitsPerComponent: 8,
          bytesPerRow: width * 4, space: CGColorSpace(name: CGColorSpace.sRGB)!,
          bitmapInfo: CGImageAlphaInfo.noneSkipLast.rawValue)
      else {
        return false
      }
      // What is transparent shows the grey that the training laid behind it.
      let whole = CGRect(x: 0, y: 0, width: width, height: height)
      context.setFillColor(red: background, green: background, blue: background, alpha: 1)
      context.fill(whole)
      context.interpolationQuality = .high
      context.draw(cropped, in: whole)
      return true
    }
    guard drawn else {
      throw CocoaError(.fileReadCorruptFile)
    }
    return stride(from: 0, to: bytes.count, by: 4).flatMap { first -> [Float] in
      let rgb = bytes[first..<first + 3].map { Float($0) / 255 }
      return colours == 1 ? [0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]] : rgb
    }
  }
}
