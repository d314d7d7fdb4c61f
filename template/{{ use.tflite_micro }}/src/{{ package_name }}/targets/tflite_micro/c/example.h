// Made by `export tflite_micro`; changes here will be lost.
// The first test image, and TFLite Micro's answer to it on a computer: a chip must give the same.
#ifndef ${STEM}_EXAMPLE_H_
#define ${STEM}_EXAMPLE_H_

#include <cstdint>

namespace ${stem}_example {

constexpr std::int8_t kInput[] = {
${image}};
constexpr std::int8_t kOutput[] = {
${answer}};

}  // namespace ${stem}_example

#endif  // ${STEM}_EXAMPLE_H_
