/* Element types: 16-bit arrays give the float32 result rounded once; every label type; mixed floating types. */
#include "problem.h"

/* The results of p are those of the float32 problem q on the same values, rounded where p's arrays are of 16 bits. */
static void check_rounded(const problem *p, const problem *q, const char *what)
{
    int place;
    size_t i;
    CHECK(p->status == XENT_OK && q->status == XENT_OK, "%s: %s, %s", what, xent_status_string(p->status),
          xent_status_string(q->status));
    for (place = LOSS; place < ARGUMENTS; place++)
        for (i = 0; p->arguments[place].is_given && i < count_of(&p->arguments[place]); i++) {
            double value = p->arguments[place].values[i], wide = q->arguments[place].values[i];
            double expected = place == ARGMAX ? wide : round_to_type(p->arguments[place].type, wide);
            CHECK(same_number(value, expected), "%s: output %d, [%lu] is %a, expected %a (float32: %a)", what, place,
                  (unsigned long)i, value, expected, wide);
        }
    CHECK(same_number(p->totals.loss_sum, q->totals.loss_sum) && p->totals.count == q->totals.count
          && same_number(p->totals.weight_sum, q->totals.weight_sum) && p->totals.correct == q->totals.correct,
          "%s: other totals", what);
}

static void test_16_bit(enum function f, int32_t input, const char *spec, double spread)
{
    static const xent_type types[2] = {XENT_F16, XENT_BF16};
    static problem p, q;
    char what[160];
    int i, way;
    size_t k;
    for (i = 0; i < 2; i++)
        for (way = 0; way < 3; way++) { /* all of it; only the inputs; only the gradient and Hessian */
            start_problem(&p, f, input, types[i], spec);
            for (k = 0; k < MOST && input == XENT_LOGITS; k++)
                p.arguments[Y_PRED].values[k] = round_to_type(types[i], spread * p.arguments[Y_PRED].values[k]);
            q = p;
            for (k = 0; k < ARGUMENTS; k++) {
                if (q.arguments[k].type == types[i])
                    q.arguments[k].type = XENT_F32;
                if (p.arguments[k].type == types[i] && ((way == 1 && k >= LOSS) || (way == 2 && k < LOSS)))
                    p.arguments[k].type = XENT_F32;
            }
            snprintf(what, sizeof what, "%s, way %d, function %d, input %d, %s", i == 0 ? "float16" : "bfloat16", way, (int)f,
                     (int)input, spec);
            solve(&p);
            solve(&q);
            check_rounded(&p, &q, what);
        }
}

/* A floating array of another type that holds the same values changes nothing. */
static void test_mixed(enum function f, int32_t input, xent_type type)
{
    static const xent_type others[4] = {XENT_F32, XENT_F64, XENT_F16, XENT_BF16};
    static problem p, q;
    int i, place;
    start_problem(&q, f, input, type, f == BINARY ? "sample_weights pos_weights upstream" : "sample_weights class_weights upstream");
    p = q;
    solve(&q);
    for (place = Y_TRUE; place <= UPSTREAM; place++)
        for (i = 0; i < 4; i++) {
            problem *changed = &p;
            xent_type own = p.arguments[place].type;
            if (place == Y_PRED || own == XENT_I64)
                continue;
            changed->arguments[place].type = others[i];
            memcpy(p.arguments[GRADIENT].values, q.arguments[GRADIENT].values, sizeof q.arguments[GRADIENT].values);
            solve(&p);
            CHECK(p.status == XENT_OK && same_answers(&p, &q), "function %d, input %d, type %d: argument %d of type %d: %s",
                  (int)f, (int)input, (int)type, place, (int)others[i], xent_status_string(p.status));
            p.arguments[place].type = own;
        }
    for (i = 0; i < 4; i++) { /* the gradient rounded to a narrower type, or kept in a wider one */
        size_t k;
        p.arguments[GRADIENT].type = others[i];
        solve(&p);
        CHECK(p.status == XENT_OK, "gradient of type %d: %s", (int)others[i], xent_status_string(p.status));
        for (k = 0; k < count_of(&p.arguments[GRADIENT]); k++) {
            double value = p.arguments[GRADIENT].values[k], expected = q.arguments[GRADIENT].values[k];
            double unit = others[i] == XENT_BF16 ? 1.0 / 256 : others[i] == XENT_F16 ? 1.0 / 2048 : FLT_EPSILON;
            CHECK(fabs(value - expected) <= unit * fabs(expected) + 1e-7, "gradient of type %d from type %d: %g, not %g",
                  (int)others[i], (int)type, value, expected);
        }
    }
}

/* ---- Labels --------------------------------------------------------------------------------- */

/* 300 classes, so that all of an 8-bit type's labels occur. */
static void test_labels(xent_type type, double lowest, double highest)
{
    static const int64_t shape[2] = {1, 300}, many[2] = {3, 4};
    static problem p, q;
    double top = highest < 299 ? highest : 299;
    int place;

    start_shaped(&p, SPARSE_CATEGORICAL, XENT_LOGITS, XENT_F32, "argmax", 2, shape, -1);
    p.arguments[Y_TRUE].values[0] = top;
    p.arguments[Y_PRED].values[(size_t)top] = 100;
    q = p;
    p.arguments[Y_TRUE].type = type;
    solve(&p);
    solve(&q);
    CHECK(p.status == XENT_OK && same_answers(&p, &q) && p.totals.correct == 1, "label %g of type %d: %s", top, (int)type,
          xent_status_string(p.status));
    for (place = 0; place < 3; place++) {
        int end;
        for (end = 0; end < 2; end++) {
            start_shaped(&p, SPARSE_CATEGORICAL, XENT_LOGITS, XENT_F32, "", 2, many, -1);
            p.arguments[Y_TRUE].type = type;
            p.arguments[Y_TRUE].layout = place; /* three layouts */
            p.arguments[Y_TRUE].values[place] = end == 0 && lowest < 0 ? lowest : highest;
            solve(&p);
            CHECK(p.status == XENT_ERROR_LABEL && p.totals.error_index == place, "label %g of type %d at %d: %s, index %ld",
                  p.arguments[Y_TRUE].values[place], (int)type, place, xent_status_string(p.status), (long)p.totals.error_index);
            p.options.has_ignore_index = 1;
            p.options.ignore_index = type == XENT_I64 && end == 0 ? INT64_MIN : (int64_t)p.arguments[Y_TRUE].values[place];
            solve(&p);
            CHECK(p.status == XENT_OK && p.totals.count == 2, "label %g of type %d, ignored: %s",
                  p.arguments[Y_TRUE].values[place], (int)type, xent_status_string(p.status));
        }
    }
}

static void test_tolerance(xent_type type, double tolerance)
{
    static problem p;
    int input, side;
    for (input = XENT_PROBABILITIES; input <= XENT_LOG_PROBABILITIES; input += 2)
        for (side = 0; side < 4; side++) {
            double over = tolerance * (side < 2 ? 0.75 : 1.5);
            if (input == XENT_LOG_PROBABILITIES && side % 2 == 1)
                continue;
            start_problem(&p, BINARY, input, type, "");
            p.arguments[Y_PRED].values[11] = side % 2 == 1 ? -over : input == XENT_PROBABILITIES ? 1 + over : over;
            solve(&p);
            CHECK(p.status == (side < 2 ? XENT_OK : XENT_ERROR_PROBABILITY) && p.totals.error_index == (side < 2 ? -1 : 11),
                  "type %d, input %d, %g out of range: %s", (int)type, input, over, xent_status_string(p.status));
        }
}

static void test_conversion(void)
{
    static const struct { xent_type type; double value, rounded; } cases[] = {
        {XENT_F16, 65519, 65504}, {XENT_F16, 65520, HUGE_VAL}, {XENT_F16, 2049, 2048}, {XENT_F16, 2051, 2052},
        {XENT_F16, 0x1p-25, 0}, {XENT_F16, 0x1.8p-25, 0x1p-24}, {XENT_F16, -0x1p-24, -0x1p-24},
        {XENT_BF16, 257, 256}, {XENT_BF16, 259, 260}, {XENT_BF16, FLT_MAX, HUGE_VAL}, {XENT_BF16, 0x1p-133, 0x1p-133}};
    size_t i;
    unsigned bits;
    int which;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
        CHECK(same_number(round_to_type(cases[i].type, cases[i].value), cases[i].rounded), "harness: %a rounds to %a",
              cases[i].value, round_to_type(cases[i].type, cases[i].value));
    for (which = 0; which < 2; which++) /* every number there and back */
        for (bits = 0; bits < 0x10000; bits++) {
            buffer b;
            uint16_t element = (uint16_t)bits, back;
            double value;
            memset(&b, 0, sizeof b);
            b.type = which ? XENT_F16 : XENT_BF16;
            b.data = &element;
            value = get_value(&b, 0);
            b.data = &back;
            set_value(&b, 0, value);
            if (value == value && back != element)
                CHECK(0, "harness: 16 bits %04x come back as %04x", bits, (unsigned)back);
        }
}

void test_types(void)
{
    int way;
    for (way = 0; way < 9; way++) {
        enum function f = (enum function)(way / 3);
        int32_t input = way % 3;
        test_16_bit(f, input, f == BINARY ? "hessian" : input == XENT_LOGITS ? "hessian argmax log_sum_exp" : "hessian argmax", 1);
        test_16_bit(f, input, "reduction=2 hessian sample_weights upstreams label_smoothing=0.1", 20);
        test_16_bit(f, input, "reduction=1 focal_gamma=2 poly_epsilon=1 accumulate_gradient=1 measure=1", 4);
        test_mixed(f, input, XENT_F32);
        test_mixed(f, input, XENT_F64);
    }
    test_labels(XENT_I8, INT8_MIN, INT8_MAX);
    test_labels(XENT_I16, INT16_MIN, INT16_MAX);
    test_labels(XENT_I32, INT32_MIN, INT32_MAX);
    test_labels(XENT_I64, -9223372036854775808.0, 9223372036854774784.0);
    test_labels(XENT_U8, 0, UINT8_MAX);
    test_labels(XENT_U16, 0, UINT16_MAX);
    test_labels(XENT_U32, 0, UINT32_MAX);
    test_tolerance(XENT_F32, 1e-3);
    test_tolerance(XENT_F64, 1e-3);
    test_tolerance(XENT_F16, 1e-2);
    test_tolerance(XENT_BF16, 1e-2);
    test_conversion();
}
