"""Compares what the three training programs printed: one table, one verdict, one picture.

    python report.py C_OUTPUT PYTHON_OUTPUT SWIFT_OUTPUT PICTURE.png < Tests/Data/digits.csv

Exits with status 1 if the programs disagree, with each other or with the known answers.
"""

import math
import sys

import matplotlib

matplotlib.use("Agg")  # no display needed
import matplotlib.pyplot as plt
import numpy as np

LANGUAGES = ("C", "Python", "Swift")
TOLERANCE = 1e-9
LEAST_ACCURACY = 0.95

# The known answers, written out as the formulas that they come from.
EXPECTED = {
    "binary_loss": [-(2 * math.log(0.9) + 2 * math.log(0.8)) / 4],
    "binary_gradient_of_sum": [-1 / 0.9, 1 / 0.9, -1 / 0.8, 1 / 0.8],
    "binary_loss_of_three": [-(2 * math.log(0.9) + math.log(0.7)) / 3],
    "categorical_loss": [-(math.log(0.7) + math.log(0.8) + math.log(0.5)) / 3],
    "categorical_gradient_of_sum": [-1 / 0.7, 0, 0, 0, -1 / 0.8, 0, 0, 0, -1 / 0.5],
}


class Run:
    """One program's output."""

    def __init__(self, path):
        self.examples, self.losses, self.accuracies, self.held_out = {}, [], [], {}
        for line in open(path):
            kind, *words = line.split()
            if kind == "example":
                self.examples[words[0]] = [float(w) for w in words[1:]]
            elif kind == "epoch":
                self.losses.append(float(words[1]))
                self.accuracies.append(float(words[2]))
            elif kind == "held_out":
                self.held_out[int(words[0])] = [float(w) for w in words[1:]]  # label, ten logits

    def numbers(self):
        """Every number in one array, in the same order for every language."""
        columns = [self.examples[name] for name in EXPECTED] + [self.losses, self.accuracies]
        columns += [[index, *values] for index, values in self.held_out.items()]
        return np.concatenate(columns)


def largest_difference(lists):
    """Between any two of some equally long lists of numbers; relative for numbers above 1.

    A NaN anywhere makes it NaN, which no tolerance allows.
    """
    values = np.array(lists)
    return np.max(np.ptp(values, axis=0) / np.maximum(np.abs(values).max(axis=0), 1))


def table(runs):
    rows = []

    def add(name, expected, values):
        cells = ["" if v is None else f"{v:.13f}" for v in (expected, *values)]
        apart = max(values) - min(values)
        rows.append([name, *cells, f"{apart:.0e}" if apart else "0"])

    for name, expected in EXPECTED.items():
        for i, value in enumerate(expected):
            # The zeros of a gradient are compared like all the rest, but need no line each.
            if value != 0:
                place = f"[{i // 3},{i % 3}]" if len(expected) == 9 else f"[{i}]" if len(expected) > 1 else ""
                add(name.replace("_", " ") + " " + place, value, [run.examples[name][i] for run in runs])
    rows.append(None)

    last = len(runs[0].losses) - 1
    shown = [e for e in range(0, last + 1, max(last // 8, 1))]
    for epoch in shown:
        # All weights are zero at the start, so every class has probability 1/10.
        expected = math.log(10) if epoch == 0 else None
        add(f"training loss, epoch {epoch}", expected, [run.losses[epoch] for run in runs])
    rows.append(None)
    for epoch in shown:
        add(f"held-out accuracy, epoch {epoch}", None, [run.accuracies[epoch] for run in runs])

    head = ["", "expected", *LANGUAGES, "apart"]
    widths = [max(len(row[i]) for row in [head, *filter(None, rows)]) for i in range(len(head))]
    rule = "-" * (sum(widths) + 2 * len(widths) - 2)
    for row in [head, None, *rows]:
        if row is None:
            print(rule)
        else:
            print(row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:])), sep="  ")
    print()


def verdict(runs):
    """Prints what holds; returns a list of what does not."""
    problems = []
    numbers = [run.numbers() for run in runs]
    apart = largest_difference(numbers)
    if apart <= TOLERANCE:
        print(f"C, Python and Swift agree: all {numbers[0].size:,} numbers within {TOLERANCE:.0e} "
              f"(largest difference {apart:.1e}).")
    else:
        problems.append(f"C, Python and Swift disagree: numbers differ by {apart:.1e}, allowed is {TOLERANCE:.0e}")

    known = np.concatenate([*EXPECTED.values(), [math.log(10)]])
    off = largest_difference(
        [known] + [np.concatenate([*(run.examples[name] for name in EXPECTED), run.losses[:1]]) for run in runs])
    if off <= TOLERANCE:
        print(f"The known answers are met within {TOLERANCE:.0e} (largest difference {off:.1e}).")
    else:
        problems.append(f"a known answer is missed by {off:.1e}, allowed is {TOLERANCE:.0e}")

    accuracy, count = runs[0].accuracies[-1], len(runs[0].held_out)
    if accuracy >= LEAST_ACCURACY:
        print(f"The trained model reads {accuracy:.1%} of {count} held-out digits correctly.")
    else:
        problems.append(f"the trained model reads only {accuracy:.1%} of {count} held-out digits correctly")
    return problems


def picture(run, apart, pixels, path):
    ink, blue, orange, grey = "#1f2430", "#2563a8", "#d9622b", "#8a8f98"
    plt.rcParams.update({"font.size": 10, "text.color": ink, "axes.labelcolor": ink, "axes.edgecolor": grey,
                         "xtick.color": ink, "ytick.color": ink, "axes.titlelocation": "left",
                         "axes.titlesize": 11, "axes.spines.top": False, "axes.spines.right": False})
    figure = plt.figure(figsize=(14, 8), dpi=150)
    figure.suptitle("xent: softmax regression on handwritten digits, trained from C, Python and Swift",
                    x=0.045, y=0.968, ha="left", fontsize=15, fontweight="bold")
    figure.text(0.045, 0.906, f"The three runs give the same curves; the largest difference is {apart:.1e}.",
                fontsize=10.5, color=grey)
    left = figure.add_gridspec(2, 1, left=0.045, right=0.40, top=0.828, bottom=0.075, hspace=0.36)
    right = figure.add_gridspec(4, 3, left=0.455, right=0.985, top=0.785, bottom=0.03, hspace=0.34, wspace=0.14)

    # The curves. Loss falls over two powers of ten, so its axis is logarithmic.
    epochs = np.arange(len(run.losses))
    loss = figure.add_subplot(left[0])
    loss.plot(epochs, run.losses, color=blue, linewidth=2)
    loss.set_yscale("log")
    ticks = [t for t in (0.05, 0.1, 0.2, 0.5, 1, 2) if t >= min(run.losses) * 0.9]
    loss.set_yticks(ticks, [f"{t:g}" for t in ticks])
    loss.minorticks_off()
    loss.set_title("Training loss (mean cross-entropy, nats)")
    loss.annotate(f"{run.losses[-1]:.4f}", (epochs[-1], run.losses[-1]), xytext=(-2, 7), textcoords="offset points",
                  ha="right", color=blue, fontweight="bold")
    accuracy = figure.add_subplot(left[1])
    accuracy.plot(epochs, 100 * np.array(run.accuracies), color=orange, linewidth=2)
    accuracy.set_ylim(60, 100)  # the untrained model's 10 % would flatten everything else
    accuracy.set_title("Held-out accuracy (%)")
    accuracy.set_xlabel("epoch")
    accuracy.annotate(f"{run.accuracies[-1]:.1%}", (epochs[-1], 100 * run.accuracies[-1]), xytext=(-2, -15),
                      textcoords="offset points", ha="right", color=orange, fontweight="bold")
    for axes in (loss, accuracy):
        axes.set_xlim(0, epochs[-1])
        axes.grid(axis="y", color="#e4e6ea", linewidth=0.8)
        axes.set_axisbelow(True)

    # The mistakes, the most expensive first.
    mistakes = []
    for index, (label, *logits) in run.held_out.items():
        p = np.exp(np.array(logits) - max(logits))
        p /= p.sum()
        if p.argmax() != int(label):
            mistakes.append((p[int(label)], index, int(label), p))
    mistakes.sort(key=lambda m: m[:2])
    shown = mistakes[:12]
    figure.text(0.455, 0.839, f"{len(shown)} of the {len(mistakes)} held-out digits it misreads, worst first",
                fontsize=11)
    figure.text(0.985, 0.839, "most probable classes; the label is orange", fontsize=9.5, color=grey, ha="right")
    for place, (_, index, label, p) in enumerate(shown):
        cell = right[place // 3, place % 3].subgridspec(1, 2, width_ratios=(1, 1.1), wspace=0.19)
        image = figure.add_subplot(cell[0])
        image.imshow(pixels[index].reshape(8, 8), cmap="Greys", vmin=0, vmax=16)
        image.set_xticks([])
        image.set_yticks([])
        for spine in image.spines.values():
            spine.set(visible=True, color="#d4d7dc")
        image.set_anchor("NW")
        image.set_title(f"{label} read as {p.argmax()}", fontsize=10, pad=5)

        classes = list(np.argsort(-p, kind="stable")[:3])
        if label not in classes:
            classes.append(label)
        bars = figure.add_subplot(cell[1])
        colors = [orange if c == label else blue for c in classes]
        bars.barh(range(len(classes)), p[classes], color=colors, height=0.62)
        for row, c in enumerate(classes):
            text = f"{p[c]:.0%}" if p[c] >= 0.01 else f"{p[c]:.1%}"
            bars.text(p[c] + 0.04, row, text, va="center", fontsize=8.5)
        bars.set_anchor("NW")
        bars.set_box_aspect(1 / 1.1)  # as high as the image
        bars.set_yticks(range(len(classes)), [str(c) for c in classes], fontsize=9.5)
        bars.tick_params(axis="y", length=0)
        bars.get_yticklabels()[classes.index(label)].set(color=orange, fontweight="bold")
        bars.set_ylim(3.5, -0.5)  # room for four bars in every cell, the first on top
        bars.set_xlim(0, 1.4)
        bars.set_xticks([])
        bars.spines["bottom"].set_visible(False)
    figure.savefig(path)


def main():
    *outputs, path = sys.argv[1:]
    runs = [Run(output) for output in outputs]
    shapes = [[run.examples.keys(), len(run.losses), len(run.held_out), run.numbers().size] for run in runs]
    if any(shape != shapes[0] for shape in shapes):
        print("The programs did not print the same lines.")
        sys.exit(1)
    table(runs)
    problems = verdict(runs)
    if problems:
        print(*problems, sep="\n")
        sys.exit(1)
    apart = largest_difference([run.numbers() for run in runs])
    picture(runs[0], apart, np.loadtxt(sys.stdin, delimiter=",", skiprows=1)[:, :64], path)


if __name__ == "__main__":
    main()
