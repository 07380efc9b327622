/* The sound call of described.h, and everything that is checked of it when it has been spoilt. */
#include "described.h"

const int64_t shape[3] = {2, 3, 4};

void start_described(described_call *c, enum function function, xent_type type)
{
    static const int64_t labels[6] = {1, 1, 1, 1, 1, 1};
    double y_true[24], y_pred[24];
    int32_t rank = function == BINARY ? 2 : 3;
    size_t i, count = function == BINARY ? 6 : 24;

    c->function = function;
    for (i = 0; i < 24; i++) {
        y_true[i] = function == BINARY || i % 4 == 1 ? 1 : 0;
        y_pred[i] = 0.25;
    }
    c->y_true_buffer = function == SPARSE_CATEGORICAL ? new_labels(XENT_I32, labels, 6) : new_values(type, y_true, count);
    c->y_pred_buffer = new_values(type, y_pred, count);
    c->loss_buffer = new_buffer(type, 6);
    c->gradient_buffer = new_buffer(type, count);
    c->y_true = view_of(&c->y_true_buffer, function == SPARSE_CATEGORICAL ? 2 : rank, shape);
    c->y_pred = view_of(&c->y_pred_buffer, rank, shape);
    c->loss = view_of(&c->loss_buffer, 0, NULL);
    c->gradient = view_of(&c->gradient_buffer, rank, shape);
    xent_options_init(&c->options);
    xent_outputs_init(&c->outputs);
    c->outputs.loss = &c->loss;
    c->outputs.gradient = &c->gradient;
}

xent_status call_described(const described_call *c, const xent_array *y_true, const xent_array *y_pred, xent_outputs *outputs)
{
    return c->function == BINARY ? xent_binary(y_true, y_pred, &c->options, outputs)
                                 : xent_categorical(y_true, y_pred, &c->options, outputs);
}

size_t explain_described(const described_call *c, const xent_array *y_true, const xent_array *y_pred,
                         const xent_outputs *outputs, char *message, size_t capacity)
{
    return c->function == BINARY ? xent_explain_binary(y_true, y_pred, &c->options, outputs, message, capacity)
                                 : xent_explain_categorical(y_true, y_pred, &c->options, outputs, message, capacity);
}

/* Whether the message holds one of the words, which '|' separates. */
static int mentions(const char *message, const char *words)
{
    char word[80];
    while (*words != '\0') {
        size_t length = strcspn(words, "|");
        snprintf(word, sizeof word, "%.*s", (int)length, words);
        if (strstr(message, word) != NULL)
            return 1;
        words += length + (words[length] == '|');
    }
    return 0;
}

void check_message(const described_call *c, const xent_array *y_true, const xent_array *y_pred, const xent_outputs *outputs,
                   const char *words, const char *what, const char *file, int line)
{
    char message[400], small[400];
    size_t length, cut, i;

    memset(message, '#', sizeof message);
    length = explain_described(c, y_true, y_pred, outputs, message, sizeof message);
    if (!check_at(length < sizeof message && message[length] == '\0' && strlen(message) == length, file, line,
                  "%s: a message of %lu bytes that does not end there", what, (unsigned long)length))
        return;
    if (words == NULL)
        check_at(length == 0, file, line, "%s: nothing to refuse, but: %s", what, message);
    else
        check_at(length > 0 && mentions(message, words), file, line, "%s: \"%s\" does not mention %s", what, message,
                 words);
    check_at(explain_described(c, y_true, y_pred, outputs, NULL, 0) == length, file, line, "%s: another length without room", what);
    for (i = 0; i < 4; i++) {
        size_t capacities[4];
        capacities[0] = 1;
        capacities[1] = 5;
        capacities[2] = length;
        capacities[3] = length + 1;
        if (capacities[i] == 0)
            continue;
        memset(small, '#', sizeof small);
        cut = length < capacities[i] - 1 ? length : capacities[i] - 1;
        check_at(explain_described(c, y_true, y_pred, outputs, small, capacities[i]) == length && memcmp(small, message, cut) == 0
                 && small[cut] == '\0' && small[capacities[i]] == '#', file, line,
                 "%s: the message is not cut as snprintf would at %lu", what, (unsigned long)capacities[i]);
    }
}

void expect_described(described_call *c, xent_status expected, int64_t error_index, const char *words, const char *what,
                      const char *file, int line)
{
    static const char *const functions[] = {"binary", "categorical", "labels"};
    xent_outputs before;
    xent_status status;
    int is_size_known = c->outputs.struct_size >= sizeof(xent_outputs);

    c->outputs.loss_sum = 12.5;
    c->outputs.weight_sum = 34.5;
    c->outputs.count = 56;
    c->outputs.correct = 78;
    c->outputs.error_index = 90;
    before = c->outputs;
    status = call_described(c, &c->y_true, &c->y_pred, &c->outputs);
    check_at(status == expected, file, line, "%s, %s: %s, expected %s", functions[c->function], what,
             xent_status_string(status), xent_status_string(expected));
    check_at(c->outputs.struct_size == before.struct_size && c->outputs.loss == before.loss
             && c->outputs.gradient == before.gradient && c->outputs.hessian == before.hessian
             && c->outputs.log_sum_exp == before.log_sum_exp && c->outputs.argmax == before.argmax,
             file, line, "%s: the caller's part of the outputs was changed", what);
    if (is_size_known)
        check_at(c->outputs.error_index == error_index, file, line, "%s: error_index is %ld, expected %ld", what,
                 (long)c->outputs.error_index, (long)error_index);
    if (expected == XENT_OK)
        check_at(c->outputs.count == (c->y_pred_buffer.count == 0 ? 0 : 6) && c->outputs.correct == -1, file, line,
                 "%s: count is %ld, correct %ld", what, (long)c->outputs.count, (long)c->outputs.correct);
    else
        check_at(c->outputs.loss_sum == 12.5 && c->outputs.weight_sum == 34.5 && c->outputs.count == 56
                 && c->outputs.correct == 78, file, line, "%s: totals were written on an error", what);
    if (expected != XENT_OK && expected != XENT_ERROR_PROBABILITY && expected != XENT_ERROR_TARGET) {
        check_at(is_untouched(&c->loss_buffer), file, line, "%s: loss was written", what);
        check_at(is_untouched(&c->gradient_buffer), file, line, "%s: gradient was written", what);
    }
    if (status == expected && (words == NULL || words[0] != '\0'))
        check_message(c, &c->y_true, &c->y_pred, &c->outputs, words, what, file, line);
    free_buffer(&c->y_true_buffer);
    free_buffer(&c->y_pred_buffer);
    free_buffer(&c->loss_buffer);
    free_buffer(&c->gradient_buffer);
}
