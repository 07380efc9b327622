#include "values.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

uint32_t below(decisions *d, uint32_t limit)
{
    uint32_t value = 0, bytes = limit > 256 ? 2 : 1;
    while (bytes-- > 0 && d->next < d->end)
        value = value << 8 | *d->next++;
    return value % limit;
}

int one_in(decisions *d, uint32_t n) { return below(d, 256) > 255 - 256 / n; }

int64_t extreme_integer(decisions *d)
{
    static const int64_t values[] = {
        0, 1, -1, 2, -2, 3, 5, 17, 64, 127, 128, 255, 256, -128, 1000, INT32_MAX, INT32_MIN, (int64_t)UINT32_MAX + 1,
        INT64_MAX, INT64_MIN, INT64_MAX / 2, INT64_MIN / 2, INT64_MAX / 4 + 1, INT64_MIN / 4, INT64_MAX / 8 + 1,
        INT64_MAX / 3, (int64_t)1 << 62, (int64_t)1 << 61, -((int64_t)1 << 61), INT64_MAX - 1, 3037000500};
    return values[below(d, COUNT(values))];
}

static const double numbers[] = {
    0.0,      1.0,     -0.0,     0.5,     0.25,    2.0,      -1.0,         3.0,     7.0,      1e-3,    1e-15,  -1e-4,
    1.0005,   1e-30,   1e-45,    1e-310,  1e30,    -1e30,    3.5e38,       1e300,   -1e300,   88.8,    -104.0, 710.0,
    0.499999, 65504.0, 1e-7,     1e-8,    100.0,   -50.0,    0x1.fffffep-1, DBL_MAX, -DBL_MAX, DBL_MIN, FLT_MIN, 1e9,
};

double extreme_number(decisions *d)
{
    uint32_t choice = below(d, COUNT(numbers) + 3);
    return choice < COUNT(numbers) ? numbers[choice] : choice == COUNT(numbers) ? NAN : choice % 2 ? INFINITY : -INFINITY;
}

size_t size_of(xent_type type)
{
    static const size_t sizes[] = {4, 8, 2, 2, 1, 2, 4, 8, 1, 2, 4};
    return (unsigned)type < COUNT(sizes) ? sizes[type] : 1;
}

int is_floating(xent_type type) { return (unsigned)type <= XENT_BF16; }

static uint64_t random_bits(filling *f)
{
    /* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled", 2016. */
    f->state ^= f->state >> 12;
    f->state ^= f->state << 25;
    f->state ^= f->state >> 27;
    return f->state * 0x2545f4914f6cdd1dULL;
}

/* A value to the nearest half downwards; what is too small is 0, what is too large infinite. */
static uint16_t half_bits(double value)
{
    uint16_t sign = signbit(value) ? 0x8000 : 0;
    int exponent = 0; /* which frexp leaves alone for what is not finite */
    double fraction = frexp(fabs(value), &exponent);
    if (isnan(value))
        return sign | 0x7e00;
    if (value == 0 || exponent < -13)
        return sign;
    if (isinf(value) || exponent > 16)
        return sign | 0x7c00;
    return (uint16_t)(sign | (exponent + 14) << 10 | ((int)(fraction * 2048) & 0x3ff));
}

static double ordinary_value(filling *f)
{
    double unit = (double)(random_bits(f) >> 11) * 0x1p-53;
    switch (f->kind) {
    case PROBABILITIES_KIND: return unit;
    case LOGITS_KIND: return 40 * unit - 20;
    case LOG_PROBABILITIES_KIND: return -20 * unit;
    default: return 4 * unit - 1;
    }
}

void store_value(filling *f, void *element, xent_type type)
{
    uint64_t bits = random_bits(f);
    int is_strange = (bits >> 40 & 0xff) < f->strange;
    if (!is_floating(type)) {
        int64_t label = is_strange ? (int64_t)random_bits(f) : (int64_t)(bits % (uint64_t)(f->classes > 0 ? f->classes : 1));
        memcpy(element, &label, size_of(type)); /* the low bytes: little endian */
    } else if (is_strange && bits & 1) {
        uint64_t any = random_bits(f);
        memcpy(element, &any, size_of(type));
    } else {
        decisions choice = {(const uint8_t *)&bits, (const uint8_t *)&bits + 1};
        double value = is_strange ? extreme_number(&choice) : ordinary_value(f);
        float single = (float)value;
        uint32_t single_bits;
        uint16_t half = half_bits(value), brain;
        memcpy(&single_bits, &single, sizeof single_bits);
        brain = (uint16_t)(single_bits >> 16);
        const void *stored = type == XENT_F64 ? (void *)&value : type == XENT_F32 ? (void *)&single
            : type == XENT_F16 ? (void *)&half : (void *)&brain;
        memcpy(element, stored, size_of(type));
    }
}
