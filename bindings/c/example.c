/*
 * Cross-entropy from C: build with
 *
 *     cc example.c -lxent -o example
 */
#include <stdio.h>

#include <xent.h>

static void print_values(const char *name, const double *values, int count)
{
    int i;
    printf("%s", name);
    for (i = 0; i < count; i++)
        printf(" %.6f", values[i]);
    printf("\n");
}

int main(void)
{
    xent_status status;

    /* Binary: four targets, four probabilities. NULL for the options means a mean over probabilities. */
    {
        const double y_true[4] = {1, 0, 1, 0}, y_pred[4] = {0.9, 0.1, 0.8, 0.2};
        double loss, gradient[4];

        status = xent_binary_f64(y_true, y_pred, 4, NULL, &loss, gradient);
        if (status != XENT_OK) {
            fprintf(stderr, "xent_binary_f64: %s\n", xent_status_string(status));
            return 1;
        }
        printf("binary loss %.15f\n", loss);
        print_values("gradient in y_pred", gradient, 4);
    }

    /* A classifier of three classes: logits = x * theta, trained by gradient descent. The gradient in the
     * logits comes from the library; the chain rule through the product is the caller's. */
    {
        enum { ROWS = 4, FEATURES = 2, CLASSES = 3 };
        const double x[ROWS][FEATURES] = {{1, 0}, {0.9, 0.2}, {0, 1}, {-1, -1}};
        const int64_t labels[ROWS] = {0, 0, 1, 2};
        double theta[FEATURES][CLASSES] = {{0, 0, 0}, {0, 0, 0}};
        xent_options options = XENT_OPTIONS_INIT;
        int step;

        options.input = XENT_LOGITS;
        for (step = 0; step < 2; step++) {
            double logits[ROWS][CLASSES], gradient[FEATURES][CLASSES] = {{0, 0, 0}, {0, 0, 0}}, loss;
            int row, feature, k;

            for (row = 0; row < ROWS; row++)
                for (k = 0; k < CLASSES; k++)
                    logits[row][k] = x[row][0] * theta[0][k] + x[row][1] * theta[1][k];

            /* The gradient may take the place of the logits. */
            status = xent_sparse_categorical_f64(labels, &logits[0][0], ROWS, CLASSES, &options, &loss, &logits[0][0]);
            if (status != XENT_OK) {
                fprintf(stderr, "xent_sparse_categorical_f64: %s\n", xent_status_string(status));
                return 1;
            }
            printf("categorical loss %s a step of gradient descent %.6f\n", step == 0 ? "before" : "after", loss);

            for (row = 0; row < ROWS; row++)
                for (feature = 0; feature < FEATURES; feature++)
                    for (k = 0; k < CLASSES; k++)
                        gradient[feature][k] += x[row][feature] * logits[row][k];
            status = xent_gradient_descent_f64(&theta[0][0], &gradient[0][0], FEATURES * CLASSES, 1.0);
            if (status != XENT_OK) {
                fprintf(stderr, "xent_gradient_descent_f64: %s\n", xent_status_string(status));
                return 1;
            }
        }
    }

    /* Errors. The descriptor functions take any shape, and can say which value is wrong. */
    {
        int32_t labels[3] = {0, 3, 1}; /* 3 is no class of three */
        float y_pred[9] = {0.7f, 0.2f, 0.1f, 0.1f, 0.8f, 0.1f, 0.2f, 0.3f, 0.5f}, loss;
        const int64_t shape[2] = {3, 3}; /* rows, classes */
        xent_array labels_view = {NULL, XENT_I32, 1, NULL, NULL}, y_pred_view = {NULL, XENT_F32, 2, NULL, NULL};
        xent_array loss_view = {NULL, XENT_F32, 0, NULL, NULL};
        xent_outputs outputs = XENT_OUTPUTS_INIT;
        char message[200];

        labels_view.data = labels;
        labels_view.shape = shape;
        y_pred_view.data = y_pred;
        y_pred_view.shape = shape;
        loss_view.data = &loss;
        outputs.loss = &loss_view;

        status = xent_categorical(&labels_view, &y_pred_view, NULL, &outputs);
        if (status == XENT_OK) {
            fprintf(stderr, "a wrong label was accepted\n");
            return 1;
        }
        xent_explain_categorical(&labels_view, &y_pred_view, NULL, &outputs, message, sizeof message);
        printf("refused: %s: %s (error_index %ld)\n", xent_status_string(status), message, (long)outputs.error_index);

        labels[1] = 1;
        labels[2] = 2;
        status = xent_categorical(&labels_view, &y_pred_view, NULL, &outputs);
        if (status != XENT_OK) {
            fprintf(stderr, "xent_categorical: %s\n", xent_status_string(status));
            return 1;
        }
        printf("accepted: loss %.6f over %ld rows\n", loss, (long)outputs.count);
    }
    return 0;
}
