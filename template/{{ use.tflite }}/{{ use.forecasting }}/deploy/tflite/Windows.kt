// From the last values of a series to the model's input, and from its output to a forecast; on Android,
// by the facts in manifest.json. The same as histories.py and scaling.py make.
//
// cases.json, beside manifest.json, has the tensors that must come out, and the forecasts.

import org.json.JSONObject

/** What a model of series takes and gives; `manifest` is the content of manifest.json. */
class Windows(manifest: JSONObject) {
    private val facts = manifest.getJSONObject("facts")
    private val log = facts.getBoolean("log")
    private val least = facts.getJSONObject("scale").getDouble("least")
    private val floor = facts.getJSONObject("scale").getDouble("floor")
    val length = facts.getInt("length")
    val horizon = facts.getInt("horizon")

    /** The input `history`: the last values, one for each step; NaN where a value is missing. */
    fun history(values: DoubleArray): FloatArray {
        val missing = DoubleArray(maxOf(length - values.size, 0)) { Double.NaN }
        val seen = (missing + values).takeLast(length).map { it.toFloat().toDouble() }
        val known = seen.indices.filter { !seen[it].isNaN() }
        require(known.size >= LEAST * length) { "too few of the last $length values are known" }
        return FloatArray(length) { place ->
            val left = known.lastOrNull { it <= place } ?: known.first()
            val right = known.firstOrNull { it >= place } ?: left
            val share = (place - left).toDouble() / maxOf(right - left, 1)
            (seen[left] + share * (seen[right] - seen[left])).toFloat()
        }
    }

    /** The history as a model takes it that is scaled `outside`, as manifest.json says of float16 and int8. */
    fun before(history: FloatArray): FloatArray {
        val (level, spread) = measure(history)
        return FloatArray(length) { ((value(history[it]) - level) / spread).toFloat() }
    }

    /** The output of such a model in the series' own unit; `history` is the one before the scaling. */
    fun after(output: FloatArray, history: FloatArray): FloatArray {
        val (level, spread) = measure(history)
        return FloatArray(output.size) {
            val found = output[it] * spread + level
            (if (log) Math.exp(found.coerceIn(-MOST, MOST)) else found).toFloat()
        }
    }

    /** Low, median and high of each step to come; eight of ten values should lie between low and high. */
    fun forecast(output: FloatArray): List<Triple<Float, Float, Float>> =
        List(horizon) { Triple(output[3 * it], output[3 * it + 1], output[3 * it + 2]) }

    private fun value(number: Float): Double =
        if (log) Math.log(maxOf(number.toDouble(), floor)) else number.toDouble()

    private fun measure(history: FloatArray): Pair<Double, Double> {
        val values = history.map { value(it) }
        val level = values.average()
        val variance = values.map { (it - level) * (it - level) }.average()
        return Pair(level, Math.sqrt(variance + least * least))
    }

    companion object {
        const val LEAST = 0.5 // share of a history that must be known
        const val MOST = 80.0 // of a logarithm
    }
}
