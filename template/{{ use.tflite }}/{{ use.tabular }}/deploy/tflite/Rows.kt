// From the texts of a row to the model's inputs, and from its output to an answer; on Android, by the
// facts in manifest.json. The same numbers and codes as columns.py makes.
//
// cases.json, beside manifest.json, has rows with the inputs and the answers that must come out.
// Dates need java.time: Android 8, or desugaring.

import java.time.DateTimeException
import java.time.LocalDateTime
import java.time.ZoneOffset
import org.json.JSONArray
import org.json.JSONObject

/** What a model of a table takes and gives; `manifest` is the content of manifest.json. */
class Rows(manifest: JSONObject) {
    private val target = manifest.getJSONObject("facts").getJSONObject("target")
    private val columns = objects(manifest.getJSONObject("facts").getJSONArray("columns"))

    /** The inputs `numbers` and `codes` of one row; the model has those that are not empty. */
    fun encode(row: Map<String, String>): Pair<FloatArray, IntArray> {
        val numbers = mutableListOf<Float>()
        val codes = mutableListOf<Int>()
        for (column in columns) {
            val name = column.getString("name")
            val cell = requireNotNull(row[name]) { "the row has no column $name" }
            val text = textFor(column, textOf(cell))
            if (column.getString("kind") == "category") {
                codes.add(texts(column.getJSONArray("values")).indexOf(text) + 1) // 0: unknown
                continue
            }
            val number = numberOf(column, text)
            val value = if (number.isNaN()) column.getDouble("median") else number
            val scaled = (value - column.getDouble("mean")) / column.getDouble("scale")
            numbers.add(scaled.coerceIn(-FARTHEST, FARTHEST).toFloat())
            if (column.getBoolean("flag")) codes.add(if (number.isNaN()) 1 else 0)
        }
        return Pair(numbers.toFloatArray(), codes.toIntArray())
    }

    /** The most probable class and its probability; or, of a value, the value alone. */
    fun answer(output: FloatArray): Pair<String?, Float> {
        if (!target.has("classes")) return Pair(null, output[0])
        var best = 0
        for (place in output.indices) if (output[place] > output[best]) best = place
        return Pair(target.getJSONArray("classes").getString(best), output[best])
    }

    companion object {
        const val FARTHEST = 10.0 // scales from the mean: a number that is farther counts as that far
        const val LARGEST = 3e38 // of what float32 can hold
        val MISSING = listOf(
            "", "na", "n/a", "nan", "null", "none", "nil", "?", "-", "--", ".", "#n/a", "<na>"
        )
        // By what stands before the decimals.
        val NUMBERS = mapOf(
            "." to Regex("""[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"""),
            "," to Regex(
                """[+-]?(([0-9]{1,3}(\.[0-9]{3})+|[0-9]+)(,[0-9]*)?|,[0-9]+)([eE][+-]?[0-9]+)?"""
            )
        )
        val CODE = Regex("%[YmdHMS]")
        // What Python's str.strip takes for space.
        const val SPACE = "\t\n\u000b\u000c\r\u001c\u001d\u001e\u001f \u0085\u00a0\u1680\u2000\u2001" +
            "\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"

        fun textOf(cell: String): String {
            val text = cell.trim { it in SPACE }
            // The words are ASCII; elsewhere ignoreCase has rules of its own: "ı" would count as "i".
            val plain = text.all { it < '\u0080' }
            return if (plain && MISSING.any { it.equals(text, ignoreCase = true) }) "" else text
        }

        /** Empty where a text stands for a missing value in a column. */
        fun textFor(column: JSONObject, text: String): String {
            val numbers = column.optJSONArray("missing_numbers")
            val others = column.optJSONArray("missing_texts")
            val missing = if (numbers != null) {
                (0 until numbers.length()).any { numbers.getDouble(it) == numberOf(column, text) }
            } else {
                others != null && text in texts(others)
            }
            return if (missing) "" else text
        }

        fun numberOf(column: JSONObject, text: String): Double {
            if (column.getString("kind") == "date") return toDays(text, column.getString("format"))
            val decimal = column.getString("decimal")
            if (!NUMBERS.getValue(decimal).matches(text)) return Double.NaN
            val plain = if (decimal == ",") text.replace(".", "").replace(",", ".") else text
            val number = plain.toDouble()
            return if (Math.abs(number) < LARGEST) number else Double.NaN
        }

        /** A date as days since 1970; NaN where there is none. */
        fun toDays(text: String, format: String): Double {
            val codes = CODE.findAll(format).map { it.value }.toList()
            val between = format.split(CODE).map { Regex.escape(it) }
            var pattern = between[0]
            codes.forEachIndexed { place, code ->
                pattern += (if (code == "%Y") "([0-9]{4})" else "([0-9]{1,2})") + between[place + 1]
            }
            val found = Regex(pattern).matchEntire(text) ?: return Double.NaN
            val parts = codes.zip(found.groupValues.drop(1).map { it.toInt() }).toMap()
            if (parts["%Y"] == 0) return Double.NaN
            return try {
                val date = LocalDateTime.of(
                    parts.getValue("%Y"), parts.getValue("%m"), parts.getValue("%d"),
                    parts["%H"] ?: 0, parts["%M"] ?: 0, parts["%S"] ?: 0
                )
                date.toEpochSecond(ZoneOffset.UTC) / 86400.0
            } catch (error: DateTimeException) { // such as the 31st of February
                Double.NaN
            }
        }

        private fun objects(array: JSONArray) = List(array.length()) { array.getJSONObject(it) }

        private fun texts(array: JSONArray) = List(array.length()) { array.getString(it) }
    }
}
