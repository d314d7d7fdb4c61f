// Says what is in an image, on Android, with ExecuTorch.
//
// This file was written against ExecuTorch's documented Kotlin interface and is not built or run
// by this project's tests: they have no Android.
//
// 1. app/build.gradle.kts: implementation("org.pytorch:executorch-android:VERSION"), where VERSION
//    is the `engine_version` of artifacts/executorch/manifest.json
// 2. Copy artifacts/executorch/model.pte and manifest.json to app/src/main/assets/
// 3. val answer = Classifier(context).use { it.classify(bitmap) }, off the main thread

package com.example.classifier

import android.content.Context
import android.graphics.Bitmap
import android.graphics.Canvas
import android.graphics.Color
import java.io.Closeable
import java.io.File
import org.json.JSONObject
import org.pytorch.executorch.EValue
import org.pytorch.executorch.Module
import org.pytorch.executorch.Tensor

data class Answer(val label: String, val probability: Float)

class Classifier(context: Context) : Closeable {
    private val manifest = JSONObject(String(read(context, "manifest.json")))
    private val module = Module.load(unpack(context).path)

    private val signature = manifest.getJSONObject("signature")
    private val labels = only("outputs").getJSONArray("labels")

    // Of one image; one call takes up to details.max_batch of them.
    private val shape = only("inputs").getJSONArray("shape")
    private val height = shape.getInt(0)
    private val width = shape.getInt(1)
    private val colours = shape.getInt(2)

    fun classify(image: Bitmap): Answer {
        val size = longArrayOf(1, height.toLong(), width.toLong(), colours.toLong())
        val input = Tensor.fromBlob(pixels(image), size)
        val probabilities = module.forward(EValue.from(input))[0].toTensor().dataAsFloatArray
        val best = probabilities.indices.maxByOrNull { probabilities[it] }!!
        return Answer(labels.getString(best), probabilities[best])
    }

    override fun close() = module.destroy()

    private fun only(side: String) = signature.getJSONArray(side).getJSONObject(0)

    // The middle of the image, shrunk, as values in 0..1: what `prepare` in pictures.py does. A
    // Bitmap has 8 bits per channel and no EXIF: turn a camera's picture before you give it here.
    private fun pixels(image: Bitmap): FloatArray {
        val fitted = shrink(middle(flatten(image)))
        val values = FloatArray(height * width * colours)
        for (y in 0 until height) {
            for (x in 0 until width) {
                val colour = fitted.getPixel(x, y)
                val rgb = intArrayOf(Color.red(colour), Color.green(colour), Color.blue(colour))
                val first = (y * width + x) * colours
                if (colours == 1) {
                    values[first] = (0.299f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2]) / 255f
                } else {
                    for (c in 0 until colours) values[first + c] = rgb[c] / 255f
                }
            }
        }
        return values
    }

    // What is transparent shows the grey that the training laid behind it.
    private fun flatten(image: Bitmap): Bitmap {
        if (!image.hasAlpha()) return image
        val grey = manifest.getJSONObject("facts").getInt("background")
        val flat = Bitmap.createBitmap(image.width, image.height, Bitmap.Config.ARGB_8888)
        val canvas = Canvas(flat)
        canvas.drawColor(Color.rgb(grey, grey, grey))
        canvas.drawBitmap(image, 0f, 0f, null)
        return flat
    }

    private fun middle(image: Bitmap): Bitmap {
        val part = minOf(image.width / width.toFloat(), image.height / height.toFloat())
        val across = (width * part).toInt().coerceAtLeast(1)
        val down = (height * part).toInt().coerceAtLeast(1)
        val left = (image.width - across) / 2
        val top = (image.height - down) / 2
        return Bitmap.createBitmap(image, left, top, across, down)
    }

    // In halves first, so that every pixel of the image counts.
    private fun shrink(image: Bitmap): Bitmap {
        var current = image
        while (current.width >= 2 * width && current.height >= 2 * height) {
            val across = current.width / 2
            current = Bitmap.createScaledBitmap(current, across, current.height / 2, true)
        }
        return Bitmap.createScaledBitmap(current, width, height, true)
    }

    // ExecuTorch loads from a file, and an asset is none.
    private fun unpack(context: Context): File {
        val models = manifest.getJSONObject("models")
        val model = models.getJSONObject(manifest.getString("precision")).getString("file")
        val hash = manifest.getJSONObject("files").getJSONObject(model).getString("sha256")
        val file = File(context.filesDir, "$hash.pte")
        if (!file.exists()) {
            val half = File(context.filesDir, "$hash.part")
            half.writeBytes(read(context, model))
            check(half.renameTo(file)) { "cannot write $file" }
        }
        return file
    }

    private fun read(context: Context, name: String): ByteArray =
        context.assets.open(name).use { it.readBytes() }
}
