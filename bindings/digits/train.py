"""Softmax regression on the handwritten digits, trained with xent from Python.

    pip install ./bindings/python
    python train.py < Tests/Data/digits.csv

xent computes the loss, its gradient in the logits and the descent step; the matrix products are NumPy's.
The lines of output are explained in train.c; train.c, train.py and train.swift print the same.
"""

import sys

import numpy as np
import xent

EPOCHS = 400
LEARNING_RATE = 1.5


def say(*words):
    """Prints numbers with 17 digits, which is every bit of them, and each line at once, for whoever watches."""
    print(*(f"{w:.17g}" if isinstance(w, float) else w for w in words), flush=True)


def examples():
    # By default y_pred holds probabilities and the loss is the mean. Lists will do.
    y_true, y_pred = [1, 0, 1, 0], [0.9, 0.1, 0.8, 0.2]
    say("example", "binary_loss", xent.binary_cross_entropy(y_true, y_pred).loss)
    result = xent.binary_cross_entropy(y_true, y_pred, reduction="sum", gradient=True)
    say("example", "binary_gradient_of_sum", *result.gradient.tolist())
    say("example", "binary_loss_of_three", xent.binary_cross_entropy([1, 0, 1], [0.9, 0.1, 0.7]).loss)

    # Floating-point targets are distributions: here one-hot rows, but any probabilities will do.
    targets = np.eye(3)
    probabilities = [[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.3, 0.5]]
    say("example", "categorical_loss", xent.categorical_cross_entropy(targets, probabilities).loss)
    result = xent.categorical_cross_entropy(targets, probabilities, reduction="sum", gradient=True)
    say("example", "categorical_gradient_of_sum", *result.gradient.ravel().tolist())


def read_digits():
    """Pixels divided by 16 with a last column of ones, whose weights are the biases; and the labels."""
    table = np.loadtxt(sys.stdin, delimiter=",", skiprows=1)
    pixels, labels = table[:, :64] / 16, table[:, 64].astype(np.int64)
    return np.column_stack([pixels, np.ones(len(pixels))]), labels


def main():
    examples()

    x, y = read_digits()
    held_out = np.arange(len(y)) % 5 == 0
    x_train, y_train, x_held_out, y_held_out = x[~held_out], y[~held_out], x[held_out], y[held_out]

    weights = np.zeros((65, 10))
    say("training", EPOCHS)
    for epoch in range(EPOCHS + 1):
        # No softmax anywhere: xent works on the logits. Integer targets are class labels.
        logits = x_train @ weights
        result = xent.categorical_cross_entropy(y_train, logits, input="logits", gradient=True)

        held_out_logits = x_held_out @ weights
        accuracy = np.mean(held_out_logits.argmax(axis=1) == y_held_out)
        say("epoch", epoch, result.loss, accuracy)

        if epoch < EPOCHS:
            # The mean's division by the number of rows is already in the gradient.
            xent.gradient_descent(weights, x_train.T @ result.gradient, LEARNING_RATE)

    for index, label, row in zip(np.flatnonzero(held_out), y_held_out, held_out_logits):
        say("held_out", index, label, *row.tolist())


if __name__ == "__main__":
    try:
        main()
    except xent.XentError as error:  # the message names the argument, the index and the value
        sys.exit(f"train: {error}")
