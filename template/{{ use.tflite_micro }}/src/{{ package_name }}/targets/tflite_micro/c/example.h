// Made by `export tflite_micro`; changes here will be lost.
// A test row, and TFLite Micro's answer to it on a computer: a chip must give the same bytes.
#ifndef ${STEM}_EXAMPLE_H_
#define ${STEM}_EXAMPLE_H_

#include <cstdint>

namespace ${stem}_example {

// Number i is the interpreter's input or output i.
${example_inputs}
${example_outputs}
}  // namespace ${stem}_example

#endif  // ${STEM}_EXAMPLE_H_
