// From an image to the model's input, on iOS and macOS: made as `prepare` in pictures.py makes it, which
// leaves the work to Pillow. So this is Pillow's way of making grey, of cropping and of scaling. An image
// that is scaled by the system is another picture.
//
// cases.json, beside manifest.json, has the tensors that must come out.

import Foundation

#if canImport(CoreGraphics)
import CoreGraphics

/// Makes the input [size, size, channels], 0 to 1. `channels` is 1 (grey) or 3; `background` is the grey
/// level that shows where the image is transparent.
func toInput(_ image: CGImage, size: Int, channels: Int, background: Int) throws -> [Float] {
    let colours = try rgba(image, background: background)
    return toInput(colours, width: image.width, height: image.height, size: size, channels: channels)
}

/// The image's own pixels, laid over the background: 4 bytes for each.
private func rgba(_ image: CGImage, background: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: image.width * image.height * 4)
    let drawn = bytes.withUnsafeMutableBytes { buffer -> Bool in
        guard
            let context = CGContext(
                data: buffer.baseAddress, width: image.width, height: image.height,
                bitsPerComponent: 8, bytesPerRow: image.width * 4,
                space: CGColorSpace(name: CGColorSpace.sRGB)!,
                bitmapInfo: CGImageAlphaInfo.noneSkipLast.rawValue)
        else {
            return false
        }
        let whole = CGRect(x: 0, y: 0, width: image.width, height: image.height)
        let grey = CGFloat(background) / 255
        context.setFillColor(red: grey, green: grey, blue: grey, alpha: 1)
        context.fill(whole)
        context.draw(image, in: whole)
        return true
    }
    guard drawn else {
        throw CocoaError(.coderInvalidValue)
    }
    return bytes
}
#endif

private let bits = 22  // of the fixed-point weights, as in Pillow

/// The pixels of a row or a column that one pixel of the result is made of.
private struct Span {
    let from: Int
    let weights: [Int]
}

/// The same of pixels that are not transparent, 4 bytes for each: red, green, blue, and one that is not read.
func toInput(_ colours: [UInt8], width: Int, height: Int, size: Int, channels: Int) -> [Float] {
    let fitted = (0..<channels).map { channel -> [UInt8] in
        fit(plane(colours, channels: channels, channel: channel), width: width, height: height, size: size)
    }
    return (0..<size * size * channels).map { place -> Float in
        Float(fitted[place % channels][place / channels]) / 255
    }
}

/// One channel.
private func plane(_ colours: [UInt8], channels: Int, channel: Int) -> [UInt8] {
    return stride(from: 0, to: colours.count, by: 4).map { first -> UInt8 in
        channels == 3 ? colours[first + channel] : grey(colours[first], colours[first + 1], colours[first + 2])
    }
}

/// ITU-R 601-2 luma as Pillow rounds it.
private func grey(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt8 {
    let sum = 19595 * Int(red) + 38470 * Int(green) + 7471 * Int(blue)
    return UInt8((sum + 0x8000) >> 16)
}

/// ImageOps.fit with Resampling.BILINEAR: the middle square, scaled.
private func fit(_ values: [UInt8], width: Int, height: Int, size: Int) -> [UInt8] {
    let side = min(width, height)
    let across = spans(width, first: Double(width - side) / 2, extent: side, size: size)
    let down = spans(height, first: Double(height - side) / 2, extent: side, size: size)
    // Each pass rounds to bytes. Since version 13, Pillow goes down first where that shrinks more.
    if height - size > 2 * max(width - size, 0) {
        return scaleAcross(scaleDown(values, width: width, down), width: width, across)
    }
    return scaleDown(scaleAcross(values, width: width, across), width: size, down)
}

private func scaleAcross(_ values: [UInt8], width: Int, _ spans: [Span]) -> [UInt8] {
    return (0..<values.count / width * spans.count).map { place -> UInt8 in
        blend(values, offset: place / spans.count * width, step: 1, spans[place % spans.count])
    }
}

private func scaleDown(_ values: [UInt8], width: Int, _ spans: [Span]) -> [UInt8] {
    return (0..<width * spans.count).map { place -> UInt8 in
        blend(values, offset: place % width, step: width, spans[place / width])
    }
}

/// For every pixel of the result: the first pixel that it is made of, and the weights.
private func spans(_ length: Int, first: Double, extent: Int, size: Int) -> [Span] {
    let begin = Double(Float(first))  // Pillow takes the box as 32-bit floats
    let scale = (Double(Float(first + Double(extent))) - begin) / Double(size)
    let reach = max(scale, 1)
    return (0..<size).map { place -> Span in
        let centre = begin + (Double(place) + 0.5) * scale
        let from = max(Int(centre - reach + 0.5), 0)
        let to = min(Int(centre + reach + 0.5), length)
        let weights = (from..<to).map { pixel -> Double in
            max(1 - abs((Double(pixel) - centre + 0.5) / reach), 0)
        }
        let sum = weights.reduce(0, +)
        let whole = Double(1 << bits)
        return Span(from: from, weights: weights.map { Int($0 / sum * whole + 0.5) })
    }
}

private func blend(_ values: [UInt8], offset: Int, step: Int, _ span: Span) -> UInt8 {
    var sum = 1 << (bits - 1)
    for (place, weight) in span.weights.enumerated() {
        sum += Int(values[offset + (span.from + place) * step]) * weight
    }
    return UInt8(min(max(sum >> bits, 0), 255))
}
