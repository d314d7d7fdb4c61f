// Android: load a .tflite file and ask it about bitmaps. An example: it was never compiled here.
//
// build.gradle.kts:  implementation("com.google.ai.edge.litert:litert:2.3.0")
//                    android { androidResources { noCompress += "tflite" } }
// app/src/main/assets/:  float32.tflite (or float16.tflite, dynamic_range.tflite) and the
// manifest.json beside it.

import android.content.Context
import android.graphics.Bitmap
import android.graphics.Canvas
import android.graphics.Color
import android.graphics.Matrix
import android.graphics.Paint
import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.CompiledModel
import org.json.JSONObject

/**
 * One model, for one thread at a time; manifest.json says how images are prepared and what the
 * classes are called. A Bitmap has no EXIF: turn a camera's picture before you give it here.
 * Accelerator.GPU computes in float16 by default.
 */
class Classifier(
    context: Context,
    file: String = "float32.tflite",
    accelerator: Accelerator = Accelerator.CPU,
) : AutoCloseable {
    private val manifest =
        JSONObject(context.assets.open("manifest.json").bufferedReader().use { it.readText() })
    private val shape = only("inputs").getJSONArray("shape") // height, width, channels
    private val size = shape.getInt(0)
    private val channels = shape.getInt(2) // 1 grey, 3 colours
    private val labels = only("outputs").getJSONArray("labels")

    // The grey that shows where an image is transparent.
    private val background = manifest.getJSONObject("facts").getInt("background")
    private val model =
        CompiledModel.create(context.assets, file, CompiledModel.Options(accelerator), null)
    private val inputs = model.createInputBuffers()
    private val outputs = model.createOutputBuffers()

    /** The most probable label and its probability. */
    fun classify(bitmap: Bitmap): Pair<String, Float> {
        inputs[0].writeFloat(pixels(fit(bitmap)))
        model.run(inputs, outputs)
        val probabilities = outputs[0].readFloat()
        val best = probabilities.indices.maxBy { probabilities[it] }
        return labels.getString(best) to probabilities[best]
    }

    private fun only(side: String) =
        manifest.getJSONObject("signature").getJSONArray(side).getJSONObject(0)

    /** Crop the middle square and scale it, as the training does. */
    private fun fit(bitmap: Bitmap): Bitmap {
        val side = minOf(bitmap.width, bitmap.height)
        val matrix = Matrix().apply {
            setTranslate(-(bitmap.width - side) / 2f, -(bitmap.height - side) / 2f)
            postScale(size.toFloat() / side, size.toFloat() / side)
        }
        val fitted = Bitmap.createBitmap(size, size, Bitmap.Config.ARGB_8888)
        val canvas = Canvas(fitted)
        canvas.drawColor(Color.rgb(background, background, background))
        canvas.drawBitmap(bitmap, matrix, Paint(Paint.FILTER_BITMAP_FLAG))
        return fitted
    }

    /** Rows of pixels, their channels side by side (NHWC), 0 to 1. */
    private fun pixels(bitmap: Bitmap): FloatArray {
        val colours = IntArray(size * size)
        bitmap.getPixels(colours, 0, size, 0, 0, size, size)
        return FloatArray(size * size * channels) { place ->
            val colour = colours[place / channels]
            val (red, green, blue) =
                Triple(Color.red(colour), Color.green(colour), Color.blue(colour))
            when {
                channels == 1 -> (0.299f * red + 0.587f * green + 0.114f * blue) / 255f
                place % 3 == 0 -> red / 255f
                place % 3 == 1 -> green / 255f
                else -> blue / 255f
            }
        }
    }

    override fun close() {
        inputs.forEach { it.close() }
        outputs.forEach { it.close() }
        model.close()
    }
}
