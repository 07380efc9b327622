/*
 * Softmax regression on the handwritten digits, trained with xent from C.
 *
 *     cc -O2 train.c -lxent -o train
 *     ./train < Tests/Data/digits.csv
 *
 * xent computes the loss, its gradient in the logits and the descent step. The matrix products are the
 * caller's: plain loops here, whatever BLAS there is elsewhere.
 *
 * Output, the same from train.c, train.py and train.swift, so that the three can be compared:
 *
 *     example NAME VALUE...            small problems with known answers
 *     training EPOCHS                  how many descent steps follow
 *     epoch N LOSS ACCURACY            training loss and held-out accuracy after N steps
 *     held_out INDEX LABEL LOGIT...    the trained model's ten logits for every held-out digit
 */
#include <stdio.h>
#include <stdlib.h>
#include <xent.h>

enum { PIXELS = 64, FEATURES = PIXELS + 1, CLASSES = 10, ROWS = 1797, EPOCHS = 400 };
enum { HELD_OUT = (ROWS + 4) / 5, TRAIN = ROWS - HELD_OUT }; /* every fifth row is held out */
static const double LEARNING_RATE = 1.5;

/* Pixels divided by 16 and a last column of ones, whose weights are the biases. */
static double x_train[TRAIN][FEATURES], x_held_out[HELD_OUT][FEATURES];
static int64_t y_train[TRAIN], y_held_out[HELD_OUT];

static double weights[FEATURES][CLASSES]; /* zero to begin with */
static double weight_gradient[FEATURES][CLASSES];
static double logits[TRAIN][CLASSES], logit_gradient[TRAIN][CLASSES], held_out_logits[HELD_OUT][CLASSES];

/* Every call of xent returns a status; nothing else reports an error. */
static void check(xent_status status, const char *what)
{
    if (status == XENT_OK) return;
    fprintf(stderr, "train: %s: %s\n", what, xent_status_string(status));
    exit(1);
}

static void print_values(const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++) printf(" %.17g", values[i]);
    printf("\n");
}

static void examples(void)
{
    double loss, gradient[9];
    xent_options sum = XENT_OPTIONS_INIT;
    sum.reduction = XENT_SUM;

    /* No options (NULL): y_pred holds probabilities, and the loss is the mean. */
    const double y_true[4] = {1, 0, 1, 0}, y_pred[4] = {0.9, 0.1, 0.8, 0.2};
    check(xent_binary_f64(y_true, y_pred, 4, NULL, &loss, NULL), "binary");
    printf("example binary_loss %.17g\n", loss);
    check(xent_binary_f64(y_true, y_pred, 4, &sum, NULL, gradient), "binary gradient");
    printf("example binary_gradient_of_sum");
    print_values(gradient, 4);

    const double three_true[3] = {1, 0, 1}, three_pred[3] = {0.9, 0.1, 0.7};
    check(xent_binary_f64(three_true, three_pred, 3, NULL, &loss, NULL), "binary of three");
    printf("example binary_loss_of_three %.17g\n", loss);

    /* Targets as distributions: here one-hot rows, but any probabilities will do. */
    const double targets[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    const double probabilities[9] = {0.7, 0.2, 0.1, 0.1, 0.8, 0.1, 0.2, 0.3, 0.5};
    check(xent_categorical_f64(targets, probabilities, 3, 3, NULL, &loss, NULL), "categorical");
    printf("example categorical_loss %.17g\n", loss);
    check(xent_categorical_f64(targets, probabilities, 3, 3, &sum, NULL, gradient), "categorical gradient");
    printf("example categorical_gradient_of_sum");
    print_values(gradient, 9);
}

static void read_digits(void)
{
    int character;
    do character = getchar(); while (character != '\n' && character != EOF); /* the header */
    for (size_t row = 0; row < ROWS; row++) {
        double *x = row % 5 == 0 ? x_held_out[row / 5] : x_train[row - row / 5 - 1];
        int64_t *y = row % 5 == 0 ? &y_held_out[row / 5] : &y_train[row - row / 5 - 1];
        int value;
        for (size_t column = 0; column <= PIXELS; column++) {
            if (scanf("%d%*c", &value) != 1) { /* %*c skips the comma or newline */
                fprintf(stderr, "train: row %zu of digits.csv cannot be read\n", row);
                exit(1);
            }
            if (column < PIXELS) x[column] = value / 16.0;
        }
        x[PIXELS] = 1;
        *y = value; /* the label is the last column */
    }
}

/* z = x W */
static void multiply(size_t rows, double x[][FEATURES], double z[][CLASSES])
{
    for (size_t row = 0; row < rows; row++) {
        for (size_t c = 0; c < CLASSES; c++) z[row][c] = 0;
        for (size_t k = 0; k < FEATURES; k++)
            for (size_t c = 0; c < CLASSES; c++) z[row][c] += x[row][k] * weights[k][c];
    }
}

static double held_out_accuracy(void)
{
    int correct = 0;
    multiply(HELD_OUT, x_held_out, held_out_logits);
    for (size_t row = 0; row < HELD_OUT; row++) {
        int64_t best = 0;
        for (int64_t c = 1; c < CLASSES; c++)
            if (held_out_logits[row][c] > held_out_logits[row][best]) best = c;
        correct += best == y_held_out[row];
    }
    return (double)correct / HELD_OUT;
}

static void train(void)
{
    xent_options options = XENT_OPTIONS_INIT;
    options.input = XENT_LOGITS; /* no softmax anywhere: xent works on the logits */

    printf("training %d\n", EPOCHS);
    for (int epoch = 0; ; epoch++) {
        double loss;
        multiply(TRAIN, x_train, logits);
        check(xent_sparse_categorical_f64(y_train, logits[0], TRAIN, CLASSES, &options,
                                          &loss, logit_gradient[0]), "loss");
        printf("epoch %d %.17g %.17g\n", epoch, loss, held_out_accuracy());
        if (epoch == EPOCHS) break;

        /* dW = x^T G; the mean's division by the number of rows is already in G */
        for (size_t k = 0; k < FEATURES; k++)
            for (size_t c = 0; c < CLASSES; c++) weight_gradient[k][c] = 0;
        for (size_t row = 0; row < TRAIN; row++)
            for (size_t k = 0; k < FEATURES; k++)
                for (size_t c = 0; c < CLASSES; c++)
                    weight_gradient[k][c] += x_train[row][k] * logit_gradient[row][c];

        check(xent_gradient_descent_f64(weights[0], weight_gradient[0], FEATURES * CLASSES, LEARNING_RATE),
              "gradient descent");
    }
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0); /* every line at once, for whoever watches */
    examples();
    read_digits();
    train();
    for (size_t row = 0; row < HELD_OUT; row++) {
        printf("held_out %zu %d", 5 * row, (int)y_held_out[row]);
        print_values(held_out_logits[row], CLASSES);
    }
    return 0;
}
