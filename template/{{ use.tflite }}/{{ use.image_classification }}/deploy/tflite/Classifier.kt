// Android: load a .tflite file and ask it about bitmaps. An example: it was never compiled here.
//
// build.gradle.kts:  implementation("com.google.ai.edge.litert:litert:2.3.0")
//                    android { androidResources { noCompress += "tflite" } }
// app/src/main/assets/:  float32.tflite (or float16.tflite, dynamic_range.tflite) and the
// manifest.json beside it. Pixels.kt goes with this file.

import android.content.Context
import android.graphics.Bitmap
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
        inputs[0].writeFloat(input(bitmap))
        model.run(inputs, outputs)
        val probabilities = outputs[0].readFloat()
        val best = probabilities.indices.maxBy { probabilities[it] }
        return labels.getString(best) to probabilities[best]
    }

    private fun only(side: String) =
        manifest.getJSONObject("signature").getJSONArray(side).getJSONObject(0)

    /** Rows of pixels, their channels side by side (NHWC), 0 to 1: what the training made of it. */
    private fun input(bitmap: Bitmap): FloatArray {
        val pixels = IntArray(bitmap.width * bitmap.height)
        bitmap.getPixels(pixels, 0, bitmap.width, 0, 0, bitmap.width, bitmap.height)
        return toInput(pixels, bitmap.width, bitmap.height, size, channels, background)
    }

    override fun close() {
        inputs.forEach { it.close() }
        outputs.forEach { it.close() }
        model.close()
    }
}
