// From a picture's pixels to the model's input, on Android: the same bytes as `prepare` in pictures.py,
// which leaves the work to Pillow. So this is Pillow's way of making grey, of cropping and of scaling.
// A Bitmap that is scaled by Android is another picture: it leaves out most pixels of a photo.
//
// cases.json, beside manifest.json, has the tensors that must come out.

private const val BITS = 22 // of the fixed-point weights, as in Pillow

/** The pixels of a row or a column that one pixel of the result is made of. */
private class Span(val from: Int, val weights: IntArray)

/**
 * Makes the input [size, size, channels], 0 to 1, of pixels as `Bitmap.getPixels` gives them, row by row.
 *
 * `channels` is 1 (grey) or 3; `background` is the grey level that shows where the picture is transparent.
 */
fun toInput(
    pixels: IntArray,
    width: Int,
    height: Int,
    size: Int,
    channels: Int,
    background: Int
): FloatArray {
    val fitted = List(channels) { channel ->
        // One after the other: a photo of 12 megapixels has 12 MB in each.
        fit(plane(pixels, channels, channel, background), width, height, size)
    }
    return FloatArray(size * size * channels) { place ->
        level(fitted[place % channels][place / channels]) / 255f
    }
}

private fun level(byte: Byte) = byte.toInt() and 255

/** One channel of a picture, laid over the background; grey is ITU-R 601-2 luma as Pillow rounds it. */
private fun plane(pixels: IntArray, channels: Int, channel: Int, background: Int): ByteArray {
    fun mixed(pixel: Int, shift: Int): Int {
        val alpha = pixel ushr 24
        return ((pixel shr shift and 255) * alpha + background * (255 - alpha) + 127) / 255
    }
    return ByteArray(pixels.size) { place ->
        val pixel = pixels[place]
        val value =
            if (channels == 3) {
                mixed(pixel, 16 - 8 * channel)
            } else {
                val (red, green, blue) = listOf(16, 8, 0).map { mixed(pixel, it) }
                (19595 * red + 38470 * green + 7471 * blue + 0x8000) shr 16
            }
        value.toByte()
    }
}

/** ImageOps.fit with Resampling.BILINEAR: the middle square, scaled. */
private fun fit(values: ByteArray, width: Int, height: Int, size: Int): ByteArray {
    val side = minOf(width, height)
    val across = spans(width, (width - side) / 2.0, side, size)
    val down = spans(height, (height - side) / 2.0, side, size)
    // Each pass rounds to bytes. Since version 13, Pillow goes down first where that shrinks more.
    return if (height - size > 2 * maxOf(width - size, 0)) {
        scaleAcross(scaleDown(values, width, down), width, across)
    } else {
        scaleDown(scaleAcross(values, width, across), size, down)
    }
}

private fun scaleAcross(values: ByteArray, width: Int, spans: List<Span>) =
    ByteArray(values.size / width * spans.size) { place ->
        blend(values, place / spans.size * width, 1, spans[place % spans.size])
    }

private fun scaleDown(values: ByteArray, width: Int, spans: List<Span>) =
    ByteArray(width * spans.size) { place ->
        blend(values, place % width, width, spans[place / width])
    }

/** For every pixel of the result: the first pixel that it is made of, and the weights. */
private fun spans(length: Int, first: Double, extent: Int, size: Int): List<Span> {
    val begin = first.toFloat().toDouble() // Pillow takes the box as 32-bit floats
    val scale = ((first + extent).toFloat() - begin) / size
    val reach = maxOf(scale, 1.0)
    return List(size) { place ->
        val centre = begin + (place + 0.5) * scale
        val from = maxOf((centre - reach + 0.5).toInt(), 0)
        val to = minOf((centre + reach + 0.5).toInt(), length)
        val weights =
            DoubleArray(to - from) { maxOf(1 - Math.abs((it + from - centre + 0.5) / reach), 0.0) }
        val sum = weights.sum()
        Span(from, IntArray(to - from) { (weights[it] / sum * (1 shl BITS) + 0.5).toInt() })
    }
}

private fun blend(values: ByteArray, offset: Int, step: Int, span: Span): Byte {
    var sum = 1 shl (BITS - 1)
    for (i in span.weights.indices) {
        sum += level(values[offset + (span.from + i) * step]) * span.weights[i]
    }
    return (sum shr BITS).coerceIn(0, 255).toByte()
}
