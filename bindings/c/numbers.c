/* Elements of every type as doubles, and back. The 16-bit formats are converted by plain arithmetic, not by bits of
 * float32, so that they share no mistake with the library. */
#include "harness.h"

/* digits of the mantissa with the hidden one, frexp's exponent of the smallest normal number, largest finite number */
typedef struct format { int digits, lowest; double largest; } format;

static format format_of(xent_type type)
{
    static const format half = {11, -13, 65504.0}, brain = {8, -125, 3.3895313892515355e38};
    static const format single = {FLT_MANT_DIG, FLT_MIN_EXP, FLT_MAX}, dual = {DBL_MANT_DIG, DBL_MIN_EXP, DBL_MAX};
    return type == XENT_F16 ? half : type == XENT_BF16 ? brain : type == XENT_F32 ? single : dual;
}

double round_to_type(xent_type type, double value)
{
    const format f = format_of(type);
    double unit, rounded;
    int exponent;
    if (type == XENT_F64 || value != value || fabs(value) == HUGE_VAL || value == 0)
        return value;
    frexp(value, &exponent);
    unit = ldexp(1.0, (exponent < f.lowest ? f.lowest : exponent) - f.digits);
    rounded = nearbyint(value / unit) * unit; /* both exact: unit is a power of two */
    return fabs(rounded) > f.largest ? copysign(HUGE_VAL, value) : rounded;
}

static uint16_t encode_16(xent_type type, double value)
{
    const format f = format_of(type);
    const int fraction = f.digits - 1;
    const unsigned sign = signbit(value) ? 0x8000u : 0, infinity = 0x7fffu >> fraction << fraction;
    const double rounded = fabs(round_to_type(type, value));
    int exponent;
    if (value != value)
        return (uint16_t)(infinity | 1u << (fraction - 1));
    if (rounded == HUGE_VAL)
        return (uint16_t)(sign | infinity);
    frexp(rounded, &exponent);
    if (rounded == 0 || exponent < f.lowest) /* subnormal: a multiple of the smallest */
        return (uint16_t)(sign | (unsigned)ldexp(rounded, f.digits - f.lowest));
    return (uint16_t)(sign | (((unsigned)(exponent - f.lowest) << fraction)
                              + (unsigned)ldexp(rounded, f.digits - exponent)));
}

static double decode_16(xent_type type, uint16_t bits)
{
    const format f = format_of(type);
    const int fraction = f.digits - 1, exponent = (bits & 0x7fff) >> fraction;
    const unsigned mantissa = bits & ((1u << fraction) - 1), hidden = exponent > 0 ? 1u << fraction : 0;
    double size;
    if (exponent == 0x7fff >> fraction)
        size = mantissa != 0 ? NAN : HUGE_VAL;
    else
        size = ldexp((double)(mantissa | hidden), f.lowest - f.digits + (exponent > 0 ? exponent - 1 : 0));
    return bits & 0x8000 ? -size : size;
}

double get_value(const buffer *b, size_t index)
{
    switch (b->type) {
    case XENT_F64: return ((const double *)b->data)[index];
    case XENT_F32: return ((const float *)b->data)[index];
    case XENT_F16: case XENT_BF16: return decode_16(b->type, ((const uint16_t *)b->data)[index]);
    case XENT_I8: return ((const int8_t *)b->data)[index];
    case XENT_I16: return ((const int16_t *)b->data)[index];
    case XENT_I32: return ((const int32_t *)b->data)[index];
    case XENT_U8: return ((const uint8_t *)b->data)[index];
    case XENT_U16: return ((const uint16_t *)b->data)[index];
    case XENT_U32: return ((const uint32_t *)b->data)[index];
    default: return (double)((const int64_t *)b->data)[index];
    }
}

void set_value(buffer *b, size_t index, double value)
{
    switch (b->type) {
    case XENT_F64: ((double *)b->data)[index] = value; break;
    case XENT_F32: ((float *)b->data)[index] = (float)value; break;
    case XENT_F16: case XENT_BF16: ((uint16_t *)b->data)[index] = encode_16(b->type, value); break;
    case XENT_I8: ((int8_t *)b->data)[index] = (int8_t)value; break;
    case XENT_I16: ((int16_t *)b->data)[index] = (int16_t)value; break;
    case XENT_I32: ((int32_t *)b->data)[index] = (int32_t)value; break;
    case XENT_U8: ((uint8_t *)b->data)[index] = (uint8_t)value; break;
    case XENT_U16: ((uint16_t *)b->data)[index] = (uint16_t)value; break;
    case XENT_U32: ((uint32_t *)b->data)[index] = (uint32_t)value; break;
    default: ((int64_t *)b->data)[index] = (int64_t)value; break;
    }
}
