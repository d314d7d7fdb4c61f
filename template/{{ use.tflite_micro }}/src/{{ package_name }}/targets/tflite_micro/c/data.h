// Made by `export tflite_micro`; changes here will be lost.
// The model: put it into flash with data.cc, which is valid as C and as C++.
#ifndef ${STEM}_DATA_H_
#define ${STEM}_DATA_H_

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

extern const unsigned char ${stem}_data[];
extern const size_t ${stem}_data_size;

#ifdef __cplusplus
}
#endif

#endif  // ${STEM}_DATA_H_
