// Computes what the programs for Android make of cases: `program KIND manifest.json cases.json`; one line of JSON each.

import java.io.File
import org.json.JSONArray
import org.json.JSONObject

fun list(values: FloatArray) = JSONArray(values.map { it.toDouble() })

fun list(values: IntArray) = JSONArray(values.toList())

fun doubles(array: JSONArray) =
    DoubleArray(array.length()) { if (array.isNull(it)) Double.NaN else array.getDouble(it) }

fun answer(kind: String, manifest: JSONObject, value: Any): Any {
    if (kind == "texts") return list(Texts(manifest).encode(value as String))
    val one = value as JSONObject
    if (kind == "rows") {
        val (numbers, codes) = Rows(manifest).encode(one.keys().asSequence().associateWith { one.getString(it) })
        return JSONObject().put("numbers", list(numbers)).put("codes", list(codes))
    }
    if (kind == "windows") {
        val windows = Windows(manifest)
        val history = try {
            windows.history(doubles(one.getJSONArray("values")))
        } catch (error: IllegalArgumentException) {
            return JSONObject.NULL
        }
        val output = doubles(one.getJSONArray("output")).map { it.toFloat() }.toFloatArray()
        val forecast = windows.forecast(windows.after(output, history))
        return JSONObject().put("history", list(history)).put("before", list(windows.before(history)))
            .put("after", list(forecast.flatMap { it.toList() }.toFloatArray()))
    }
    val pixels = one.getJSONArray("pixels")
    val colours = IntArray(pixels.length()) { pixels.getLong(it).toInt() }
    val (width, height) = Pair(one.getInt("width"), one.getInt("height"))
    val (channels, background) = Pair(one.getInt("channels"), one.getInt("background"))
    return list(toInput(colours, width, height, one.getInt("size"), channels, background))
}

fun main(args: Array<String>) {
    val manifest = JSONObject(File(args[1]).readText())
    val cases = JSONArray(File(args[2]).readText())
    for (place in 0 until cases.length()) println(answer(args[0], manifest, cases.get(place)))
}
