// Made by `export tflite_micro`; changes here will be lost.
#ifndef ${STEM}_SETTINGS_H_
#define ${STEM}_SETTINGS_H_

#include <cstddef>

#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"

namespace ${stem}_settings {

// The smallest that works is ${smallest}, measured on a 64-bit computer.
constexpr std::size_t kArenaBytes = ${arena};

// An input or output of the model.
struct Tensor {
  const char* name;
  int size;  // number of values
  // Of int8: value = scale * (integer - zero_point). Other types have a scale of 0.
  float scale;
  int zero_point;
  bool classes;  // the values along the last axis are the probabilities of classes
  const char* const* labels;  // names along the last axis; nullptr where there are none
  int columns;  // length of the last axis
};

// Number i is the interpreter's input or output i.
${inputs}
${outputs}
constexpr int kOperators = ${operators};

template <typename Resolver>
bool AddOperators(Resolver& resolver) {
${adding}  return true;
}

}  // namespace ${stem}_settings

#endif  // ${STEM}_SETTINGS_H_
