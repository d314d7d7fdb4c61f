// From a text to the model's input, and from its output to an answer; on Android, by the facts in
// manifest.json. The same numbers as tokens.py makes.
//
// cases.json, beside manifest.json, has texts with the inputs and the answers that must come out.

import java.text.Normalizer
import org.json.JSONObject

/** What a model of texts takes and gives; `manifest` is the content of manifest.json. */
class Texts(manifest: JSONObject) {
    private val facts = manifest.getJSONObject("facts")

    /** The input `tokens` of one text: the bytes of UTF-8, each plus one; 0 fills up. */
    fun encode(text: String): IntArray {
        val codes = IntArray(facts.getInt("length"))
        val bytes = toBytes(text)
        for (place in 0 until minOf(codes.size, bytes.size)) {
            codes[place] = (bytes[place].toInt() and 0xFF) + 1
        }
        return codes
    }

    /** The most probable class and its probability. */
    fun answer(output: FloatArray): Pair<String, Float> {
        var best = 0
        for (place in output.indices) if (output[place] > output[best]) best = place
        return Pair(facts.getJSONArray("classes").getString(best), output[best])
    }

    companion object {
        /** A text as the network reads it, before it is cut: in normal form NFC, as UTF-8. */
        fun toBytes(text: String): ByteArray =
            Normalizer.normalize(whole(text), Normalizer.Form.NFC).toByteArray(Charsets.UTF_8)

        /** A text without halves of surrogate pairs: each becomes U+FFFD, where Java has a "?". */
        private fun whole(text: String): String {
            val found = StringBuilder()
            var place = 0
            while (place < text.length) {
                val point = text.codePointAt(place)
                found.appendCodePoint(if (point in 0xD800..0xDFFF) 0xFFFD else point)
                place += Character.charCount(point)
            }
            return found.toString()
        }
    }
}
