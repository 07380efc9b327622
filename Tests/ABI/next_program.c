/* A program of the next version, with today's library and with its own.
 *
 * usage: next_program VERSION   how many versions of the structs the library knows: 1 (today's) or 2 (the next one) */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <xent.h>

static int failures;

static void check_at(int line, int good, const char *what)
{
    if (good) return;
    failures++;
    printf("FAILED: line %d: %s\n", line, what);
}

#define CHECK(condition) check_at(__LINE__, (condition), #condition)

int main(int count, char **arguments)
{
    const int is_next = count == 2 && strcmp(arguments[1], "2") == 0;
    double y[1] = {1}, z[1] = {2}, loss = -1;
    const double plain = log1p(exp(-2)), smooth = 0.95 * log1p(exp(-2)) + 0.05 * log1p(exp(2));
    const int64_t one = 1;
    const xent_array y_true = {y, XENT_F64, 1, &one, NULL}, y_pred = {z, XENT_F64, 1, &one, NULL};
    xent_options options;
    xent_outputs outputs = XENT_OUTPUTS_INIT;

    memset(&options, 1, sizeof options);
    xent_options_init(&options);
    CHECK(options.struct_size == sizeof options && options.next_smoothing == 0);
    options.input = XENT_LOGITS;

    /* New fields left alone: every library knows what is asked for. */
    outputs.next_total = is_next ? -1 : 0;
    CHECK(xent_binary_f64(y, z, 1, &options, &loss, NULL) == XENT_OK && fabs(loss - plain) < 1e-12);
    CHECK(xent_binary(&y_true, &y_pred, &options, &outputs) == XENT_OK && fabs(outputs.loss_sum - plain) < 1e-12);
    CHECK(is_next ? fabs(outputs.next_total - 2 * plain) < 1e-12 : outputs.next_total == 0);

    /* A new option: computed by its own library, refused by the earlier one, never ignored. */
    options.next_smoothing = 0.1;
    loss = -1;
    CHECK(xent_binary_f64(y, z, 1, &options, &loss, NULL) == (is_next ? XENT_OK : XENT_ERROR_OPTION));
    CHECK(is_next ? fabs(loss - smooth) < 1e-12 : loss == -1);

    printf("the next version's program with %s library: %d failed\n", is_next ? "its own" : "today's", failures);
    return failures != 0;
}
