// Says what is in an image, on iOS and macOS, with ExecuTorch.
//
// This file was written against ExecuTorch's documented Swift interface and is not built or run
// by this project's tests: they have no Xcode.
//
// 1. In Xcode, File > Add Package Dependencies: https://github.com/pytorch/executorch, the branch
//    swiftpm-VERSION, where VERSION is the `engine_version` of artifacts/executorch/manifest.json
// 2. Link executorch, backend_xnnpack and kernels_optimized, with -all_load in "Other Linker Flags"
// 3. Add artifacts/executorch/model.pte and manifest.json to the target's resources
// 4. Add this file and Pixels.swift to the target
// 5. let answer = try Classifier().classify(image), off the main thread

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
  private let size: Int
  private let colours: Int
  private let background: Int

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
    (size, colours) = (shape[0], shape[2])
    background = manifest.facts.background
    labels = manifest.signature.outputs[0].labels
    module = Module(filePath: model)
    try module.load("forward")
  }

  /// A CGImage has no EXIF: turn a camera's picture before you give it here.
  public func classify(_ image: CGImage) throws -> Answer {
    let values = try toInput(image, size: size, channels: colours, background: background)
    let input = Tensor<Float>(values, shape: [1, size, size, colours])
    let output = try Tensor<Float>(module.forward(input))
    let probabilities = output.scalars()
    let best = probabilities.indices.max { probabilities[$0] < probabilities[$1] }!
    return Answer(label: labels[best], probability: probabilities[best])
  }
}
