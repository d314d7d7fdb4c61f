// Made by `export tflite_micro`; changes here will be lost.
#ifndef ${STEM}_SETTINGS_H_
#define ${STEM}_SETTINGS_H_

#include <cstddef>

#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"

namespace ${stem}_settings {

// The smallest that works is ${smallest}, measured on a 64-bit computer.
constexpr std::size_t kArenaBytes = ${arena};

// Input: batch, height, width, channels = ${shape}; values from 0 to 1.
constexpr int kInputSize = ${size};
// value = scale * (integer - zero point)
constexpr float kInputScale = ${input_scale};
constexpr int kInputZeroPoint = ${input_zero_point};
constexpr float kOutputScale = ${output_scale};
constexpr int kOutputZeroPoint = ${output_zero_point};

constexpr int kClasses = ${classes};
constexpr const char* kLabels[] = {
${labels}};

constexpr int kOperators = ${operators};

template <typename Resolver>
bool AddOperators(Resolver& resolver) {
${adding}  return true;
}

}  // namespace ${stem}_settings

#endif  // ${STEM}_SETTINGS_H_
