/* Gradient descent: values, and every status. */
#include "harness.h"

static xent_status descend(buffer *theta, const buffer *gradient, size_t count, double rate)
{
    void *t = theta != NULL ? theta->data : NULL;
    const void *g = gradient != NULL ? gradient->data : NULL;
    xent_type type = theta != NULL ? theta->type : gradient != NULL ? gradient->type : XENT_F64;
    return type == XENT_F32 ? xent_gradient_descent_f32((float *)t, (const float *)g, count, rate)
                            : xent_gradient_descent_f64((double *)t, (const double *)g, count, rate);
}

static void test_values(xent_type type, size_t count, double rate)
{
    static double t[1000], g[1000];
    buffer theta, gradient, before;
    size_t i;

    for (i = 0; i < count; i++) {
        t[i] = ((double)(i * 7919 % 1000) - 500) / 37;
        g[i] = ((double)(i * 104729 % 1000) - 500) / 1013;
    }
    theta = new_values(type, t, count);
    before = copy_buffer(&theta);
    gradient = new_values(type, g, count);
    CHECK(descend(&theta, &gradient, count, rate) == XENT_OK, "a plain step");
    for (i = 0; i < count; i++) {
        /* The float64 step may or may not fuse the multiplication: one rounding of each operand's size apart. */
        double old = get_value(&before, i), step = rate * get_value(&gradient, i), expected = old - step;
        double value = get_value(&theta, i), size = fabs(old) + fabs(step);
        double tolerance = type == XENT_F32 ? fabs(expected) * FLT_EPSILON / 2 + size * DBL_EPSILON : size * DBL_EPSILON;
        CHECK(fabs(value - expected) <= tolerance, "theta[%lu] is %a, expected %a", (unsigned long)i, value, expected);
    }
    free_buffer(&theta);
    free_buffer(&gradient);
    free_buffer(&before);
}

static void expect(xent_status status, xent_status expected, const buffer *theta, const buffer *before, const char *what)
{
    CHECK(status == expected, "%s: %s", what, xent_status_string(status));
    if (expected != XENT_OK)
        CHECK(same_values(theta, before), "%s: theta was written", what);
}

void test_gradient_descent(void)
{
    static const double zeros[40] = {0};
    static const size_t counts[] = {0, 1, 2, 3, 7, 8, 15, 16, 17, 33, 1000};
    int way;

    for (way = 0; way < 2; way++) {
        xent_type type = way ? XENT_F64 : XENT_F32;
        size_t i, size = size_of_type(type);
        buffer theta = new_values(type, zeros, 40), before = copy_buffer(&theta), gradient = new_values(type, zeros, 40);
        buffer part = theta;

        for (i = 0; i < sizeof counts / sizeof counts[0]; i++) {
            test_values(type, counts[i], 0.1);
            test_values(type, counts[i], -3);
        }
        expect(descend(&theta, &gradient, 40, 0), XENT_OK, &theta, &before, "a rate of 0");
        expect(descend(&theta, NULL, 40, 0.1), XENT_ERROR_NULL, &theta, &before, "gradient NULL");
        expect(descend(NULL, &gradient, 40, 0.1), XENT_ERROR_NULL, &theta, &before, "theta NULL");
        expect(descend(NULL, NULL, 0, 0.1), XENT_OK, &theta, &before, "nothing to do");
        expect(descend(&theta, &gradient, 40, NAN), XENT_ERROR_OPTION, &theta, &before, "a rate of NaN");
        expect(descend(&theta, &gradient, 40, HUGE_VAL), XENT_ERROR_OPTION, &theta, &before, "an infinite rate");
        expect(descend(&theta, &gradient, 40, -HUGE_VAL), XENT_ERROR_OPTION, &theta, &before, "an infinite rate");
        expect(descend(&theta, &gradient, SIZE_MAX, 0.1), XENT_ERROR_SHAPE, &theta, &before, "SIZE_MAX values");
        expect(descend(&theta, &gradient, SIZE_MAX / size + 1, 0.1), XENT_ERROR_SHAPE, &theta, &before, "bytes wrap to 0");
        expect(descend(&theta, &theta, 40, 0.1), XENT_ERROR_OVERLAP, &theta, &before, "theta is the gradient");
        part.data = (char *)theta.data + size;
        expect(descend(&theta, &part, 39, 0.1), XENT_ERROR_OVERLAP, &theta, &before, "gradient one behind theta");
        expect(descend(&part, &theta, 39, 0.1), XENT_ERROR_OVERLAP, &theta, &before, "gradient one before theta");
        part.data = (char *)theta.data + 20 * size;
        expect(descend(&theta, &part, 21, 0.1), XENT_ERROR_OVERLAP, &theta, &before, "overlap of one");
        expect(descend(&theta, &part, 20, 0.1), XENT_OK, &theta, &before, "neighbours");
        free_buffer(&theta);
        free_buffer(&before);
        free_buffer(&gradient);
    }
}
