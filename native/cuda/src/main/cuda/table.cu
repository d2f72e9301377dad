// Rows of tables, and integers as floats.
#include "cwcuda.h"

struct Gather {
    float* output;
    const float* table;
    const void* indexes;
    // becomes 1 if an index is outside
    int* error;
    int rows;
    int width;
    int tableRows;
    int isLong;
};

extern "C" __global__ void gather(const Gather p) {
    CW_EACH(i, p.rows * p.width) {
        int row = i / p.width;
        long long given = p.isLong ? ((const long long*) p.indexes)[row] : ((const int*) p.indexes)[row];
        long long at = given < 0 ? given + p.tableRows : given;
        if (at < 0 || at >= p.tableRows) {
            *p.error = 1;
            at = 0;
        }
        p.output[i] = p.table[(size_t) at * p.width + (i - row * p.width)];
    }
}

enum CastFrom { FROM_INT32, FROM_INT64, FROM_UINT8, FROM_INT8 };

struct Cast {
    float* output;
    const void* input;
    int elements;
    int from;
};

extern "C" __global__ void cast(const Cast p) {
    CW_EACH(i, p.elements) {
        switch (p.from) {
            case FROM_INT64:
                p.output[i] = (float) ((const long long*) p.input)[i];
                break;
            case FROM_UINT8:
                p.output[i] = (float) ((const unsigned char*) p.input)[i];
                break;
            case FROM_INT8:
                p.output[i] = (float) ((const signed char*) p.input)[i];
                break;
            default:
                p.output[i] = (float) ((const int*) p.input)[i];
                break;
        }
    }
}
