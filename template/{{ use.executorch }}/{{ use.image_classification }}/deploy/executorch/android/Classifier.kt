// Says what is in an image, on Android, with ExecuTorch.
//
// This file was written against ExecuTorch's documented Kotlin interface and is not built or run
// by this project's tests: they have no Android.
//
// 1. app/build.gradle.kts: implementation("org.pytorch:executorch-android:VERSION"), where VERSION
//    is the `engine_version` of artifacts/executorch/manifest.json
// 2. Copy artifacts/executorch/model.pte and manifest.json to app/src/main/assets/
// 3. Copy this file and Pixels.kt to the app's sources
// 4. val answer = Classifier(context).use { it.classify(bitmap) }, off the main thread

import android.content.Context
import android.graphics.Bitmap
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
    private val size = shape.getInt(0)
    private val colours = shape.getInt(2)

    // The grey that shows where an image is transparent.
    private val background = manifest.getJSONObject("facts").getInt("background")

    fun classify(image: Bitmap): Answer {
        val dimensions = longArrayOf(1, size.toLong(), size.toLong(), colours.toLong())
        val tensor = Tensor.fromBlob(input(image), dimensions)
        val probabilities = module.forward(EValue.from(tensor))[0].toTensor().dataAsFloatArray
        val best = probabilities.indices.maxByOrNull { probabilities[it] }!!
        return Answer(labels.getString(best), probabilities[best])
    }

    override fun close() = module.destroy()

    private fun only(side: String) = signature.getJSONArray(side).getJSONObject(0)

    // What the training made of it. A Bitmap has 8 bits per channel and no EXIF: turn a camera's
    // picture before you give it here.
    private fun input(image: Bitmap): FloatArray {
        val pixels = IntArray(image.width * image.height)
        image.getPixels(pixels, 0, image.width, 0, 0, image.width, image.height)
        return toInput(pixels, image.width, image.height, size, colours, background)
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
