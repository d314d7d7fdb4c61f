// Made by `export tflite_micro`; changes here will be lost.
#include "${stem}_data.h"

#ifndef __cplusplus
#include <stdalign.h>
#endif

alignas(16) const unsigned char ${stem}_data[] = {
${model}};
const size_t ${stem}_data_size = sizeof(${stem}_data);
