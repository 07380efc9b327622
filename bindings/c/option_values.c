/* Every option alone and every pair of options against the plain formulas of reference.c. */
#include "problem.h"

/* Options of a kind of call; those for all of one function come first. */
static const char *const common[] = {
    "", "reduction=1", "reduction=2", "divisor=1", "divisor=2", "normalizer=7.5", "measure=1", "label_smoothing=0.1",
    "label_smoothing=1", "sample_weights", "upstream", "reduction=2 upstreams", "accumulate_gradient=1", "focal_gamma=1.5",
    "focal_gamma=2", "focal_gamma=0.5", "poly_epsilon=0.75", "poly_epsilon=-1", NULL};
static const char *const of_binary[] = {"pos_weight", "pos_weights", "focal_alpha=0.25", "focal_alpha=0", "focal_alpha=1", NULL};
static const char *const of_categorical[] = {"class_weights", NULL};
static const char *const of_labels[] = {
    "has_ignore_index=1 ignore_index=2", "has_ignore_index=1 ignore_index=-100", "has_ignore_index=1", NULL};
static const char *const of_probabilities[] = {"probability_floor=0.25", "probability_floor=0", NULL};
static const char *const of_logits[] = {"logit_scale=0.75", "logit_softcap=3", NULL};
static const char *const of_categorical_logits[] = {"z_loss=0.125", NULL};

static size_t append(const char **list, size_t count, const char *const *more)
{
    while (*more != NULL)
        list[count++] = *more++;
    return count;
}

static size_t list_options(enum function f, int32_t input, const char **list)
{
    size_t count = append(list, 0, common);
    count = append(list, count, f == BINARY ? of_binary : of_categorical);
    if (f == SPARSE_CATEGORICAL)
        count = append(list, count, of_labels);
    if (input == XENT_PROBABILITIES)
        count = append(list, count, of_probabilities);
    if (input == XENT_LOGITS)
        count = append(list, count, of_logits);
    return f != BINARY && input == XENT_LOGITS ? append(list, count, of_categorical_logits) : count;
}

/* The same option twice, or a divisor without a mean. */
static int is_senseless(const char *one, const char *other)
{
    const char *spec[2];
    int i;
    spec[0] = one;
    spec[1] = other;
    for (i = 0; i < 2; i++)
        if (strstr(spec[i], "reduction=") != NULL
            && (strstr(spec[1 - i], "divisor") != NULL || strstr(spec[1 - i], "normalizer") != NULL))
            return 1;
    return one[0] != '\0' && strncmp(one, other, strcspn(one, "=")) == 0;
}

static void test_pair(enum function f, int32_t input, const char *one, const char *other)
{
    static problem p;
    char spec[200], what[260];
    int has_hessian;
    snprintf(spec, sizeof spec, "%s %s %s", one, other, f == BINARY ? "" : input == XENT_LOGITS ? "argmax log_sum_exp" : "argmax");
    has_hessian = strstr(spec, "focal_gamma") == NULL && strstr(spec, "poly") == NULL && strstr(spec, "softcap") == NULL;
    snprintf(what, sizeof what, "function %d, input %d, %s", (int)f, (int)input, spec);
    start_problem(&p, f, input, XENT_F64, spec);
    p.arguments[HESSIAN].is_given = has_hessian;
    if (p.options.probability_floor == 0.25) /* below the floor the gradient is that at the floor: no difference shows it */
        p.arguments[GRADIENT].is_given = p.arguments[HESSIAN].is_given = 0;
    check_against_reference(&p, what);
}

/* The contiguous functions take the same options: their results are the descriptor functions', bit for bit. */
static void test_contiguous(enum function f, int32_t input, xent_type type, const char *one)
{
    static const int64_t plain[2] = {6, 5}, flat[1] = {6};
    static problem p;
    buffer memory[ARGUMENTS];
    xent_array views[ARGUMENTS];
    xent_options options;
    xent_status status;
    size_t i, k;

    start_shaped(&p, f, input, type, one, f == BINARY ? 1 : 2, f == BINARY ? flat : plain, -1);
    for (i = 0; i < ARGUMENTS; i++) {
        memory[i] = new_values(p.arguments[i].type, p.arguments[i].values, count_of(&p.arguments[i]));
        views[i] = view_of(&memory[i], p.arguments[i].rank, p.arguments[i].shape);
    }
    options = p.options;
    options.class_weights = p.arguments[CLASS_WEIGHTS].is_given ? &views[CLASS_WEIGHTS] : NULL;
    options.sample_weights = p.arguments[SAMPLE_WEIGHTS].is_given ? &views[SAMPLE_WEIGHTS] : NULL;
    options.pos_weight = p.arguments[POS_WEIGHT].is_given ? &views[POS_WEIGHT] : NULL;
    options.upstream = p.arguments[UPSTREAM].is_given ? &views[UPSTREAM] : NULL;
    status = call_contiguous(f, type, memory[Y_TRUE].data, memory[Y_PRED].data, 6, 5, &options, memory[LOSS].data,
                             memory[GRADIENT].data);
    solve(&p);
    CHECK(status == XENT_OK && p.status == XENT_OK, "contiguous function %d, input %d, %s: %s", (int)f, (int)input, one,
          xent_status_string(status));
    for (i = LOSS; i <= GRADIENT; i++)
        for (k = 0; k < memory[i].count; k++)
            CHECK(same_number(get_value(&memory[i], k), p.arguments[i].values[k]), "contiguous function %d, input %d, %s: "
                  "another %s", (int)f, (int)input, one, i == LOSS ? "loss" : "gradient");
    for (i = 0; i < ARGUMENTS; i++)
        free_buffer(&memory[i]);
}

void test_option_values(void)
{
    const char *list[40];
    int way;
    for (way = 0; way < 9; way++) {
        enum function f = (enum function)(way / 3);
        size_t i, k, count = list_options(f, way % 3, list);
        for (i = 0; i < count; i++) {
            for (k = i + 1; k < count; k++)
                if (!is_senseless(list[i], list[k]))
                    test_pair(f, way % 3, list[i], list[k]);
            test_contiguous(f, way % 3, XENT_F64, list[i]);
            test_contiguous(f, way % 3, XENT_F32, list[i]);
        }
    }
}
